# SPDX-License-Identifier: Apache-2.0
"""Errors between a client and the exchange: one typed family.

The text of each error is a sentence for a person and names the remedy where there is one; facts stand in attributes. Failed
checks keep their own types (`accord.envelope.errors`): `VerificationError` for an object that was refused, `OpeningError` for
one that cannot be opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final


class ProxyTrouble(StrEnum):
    """The ways in which a proxy fails to reach the hub."""

    AWAY = "away"
    """It cannot be reached, does not answer in time, or hangs up."""
    UNTRUSTED = "untrusted"
    """Its own TLS certificate, where it has one, is not trusted."""
    LOGIN = "login"
    """It requires a login, or refuses the given one."""
    REFUSES = "refuses"
    """It refuses this address, or does not answer as a proxy."""
    BEYOND = "beyond"
    """It reports that the hub does not answer."""


class ClientError(Exception):
    """Base of every error of `accord.calls`, `accord.following` and `accord.client`."""


class HubAddressError(ClientError):
    """The hub's address is not usable: not https (plain http serves this machine only), or malformed."""


class ProxyAddressError(ClientError):
    """The proxy's address or login is not usable; the text shows neither."""


class UnreachableError(ClientError):
    """The hub gave no answer: no connection, time-out, or an untrusted certificate.

    `is_unsent`: no connection was ever made, so that nothing of the call can have reached the hub.
    """

    is_unsent = False


class ProxyTroubleError(UnreachableError):
    """The proxy does not reach the hub, which received nothing of the call. `status` is the proxy's answer, 0 for none."""

    def __init__(self, sentence: str, trouble: ProxyTrouble, status: int) -> None:
        super().__init__(sentence)
        self.trouble = trouble
        self.status = status


class BusyError(UnreachableError):
    """The hub answered that it cannot serve now; `status` 429, 502, 503 or 504. Try again later."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


NO_PROBLEM: Final = "blank"
"""The slug of an answer that is no problem of the hub: a proxy's page, an unforeseen fault."""


class RefusedError(ClientError):
    """The hub refused (RFC 9457 problem). `members` holds the problem's members beside title and detail.

    `answered_at` is the hub's clock in seconds as the answer states it, else None. `slug` is `NO_PROBLEM` where the answer is
    none of the hub's problems. `is_kept`: the sent object stays in the spool.
    """

    answered_at: int | None = None
    is_kept = False

    def __init__(self, status: int, slug: str, title: str, detail: str, members: Mapping[str, Any]) -> None:
        super().__init__(" ".join(part for part in (title, detail) if part))
        self.status = status
        self.slug = slug
        self.title = title
        self.detail = detail
        self.members = dict(members)

    @property
    def is_of_hub(self) -> bool:
        """Tell whether the hub itself answered, by one of its problems."""
        return self.slug != NO_PROBLEM


class ApiKeyRefusedError(RefusedError):
    """The hub does not accept the API key: unknown, expired, revoked, or from another network."""


class AbsentError(RefusedError):
    """There is nothing for this agency at that URL; forbidden and absent look alike."""


class OtherVersionError(ClientError):
    """Hub and program have no version in common.

    `what` is "interface" or "profile", `theirs` and `ours` the oldest and the newest version of each side.
    """

    def __init__(self, what: str, theirs: tuple[int, int], ours: tuple[int, int]) -> None:
        super().__init__(
            f"The hub speaks versions {theirs[0]} to {theirs[1]} of the {what}, "
            f"this program {ours[0]} to {ours[1]}: update the older one."
        )
        self.what = what
        self.theirs = theirs
        self.ours = ours


class AnswerError(ClientError):
    """The hub's answer violates the protocol; nothing of it was used."""

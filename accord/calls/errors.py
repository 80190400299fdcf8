# SPDX-License-Identifier: Apache-2.0
"""What can go wrong between a client and the exchange: one typed family.

The text of each error is a sentence for a person and names the remedy where there is one; facts stand in
attributes. Failed checks keep their own types (`accord.envelope.errors`): `VerificationError` for what was
refused, `OpeningError` for what cannot be opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final


class ProxyTrouble(StrEnum):
    """Ways in which a proxy does not lead to the hub."""

    AWAY = "away"
    """It cannot be reached, does not answer in time, or hangs up."""
    UNTRUSTED = "untrusted"
    """Its own certificate, where it is spoken to by TLS, is not trusted."""
    LOGIN = "login"
    """It demands a login, or does not take the one that it was given."""
    REFUSES = "refuses"
    """It does not lead to this address, or answers as no proxy does."""
    BEYOND = "beyond"
    """It says that the hub does not answer it."""


class ClientError(Exception):
    """Base of every error of `accord.calls`, `accord.following` and `accord.client`."""


class HubAddressError(ClientError):
    """The hub's address is not usable: not https (plain http serves this machine only), or malformed."""


class ProxyAddressError(ClientError):
    """The proxy's address or login is not usable; the text shows neither."""


class UnreachableError(ClientError):
    """The hub gave no answer: no connection, time-out, a certificate that is not trusted.

    `is_unsent`: no connection ever stood, so that nothing of the call can have reached the hub.
    """

    is_unsent = False


class ProxyTroubleError(UnreachableError):
    """The proxy does not lead to the hub: nothing of the call reached the hub. `status` is what it answered, 0 for nothing."""

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
"""The slug of an answer that is no problem of the hub: a proxy's page, a fault that nobody foresaw."""


class RefusedError(ClientError):
    """The hub refused (RFC 9457 problem). `members` holds what the problem says beside title and detail.

    `answered_at` is the hub's clock in seconds as the answer states it, None where it states none. `slug` is
    `NO_PROBLEM` where the answer is none of the hub's problems. `is_kept`: what was sent stays in the spool.
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
        """Whether the hub itself said so, by one of its problems."""
        return self.slug != NO_PROBLEM


class ApiKeyRefusedError(RefusedError):
    """The hub does not accept the API key: unknown, expired, revoked, or from another network."""


class AbsentError(RefusedError):
    """There is nothing for this agency under that address; forbidden and absent look alike."""


class OtherVersionError(ClientError):
    """The hub speaks no version that this program speaks.

    `what` is "interface" or "profile", `theirs` and `ours` the oldest and the newest version that each side speaks.
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
    """The hub's answer is not what the protocol allows; nothing of it was used."""

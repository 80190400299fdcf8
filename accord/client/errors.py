# SPDX-License-Identifier: Apache-2.0
"""Errors between a partner and the hub: one typed family.

The text of each error is a sentence for a person and names the remedy where there is one; facts stand in attributes. Failed
checks keep their own types (`accord.envelope.errors`): `VerificationError` for an object that was refused, `OpeningError` for
one that cannot be opened, `SealingError` for one that was not sealed. Errors of the key file and the local state:
`accord.keyerrors.KeyFileError`, `accord.state.StateError`. Errors of calls and of following the exchange are importable from
here too, so that a program finds all in one place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from accord.calls.errors import (
    NO_PROBLEM,
    AbsentError,
    AnswerError,
    ApiKeyRefusedError,
    BusyError,
    ClientError,
    HubAddressError,
    OtherVersionError,
    ProxyAddressError,
    ProxyTrouble,
    ProxyTroubleError,
    RefusedError,
    UnreachableError,
)
from accord.document.checking import Finding
from accord.following.errors import LedgerAlarmError, UnpinnedError
from accord.moments import moment_of
from accord.state import OtherHolder
from accord.version import VERSION

__all__ = [
    "NO_PROBLEM",
    "AbsentError",
    "AnswerError",
    "ApiKeyRefusedError",
    "BusyError",
    "ClientError",
    "HubAddressError",
    "LedgerAlarmError",
    "OtherVersionError",
    "ProxyAddressError",
    "ProxyTrouble",
    "ProxyTroubleError",
    "RefusedError",
    "UnpinnedError",
    "UnreachableError",
]
"""Re-exported names; everything defined here is public too."""

MOST_FINDINGS: Final = 50


class RequestError(ClientError):
    """The caller's request is wrong: an unknown field, a missing choice, a bad file."""


class DocumentError(RequestError):
    """The document does not fit its schema; `findings` lists the faults; nothing was sealed."""

    def __init__(self, name: str, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        lines = [f"  {finding}" for finding in self.findings[:MOST_FINDINGS]]
        if len(self.findings) > MOST_FINDINGS:
            lines.append(f"  and {len(self.findings) - MOST_FINDINGS} more")
        super().__init__("\n".join((f"{name} does not fit accord-alert/1:", *lines)))


class NotEveryoneError(RequestError):
    """A named recipient cannot receive it: refused before anything is sealed."""


class ClockError(RefusedError):
    """Refused, and this machine's clock is far from the hub's; `ahead_secs` is negative for a slow one."""

    def __init__(self, refused: RefusedError, ahead_secs: int) -> None:
        way = "ahead of" if ahead_secs > 0 else "behind"
        advice = f"This machine's clock is {abs(ahead_secs) // 60} minutes {way} the hub's: set it right, send anew."
        super().__init__(refused.status, refused.slug, refused.title, advice, refused.members)
        self.ahead_secs = ahead_secs


class PinChangedError(ClientError):
    """Another fingerprint is pinned for the agency already."""

    def __init__(self, agency: str, pinned: str) -> None:
        self.agency = agency
        self.pinned = pinned
        super().__init__(
            f"Another root is pinned for {agency}. If a root change was announced to you on paper, "
            f"replace it: accord pin {agency} FINGERPRINT --replace"
        )


class NotEntitledError(ClientError):
    """The officer named is not one to whom the sender addressed this alert."""


class NotToAnswerError(ClientError):
    """An alert takes no answer of this agency; `reason` is one word for why, the text names what to do instead."""

    def __init__(self, reason: str, sentence: str) -> None:
        self.reason = reason
        super().__init__(sentence)


class NotLoggedYetError(ClientError):
    """The hub has accepted it but its ledger has given no receipt within the time; it stays in the spool."""

    def __init__(self, d: str, *, pick_up: str = "accord submissions") -> None:
        self.d = d
        super().__init__(f"Accepted, but no receipt yet for {d}. It is kept and picked up by: {pick_up}")


class SpoolError(ClientError):
    """The object to send cannot be stored on this disk, or was altered there; nothing was sent."""


class OutlivedError(ClientError):
    """An object in the spool has passed its end before any hub accepted it; it was dropped."""

    def __init__(self, d: str, copy: Path | None) -> None:
        self.d = d
        super().__init__(
            f"{d} has passed its end before the hub took it; it was not sent. Submit it anew. "
            f"What was signed lies in {copy} for a while."
        )


class DiskError(ClientError):
    """The hub's answer cannot be stored on this disk."""


class WatchedAlreadyError(ClientError):
    """Another program watches this home's feed; two would share the items between them."""

    def __init__(self) -> None:
        super().__init__("Another accord watch runs on this home. Stop it first, or read what it writes.")


class DeliveryError(ClientError):
    """The program that should take an item of the feed did not take it; the item comes again."""

    def __init__(self, number: int, reason: str) -> None:
        self.number = number
        super().__init__(f"Item {number} was not taken: {reason}. The next accord watch begins with it.")


class StrangerError(ClientError):
    """The hub's list of this agency's submissions differs from what was sent from here; the text says what to do."""


class UnsafePathError(ClientError):
    """A file to be written exists already, or its folder cannot be used."""


class KeysetEndedError(ClientError):
    """The own keyset has ended, at `ended_at` in seconds: nothing can be sent, reading goes on."""

    def __init__(self, ended_at: int) -> None:
        self.ended_at = ended_at
        day = f"{moment_of(ended_at):%Y-%m-%d %H:%M}Z"
        super().__init__(
            f"Your agency's keyset ended on {day}: nothing can be sent until it is renewed, reading goes on. "
            "Run: accord keys renew"
        )


class HeldElsewhereError(ClientError):
    """The hub names another holder of the own identity, `other`: nothing is signed or sent, reading goes on."""

    def __init__(self, other: OtherHolder) -> None:
        self.other = other
        free = f" The hub lets go of it at {other.free_at}, if it stays silent." if other.free_at else ""
        super().__init__(
            f"Another holder works for your agency: {other.software or 'one that the hub does not name'}"
            f"{f' ({other.holder})' if other.holder else ''}. Nothing was signed or sent here; reading goes on.{free} Once "
            "a person has stopped it, take the identity over: accord holder --take-over"
        )


class GivenBackError(ClientError):
    """The identity was given back by this home: nothing is signed or sent, reading goes on."""

    def __init__(self) -> None:
        super().__init__(
            "This home has given your agency's identity back. Nothing was signed or sent here; reading goes on. To work "
            "from here again: accord holder --take-over"
        )


class KeyChangeOvertakenError(ClientError):
    """Another keyset of this agency came first; nothing of this change was published."""

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(
            f"Another program of your agency published keyset version {version} first. Nothing was changed here; "
            "look at it, then try again: accord keys"
        )


class LastKeyError(RequestError):
    """The last key of its kind: without it the agency could no longer sign, or receive, in a suite it uses now."""


class RootsLostError(RequestError):
    """Neither the root nor the announced next root is at hand: no keyset can follow any more."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"{why} Where both roots are lost, no keyset can follow: the agency enters again. Make new keys in a "
            "new home (accord keygen), give the new fingerprint to the hub's operator on paper, then run accord "
            "enrol; tell every agency that has pinned the old root."
        )


class ProposalError(ClientError):
    """A proposal, or what was signed elsewhere, is not what it must be; nothing was signed or sent."""


class RootsChangedError(ClientError):
    """A list of fingerprints holds another root than the pinned one; nothing of the list was taken."""

    def __init__(self, agencies: Iterable[str]) -> None:
        self.agencies = tuple(sorted(agencies))
        names = ", ".join(self.agencies)
        super().__init__(
            f"ALARM: the list shows another root than the pinned one for {names}. Nothing of it was taken. Either the "
            f"list was altered, or the root was changed: call {names} on a known number and compare all 64 digits. "
            "Only then replace it: accord pin AGENCY FINGERPRINT --replace"
        )


class ItemUnreadableError(ClientError):
    """An item of the feed, by itself, made this version fail; it is set aside and the watch goes on.

    `cause` names the error, never its text, which may hold content.
    """

    def __init__(self, failed: Exception) -> None:
        self.cause = type(failed).__name__
        super().__init__(
            f"This version of accord ({VERSION}) cannot read this item ({self.cause}). It is set aside: do not rely on "
            "what it is about, update accord, then ask for it again (accord open, or the next watch)."
        )


class WatchStoppedError(ClientError):
    """So many items in a row could not be read that the cause is not theirs: no further item is skipped."""

    def __init__(self, items: int) -> None:
        self.items = items
        super().__init__(
            f"{items} items in a row could not be read; the watch stopped before more are passed over. Update accord, or "
            "call the hub, then start it again."
        )

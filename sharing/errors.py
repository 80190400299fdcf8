# SPDX-License-Identifier: Apache-2.0
"""Refusals of the exchange; `sharing.problems` says how each is answered.

`str(error)` is fit for a log and for the audit: codes, agency ids and digests, never bytes that were sent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from callers.denials import Arguments, denial_text


@dataclass(frozen=True)
class Denial:
    """One recipient that policy does not let the issuer reach, and the reason (`callers.denials`)."""

    agency: str
    code: str
    args: Arguments

    def as_json(self) -> dict[str, Any]:
        """Return the members, with `text`, the sentence for the issuer's officers, in the active language."""
        args = dict(self.args)
        return {
            "agency": self.agency,
            "code": self.code,
            "args": args,
            "text": denial_text(self.code, args),
        }


class SharingError(Exception):
    """Base of this app's errors."""


class PolicyDeniedError(SharingError):
    """At least one recipient may not receive this from this issuer; nothing was stored."""

    def __init__(self, denials: Iterable[Denial]) -> None:
        self._denials = tuple(denials)
        super().__init__(", ".join(f"{denial.agency}: {denial.code}" for denial in self._denials))

    @property
    def denials(self) -> list[dict[str, Any]]:
        return [denial.as_json() for denial in self._denials]


class IssuerSuspendedError(SharingError):
    """The caller's agency is suspended, or still entering: it may read what it received but not send."""


class IdTakenError(SharingError):
    """The issuer has used this id for other bytes; the first ones stay."""

    def __init__(self, iss: str, item_id: str) -> None:
        super().__init__(f"{iss}/{item_id}")
        self.iss = iss
        self.item_id = item_id


class SupersededError(SharingError):
    """An update that names a version which is not the newest."""

    def __init__(self, md: str) -> None:
        super().__init__(md)
        self.md = md


class KeysetStaleError(SharingError):
    """Sealed to a key that is not the newest of its agency, or to an agency without one; the sender must seal again."""

    def __init__(self, agencies: Iterable[str]) -> None:
        self.agencies = sorted(agencies)
        super().__init__(", ".join(self.agencies))


class CheckFailedError(SharingError):
    """A cryptographic check failed; only the caller's own audit says which one."""


class FlowSuspendedError(SharingError):
    """Available but never fetched, and policy would refuse it now."""


class RecalledError(SharingError):
    """The originator withdrew this before the first fetch; new reading has stopped."""


class ExpiredError(SharingError):
    """First asked for after its `exp`: no first delivery happens from then on."""


class ContentDeletedError(SharingError):
    """Its `keep` has passed, so its content is deleted for everyone; its digests and the statements about it stay."""


class AccessEndedError(SharingError):
    """The release onward by which the agency had it has ended, or was withdrawn."""


class RangeOutsideError(SharingError):
    """A byte range that holds no octet of the requested object; `size_bytes` is the object's length."""

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"of {size_bytes} octets")
        self.size_bytes = size_bytes


class KeepTooShortError(SharingError):
    """A real alert would be deleted too soon; `least` is the earliest accepted `keep`, in seconds."""

    def __init__(self, least: int) -> None:
        super().__init__(f"keep before {least}")
        self.least = least


class LaggingError(SharingError):
    """The sequencer is alive and behind; `retry_after` in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"retry after {retry_after} s")
        self.retry_after = retry_after


class FeedRestartedError(SharingError):
    """A position that this feed does not have: the feed began anew after a restore, or never came so far."""


class StatementKindError(SharingError):
    """A kind of statement that this endpoint does not accept."""

    def __init__(self, k: str) -> None:
        super().__init__(k)
        self.k = k


class AlreadyRetractedError(SharingError):
    """A second retract of one envelope, while the first one counts."""


class NotFetchedError(SharingError):
    """An acknowledgement of an envelope that its issuer has never fetched."""


class AgreementError(SharingError):
    """An agreement that is invalid as entered, or a lane that cannot be suspended or resumed."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem

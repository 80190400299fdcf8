# SPDX-License-Identifier: Apache-2.0
"""What the client's acts give back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accord.client.answers import DeliveryFacts
from accord.client.safe_files import write_attachment
from accord.envelope.content import AttachmentKey, NamedOfficer, OpenedAlert
from accord.envelope.keyrule import Repudiated
from accord.envelope.manifest import Manifest
from accord.envelope.seal import LeftOut
from accord.envelope.unseal import open_attachment
from accord.state import StatementRecord


@dataclass(frozen=True)
class Plan:
    """Who can be sealed to as the client sees it; the hub's policy is asked when it is sent."""

    will: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class Sent:
    """An envelope of our own. `log_time` is None until a receipt was verified: only then is it carried."""

    iss: str
    jti: str
    md: str
    to: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    log_time: int | None


@dataclass(frozen=True)
class Stated:
    """A statement of our own; `log_time` as in `Sent`."""

    od: str
    id: str
    k: str
    about: str
    log_time: int | None


@dataclass(frozen=True)
class InboxEntry:
    """One item of the feed. `statement` is what a statement says, once verified here.

    `retracted` is the verified word of the alert's verified sender. `retraction_in_doubt`: an agency has taken
    it back, and only the hub says so far that this agency is its sender, since it was never opened here.
    """

    number: int
    what: str
    d: str
    iss: str
    id: str
    ref: str | None
    opened_at: int | None
    acknowledged: str | None
    retracted: bool
    retraction_in_doubt: bool
    statement: StatementRecord | None


@dataclass(frozen=True)
class Check:
    """One check in the order in which it was made; `held` is None for one that was not reached."""

    name: str
    held: bool | None


@dataclass(frozen=True)
class Opened:
    """An alert every check of which held, with what else must be shown beside it.

    `retraction` is its originator's word that it no longer stands; `standing` in `content` says whether
    its signatures were repudiated. `reference` is the one of the mail, where known. `first_opened` is when
    this home first opened it, in seconds; now, where it never did.
    """

    content: OpenedAlert
    reference: str | None
    index: int
    checks: tuple[Check, ...]
    retraction: StatementRecord | None
    first_opened: int
    slice_octets: bytes = field(repr=False)
    blobs: tuple[bytes, ...] = field(repr=False)

    @property
    def alert(self) -> Mapping[str, Any]:
        """The document."""
        return self.content.alert

    @property
    def manifest(self) -> Manifest:
        """The manifest."""
        return self.content.manifest

    @property
    def md(self) -> str:
        """The envelope's digest and address."""
        return self.content.manifest.md

    @property
    def names(self) -> tuple[NamedOfficer, ...]:
        """The named officers of a RED alert."""
        return self.content.names

    @property
    def attachments(self) -> tuple[AttachmentKey, ...]:
        """The attachments' names, sizes and types."""
        return self.content.attachments

    @property
    def marks(self) -> tuple[str, ...]:
        """What must be shown with the alert: retracted, repudiated, late, log-not-compared, not-post-quantum."""
        repudiated = isinstance(self.content.standing, Repudiated)
        said = {
            "retracted": self.retraction is not None,
            "repudiated": repudiated,
            "late": self.first_opened >= self.manifest.terms.exp,
            "log-not-compared": not self.content.log_compared,
            "not-post-quantum": self.manifest.suite == "EC1",
            self.manifest.terms.status: self.manifest.terms.status != "actual",
        }
        return tuple(mark for mark, holds in said.items() if holds)

    def attachment(self, n: int) -> bytes:
        """The octets of attachment `n` in the clear; raises OpeningError."""
        return open_attachment(self.attachments[n], self.manifest.jti, self.blobs[n])

    def save_attachments(self, folder: Path) -> list[Path]:
        """Write every attachment under a safe name of its own; nothing is overwritten.

        Raises UnsafePathError, OpeningError.
        """
        return [
            write_attachment(folder, attachment.n, attachment.fn, self.attachment(attachment.n))
            for attachment in self.attachments
        ]


@dataclass(frozen=True)
class Verified:
    """The outcome of an offline check: every check with its name, and the alert where it opened.

    `failure` is the code of the check that failed, None when all held.
    """

    checks: tuple[Check, ...]
    failure: str | None
    opened: Opened | None


@dataclass(frozen=True)
class SubmissionStatus:
    """What became of one object of ours. `here` is False for one this client never signed: an alarm."""

    what: str
    kind: str | None
    d: str
    id: str
    iat: int
    to: tuple[str, ...]
    log_time: int | None
    here: bool
    deliveries: tuple[DeliveryFacts, ...]

# SPDX-License-Identifier: Apache-2.0
"""Results of the client's acts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accord.calls.deliveries import DeliveryFacts
from accord.client.incoming import HeldBlob
from accord.client.progress import WRITING, Meter, Progress, tell_nobody
from accord.client.safe_files import new_file, safe_name
from accord.envelope.content import AttachmentKey, NamedOfficer, OpenedAlert
from accord.envelope.keyrule import Reaffirmed, Repudiated, Standing
from accord.envelope.manifest import Manifest
from accord.envelope.releases import end_of
from accord.envelope.seal import LeftOut
from accord.envelope.statements.form import Statement
from accord.envelope.unseal import open_attachment, open_stream
from accord.following.records import StatementRecord


@dataclass(frozen=True)
class Plan:
    """The recipients that can and cannot be sealed to as the client sees it; the hub's policy is asked on sending."""

    will: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class Sent:
    """An envelope of our own. `log_time` is None until a receipt was verified: only then is it carried.

    `withheld` are agencies that it was for and a suspended lane kept it from; it can be sent to them after the suspension.
    """

    iss: str
    jti: str
    md: str
    to: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    log_time: int | None
    withheld: tuple[str, ...] = ()


@dataclass(frozen=True)
class Withheld:
    """An alert of our own that a suspended lane kept from `peer`; times in seconds.

    `state`: `suspended` while the lane is; `waiting` for a decision; `lost`, not kept for long enough any more; `ended`, withdrawn
    or replaced by a newer version; `chosen`, `signed`, `logged`; `refused`, with its `code`.
    """

    md: str
    peer: str
    lane: str
    at: int
    keep: int
    state: str
    code: str = ""


@dataclass(frozen=True)
class SealedFolder:
    """An envelope that was sealed into a folder and not sent yet."""

    iss: str
    jti: str
    md: str
    to: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    folder: Path


@dataclass(frozen=True)
class Stated:
    """A statement of our own; `log_time` as in `Sent`. `stated_before`: it was made earlier, and nothing was signed now."""

    od: str
    id: str
    k: str
    about: str
    log_time: int | None
    stated_before: bool = False


@dataclass(frozen=True)
class Question:
    """An answer that this agency is asked for: by when (seconds) as it was signed, by when as it counts, and its state.

    - `answer_by` is later than `reply_by` where suspensions that are over have moved it; said of the questions that wait.

    - `open`; `interim`: an answer was sent after which another one is to come; `answered`; `overdue`: the time is past and no
      final answer was sent. Said of the questions that wait: `frozen`: a suspension of the lane stops its clock;
      `overdue_suspended`: the clock runs on by the agreements, and the time passed during the suspension.
    - `code` and `answered_at` (seconds) are of the newest answer, None where there is none that counts. An acknowledgement changes
      nothing here.
    - `in_doubt`: its signature does not count at present.
    """

    reply_by: int
    answer_by: int
    state: str
    code: str | None
    answered_at: int | None
    in_doubt: bool = False


@dataclass(frozen=True)
class DueAnswer:
    """An answer that this agency owes and that is due within a day, or overdue. Times as of `Question`."""

    d: str
    iss: str
    ref: str | None
    reply_by: int
    answer_by: int
    is_overdue: bool


@dataclass(frozen=True)
class AnswerGiven:
    """The newest answer of one agency to a question of ours, as far as it was opened here, and when it was logged (seconds).

    `code` is None where no answer was opened here; `unopened` are later messages about the question that were not opened yet,
    and may be answers. `late`: after the due time, as suspensions have moved it. `repudiated`: a key that signed it was revoked since.
    """

    agency: str
    code: str | None
    at: int | None
    late: bool
    repudiated: bool
    unopened: tuple[str, ...]


@dataclass(frozen=True)
class InboxEntry:
    """One item of the feed. `statement` is a statement's content, once verified here.

    - `retracted` is the verified retraction by the alert's verified sender. `retraction_in_doubt`: an agency has retracted it,
      and so far only the hub names that agency as its sender, since it was never opened here.
    - `repudiated`: its issuer has since revoked a key, and that revocation was verified. It is also verified that a statement
      was signed with that key; for an unopened alert only the hub says so. `reaffirmed`: its issuer stands by it nevertheless.
    - `question` is None for what asks for no answer, or asks no longer: withdrawn, replaced by a newer version, or not verified yet.
    - An item whose `what` is "repudiated" names an earlier alert or statement; one that is "reminder" an earlier alert whose
      sender, by the hub's word, asks again for an answer.
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
    repudiated: bool = False
    reaffirmed: bool = False
    question: Question | None = None


@dataclass(frozen=True)
class Check:
    """One check in the order in which it was made; `held` is None for one that was not reached."""

    name: str
    held: bool | None


@dataclass(frozen=True)
class Release:
    """One step by which an alert was released onward: who let whom have it, until when (seconds), for what.

    `standing`: what its issuer has since said about its keys.
    """

    by: str
    to: tuple[str, ...]
    until: int
    purpose: str
    conditions: tuple[str, ...]
    standing: Standing

    @classmethod
    def of(cls, statement: Statement, standing: Standing) -> Release:
        """Read a verified release statement."""
        body, until = statement.body, end_of(statement)
        return cls(statement.iss, tuple(body["aud"]), until, body["purpose"], tuple(body["cond"]), standing)


@dataclass(frozen=True)
class Opened:
    """An alert whose checks all held, with everything that must be shown beside it.

    - `retraction` is its originator's statement that it no longer stands; `repudiated_retraction` one that was signed with a
      key revoked since and withdraws nothing.
    - `standings` in `content` say whether its signatures were repudiated: the originator's, then those of each release.
    - `reference` is the one of the mail, where known. `first_opened` is when this home first opened it, in seconds; now, where
      it never did.
    - `asked`: the hub was asked for later statements about it.
    - `repeats`: the md of the same alert, opened here before, where one of the two was sent after a suspension.
    """

    content: OpenedAlert
    reference: str | None
    index: int
    checks: tuple[Check, ...]
    retraction: StatementRecord | None
    repudiated_retraction: StatementRecord | None
    first_opened: int
    asked: bool
    slice_octets: bytes = field(repr=False)
    blobs: tuple[HeldBlob, ...] = field(repr=False)
    repeats: str | None = None

    @property
    def written_at(self) -> int | None:
        """Time at which it was first logged (seconds), of one that was sent after a suspension; its originator's word."""
        resent = self.alert.get("resent")
        return resent["logged"] if isinstance(resent, Mapping) and type(resent.get("logged")) is int else None

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
    def releases(self) -> tuple[Release, ...]:
        """The releases by which it reached this agency, oldest first; empty for an alert sent to it."""
        pairs = zip(self.content.via, self.content.standings[1:], strict=True)
        return tuple(Release.of(statement, standing) for statement, standing in pairs)

    @property
    def standing(self) -> Standing:
        """The state of the originator's signature, by its present keys."""
        return self.content.standings[0]

    @property
    def marks(self) -> tuple[str, ...]:
        """The marks to show with the alert: `retracted`, `repudiated`, `log-not-compared` and so on."""
        said = {
            "retracted": self.retraction is not None,
            "retract-repudiated": self.repudiated_retraction is not None,
            "repudiated": isinstance(self.standing, Repudiated),
            "reaffirmed": isinstance(self.standing, Reaffirmed),
            "release-repudiated": any(isinstance(item.standing, Repudiated) for item in self.releases),
            "release-reaffirmed": any(isinstance(item.standing, Reaffirmed) for item in self.releases),
            "released-onward": bool(self.releases),
            "release-not-asked": bool(self.releases) and not self.asked,
            "late": self.first_opened >= self.manifest.terms.exp,
            "log-not-compared": not self.content.log_compared,
            "not-post-quantum": self.manifest.suite == "EC1",
            self.manifest.terms.status: self.manifest.terms.status != "actual",
        }
        return tuple(mark for mark, holds in said.items() if holds)

    def attachment(self, n: int) -> bytes:
        """Return the octets of attachment `n` in the clear; raise OpeningError."""
        return open_attachment(self.attachments[n], self.manifest.jti, self.blobs[n].read())

    def save_attachments(self, folder: Path, *, progress: Progress = tell_nobody) -> list[Path]:
        """Write every attachment under a safe name of its own, piece by piece; overwrite nothing.

        Raises UnsafePathError, OpeningError; then the one that failed is not there.
        """
        meter = Meter(progress, WRITING, sum(file.size for file in self.attachments))
        return [self._save(attachment, folder, meter) for attachment in self.attachments]

    def _save(self, attachment: AttachmentKey, folder: Path, meter: Meter) -> Path:
        with new_file(folder, safe_name(attachment.n, attachment.fn)) as (path, file):
            blob = self.blobs[attachment.n].open()
            open_stream(attachment, self.manifest.jti, blob, file, moved=meter)
        return path


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
    """The fate of one object of ours. `here` is False for one this client never signed: an alarm.

    `fate`: `withdrawn`, `repudiated` or `reaffirmed`, `superseded`, as far as known here. `answers`: of a question, the newest
    answer of each recipient that has sent any; `question_change`: what this version changed in it, `asks_anew` or `closed`;
    `for_attention`: recipients that owe no answer.
    """

    what: str
    kind: str | None
    d: str
    id: str
    iat: int
    to: tuple[str, ...]
    log_time: int | None
    here: bool
    deliveries: tuple[DeliveryFacts, ...]
    fate: tuple[str, ...] = ()
    answers: tuple[AnswerGiven, ...] = ()
    question_change: str = ""
    for_attention: tuple[str, ...] = ()

# SPDX-License-Identifier: Apache-2.0
"""Questions and answers: the state of a question that this agency owes an answer to, and what others have answered to its own.

    open -> interim -> answered          open -> answered          each but the last: overdue once its time is past, or frozen

- A question is an envelope whose verified manifest has `reply_by`; only its newest version asks.
- The newest answer counts. Where that was withdrawn the question is open again: no earlier one takes its place.
- An answer counts for every later version of the question, up to one that asks anew. An acknowledgement changes nothing.
- A version that asks no more closes the question.
- Suspensions stop clocks, move due times and hold answers back as `accord.suspensions` says: where agreements are given.

No state is stored: it follows from manifests, statements and own submissions, which the home keeps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from accord.calls.agreements import AgreementAnswer, read_agreements
from accord.client.results import AnswerGiven, Question
from accord.client.session import Act
from accord.client.signed_agreements import list_versions
from accord.client.suspensions import list_suspensions
from accord.document.rules import ASKS_ANEW, CLOSED, DEFERRING
from accord.envelope.manifest import Manifest
from accord.envelope.statements.bodies import MANIFEST
from accord.following.judging import counts, retraction_of
from accord.following.records import StatementRecord
from accord.state import ManifestRecord, SubmissionRecord
from accord.suspensions import Clock, KnownSuspensions

ANSWER: Final = "answer"
UPDATE: Final = "update"
REPLY: Final = "reply"
OPEN, INTERIM, ANSWERED, OVERDUE, FROZEN = "open", "interim", "answered", "overdue", "frozen"
OVERDUE_SUSPENDED: Final = "overdue_suspended"

_CODE: Final = re.compile(r"[a-z][a-z_]{0,63}")


def answer_code(document: Mapping[str, Any]) -> str:
    """Return the code of an answer, "" for any other document; one of a later version of the form stays as it is."""
    code = document.get("answer_code")
    is_code = isinstance(code, str) and _CODE.fullmatch(code)
    return str(code) if document.get("alert_type") == ANSWER and is_code else ""


def question_change(document: Mapping[str, Any]) -> str:
    """Return what a next version changes in its question; "" for any other document, and for a change not known here."""
    change = document.get("question_change")
    return str(change) if change in (ASKS_ANEW, CLOSED) else ""


def for_attention(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the recipients of a question that owe no answer."""
    marked = document.get("for_attention")
    return tuple(one for one in marked if isinstance(one, str)) if isinstance(marked, list) else ()


def manifest_record(
    manifest: Manifest,
    log_time: int,
    index: int | None,
    document: Mapping[str, Any] | None = None,
    *,
    agency: str = "",
) -> ManifestRecord:
    """Return the facts to keep of a verified manifest; `document` where it was opened, by `agency`."""
    terms = manifest.terms
    return ManifestRecord(
        md=manifest.md,
        iss=manifest.iss,
        jti=manifest.jti,
        kind=terms.kind,
        tlp=terms.tlp,
        log_time=log_time,
        signers=manifest.signers,
        suite=manifest.suite,
        index=index,
        re=None if terms.re is None else terms.re.md,
        reply_by=terms.reply_by,
        code=None if document is None else answer_code(document),
        keep=terms.keep,
        question_change=question_change(document or {}),
        for_attention=agency in for_attention(document or {}),
        lane=terms.lane,
        pri=terms.pri,
        status=terms.status,
        resent=repeated_by(document or {}),
        ack_by=terms.ack_by,
    )


def repeated_by(document: Mapping[str, Any]) -> str:
    """Return the id of the alert that this one repeats after a suspension; empty for any other."""
    resent = document.get("resent")
    return str(resent.get("jti", "")) if isinstance(resent, Mapping) else ""


def own_agreements(act: Act) -> list[AgreementAnswer]:
    """Return the agency's agreements as the hub states them now, where a lane is or was suspended; none where they count for nothing."""
    if not list_suspensions(act):
        return []
    return read_agreements(act.session.exchange.agreements(), act.agency)


class Questions:
    """Questions and answers as one act knows them; made anew after the act has learned more.

    `agreements`: those of the agency, where it matters what suspensions do to clocks; None leaves all times as they were signed.
    """

    def __init__(self, act: Act, agreements: Sequence[AgreementAnswer] | None = None) -> None:
        self._act, self._agreements = act, agreements
        self._state = act.state

    @cached_property
    def _suspensions(self) -> KnownSuspensions:
        if self._agreements is None or not (stated := list_suspensions(self._act)):
            return KnownSuspensions(self._act.agency)
        in_force = [one for one in self._agreements if one.until is None or one.until > self._act.now]
        return KnownSuspensions(self._act.agency, in_force, stated, list_versions(self._act))

    def question(self, md: str) -> Question | None:
        """Return what a received alert asks; None where nothing is asked, or no longer, or its manifest is not known."""
        record = self.record(md)
        if record is None or record.reply_by is None or record.for_attention or self.is_over(record):
            return None
        newest = self.own_answer(md)
        code = None if newest is None else newest.code
        clock = self._suspensions.clock(
            record.iss, record.lane, record.pri, due=record.reply_by, came=record.log_time, keep=record.keep
        )
        return Question(
            record.reply_by,
            clock.due,
            self._state_of(clock, code),
            code,
            None if newest is None else newest.logged_at or newest.iat,
            in_doubt=not self.counts(record),
        )

    def to_answer(self) -> list[tuple[str, Question]]:
        """Return the md of every received question without a final answer, the most urgent first."""
        asked = ((md, self.question(md)) for md in self._state.manifests)
        waiting = [(md, found) for md, found in asked if found is not None and found.state != ANSWERED]
        return sorted(waiting, key=lambda item: item[1].answer_by)

    def record(self, md: str) -> ManifestRecord | None:
        """Return the verified manifest of an envelope of another agency."""
        record = self._state.manifests.get(md)
        return None if record is None or record.iss == self._act.agency else record

    def newest(self, md: str) -> str:
        """Return the md of the newest version of a received alert."""
        while md in self._newer:
            md = self._newer[md]
        return md

    def is_withdrawn(self, md: str) -> bool:
        """Tell whether its verified sender has withdrawn a received alert."""
        record = self.record(md)
        return record is not None and retraction_of(self._act, md, record.iss) is not None

    def is_over(self, record: ManifestRecord) -> bool:
        """Tell whether a received alert wants nothing any more: replaced, withdrawn, or past the time for which it is kept."""
        is_kept = record.keep is None or record.keep > self._act.now
        return not is_kept or self.newest(record.md) != record.md or self.is_withdrawn(record.md)

    def counts(self, record: ManifestRecord) -> bool:
        """Tell whether the signatures of a manifest count by the present keys of its issuer."""
        signed = StatementRecord(
            record.md, MANIFEST, record.iss, record.jti, None, {}, record.log_time,
            signers=record.signers, suite=record.suite, index=record.index,
        )  # fmt: skip
        return counts(self._act, signed)

    def own_answer(self, md: str) -> SubmissionRecord | None:
        """Return the newest own answer to a received question that the hub has; None where that was withdrawn."""
        counting = self._counting(md)
        sent = [
            answer
            for answer in self._own_answers.get(self._root(md), ())
            if (answer.accepted or answer.logged_at is not None) and self._answers(answer) in counting
        ]
        newest = sent[-1] if sent else None
        return None if newest is None or newest.d in self._withdrawn_here else newest

    def waiting_answer(self, md: str) -> SubmissionRecord | None:
        """Return an own answer that no hub has taken yet."""
        waiting = (
            answer
            for answer in self._own_answers.get(self._root(md), ())
            if not (answer.accepted or answer.logged_at)
        )
        return next(waiting, None)

    def answers_to(self, md: str) -> tuple[AnswerGiven, ...]:
        """Return the newest answer of each recipient to a question of ours, by agency."""
        asked, last = self._state.submissions.get(md), self._last_asked(md)
        if asked is None or last is None:
            return ()
        given: dict[str, list[ManifestRecord]] = {}
        for record in self._replies.get(self._own_root(md), ()):
            if record.iss in asked.to and self._answered_by(record) not in self._before_anew(md):
                given.setdefault(record.iss, []).append(record)
        return tuple(self._given(agency, rows, last) for agency, rows in sorted(given.items()))

    def is_closed(self, md: str) -> bool:
        """Tell whether the newest version of a received question asks no more."""
        newest = self.record(self.newest(md))
        if newest is None or newest.kind != UPDATE or newest.reply_by is not None:
            return False
        return any(row.reply_by is not None for row in self._versions(newest.md))

    def clock_at(self, agency: str, asked: SubmissionRecord) -> Clock:
        """Return the clock of an agency's answer to a question of ours."""
        return self._suspensions.clock(
            agency,
            asked.lane,
            asked.pri,
            due=asked.reply_by or 0,
            came=asked.logged_at or asked.iat,
            keep=asked.keep,
        )

    def _given(self, agency: str, rows: list[ManifestRecord], asked: SubmissionRecord) -> AnswerGiven:
        newest = next((row for row in reversed(rows) if row.code), None)
        unopened = tuple(row.md for row in rows if row.code is None and not self.is_withdrawn(row.md))
        if newest is None or self.is_withdrawn(newest.md):
            return AnswerGiven(agency, None, None, False, False, unopened)
        due = self.clock_at(agency, asked).due
        late, repudiated = newest.log_time > due, not self.counts(newest)
        return AnswerGiven(agency, newest.code, newest.log_time, late, repudiated, unopened)

    def _versions(self, md: str) -> list[ManifestRecord]:
        """Return this version of a received envelope and those before it, as far as they are known here, newest first."""
        found: list[ManifestRecord] = []
        while (row := self.record(md)) is not None and (not found or row.iss == found[0].iss):
            found.append(row)
            if row.kind != UPDATE or row.re is None:
                break
            md = row.re
        return found

    def _counting(self, md: str) -> set[str]:
        """Return the versions of a received question whose answers count for this one."""
        counting = {md}
        for row in self._versions(md):
            counting.add(row.md)
            if row.question_change == ASKS_ANEW:
                break
        return counting

    def _own_versions(self, md: str) -> list[SubmissionRecord]:
        """Return this version of an own envelope and those before it, newest first."""
        found = []
        while (row := self._state.submissions.get(md)) is not None:
            found.append(row)
            if row.kind != UPDATE or row.about is None:
                break
            md = row.about
        return found

    def _last_asked(self, md: str) -> SubmissionRecord | None:
        """Return the newest version that asks, up to this one."""
        return next((row for row in self._own_versions(md) if row.reply_by is not None), None)

    def _before_anew(self, md: str) -> set[str]:
        """Return the versions before the one that asked anew, whose answers no longer count."""
        versions = self._own_versions(md)
        anew = next((n for n, row in enumerate(versions) if row.question_change == ASKS_ANEW), len(versions))
        return {row.d for row in versions[anew + 1 :]}

    def _answers(self, answer: SubmissionRecord) -> str:
        """Return the received version that an own answer, or a later version of one, is about."""
        return self._state.submissions[self._own_root(answer.d)].about or ""

    def _state_of(self, clock: Clock, code: str | None) -> str:
        if code is not None and code not in DEFERRING:
            return ANSWERED
        is_held = clock.suspended_since is not None
        if is_held and not clock.runs:
            return FROZEN
        if self._act.now >= clock.due:
            return OVERDUE_SUSPENDED if is_held else OVERDUE
        return OPEN if code is None else INTERIM

    @cached_property
    def _newer(self) -> dict[str, str]:
        """Map the md of a received alert to the next version by the same agency."""
        known = self._state.manifests
        rows = [
            row for row in known.values() if row is not None and row.kind == UPDATE and row.re is not None
        ]
        return {
            str(row.re): row.md
            for row in rows
            if (previous := known.get(str(row.re))) is None or previous.iss == row.iss
        }

    @cached_property
    def _withdrawn_here(self) -> set[str | None]:
        return {
            record.about
            for record in self._state.submissions.values()
            if record.kind == "retract" and (record.accepted or record.logged_at is not None)
        }

    @cached_property
    def _own_answers(self) -> Mapping[str, list[SubmissionRecord]]:
        """Own answers, oldest first, by the first version of the question."""
        found: dict[str, list[SubmissionRecord]] = {}
        for record in sorted(self._state.submissions.values(), key=lambda record: record.iat):
            if record.code:
                found.setdefault(self._root(self._answers(record)), []).append(record)
        return found

    @cached_property
    def _replies(self) -> Mapping[str, list[ManifestRecord]]:
        """Replies of others, in the order in which they were logged, by the first version of the own alert."""
        found: dict[str, list[ManifestRecord]] = {}
        for row in sorted(filter(None, self._state.manifests.values()), key=self._place):
            found.setdefault(self._own_root(self._answered_by(row)), []).append(row)
        return found

    def _place(self, row: ManifestRecord) -> tuple[int, int]:
        item = self._state.inbox.get(row.md)
        return row.log_time, 0 if item is None else item.number

    def _answered_by(self, row: ManifestRecord) -> str:
        """Return the md that a received reply answers, by its first version; "" for what is no reply."""
        first = self._state.manifests.get(self._root(row.md))
        return first.re or "" if first is not None and first.kind == REPLY else ""

    def _root(self, md: str) -> str:
        """Return the first version of a received envelope, as far back as its versions are known here."""
        while (
            (row := self._state.manifests.get(md)) is not None and row.kind == UPDATE and row.re is not None
        ):
            previous = self._state.manifests.get(row.re)
            if previous is not None and previous.iss != row.iss:
                break
            md = row.re
        return md

    def _own_root(self, md: str) -> str:
        """Return the first version of an own envelope, as far back as its versions are known here."""
        known = self._state.submissions
        while md in known and known[md].kind == UPDATE and known[md].about in known:
            md = str(known[md].about)
        return md

# SPDX-License-Identifier: Apache-2.0
"""Debts of this agency to others and of others to it, acknowledgements and answers, by the rules of a desk's overdue board.

- An acknowledgement is owed until it is given, an answer until it is final. Exercises owe nothing, nor does what was withdrawn,
  was replaced by a newer version, or is kept no longer.
- No answer is owed to a question in doubt, nor while a suspension holds it back since before it was due.
- That others have an alert, and have acknowledged it, is the hub's word; their answers were verified and opened here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from accord.answer_times import SENT_WITHIN
from accord.calls.deliveries import REACHED, DeliveryFacts
from accord.client.fate import ended_here, is_taken
from accord.client.inbox import Doubt, follow_feed
from accord.client.manifests import learn_manifests, unknown_manifests
from accord.client.outcome import listed_since
from accord.client.questions import INTERIM, OPEN, OVERDUE, Questions, own_agreements
from accord.client.results import AnswerGiven
from accord.client.session import Act
from accord.document.rules import DEFERRING
from accord.state import ManifestRecord, SubmissionRecord

ACKNOWLEDGEMENT: Final = "acknowledgement"
ANSWER: Final = "answer"
_ACTUAL: Final = "actual"
_RUNNING: Final = frozenset({OPEN, INTERIM, OVERDUE})


@dataclass(frozen=True)
class Owed:
    """An acknowledgement or an answer (`what`) that is owed by `due`, as suspensions have moved it; times in seconds.

    - `agency` is the other one: to whom it is owed, or who owes it. `called_at`: the last call noted with it about this.
    - `unopened`: replies of that agency that were not opened here yet, and may be the answer.
    """

    what: str
    agency: str
    d: str
    ref: str | None
    pri: str
    due: int
    is_overdue: bool
    called_at: int | None = None
    unopened: tuple[str, ...] = ()


@dataclass(frozen=True)
class Overdue:
    """Debts of this agency, the longest overdue first, and of others to it, by its newest alert.

    `unknown` are alerts whose manifest could not be verified: what they want is not known.
    """

    we_owe: tuple[Owed, ...]
    they_owe: tuple[Owed, ...]
    doubts: tuple[Doubt, ...]
    unknown: tuple[Doubt, ...]


def read_overdue(act: Act, *, coming: bool) -> Overdue:
    """Take in the news, then return what is overdue both ways; with `coming` also what is owed and not due yet."""
    _, doubts = follow_feed(act)
    unknown = learn_manifests(act, unknown_manifests(act))
    questions = Questions(act, own_agreements(act))
    ours, theirs = (
        [one for one in owed if coming or one.is_overdue]
        for owed in (_owed_by_us(act, questions), _owed_to_us(act, questions))
    )
    ours.sort(key=lambda one: one.due)
    return Overdue(tuple(ours), tuple(theirs), tuple(doubts), tuple(unknown))


def _owed_by_us(act: Act, questions: Questions) -> Iterator[Owed]:
    given = {one.about for one in act.state.submissions.values() if one.kind == "ack" and is_taken(one)}
    for record in act.state.manifests.values():
        if record is None or record.iss == act.agency or record.md not in act.state.inbox:
            continue
        if record.status == _ACTUAL and not questions.is_over(record):
            yield from _of_received(act, record, questions, is_acknowledged=record.md in given)


def _of_received(
    act: Act, record: ManifestRecord, questions: Questions, *, is_acknowledged: bool
) -> Iterator[Owed]:
    asked = questions.question(record.md)
    if record.ack_by is not None and not is_acknowledged:
        yield _owed(act, ACKNOWLEDGEMENT, record.iss, record, record.ack_by)
    if asked is not None and asked.state in _RUNNING and not asked.in_doubt:
        yield _owed(act, ANSWER, record.iss, record, asked.answer_by)


def _owed_to_us(act: Act, questions: Questions) -> Iterator[Owed]:
    """Yield what others owe by own alerts, the newest first, as the hub lists them."""
    since, ended = act.now - int(SENT_WITHIN.total_seconds()), ended_here(act.state)
    for facts in listed_since(act, since):
        record = act.state.submissions.get(facts.d)
        if record is None or record.d in ended or (record.what, record.status) != ("envelope", _ACTUAL):
            continue
        # Whom others have released it to owes nothing to us.
        rows = [row for row in facts.deliveries if row.recipient in record.to and row.recalled_at is None]
        for row in rows:
            if record.ack_by is not None and row.is_awaited:
                yield _owed(act, ACKNOWLEDGEMENT, row.recipient, record, record.ack_by)
        if record.reply_by is not None:
            yield from _answers_missing(act, record, rows, questions)


def _answers_missing(
    act: Act, record: SubmissionRecord, rows: Sequence[DeliveryFacts], questions: Questions
) -> Iterator[Owed]:
    given = {one.agency: one for one in questions.answers_to(record.d)}
    for row in rows:
        answer, clock = given.get(row.recipient), questions.clock_at(row.recipient, record)
        is_owed = row.state in REACHED and row.recipient not in record.for_attention
        if is_owed and clock.suspended_since is None and not _is_final(answer):
            unopened = () if answer is None else answer.unopened
            yield _owed(act, ANSWER, row.recipient, record, clock.due, unopened)


def _is_final(answer: AnswerGiven | None) -> bool:
    if answer is None or answer.code is None or answer.repudiated:
        return False
    return answer.code not in DEFERRING


def _owed(
    act: Act,
    what: str,
    agency: str,
    record: ManifestRecord | SubmissionRecord,
    due: int,
    unopened: tuple[str, ...] = (),
) -> Owed:
    d = record.md if isinstance(record, ManifestRecord) else record.d
    item = act.state.inbox.get(d)
    calls = (call.at for call in act.state.calls if (call.d, call.agency) == (d, agency))
    ref = None if item is None else item.ref
    return Owed(what, agency, d, ref, record.pri, due, due <= act.now, max(calls, default=None), unopened)

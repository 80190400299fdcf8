# SPDX-License-Identifier: Apache-2.0
"""Outcome of submissions: the hub's word, beside what this client knows it signed.

Receipts are verified here and clear the spool. An object that the hub lists and this client never signed is marked: another
client of the agency sent it, or somebody holds its keys.
"""

from __future__ import annotations

from collections.abc import Iterator

from accord.calls.deliveries import SubmissionFacts
from accord.client.fate import fate_of
from accord.client.questions import Questions, own_agreements
from accord.client.results import SubmissionStatus
from accord.client.sending import settle
from accord.client.session import Act
from accord.state import SubmissionRecord

PAGE = 100


def list_outcomes(act: Act, *, limit: int) -> list[SubmissionStatus]:
    """Return the newest `limit` objects, those in the spool first; raise VerificationError for a bad receipt."""
    act.refresh(act.agency)
    listed, agreements = list[SubmissionStatus](), own_agreements(act)
    after: str | None = None
    while len(listed) < limit:
        page = act.session.exchange.submissions(after=after, limit=min(PAGE, limit - len(listed)))
        questions = Questions(act, agreements)
        listed += [status_of(act, facts, questions) for facts in page.items]
        after = page.next
        if after is None or not page.items:
            break
    return [*_unknown_to_hub(act, {status.d for status in listed}), *listed]


def listed_since(act: Act, begins: int) -> Iterator[SubmissionFacts]:
    """Yield the own objects that were made from then on; the hub lists the newest first."""
    after: str | None = None
    while True:
        page = act.session.exchange.submissions(after=after, limit=PAGE)
        yield from (facts for facts in page.items if facts.iat >= begins)
        after = page.next
        if after is None or not page.items or page.items[-1].iat < begins:
            return


def status_of(act: Act, facts: SubmissionFacts, questions: Questions) -> SubmissionStatus:
    """Return one object: receipt verified, deliveries as the hub states them."""
    record = act.state.submissions.get(facts.d)
    log_time = settle_listed(act, facts)
    return SubmissionStatus(
        what=facts.what,
        kind=record.kind if record else None,
        d=facts.d,
        id=facts.id,
        iat=facts.iat,
        to=record.to if record else (),
        log_time=log_time,
        here=record is not None,
        deliveries=facts.deliveries,
        fate=fate_of(act, facts, log_time),
        answers=questions.answers_to(facts.d),
        question_change=record.question_change if record else "",
        for_attention=record.for_attention if record else (),
    )


def settle_listed(act: Act, facts: SubmissionFacts) -> int | None:
    """Return the proved log time of a listed object; fetch its receipt. Raises VerificationError for a bad one."""
    record = act.state.submissions.get(facts.d)
    log_time = record.logged_at if record else None
    if log_time is None and facts.receipt is not None:
        log_time = settle(act, facts.d, facts.receipt)
    return log_time


def _unknown_to_hub(act: Act, listed: set[str]) -> list[SubmissionStatus]:
    waiting = [
        record
        for record in act.state.submissions.values()
        if record.logged_at is None and record.d not in listed
    ]
    return [_waiting(record) for record in sorted(waiting, key=lambda record: record.id)]


def _waiting(record: SubmissionRecord) -> SubmissionStatus:
    return SubmissionStatus(
        record.what, record.kind, record.d, record.id, record.iat, record.to, None, True, ()
    )

# SPDX-License-Identifier: Apache-2.0
"""The inbox: the agency's feed, followed from the kept number on.

At least once, in order, resumable: a page is noted whole before the next one is asked for. Alerts are listed,
not fetched, since fetching is what the hub shows the sender as "collected". Statements are fetched and
verified at once: a retraction must not wait until somebody opens the alert again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from accord.client.answers import FeedEntry
from accord.client.errors import AbsentError, AnswerError, LedgerAlarmError, UnpinnedError
from accord.client.notebook import cursor_fact, inbox_fact
from accord.client.results import InboxEntry
from accord.client.session import Act
from accord.client.statements import fetch_statement, retraction_of, retractions_of, verified_senders
from accord.envelope.errors import EnvelopeError
from accord.state import InboxRecord, State

PAGE = 100


@dataclass(frozen=True)
class Doubt:
    """A statement in the feed that could not be believed, and why; it is tried again the next time.

    `iss` is the hub's word. `alarm` names the agency whose view of the ledger does not fit the kept one.
    """

    number: int
    iss: str
    d: str
    problem: str
    alarm: str | None = None


def follow_feed(act: Act) -> tuple[int, list[Doubt]]:
    """Take in all news; gives how many items were new, and the statements that could not be verified."""
    news = 0
    while True:
        page = act.session.exchange.inbox(after=act.state.cursor, limit=PAGE)
        _require_order(page.items, act.state.cursor)
        if not page.items:
            break
        for entry in page.items:
            act.notebook.note(inbox_fact(_record(entry)))
        act.notebook.note(cursor_fact(page.items[-1].number))
        act.notebook.write()
        news += len(page.items)
    return news, _verify_statements(act)


def list_entries(state: State, *, after: int | None, limit: int) -> list[InboxEntry]:
    """Kept items in the order of the feed: those after a number, or else the newest."""
    records = sorted(state.inbox.values(), key=lambda record: record.number)
    if after is not None:
        records = [record for record in records if record.number > after][:limit]
    senders = verified_senders(state)
    return [
        _alert_entry(state, record, senders.get(record.d))
        if record.what == "envelope"
        else _statement_entry(state, record)
        for record in records[-limit:]
    ]


def require_no_alarm(doubts: Iterable[Doubt]) -> None:
    """Raises LedgerAlarmError for the first doubt that is an alarm; what was taken in stays taken in."""
    for doubt in doubts:
        if doubt.alarm is not None:
            raise LedgerAlarmError(doubt.alarm)


def _require_order(items: tuple[FeedEntry, ...], cursor: int) -> None:
    """Numbers have no gaps: a hub that leaves one out hides something."""
    numbers = [item.number for item in items]
    if numbers != list(range(cursor + 1, cursor + 1 + len(items))):
        raise AnswerError("The hub's feed has a gap or runs backwards; nothing of this page was taken in.")


def _verify_statements(act: Act) -> list[Doubt]:
    doubts = []
    waiting = [
        record
        for record in act.state.inbox.values()
        if record.what == "statement" and record.d not in act.state.statements
    ]
    for record in sorted(waiting, key=lambda record: record.number):
        try:
            fetch_statement(act, record.d)
        except (EnvelopeError, UnpinnedError, AbsentError, AnswerError, LedgerAlarmError) as failed:
            alarm = failed.agency if isinstance(failed, LedgerAlarmError) else None
            doubts.append(Doubt(record.number, record.iss, record.d, str(failed), alarm))
    act.notebook.write()
    return doubts


def _record(entry: FeedEntry) -> InboxRecord:
    return InboxRecord(entry.number, entry.what, entry.d, entry.iss, entry.id, entry.ref)


def _alert_entry(state: State, record: InboxRecord, sender: tuple[str, str] | None) -> InboxEntry:
    """`sender`: issuer and jti of the verified manifest, None while only the hub says who sent it."""
    iss, jti = sender or (record.iss, record.id)
    retracted = sender is not None and retraction_of(state, record.d, iss) is not None
    return InboxEntry(
        number=record.number,
        what=record.what,
        d=record.d,
        iss=iss,
        id=jti,
        ref=record.ref,
        opened_at=state.opened.get(record.d),
        acknowledged=record.acknowledged,
        retracted=retracted,
        retraction_in_doubt=sender is None and bool(retractions_of(state, record.d)),
        statement=None,
    )


def _statement_entry(state: State, record: InboxRecord) -> InboxEntry:
    statement = state.statements.get(record.d)
    return InboxEntry(
        number=record.number,
        what=record.what,
        d=record.d,
        iss=statement.iss if statement else record.iss,
        id=statement.id if statement else record.id,
        ref=record.ref,
        opened_at=None,
        acknowledged=None,
        retracted=False,
        retraction_in_doubt=False,
        statement=statement,
    )

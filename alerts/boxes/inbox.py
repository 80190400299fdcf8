# SPDX-License-Identifier: Apache-2.0
"""The inbox: alerts that the agency received, filtered and sorted in SQL on clear columns; only one page's cards are opened.

On its page what waits for the agency stands first, by due time; in JSON all stands newest first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, TypedDict, Unpack

from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Least

from alerts.boxes.paging import PAGE_ROWS, Page, by_number, take_due_first, take_page
from alerts.boxes.state_words import ReceivedState, held_text, received_state, received_text
from alerts.models import ReceivedAlert
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.suspensions import Suspensions, mark_clocks, suspensions_of
from alerts.projections.cards import Card, open_received_cards
from alerts.projections.tokens import received_with_token
from alerts.receiving.retractions import judge_retracts
from alerts.receiving.set_aside import mark_distrusted
from alerts.receiving.signature_state import judge_received
from alerts.replies.answers import mds_of_waiting_replies, still_to_answer
from alerts.replies.display import titles_answered
from alerts.review.tlp_ceiling import opens_on_duty
from callers.capabilities import Capability, require
from officers.models import Officer

_UNACKNOWLEDGED: Final = frozenset({ReceivedState.UNREAD, ReceivedState.OPENED, ReceivedState.OVERDUE})
_UNANSWERED: Final = _UNACKNOWLEDGED | {
    ReceivedState.TO_ANSWER,
    ReceivedState.ANSWER_OVERDUE,
    ReceivedState.FROZEN,
    ReceivedState.OVERDUE_SUSPENDED,
}


class Owed(StrEnum):
    ACKNOWLEDGEMENT = "acknowledgement"
    ANSWER = "answer"


@dataclass(frozen=True)
class InboxRow:
    """Received alert in a list. `card` is None for RED, where it could not be opened yet, and after `keep`.

    - `answers`, of a reply: the title of the alert it answers, or its reference; None for an alert that is no reply.
    - `opens_on_duty`: the row offers to open it for that reason, since nobody of the agency has opened it yet.
    - `reply_waits`: it owes an answer, and a reply of the agency is submitted and not sent yet.
    """

    received: ReceivedAlert
    card: Card | None
    state: ReceivedState
    state_text: str
    answers: str | None = None
    opens_on_duty: bool = False
    reply_waits: bool = False

    @property
    def owes_acknowledgement(self) -> bool:
        return self.received.ack_by is not None and self.state in _UNACKNOWLEDGED

    @property
    def owes_answer(self) -> bool:
        received = self.received
        owes = received.reply_by is not None and received.answered_at is None and not received.for_attention
        return owes and self.state in _UNANSWERED

    @property
    def owed(self) -> Owed | None:
        """First that the agency owes; None where it owes nothing."""
        if self.owes_acknowledgement and not (self.owes_answer and self._answer_is_first):
            return Owed.ACKNOWLEDGEMENT
        return Owed.ANSWER if self.owes_answer else None

    @property
    def due(self) -> datetime | None:
        """Time by which it is owed; None while a suspension stops that clock, or holds back what is overdue."""
        owed = self.owed
        if owed is Owed.ACKNOWLEDGEMENT:
            return self.received.ack_by
        is_held = self.received.frozen_since or self.state is ReceivedState.OVERDUE_SUSPENDED
        return None if owed is None or is_held else self.received.answer_by

    @property
    def held_text(self) -> str:
        """Words about a suspension that holds its answer back, where that is owed; else empty."""
        since = self.received.suspended_since if self.owes_answer else None
        return held_text(since, runs=self.received.runs_on) if since else ""

    @property
    def is_unread(self) -> bool:
        """Tell whether nobody of the agency has opened it yet, and somebody could."""
        hides_it = self.state in (ReceivedState.OVERDUE, ReceivedState.CLOSED)
        return self.state is ReceivedState.UNREAD or (hides_it and self.received.first_opened_at is None)

    @property
    def _answer_is_first(self) -> bool:
        ack_by, answer_by = self.received.ack_by, self.received.answer_by
        return ack_by is not None and answer_by is not None and answer_by < ack_by


class InboxFilters(TypedDict, total=False):
    """Filters of the inbox. `kind` is an alert type, `sender` an agency id, `pri` a speed.

    `waiting`: an acknowledgement is still due; `to_answer`: an answer is; `overdue`: the time of one of them is past.
    """

    unread: bool
    overdue: bool
    waiting: bool
    to_answer: bool
    kind: str
    lane: str
    pri: str
    tlp: str
    sender: str
    exercise: bool | None


def list_received(
    officer: Officer,
    *,
    cursor: str = "",
    limit: int = PAGE_ROWS,
    now: datetime,
    **filters: Unpack[InboxFilters],
) -> Page[InboxRow]:
    """Return a page of the inbox, newest first."""
    found = take_page(with_agencies(find_received(officer, filters, now=now)), by_number(), cursor, limit)
    filtered = any(filters.values()) or filters.get("exercise") is not None
    return found.page(inbox_rows(officer, found.rows, now=now), filtered=filtered)


def list_due_first(
    officer: Officer,
    *,
    cursor: str = "",
    limit: int = PAGE_ROWS,
    now: datetime,
    **filters: Unpack[InboxFilters],
) -> Page[InboxRow]:
    """Return a page of the inbox: first what waits for the agency, by due time, then the rest, newest first."""
    rows = with_agencies(find_received(officer, filters, now=now))
    found = take_due_first(rows, waits_here(now), due_here(now), cursor, limit)
    filtered = any(filters.values()) or filters.get("exercise") is not None
    return found.page(inbox_rows(officer, found.rows, now=now), filtered=filtered)


def find_received(officer: Officer, filters: InboxFilters, *, now: datetime) -> QuerySet[ReceivedAlert]:
    """Return every received alert that the inbox shows the officer under these filters, in no order."""
    require(officer, Capability.ALERT_READ)
    named = {
        "lane": filters.get("lane", ""),
        "pri": filters.get("pri", ""),
        "tlp": filters.get("tlp", ""),
        "issuer_id": filters.get("sender", ""),
    }
    wanted = _columns(named, filters.get("exercise")) & _status(
        unread=filters.get("unread", False),
        waiting=filters.get("waiting", False),
        to_answer=filters.get("to_answer", False),
        now=now,
    )
    if filters.get("overdue"):
        wanted &= overdue_here(suspensions_of(officer.agency_id or "", now=now), now)
    rows = ReceivedAlert.objects.visible_to(officer).filter(wanted)
    if kind := filters.get("kind"):
        rows = rows.filter(received_with_token(officer.agency, ("alert_type", kind)))
    return rows


def inbox_rows(
    officer: Officer,
    received: Sequence[ReceivedAlert],
    *,
    peers: VerifiedDirectory | None = None,
    now: datetime,
) -> list[InboxRow]:
    """Return cards and states for rows of the officer's own agency, with signatures and retracts judged as of now.

    `peers`: the directory, where the caller has one already.
    """
    peers = peers or VerifiedDirectory(officer.agency_id or "", now)
    judge_received(received, peers=peers, now=now)
    judge_retracts(received, peers=peers, now=now)
    mark_distrusted(received)
    mark_clocks(received, now=now)
    cards = open_received_cards(officer.agency_id or "", [row for row in received if row.keep > now])
    answered = titles_answered(officer, received)
    rows = []
    for row in received:
        state, pk = received_state(row, now), str(row.pk)
        shown = InboxRow(row, cards.get(pk), state, received_text(row, state), answered.get(pk))
        row.agency = officer.agency or row.agency
        rows.append(replace(shown, opens_on_duty=shown.is_unread and opens_on_duty(row)))
    waiting = mds_of_waiting_replies(officer, [row.received.md for row in rows if row.owes_answer])
    return [replace(row, reply_waits=True) if row.received.md in waiting else row for row in rows]


def with_agencies(rows: QuerySet[ReceivedAlert]) -> QuerySet[ReceivedAlert]:
    """Join each row's sender and receiving agency."""
    return rows.select_related("issuer", "agency")


def _status(*, unread: bool, waiting: bool, to_answer: bool, now: datetime) -> Q:
    """Return the condition for these states; of several versions of an alert only the newest counts."""
    wanted = Q(replaced_by=None)
    if unread:
        wanted &= unread_here()
    if waiting:
        wanted &= still_to_acknowledge()
    if to_answer:
        wanted &= still_to_answer(now)
    return wanted


def unread_here() -> Q:
    """Return the condition: nobody of the agency has opened it here, it can be opened, and there is no newer version of it."""
    return Q(first_opened_at=None, withdrawn_at=None, unopenable=False, replaced_by=None)


def still_to_acknowledge() -> Q:
    """Return the condition: an acknowledgement is due and nobody of the agency has given it."""
    return Q(
        acknowledged_at=None, withdrawn_at=None, unopenable=False, ack_by__isnull=False, replaced_by=None
    )


def waits_here(now: datetime) -> Q:
    """Return the condition: the agency owes an acknowledgement or an answer."""
    return still_to_acknowledge() | still_to_answer(now)


def due_here(now: datetime) -> Least:
    """Return the time of the first that the agency owes, for rows that wait."""
    return Least(
        Case(When(still_to_acknowledge(), then=F("ack_by"))),
        Case(When(still_to_answer(now), then=F("answer_by"))),
    )


def overdue_here(known: Suspensions, now: datetime) -> Q:
    """Return the condition: the agency owes an acknowledgement or an answer whose time is past; nothing is owed past `keep`.

    `known`: the agency's suspensions; an answer that they hold back since before it was due is not overdue.
    """
    late = still_to_acknowledge() & Q(ack_by__lte=now)
    return (late | answer_overdue(now) & ~known.held) & Q(keep__gt=now)


def answer_overdue(now: datetime) -> Q:
    """Return the condition: the agency owes an answer whose time is past, unless a suspension holds that back."""
    return still_to_answer(now) & Q(answer_by__lte=now)


def _columns(named: Mapping[str, str], exercise: bool | None) -> Q:
    wanted = Q(**{column: value for column, value in named.items() if value})
    if exercise is not None:
        wanted &= ~Q(status="actual") if exercise else Q(status="actual")
    return wanted

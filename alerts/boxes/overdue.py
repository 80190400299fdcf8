# SPDX-License-Identifier: Apache-2.0
"""The overdue board: what the officer's agency owes others, and what others owe it.

An acknowledgement is owed until it is given, an answer until it is final. What we owe stands from the longest overdue on, what they
owe by our newest alert. Exercises do not stand here, and no answer to a question in doubt. The acknowledgements of others are the
exchange's word.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef

from accord.answer_times import SENT_WITHIN
from alerts.boxes.inbox import InboxRow, Owed, inbox_rows, overdue_here
from alerts.models import Alert, AlertQuerySet, ReceivedAlert
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.suspensions import AnswerClock, Suspensions, clock_of_sent, suspensions_of
from alerts.projections.cards import Card, open_alert_cards
from alerts.red_readers import reads_answers
from alerts.replies.answers import AnswerGiven, answers_given
from alerts.replies.calls import Call, last_calls
from alerts.replies.thread_rows import read_replies
from alerts.sending.amendment import versions_asking, versions_of
from alerts.sending.sent_signatures import answers_of, sent_of
from alerts.states import AlertState
from callers.capabilities import Capability, require
from callers.deliveries import REACHED
from officers.models import Officer
from peers.models import Agency
from peers.sent import DeliveryFact, Sent, awaited_of, envelopes_of

SHOWN: Final = 50
"""Limit of alerts of each side."""
ANSWERS_MISSED_FOR: Final = timedelta(days=14)
"""Time for which a sent alert stays on the start page after a recipient missed its acknowledgement or answer."""


Calls = Mapping[tuple[UUID, str], Call]


@dataclass(frozen=True)
class WeOwe:
    """Received alert whose acknowledgement or answer is overdue since `due`; `called` is the last call to its sender."""

    row: InboxRow
    owed: Owed
    due: datetime
    called: Call | None = None


@dataclass(frozen=True)
class TheyOwe:
    """Own alert to which an agency owes an acknowledgement or an answer since `due`; `agency` with its duty telephone.

    `called` is the last call to that agency about it.
    """

    alert: Alert
    card: Card | None
    agency: Agency
    owed: Owed
    due: datetime
    called: Call | None = None


@dataclass(frozen=True)
class Overdue:
    """Both sides. `more_...`: others follow, which are not shown."""

    we_owe: Sequence[WeOwe]
    they_owe: Sequence[TheyOwe]
    more_of_ours: bool
    more_of_theirs: bool


def read_overdue(officer: Officer, *, now: datetime) -> Overdue:
    """Return what is overdue both ways, as far as the officer may see it."""
    require(officer, Capability.ALERT_READ)
    peers = VerifiedDirectory(officer.agency_id or "", now)
    known = suspensions_of(officer.agency_id or "", now=now)
    ours, theirs = _owed_by_us(officer, known, now), _owed_to_us(officer, now)
    rows = inbox_rows(officer, ours[:SHOWN], peers=peers, now=now)
    calls = last_calls(officer, received=ours[:SHOWN], alerts=theirs[:SHOWN])
    return Overdue(
        we_owe=sorted((one for row in rows for one in _of_row(row, calls, now)), key=lambda one: one.due),
        they_owe=tuple(_of_alerts(officer, theirs[:SHOWN], calls, peers, known, now)),
        more_of_ours=len(ours) > SHOWN,
        more_of_theirs=len(theirs) > SHOWN,
    )


def answers_owed_to_us(officer: Officer, *, now: datetime) -> list[TheyOwe]:
    """Return the answers to questions of the agency whose time has lately passed and that were not given, the longest overdue first."""
    require(officer, Capability.ALERT_READ)
    passed = envelopes_of(officer.agency_id or "").filter(
        reply_by__lte=now, reply_by__gt=now - ANSWERS_MISSED_FOR
    )
    mds = list(passed.order_by("-reply_by").values_list("md", flat=True)[:SHOWN])
    alerts = list(_standing(officer, now).filter(md__in=mds))
    calls = last_calls(officer, alerts=alerts)
    peers = VerifiedDirectory(officer.agency_id or "", now)
    known = suspensions_of(officer.agency_id or "", now=now)
    owed = _of_alerts(officer, alerts, calls, peers, known, now)
    return sorted((one for one in owed if one.owed is Owed.ANSWER), key=lambda one: one.due)


def _standing(officer: Officer, now: datetime) -> AlertQuerySet:
    """Select the own alerts of which it is said that others owe something, in no order."""
    return Alert.objects.visible_to(officer).filter(
        state=AlertState.RELEASED, status="actual", replaced_at=None, released_at__gte=now - SENT_WITHIN
    )


def _owed_by_us(officer: Officer, known: Suspensions, now: datetime) -> list[ReceivedAlert]:
    rows = ReceivedAlert.objects.visible_to(officer).filter(overdue_here(known, now), status="actual")
    return list(rows.select_related("issuer", "agency").order_by("-number")[: SHOWN + 1])


def _of_row(row: InboxRow, calls: Calls, now: datetime) -> Iterator[WeOwe]:
    received = row.received
    called = calls.get((received.pk, received.issuer_id))
    if received.withdrawn_at is not None or received.keep <= now:
        return
    if received.acknowledged_at is None and received.ack_by is not None and received.ack_by <= now:
        yield WeOwe(row, Owed.ACKNOWLEDGEMENT, received.ack_by, called)
    runs = not (received.for_attention or received.suspended_since or received.is_in_doubt)
    answer_by = received.answer_by if runs else None
    if received.answered_at is None and answer_by is not None and answer_by <= now:
        yield WeOwe(row, Owed.ANSWER, answer_by, called)


def _owed_to_us(officer: Officer, now: datetime) -> list[Alert]:
    """Return own alerts that somebody has not acknowledged in time, and questions whose time is past, newest first.

    Who has answered a question is seen only from its replies.
    """
    agency_id = officer.agency_id or ""
    awaited = awaited_of(agency_id).filter(md=OuterRef("md"))
    terms = envelopes_of(agency_id).filter(md=OuterRef("md"))
    rows = _standing(officer, now)
    late = rows.filter(Exists(terms.filter(ack_by__lte=now)), Exists(awaited))
    # From the few that asked: to look at each alert whether it asked costs with their number.
    asked = envelopes_of(agency_id).filter(Exists(rows.filter(md=OuterRef("md"))), reply_by__lte=now)
    mds = list(asked.order_by("-reply_by").values_list("md", flat=True)[: SHOWN + 1])
    newest = (late.order_by("-released_at", "-pk")[: SHOWN + 1], rows.filter(md__in=mds))
    together = {alert.pk: alert for found in newest for alert in found}
    return sorted(together.values(), key=lambda alert: (alert.released_at or now, alert.pk), reverse=True)


def _of_alerts(
    officer: Officer,
    alerts: Sequence[Alert],
    calls: Calls,
    peers: VerifiedDirectory,
    suspensions: Suspensions,
    now: datetime,
) -> Iterator[TheyOwe]:
    mds = [alert.md for alert in alerts]
    sent = sent_of(officer, mds)
    facts = answers_of(officer, sent, peers=peers, now=now)
    versions = {alert.md: versions_asking(versions_of(alert)) for alert in alerts}
    asking = [md for alert in alerts if sent[alert.md].reply_by for md in versions[alert.md]]
    replies = read_replies(officer, asking, now=now) if asking else None
    known = Agency.objects.in_bulk({fact.recipient for rows in facts.values() for fact, _worth in rows})
    cards = open_alert_cards(officer.agency_id or "", alerts)
    for alert in alerts:
        terms = sent[alert.md]
        given = answers_given(versions[alert.md], replies, due=lambda _agency: None) if replies else {}
        for fact, _worth in facts[alert.md]:
            card, answer = cards.get(str(alert.pk)), given.get(fact.recipient)
            asked = card is None or fact.recipient not in card.for_attention
            asked &= reads_answers(officer, alert.tlp, card.reply_to if card else ())
            clock = clock_of_sent(alert, terms, fact.recipient, suspensions) if asked else None
            for owed, due in _owed_by(fact, terms, answer, clock, now):
                agency = known[fact.recipient]
                yield TheyOwe(alert, card, agency, owed, due, calls.get((alert.pk, agency.pk)))


def _owed_by(
    fact: DeliveryFact, terms: Sent, answer: AnswerGiven | None, clock: AnswerClock | None, now: datetime
) -> Iterator[tuple[Owed, datetime]]:
    if terms.ack_by is not None and terms.ack_by <= now and fact.is_awaited:
        yield Owed.ACKNOWLEDGEMENT, terms.ack_by
    has_it = fact.state in REACHED and fact.recalled_at is None
    is_answered = answer is not None and answer.is_final
    if clock is not None and clock.is_overdue(now) and has_it and not is_answered:
        yield Owed.ANSWER, clock.due

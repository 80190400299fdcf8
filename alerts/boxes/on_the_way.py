# SPDX-License-Identifier: Apache-2.0
"""An author's own alerts on the way: what became of each since it was submitted, and who acts next.

- *Own* is what the officer wrote or submitted; both count as its authors (`alerts.review.second_person`).
- An alert is on the way from its submission until `SENT_LATELY` after it was sent. One that came back stays until it is
  submitted again or discarded.
- Why the exchange refused one is known for as long as `peers.outgoing` keeps the refusal; then it is checked and not sent.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from alerts.boxes.paging import PAGE_ROWS, Page, by_moment, take_page
from alerts.models import Alert, AlertQuerySet, ReceivedAlert
from alerts.peers.suspensions import suspensions_of
from alerts.projections.cards import Card, open_alert_cards
from alerts.replies.counted import AnswersCounted, count_answers
from alerts.review.second_person import who_acts_next
from alerts.review.validation import open_return_notes
from alerts.rows.replies import Reply
from alerts.sending.handed_in import HandedIn, handed_in_of_each
from alerts.states import IN_REVIEW, AlertState
from callers.capabilities import Capability, require
from callers.timezones import moment_text
from officers.models import Officer
from peers.models import OutgoingState

SENT_LATELY: Final = timedelta(days=14)
"""Time for which a sent alert stays in this list; the outbox keeps it."""


_UNSENT: Final = (AlertState.SUBMITTED, AlertState.VALIDATED)


class WayState(StrEnum):
    """Place of an own alert; computed, never stored."""

    SUBMITTED = "submitted"
    VALIDATED = "validated"
    QUEUED = "queued"
    RETURNED = "returned"
    REFUSED = "refused"
    RELEASED = "released"

    @property
    def label(self) -> str:
        if self is WayState.RETURNED:
            return _("Returned")
        if self is WayState.REFUSED:
            return _("Refused by the exchange")
        return str(AlertState(self.value).label)


class ActsNext(StrEnum):
    """Maker of the next move: second persons of the agency, the exchange, who was asked, the reader, or nobody."""

    OFFICERS = "officers"
    EXCHANGE = "exchange"
    RECIPIENTS = "recipients"
    YOU = "you"
    NOBODY = "nobody"


ACTS_NEXT: Final[Mapping[WayState, ActsNext]] = {
    WayState.SUBMITTED: ActsNext.OFFICERS,
    WayState.VALIDATED: ActsNext.OFFICERS,
    WayState.REFUSED: ActsNext.OFFICERS,
    WayState.QUEUED: ActsNext.EXCHANGE,
    WayState.RETURNED: ActsNext.YOU,
    WayState.RELEASED: ActsNext.NOBODY,
}


@dataclass(frozen=True)
class WayRow:
    """Own alert in the list.

    - `text` says why it came back or waits: the note of who returned it, or the words about the exchange; of a question that was
      sent, how many have answered.
    - `could_act` are the officers who could check or send it, if they act next; none: nobody of the agency could.
    - `answers_wait`: it was sent, and somebody owes an answer to it.
    """

    alert: Alert
    card: Card | None
    state: WayState
    since: datetime
    text: str = field(default="", repr=False)
    could_act: tuple[Officer, ...] = ()
    answers_wait: bool = False

    @property
    def state_text(self) -> str:
        return self.state.label

    @property
    def acts_next(self) -> ActsNext:
        return ActsNext.RECIPIENTS if self.answers_wait else ACTS_NEXT[self.state]

    @property
    def returned_by(self) -> Officer | None:
        """Officer who gave it back, the reader too; None unless it came back."""
        by = self.alert.returned_by if self.state is WayState.RETURNED else None
        return by if isinstance(by, Officer) else None


def list_on_the_way(
    officer: Officer,
    *,
    cursor: str = "",
    limit: int = PAGE_ROWS,
    state: str = "",
    returned: bool = False,
    by: str = "changed_at",
    now: datetime,
) -> Page[WayRow]:
    """Return a page of the officer's own alerts, newest act first, or ordered `by` `FIRST_WRITTEN`.

    `state` is submitted, validated, queued or released; `returned`: only what came back to be corrected.
    """
    require(officer, Capability.ALERT_WRITE)
    rows = on_the_way(officer, now=now)
    if state:
        rows = rows.filter(state=state).exclude(state=AlertState.DRAFT)
    if returned:
        rows = rows.filter(state=AlertState.DRAFT)
    found = take_page(rows, by_moment(by), cursor, limit)
    cards = open_alert_cards(officer.agency_id or "", found.rows)
    return found.page(way_rows(officer, found.rows, cards, now=now), filtered=bool(state or returned))


def on_the_way(officer: Officer, *, now: datetime) -> AlertQuerySet:
    """Return the officer's own alerts on the way, in no order, with all that `way_rows` reads of them."""
    waits = Q(state__in=IN_REVIEW, submitted_at__isnull=False)
    sent = Q(state=AlertState.RELEASED, released_at__gte=now - SENT_LATELY, replaced_at=None)
    rows = Alert.objects.visible_to(officer).filter(written_by(officer), waits | came_back() | sent)
    return rows.select_related("author", "submitted_by", "returned_by", "agency__desk_policy")


def written_by(officer: Officer) -> Q:
    """Return the condition of an officer's own alerts."""
    return Q(author=officer) | Q(submitted_by=officer)


def came_back() -> Q:
    """Return the condition of a draft that was given back with a note and not submitted again."""
    return Q(state=AlertState.DRAFT, return_note__isnull=False)


def way_rows(
    officer: Officer, alerts: Sequence[Alert], cards: Mapping[str, Card], *, now: datetime
) -> tuple[WayRow, ...]:
    """Return rows for alerts of `on_the_way`; `cards` are their opened cards by id."""
    agency_id = officer.agency_id or ""
    gone_out = [alert for alert in alerts if alert.state in (AlertState.VALIDATED, AlertState.QUEUED)]
    envelopes = handed_in_of_each(agency_id, gone_out) if gone_out else {}
    notes, held = open_return_notes(agency_id, alerts), _held(agency_id, alerts, now)
    counts = {one.alert.pk: one for one in count_answers(officer, alerts, cards, now=now)}
    told = _Told(envelopes, notes, held, _could_act(alerts), counts)
    return tuple(told.row(alert, cards.get(str(alert.pk))) for alert in alerts)


def _could_act(alerts: Collection[Alert]) -> dict[UUID, list[Officer]]:
    return who_acts_next([alert for alert in alerts if alert.state in _UNSENT])


def _held(agency_id: str, alerts: Collection[Alert], now: datetime) -> dict[UUID, str]:
    """Say of replies to whom a suspended lane leads that they wait for it, by their ids."""
    here = {alert.pk: alert for alert in alerts if alert.kind != "alert" and alert.state in _UNSENT}
    if not here:
        return {}
    asked = Reply.objects.filter(alert__in=here).values_list("alert", "re_md")
    answered = dict(asked)
    issuers = ReceivedAlert.objects.filter(agency_id=agency_id, md__in=answered.values()).values_list(
        "md", "issuer"
    )
    known, to = suspensions_of(agency_id, now=now), dict(issuers)
    since = {pk: known.since(to[md], here[pk].lane, here[pk].pri) for pk, md in answered.items() if md in to}
    text = _("Held by suspension since %(time)s: it waits here. Send it once the lane is open again.")
    return {pk: text % {"time": moment_text(at)} for pk, at in since.items() if at is not None}


@dataclass(frozen=True)
class _Told:
    """Facts about the alerts of one page by their ids, read together."""

    envelopes: Mapping[UUID, HandedIn]
    notes: Mapping[UUID, str]
    held: Mapping[UUID, str]
    could_act: Mapping[UUID, Sequence[Officer]]
    answers: Mapping[UUID, AnswersCounted]

    def row(self, alert: Alert, card: Card | None) -> WayRow:
        envelope, counted = self.envelopes.get(alert.pk), self.answers.get(alert.pk)
        state = _state_of(alert, envelope)
        words = {
            WayState.RETURNED: self.notes.get(alert.pk, ""),
            WayState.SUBMITTED: self.held.get(alert.pk, ""),
            WayState.VALIDATED: self.held.get(alert.pk, ""),
            WayState.QUEUED: envelope.text if envelope else "",
            WayState.REFUSED: envelope.text if envelope else "",
            WayState.RELEASED: counted.text if counted else "",
        }
        able = tuple(self.could_act.get(alert.pk, ()))
        waits = counted is not None and counted.given < counted.owed
        since = _since(alert, state, envelope)
        return WayRow(alert, card, state, since, words.get(state, ""), able, answers_wait=waits)


def _state_of(alert: Alert, envelope: HandedIn | None) -> WayState:
    if alert.state == AlertState.DRAFT:
        return WayState.RETURNED
    if alert.state == AlertState.VALIDATED and _is_refused(alert, envelope):
        return WayState.REFUSED
    return WayState(alert.state)


def _is_refused(alert: Alert, envelope: HandedIn | None) -> bool:
    """Tell whether the exchange refused it since it was last checked."""
    if envelope is None or envelope.is_altered or envelope.state != OutgoingState.REFUSED:
        return False
    checked, settled = alert.validated_at, envelope.settled_at
    return checked is not None and settled is not None and settled >= checked


def _since(alert: Alert, state: WayState, envelope: HandedIn | None) -> datetime:
    """Return when it came to be where it is."""
    at = {
        WayState.SUBMITTED: alert.submitted_at,
        WayState.VALIDATED: alert.validated_at,
        WayState.QUEUED: envelope.since if envelope else None,
        WayState.REFUSED: envelope.settled_at if envelope else None,
        WayState.RETURNED: alert.returned_at,
        WayState.RELEASED: alert.released_at,
    }[state]
    return at or alert.changed_at

# SPDX-License-Identifier: Apache-2.0
"""The start page: work that waits for this officer, most pressing first. Each list is short and says if there is more."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Generic, TypeVar

from django.db.models import Case, Exists, F, OuterRef, QuerySet, Subquery, When

from alerts.boxes.inbox import InboxRow, inbox_rows, still_to_acknowledge
from alerts.boxes.on_the_way import WayRow, on_the_way, way_rows
from alerts.boxes.overdue import ANSWERS_MISSED_FOR
from alerts.boxes.queue import QueueRow, queue_rows
from alerts.boxes.state_words import is_past
from alerts.boxes.waiting import returned_to, to_release
from alerts.models import Alert, ReceivedAlert
from alerts.peers.directory import VerifiedDirectory
from alerts.projections.cards import Card, open_alert_cards
from alerts.replies.answers import still_to_answer
from alerts.replies.calls import Call, last_calls
from alerts.sending.own_name import revoked_spans
from alerts.sending.reaffirmation import DoubtedAlert, DoubtedStatement, list_doubted, list_doubted_statements
from alerts.states import AlertState
from callers.capabilities import Capability
from officers.models import Officer
from peers.models import Agency
from peers.sent import awaited_of, envelopes_of

Row = TypeVar("Row")
SHOWN: Final = 20
OWN_SHOWN: Final = 5
"""Limit of the officer's own alerts on the way, which wait for others; their list has the rest."""
_DUE: Final = "acknowledgement_due"


@dataclass(frozen=True)
class Waiting(Generic[Row]):
    """First rows of a list; `more`: others follow."""

    rows: tuple[Row, ...] = ()
    more: bool = False


@dataclass(frozen=True)
class ToPhone:
    """Agency that has not acknowledged these own alerts in time, the longest overdue first, since `due`.

    `called` is the last call to it about one of them.
    """

    agency: Agency
    alerts: tuple[Alert, ...]
    cards: tuple[Card | None, ...]
    due: datetime
    called: Call | None = None


@dataclass(frozen=True)
class Start:
    """Content of the start page. An empty list means that nothing waits, or that the officer's roles do not include it."""

    release: Waiting[QueueRow] = Waiting()
    acknowledge: Waiting[InboxRow] = Waiting()
    answer: Waiting[InboxRow] = Waiting()
    confirm: Waiting[InboxRow] = Waiting()
    returned: Waiting[WayRow] = Waiting()
    late: Waiting[ToPhone] = Waiting()
    on_the_way: Waiting[WayRow] = Waiting()
    """The officer's own alerts on which others act, newest act first; what came back is in `returned`."""
    second_looks: tuple[Alert, ...] = ()
    in_doubt: tuple[DoubtedAlert, ...] = ()
    answers_in_doubt: tuple[DoubtedStatement, ...] = ()
    overdue: int = 0
    """Number of overdue alerts among those shown to acknowledge."""
    answers_overdue: int = 0
    """Number of overdue questions among those shown to answer."""

    @property
    def to_release(self) -> tuple[QueueRow, ...]:
        return self.release.rows

    @property
    def to_acknowledge(self) -> tuple[InboxRow, ...]:
        return self.acknowledge.rows

    @property
    def nothing_waits(self) -> bool:
        lists = (self.release, self.acknowledge, self.answer, self.confirm, self.returned, self.late)
        rows = any(waiting.rows for waiting in lists)
        return not (rows or self.second_looks or self.in_doubt)


def read_start(officer: Officer, *, now: datetime) -> Start:
    """Return the officer's work. Rows of one box are judged, and their cards opened, together."""
    can = officer.capabilities
    peers = VerifiedDirectory(officer.agency_id or "", now)
    received = _received(officer, peers, now)
    release, returned, late, own = _own(officer, now)
    shown = [*release[:SHOWN], *returned[:SHOWN], *late[:SHOWN], *own[:OWN_SHOWN]]
    cards = open_alert_cards(officer.agency_id or "", shown)
    ways = way_rows(officer, [*returned[:SHOWN], *own[:OWN_SHOWN]], cards, now=now)
    reaffirms = Capability.ALERT_RELEASE in can and bool(revoked_spans(peers))
    return Start(
        release=Waiting(queue_rows(release[:SHOWN], cards), len(release) > SHOWN),
        acknowledge=_first(received.acknowledge),
        answer=_first(received.answer),
        confirm=_first(received.confirm),
        returned=Waiting(ways[: len(returned[:SHOWN])], len(returned) > SHOWN),
        late=Waiting(tuple(_to_phone(officer, late[:SHOWN], cards)), len(late) > SHOWN),
        on_the_way=Waiting(ways[len(returned[:SHOWN]) :], len(own) > OWN_SHOWN),
        second_looks=_second_looks(officer) if Capability.ALERT_VALIDATE in can else (),
        in_doubt=list_doubted(officer, peers=peers, now=now) if reaffirms else (),
        answers_in_doubt=list_doubted_statements(officer, peers=peers, now=now) if reaffirms else (),
        overdue=_past([row.received.ack_by for row in received.acknowledge[:SHOWN]], now),
        answers_overdue=_past(
            [row.received.answer_by for row in received.answer[:SHOWN] if not row.held_text], now
        ),
    )


def _first(rows: list[InboxRow]) -> Waiting[InboxRow]:
    return Waiting(tuple(rows[:SHOWN]), len(rows) > SHOWN)


def _past(times: Iterable[datetime | None], now: datetime) -> int:
    return sum(is_past(due, now) for due in times)


@dataclass(frozen=True)
class _Received:
    """Rows of the inbox that ask for an act: the longest overdue first, withdrawals newest first."""

    acknowledge: list[InboxRow] = field(default_factory=list)
    answer: list[InboxRow] = field(default_factory=list)
    confirm: list[InboxRow] = field(default_factory=list)


def _received(officer: Officer, peers: VerifiedDirectory, now: datetime) -> _Received:
    """Return what the officer's agency is to acknowledge, to answer, and to confirm as no longer used, as the roles allow."""
    can = officer.capabilities
    rows = ReceivedAlert.objects.visible_to(officer).select_related("issuer", "agency")
    asked: dict[str, list[ReceivedAlert]] = {"acknowledge": [], "answer": [], "confirm": []}
    if Capability.ALERT_ACKNOWLEDGE in can:
        asked["acknowledge"] = list(
            rows.filter(still_to_acknowledge()).order_by("ack_by", "number")[: SHOWN + 1]
        )
        unconfirmed = rows.filter(withdrawn_at__isnull=False, withdrawal_confirmed_at=None)
        asked["confirm"] = list(unconfirmed.order_by("-number")[: SHOWN + 1])
    if {Capability.ALERT_ACKNOWLEDGE, Capability.ALERT_WRITE} & can:
        asked["answer"] = list(rows.filter(still_to_answer(now)).order_by("answer_by", "number")[: SHOWN + 1])
    together = {row.pk: row for found in asked.values() for row in found}
    shown = {
        row.received.pk: row for row in inbox_rows(officer, list(together.values()), peers=peers, now=now)
    }
    found = {act: [shown[row.pk] for row in rows] for act, rows in asked.items()}
    withdrawn = [row for row in found["confirm"] if row.received.withdrawn_at is not None]
    return _Received(found["acknowledge"], found["answer"], withdrawn)


def _own(officer: Officer, now: datetime) -> tuple[list[Alert], list[Alert], list[Alert], list[Alert]]:
    """Return alerts to release, drafts returned to this author, alerts not acknowledged in time, and the author's own on the way.

    Each as the roles allow.
    """
    can, rows = officer.capabilities, Alert.objects.visible_to(officer).select_related("author")
    writes = Capability.ALERT_WRITE in can
    release = _to_release(rows) if Capability.QUEUE_READ in can else []
    late = _late(officer, rows, now) if writes or Capability.ALERT_RELEASE in can else []
    returned = _returned(rows, officer) if writes else []
    return release, returned, late, _with_others(officer, now) if writes else []


def _to_release(rows: QuerySet[Alert]) -> list[Alert]:
    """Return alerts to release, with the question that each answers: flash first, then longest waiting."""
    rows = rows.annotate(re_md=F("reply__re_md"))
    speed = Case(When(pri="flash", then=0), When(pri="urgent", then=1), default=2)
    return list(rows.filter(to_release()).order_by(speed, "submitted_at", "pk")[: SHOWN + 1])


def _returned(rows: QuerySet[Alert], officer: Officer) -> list[Alert]:
    """Return the officer's own drafts that a second person gave back."""
    back = rows.filter(returned_to(officer)).select_related("returned_by", "agency__desk_policy")
    return list(back.order_by("-changed_at", "-pk")[: SHOWN + 1])


def _with_others(officer: Officer, now: datetime) -> list[Alert]:
    """Return the officer's own alerts on the way that did not come back."""
    own = on_the_way(officer, now=now).exclude(state=AlertState.DRAFT)
    return list(own.order_by("-changed_at", "-pk")[: OWN_SHOWN + 1])


def _late(officer: Officer, rows: QuerySet[Alert], now: datetime) -> list[Alert]:
    """Return alerts sent lately that a recipient has not acknowledged in time; newest first."""
    agency_id = officer.agency_id or ""
    asked = envelopes_of(agency_id).filter(md=OuterRef("md"), ack_by__lte=now)
    late = rows.filter(
        Exists(asked),
        Exists(awaited_of(agency_id).filter(md=OuterRef("md"))),
        state=AlertState.RELEASED,
        replaced_at=None,
        released_at__isnull=False,
        released_at__gte=now - ANSWERS_MISSED_FOR,
    )
    late = late.annotate(**{_DUE: Subquery(asked.values("ack_by"))})
    return list(late.order_by("-released_at", "-pk")[: SHOWN + 1])


def _to_phone(officer: Officer, late: list[Alert], cards: Mapping[str, Card]) -> list[ToPhone]:
    """Return the agencies that have not acknowledged these alerts, the longest overdue first."""
    if not late:
        return []
    by_md = {alert.md: alert for alert in sorted(late, key=_due_of)}
    missed: dict[str, list[Alert]] = {}
    awaited = set(awaited_of(officer.agency_id or "").filter(md__in=by_md).values_list("md", "recipient"))
    for md, alert in by_md.items():
        for recipient in sorted(one for about, one in awaited if about == md):
            missed.setdefault(recipient, []).append(alert)
    known = Agency.objects.in_bulk(missed)
    calls = last_calls(officer, alerts=late)
    found = [
        ToPhone(
            known[recipient],
            tuple(alerts),
            tuple(cards.get(str(alert.pk)) for alert in alerts),
            _due_of(alerts[0]),
            max(
                (call for alert in alerts if (call := calls.get((alert.pk, recipient)))),
                key=lambda call: call.called_at,
                default=None,
            ),
        )
        for recipient, alerts in missed.items()
    ]
    return sorted(found, key=lambda one: one.due)


def _due_of(alert: Alert) -> datetime:
    due: datetime = getattr(alert, _DUE)
    return due


def _second_looks(officer: Officer) -> tuple[Alert, ...]:
    rows = Alert.objects.visible_to(officer).filter(
        released_at__isnull=False, second_look_by__isnull=False, second_look_at=None
    )
    rows = rows.exclude(released_by=officer).select_related("released_by")
    return tuple(rows.order_by("second_look_by")[:SHOWN])

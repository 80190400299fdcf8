# SPDX-License-Identifier: Apache-2.0
"""Withheld alerts by peer and lane, and what can be done with each: held while the lane is suspended, offered once it is open.

A row is offered in its newest version, while its content is kept for long enough to be sent, and unless it is RED, which is
written anew. Nothing is preselected, and what nobody decides stays.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.db.models import Count, Max, Q
from django.db.models.functions import TruncMonth
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.envelope.vocabulary import RED
from alerts.access import agency_of
from alerts.boxes.paging import PAGE_ROWS, Page, by_moment, take_page
from alerts.document.choices import ALERT_TYPES
from alerts.document.rules import KEPT_AT_LEAST
from alerts.models import Alert, WithheldAlert
from alerts.peers.suspensions import ROUTINE, Suspensions, suspensions_of
from alerts.peers.withheld_recipients import LANE_SUSPENDED, NEW_IN_CIRCLE, UNCOMPARED
from alerts.projections.cards import Card, open_alert_cards
from alerts.projections.tokens import tokens_of
from alerts.replies.kinds import REPLY
from alerts.rows.withheld import WithheldAlertQuerySet, WithheldState
from alerts.states import SENT, AlertState
from callers.capabilities import Capability, require
from callers.closed_lists import Lane
from callers.errors import AbsentError, InputError
from officers.models import Officer
from peers.models import Agency

LEAST_LEFT: Final = KEPT_AT_LEAST + timedelta(days=2)
"""Least time for which content must still be kept, so that it can be sent: what an exchange asks for, in every zone."""
CHANGED: Final = gettext_lazy("Alerts: choose one or more from the list; it may have changed.")
NOTHING_CHOSEN: Final = gettext_lazy(
    "Nothing is ticked: tick one or more in the list, then press the button again."
)
SIGNED: Final = Q(sent__state__in=sorted(SENT | {AlertState.QUEUED}))
"""Condition of what was chosen and is signed."""
REFUSALS: Final[Mapping[str, "str | Promise"]] = {
    "changed": gettext_lazy("What applies to it changed while it was sent; choose it again."),
    "content-deleted": gettext_lazy("Its files are deleted: the time for which they were kept is over."),
    "in-doubt": gettext_lazy("Its signature is in doubt: reaffirm the sent alert, then choose it again."),
    "kept-too-short": gettext_lazy("The time for which it is kept is nearly over."),
    "no-longer-fits": gettext_lazy("It no longer fits what an alert has to say today; write it anew."),
    "red": gettext_lazy("RED is written anew, for officers named today."),
    "agreement-ended": gettext_lazy("The agreement has ended."),
    "no-agreement": gettext_lazy("No agreement joins the two agencies today."),
    "lane-not-covered": gettext_lazy("No agreement of today covers the lane."),
    "purpose-not-covered": gettext_lazy("No agreement of today covers its purpose."),
    "tlp-above-ceiling": gettext_lazy("Its TLP is above what is agreed today."),
    UNCOMPARED: gettext_lazy("Two officers of your agency compare the fingerprint first."),
    NEW_IN_CIRCLE: gettext_lazy("An officer who checks alerts confirms it in its circles first."),
}
"""Reasons why a chosen alert was not sent, in words, by code."""


@dataclass(frozen=True)
class WithheldLane:
    """Numbers of one peer and lane. `lost` cannot be sent any more.

    `since`: when the lane was suspended, None once it is open; `stopped_by`: which of the two agencies suspend it.
    """

    peer: Agency
    lane: str
    since: datetime | None
    waiting: int
    red: int
    lost: int
    chosen: int
    sent: int
    refused: int
    not_needed: int
    stopped_by: tuple[str, ...] = ()

    @property
    def is_stopped_here(self) -> bool:
        return any(one != self.peer.pk for one in self.stopped_by)

    @property
    def is_stopped_there(self) -> bool:
        return self.peer.pk in self.stopped_by

    @property
    def label(self) -> "str | Promise":
        return Lane(self.lane).label

    @property
    def offered(self) -> int:
        """Number of alerts on which somebody decides now."""
        return 0 if self.since else self.waiting


@dataclass(frozen=True)
class WithheldGroup:
    """Undecided alerts of one kind and month, named by `key`."""

    kind: str
    label: str
    month: date
    count: int

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.month:%Y-%m}"


@dataclass(frozen=True)
class WithheldRow:
    """One alert of the list; `reason` says why it could not be sent."""

    row: WithheldAlert
    card: Card | None = field(repr=False)

    @property
    def reason(self) -> str:
        text = REFUSALS.get(self.row.code, _("The exchange did not take it."))
        return str(text) if self.row.code else ""


@dataclass(frozen=True)
class Progress:
    """Progress of what was chosen together; `unlogged` is the address of one that is signed and not logged yet."""

    total: int = 0
    signed: int = 0
    logged: int = 0
    refused: int = 0
    unlogged: str = ""

    @property
    def done(self) -> int:
        return self.signed + self.refused

    @property
    def left(self) -> int:
        return self.total - self.done


def undecided(now: datetime) -> Q:
    """Return the condition: somebody can decide to send it."""
    can = Q(keep__gt=now + LEAST_LEFT, alert__logged_at__isnull=False) & ~Q(alert__tlp=RED)
    return Q(state=WithheldState.WAITING) & can


def withheld_lanes(officer: Officer, *, now: datetime) -> list[WithheldLane]:
    """Return what is or was withheld, by name of the peer and lane; in a fixed number of queries."""
    lanes = withheld_numbers(officer, now=now)
    if not lanes:
        return []
    known = suspensions_of(agency_of(officer).pk, now=now)
    return [_with_stop(one, known) for one in lanes]


def _with_stop(one: WithheldLane, known: Suspensions) -> WithheldLane:
    since = known.since(one.peer.pk, one.lane, ROUTINE)
    if since is None:
        return one
    return replace(one, since=since, stopped_by=known.stopped_by(one.peer.pk, one.lane))


def withheld_numbers(officer: Officer, *, now: datetime) -> list[WithheldLane]:
    """Return the same without asking whether a lane is suspended now."""
    require(officer, Capability.ALERT_READ)
    counted = _counted(WithheldAlert.objects.visible_to(officer), now)
    peers = Agency.objects.in_bulk({row["peer"] for row in counted}) if counted else {}
    found = [WithheldLane(peer=peers[row.pop("peer")], since=None, **row) for row in counted]
    return sorted(found, key=lambda one: (one.peer.name, one.lane))


def _counted(rows: WithheldAlertQuerySet, now: datetime) -> list[dict[str, Any]]:
    """Count the rows of each peer and lane; of what was decided, replaced versions too."""
    standing = Q(alert__withdrawn_at=None, alert__replaced_at=None)
    waiting = Q(state=WithheldState.WAITING) & standing
    counts = {
        "waiting": undecided(now) & standing,
        "red": waiting & Q(alert__tlp=RED),
        "lost": waiting & Q(keep__lte=now + LEAST_LEFT) & ~Q(alert__tlp=RED),
        "chosen": Q(state=WithheldState.CHOSEN) & ~SIGNED,
        "sent": Q(state=WithheldState.CHOSEN) & SIGNED,
        "refused": Q(state=WithheldState.REFUSED) & standing,
        "not_needed": Q(state=WithheldState.NOT_NEEDED),
    }
    numbers = {name: Count("pk", filter=condition) for name, condition in counts.items()}
    return [dict(row) for row in rows.order_by().values("peer", "lane").annotate(**numbers)]


def withheld_lane(officer: Officer, peer: str, lane: str, *, now: datetime) -> WithheldLane:
    """Return the numbers of one peer and lane; raises AbsentError where nothing was ever withheld."""
    found = [one for one in withheld_lanes(officer, now=now) if (one.peer.pk, one.lane) == (peer, lane)]
    if not found:
        raise AbsentError
    return found[0]


def offered_rows(officer: Officer, peer: str, lane: str, *, now: datetime) -> WithheldAlertQuerySet:
    """Return the rows on which somebody can decide, in no order."""
    rows = WithheldAlert.objects.visible_to(officer).standing()
    return rows.filter(undecided(now), peer=peer, lane=lane)


def withheld_groups(officer: Officer, peer: str, lane: str, *, now: datetime) -> list[WithheldGroup]:
    """Return the undecided alerts by kind and month, newest month first; in a fixed number of queries."""
    rows = offered_rows(officer, peer, lane, now=now).order_by()
    months = rows.values("kind", month=TruncMonth("released_at", tzinfo=UTC)).annotate(count=Count("pk"))
    kinds = {token: code for code, token in _kinds_of(officer)}
    labels = dict(ALERT_TYPES)
    found = [
        WithheldGroup(code, str(labels[code]), row["month"].date(), row["count"])
        for row in months
        if (code := kinds[bytes(row["kind"])])
    ]
    return sorted(found, key=lambda one: (-one.month.toordinal(), one.label))


def group_named(key: str) -> WithheldGroup:
    """Return the group of this key, uncounted; raises InputError for what names none."""
    kind, _colon, month = key.partition(":")
    try:
        begins = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
        return WithheldGroup(kind, str(dict(ALERT_TYPES)[kind]), begins.date(), 0)
    except (ValueError, KeyError):
        raise InputError("groups", str(CHANGED)) from None


def in_groups(officer: Officer, keys: Iterable[str]) -> Q:
    """Return the condition for the rows of these groups; raises InputError for what names none."""
    groups, wanted = [group_named(key) for key in keys], Q(pk__in=())
    tokens = dict(_kinds_of(officer)) if groups else {}
    for group in groups:
        begins = datetime.combine(group.month, time(), UTC)
        ends = (begins + timedelta(days=32)).replace(day=1)
        wanted |= Q(kind=tokens[group.kind], released_at__gte=begins, released_at__lt=ends)
    return wanted


def list_withheld(
    officer: Officer,
    peer: str,
    lane: str,
    *,
    group: str = "",
    state: str = WithheldState.WAITING,
    unsent_only: bool = False,
    cursor: str = "",
    limit: int = PAGE_ROWS,
    now: datetime,
) -> Page[WithheldRow]:
    """Return a page of the undecided alerts, of one group where one is named; or of those in another state.

    `unsent_only` leaves out what was chosen and is on its way or sent.
    """
    require(officer, Capability.ALERT_READ)
    if state == WithheldState.WAITING:
        rows = offered_rows(officer, peer, lane, now=now)
    else:
        rows = WithheldAlert.objects.visible_to(officer).filter(peer=peer, lane=lane, state=state)
    if unsent_only:
        rows = rows.exclude(SIGNED)
    if group:
        rows = rows.filter(in_groups(officer, [group]))
    found = take_page(rows.select_related("alert", "sent"), by_moment("released_at"), cursor, limit)
    cards = open_alert_cards(officer.agency_id or "", [row.alert for row in found.rows])
    shown = [WithheldRow(row, cards.get(str(row.alert_id))) for row in found.rows]
    return found.page(shown, filtered=bool(group))


def progress_of(officer: Officer, peer: str, lane: str) -> Progress:
    """Return how far those have come that were chosen together last."""
    rows = WithheldAlert.objects.visible_to(officer).filter(peer=peer, lane=lane, batch__isnull=False)
    batch = rows.order_by("-decided_at").values_list("batch", flat=True).first()
    if batch is None:
        return Progress()
    numbers = (
        rows.filter(batch=batch)
        .order_by()
        .aggregate(
            total=Count("pk"),
            signed=Count("pk", filter=Q(state=WithheldState.CHOSEN) & SIGNED),
            logged=Count("pk", filter=Q(sent__log_index__isnull=False)),
            refused=Count("pk", filter=Q(state=WithheldState.REFUSED)),
            unlogged=Max("sent__md", filter=SIGNED & Q(sent__log_index=None), default=""),
        )
    )
    return Progress(**numbers)


def withheld_from(officer: Officer, alert: Alert) -> list[tuple[str, str, Alert | None]]:
    """Return id and name of each agency that a suspended lane kept a sent alert from, by the preview that was released, with the
    alert under which it was sent there since; no query where there is none.
    """
    if alert.status != "actual" or alert.kind == REPLY:
        return []
    rows = [row for row in alert.validated_preview or () if row["code"] == LANE_SUSPENDED]
    if not rows:
        return []
    copies = Alert.objects.visible_to(officer).filter(resent_from__alert=alert, state__in=SENT)
    sent = {copy.resent_from.peer_id: copy for copy in copies.select_related("resent_from")}
    return [(row["agency"], row["name"], sent.get(row["agency"])) for row in rows]


def repeated_by(alert: Alert) -> Alert | None:
    """Return the alert that a sent one repeats after a suspension; None for one that repeats nothing."""
    repeated: WithheldAlert | None = getattr(alert, "resent_from", None)
    return None if repeated is None else repeated.alert


def _kinds_of(officer: Officer) -> list[tuple[str, bytes]]:
    codes = [code for code, _label in ALERT_TYPES]
    return list(
        zip(codes, tokens_of(officer.agency_id or "", [("alert_type", code) for code in codes]), strict=True)
    )

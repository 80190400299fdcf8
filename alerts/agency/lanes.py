# SPDX-License-Identifier: Apache-2.0
"""Suspension and resumption of lanes with peers, by statements that the agency signs.

A suspension holds at this desk at once, also while the exchange is away, and whatever the exchange says later. Where the
exchange refuses the statement, all is as before it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.calls.agreements import AgreementAnswer
from accord.suspensions import RESUME, SUSPEND
from alerts.access import agency_of
from alerts.errors import AgreementRefusedError
from alerts.peers.agreements import known_agreements
from alerts.peers.lanes import own_suspensions, settle_stops
from alerts.receiving.signature_judging import statements_that_count
from alerts.replies.due_times import settle_due_times
from alerts.sending.hand_in import handing_in
from callers.capabilities import Capability, require
from ledger.audit import record_event
from officers.models import Officer
from peers.models import Agency, HeldStatement

if TYPE_CHECKING:
    from alerts.document.choices import Choices

REASONS: Final["Choices"] = (
    ("political", gettext_lazy("political")),
    ("legal", gettext_lazy("legal")),
    ("security", gettext_lazy("security")),
)
CHANGES_SHOWN_FOR: Final = timedelta(days=7)
"""Time for which officers are shown, where their work stands, that a peer has suspended or resumed lanes."""
_ACTS: Final = {SUSPEND: "lane.suspended", RESUME: "lane.resumed"}


@dataclass(frozen=True)
class LaneChange:
    """Lanes with the agency that a peer, called `name`, has lately suspended or resumed by one statement.

    `still_stopped` are those that the agency itself suspends.
    """

    said: HeldStatement
    name: str
    lanes: tuple[str, ...]
    still_stopped: tuple[str, ...]


def lane_changes(officer: Officer, *, now: datetime) -> list[LaneChange]:
    """Return what peers have lately suspended or resumed with the officer's agency and not changed since, the newest first.

    It is for admins and releasers; others have none. Raises NotBoundError.
    """
    if not {Capability.AGENCY_MANAGE, Capability.ALERT_RELEASE} & officer.capabilities:
        return []
    own = officer.agency_id or ""
    standing = _standing(own, now)
    lately: dict[HeldStatement, list[str]] = {}
    for (_iss, peer, lane), row in standing.items():
        if peer == own and row.held_since > now - CHANGES_SHOWN_FOR:
            lately.setdefault(row, []).append(lane)
    stopped = {(peer, lane) for (iss, peer, lane), row in standing.items() if (iss, row.k) == (own, SUSPEND)}
    names = dict(Agency.objects.filter(pk__in={row.iss for row in lately}).values_list("pk", "name"))
    return [
        LaneChange(
            row,
            names.get(row.iss, row.iss),
            tuple(lanes),
            tuple(one for one in lanes if (row.iss, one) in stopped),
        )
        for row, lanes in sorted(lately.items(), key=lambda item: -item[0].stated_at)
    ]


def _standing(agency_id: str, now: datetime) -> dict[tuple[str, str, str], HeldStatement]:
    """Return the statement by which each lane is suspended or open again, by issuer, the other side and lane."""
    standing: dict[tuple[str, str, str], HeldStatement] = {}
    for row in statements_that_count(agency_id, (SUSPEND, RESUME), now=now):
        for key in ((row.iss, peer, lane) for peer in row.body["with"] for lane in row.body["lanes"]):
            if key not in standing or standing[key].k != row.k:
                standing[key] = row
    return standing


def suspend_lanes(
    officer: Officer,
    agencies: Collection[str],
    lanes: Collection[str],
    *,
    why: str | None = None,
    now: datetime,
) -> None:
    """Suspend lanes with these agencies, at once and both ways, in every agreement by which a lane does not survive.

    What is suspended already stays so. Not inside a transaction. Raises AgreementRefusedError, NotTakenError, NotPermittedError,
    ExchangeAwayError where the agreements were never asked for.
    """
    require(officer, Capability.AGENCY_MANAGE)
    own = agency_of(officer)
    kept = known_agreements(officer, own.pk, now=now)
    if why is not None and why not in dict(REASONS):
        raise AgreementRefusedError("why", _("Reason: choose from the list."))
    for agency in _chosen(agencies):
        _require_suspendable(agency, lanes, kept.agreements)
    _state(officer, own, SUSPEND, agencies, lanes, {"why": why}, now)


def resume_lanes(
    officer: Officer, agencies: Collection[str], lanes: Collection[str], *, now: datetime
) -> None:
    """Lift the own suspension of these lanes with each of these agencies; raises as `suspend_lanes`. Theirs stay."""
    require(officer, Capability.AGENCY_MANAGE)
    own = agency_of(officer)
    wanted = {(agency, lane) for agency in _chosen(agencies) for lane in lanes}
    if not wanted or not wanted <= own_suspensions(own.pk, now=now):
        raise AgreementRefusedError(
            "lanes", _("Lanes: choose lanes that your agency has suspended with each of them.")
        )
    _state(officer, own, RESUME, agencies, lanes, {}, now)


def _chosen(agencies: Collection[str]) -> list[str]:
    if not agencies:
        raise AgreementRefusedError("agencies", _("Agencies: choose one or more."))
    return sorted(set(agencies))


def _require_suspendable(
    agency: str, lanes: Collection[str], agreements: Collection[AgreementAnswer]
) -> None:
    covering = [one for one in agreements if agency in one.parties]
    if not covering:
        raise AgreementRefusedError("agencies", _("Agencies: choose from the list; it may have changed."))
    stoppable = {lane for one in covering for lane in one.lanes if lane not in one.survive_lanes}
    if not lanes or not stoppable.issuperset(lanes):
        raise AgreementRefusedError("lanes", _("Lanes: choose from the list; it may have changed."))


def _state(
    officer: Officer,
    own: Agency,
    k: str,
    agencies: Collection[str],
    lanes: Collection[str],
    more: dict[str, str | None],
    now: datetime,
) -> None:
    peers, named = sorted(set(agencies)), sorted(set(lanes))
    with handing_in(officer, now=now) as handing:
        od = handing.state(k, None, {"lanes": named, "with": peers, **more})
        settle_stops(own.pk, peers, named, now=now)
        settle_due_times(own.pk, peers, named, now=now)
        record_event(
            _ACTS[k],
            actor=officer.audit_name,
            agency=own.pk,
            subject=od,
            detail={"lanes": named, "with": peers},
            now=now,
        )

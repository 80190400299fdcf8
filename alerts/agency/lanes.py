# SPDX-License-Identifier: Apache-2.0
"""Suspension and resumption of lanes with peers, by statements that the agency signs.

A suspension holds at this desk at once, also while the exchange is away, and whatever the exchange says later. Where the
exchange refuses the statement, all is as before it.
"""

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.calls.agreements import AgreementAnswer
from accord.suspensions import RESUME, SUSPEND
from alerts.access import agency_of
from alerts.errors import AgreementRefusedError
from alerts.peers.agreements import known_agreements
from alerts.peers.lanes import own_suspensions, settle_stops
from alerts.replies.due_times import settle_due_times
from alerts.sending.hand_in import handing_in
from callers.capabilities import Capability, require
from ledger.audit import record_event
from officers.models import Officer
from peers.models import Agency

if TYPE_CHECKING:
    from alerts.document.choices import Choices

REASONS: Final["Choices"] = (
    ("political", gettext_lazy("political")),
    ("legal", gettext_lazy("legal")),
    ("security", gettext_lazy("security")),
)
_ACTS: Final = {SUSPEND: "lane.suspended", RESUME: "lane.resumed"}


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

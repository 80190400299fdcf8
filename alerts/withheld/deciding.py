# SPDX-License-Identifier: Apache-2.0
"""The decision on withheld alerts: one person chooses what is sent or says that it is not needed; what is left stays offered."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from alerts.errors import SendingStoppedError
from alerts.models import WithheldAlert
from alerts.rows.withheld import WithheldAlertQuerySet, WithheldState
from alerts.states import AlertState
from alerts.withheld.lists import (
    CHANGED,
    NOTHING_CHOSEN,
    SIGNED,
    WithheldLane,
    in_groups,
    undecided,
    withheld_lane,
)
from callers.capabilities import Capability
from callers.errors import AbsentError, InputError
from ledger.audit import record_event
from officers.models import Officer


def choose_withheld(
    officer: Officer,
    peer: str,
    lane: str,
    *,
    groups: Iterable[str] = (),
    ids: Iterable[uuid.UUID | str] = (),
    now: datetime,
) -> int:
    """Choose alerts to be sent once a second person releases them; return how many. Groups are by kind and month.

    What could not be sent may be chosen again, by its id. Raises InputError, SendingStoppedError while the lane is suspended.
    """
    if _lane_to_decide(officer, peer, lane, now).since:
        raise SendingStoppedError(_("The lane is suspended: what is withheld can be sent once it is open."))
    return _decide(officer, peer, lane, WithheldState.CHOSEN, groups, ids, now)


def decline_withheld(
    officer: Officer,
    peer: str,
    lane: str,
    *,
    groups: Iterable[str] = (),
    ids: Iterable[uuid.UUID | str] = (),
    now: datetime,
) -> int:
    """Say of alerts that the peer does not need them any more; return how many. Nobody else learns of it."""
    _lane_to_decide(officer, peer, lane, now)
    return _decide(officer, peer, lane, WithheldState.NOT_NEEDED, groups, ids, now)


@transaction.atomic
def cancel_chosen(officer: Officer, peer: str, lane: str, *, now: datetime) -> int:
    """Take back the choice of all that is not signed; it is offered again. Return how many."""
    _lane_to_decide(officer, peer, lane, now)
    rows = _locked(officer, peer, lane, Q(state=WithheldState.CHOSEN)).exclude(SIGNED)
    for row in rows.filter(sent__isnull=False):
        drop_copy(row, now=now)
    found = _write(rows, officer, WithheldState.WAITING, None, now)
    _record("alert.withheld_cancelled", officer, peer, lane, found, now)
    return found


def may_decide(officer: Officer) -> bool:
    """Tell whether the officer may choose and decline: authors and releasers may."""
    return bool({Capability.ALERT_RELEASE, Capability.ALERT_WRITE} & officer.capabilities)


def _lane_to_decide(officer: Officer, peer: str, lane: str, now: datetime) -> WithheldLane:
    """Return the numbers of a lane on which the officer may decide; for everybody else there is none."""
    if not may_decide(officer):
        raise AbsentError
    return withheld_lane(officer, peer, lane, now=now)


def drop_copy(row: WithheldAlert, *, now: datetime) -> None:
    """Discard the alert under which it was to go out, unless it is signed or a person works on it. In a transaction."""
    alert, row.sent = row.sent, None
    if alert is not None and alert.state == AlertState.VALIDATED:
        alert.state, alert.card, alert.changed_at = AlertState.DISCARDED, None, now
        alert.attachments.all().delete()
        alert.save()


@transaction.atomic
def _decide(
    officer: Officer,
    peer: str,
    lane: str,
    state: WithheldState,
    groups: Iterable[str],
    ids: Iterable[uuid.UUID | str],
    now: datetime,
) -> int:
    keys, pks = list(groups), _read_ids(ids)
    if not keys and not pks:
        raise InputError("groups", str(NOTHING_CHOSEN))
    one_by_one = Q(pk__in=pks)
    wanted = undecided(now) & (in_groups(officer, keys) | one_by_one)
    wanted |= Q(state=WithheldState.REFUSED) & one_by_one
    batch = _batch_under_way(officer, peer, lane) if state == WithheldState.CHOSEN else None
    found = _write(_locked(officer, peer, lane, wanted), officer, state, batch, now)
    if not found:
        raise InputError("groups", str(CHANGED))
    _record("alert.withheld_chosen" if batch else "alert.withheld_declined", officer, peer, lane, found, now)
    return found


def _read_ids(ids: Iterable[uuid.UUID | str]) -> list[uuid.UUID]:
    try:
        return [uuid.UUID(str(one)) for one in ids]
    except ValueError:
        raise InputError("ids", str(CHANGED)) from None


def _locked(officer: Officer, peer: str, lane: str, wanted: Q) -> WithheldAlertQuerySet:
    rows = WithheldAlert.objects.visible_to(officer).standing().filter(wanted, peer=peer, lane=lane)
    return rows.select_related("sent").select_for_update(of=("self",)).order_by("pk")


def _batch_under_way(officer: Officer, peer: str, lane: str) -> uuid.UUID:
    """Return what names the alerts that are chosen and not all signed; a new name where there are none."""
    rows = WithheldAlert.objects.filter(
        agency=officer.agency_id, peer=peer, lane=lane, state=WithheldState.CHOSEN
    )
    return rows.exclude(SIGNED).values_list("batch", flat=True).first() or uuid.uuid4()


def _write(
    rows: WithheldAlertQuerySet,
    officer: Officer,
    state: WithheldState,
    batch: uuid.UUID | None,
    now: datetime,
) -> int:
    """Write the decision on these locked rows, in two statements whatever their number; return how many they are."""
    decided = WithheldAlert.objects.filter(pk__in=list(rows.values_list("pk", flat=True)))
    return decided.update(state=state, batch=batch, code="", sent=None, decided_by=officer, decided_at=now)


def _record(act: str, officer: Officer, peer: str, lane: str, count: int, now: datetime) -> None:
    record_event(
        act,
        actor=officer.audit_name,
        agency=officer.agency_id or "",
        subject=f"agency:{peer}",
        detail={"lane": lane, "alerts": count},
        now=now,
    )

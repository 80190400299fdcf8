# SPDX-License-Identifier: Apache-2.0
"""Changes of power as the desk shows and applies them: until when each waits, and what this officer may do about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledger.set_aside import Item, Loop, begin_round
from notices.power_changes import first_told
from officers.deciding import apply_due_change
from officers.models import Officer, PowerChange
from officers.powers import due_at, may_agree, may_stop, told_of, waiting_changes

APPLYING: Final = Loop("power.changes", "system:desk-worker")


@dataclass(frozen=True)
class WaitingChange:
    """Change of power that waits. `until` is None where only a second person decides, or nobody was told yet (`is_told`)."""

    change: PowerChange
    until: datetime | None
    is_told: bool
    may_agree: bool
    may_stop: bool
    is_own: bool

    @property
    def waits_for_notice(self) -> bool:
        """Tell whether its waiting time has not begun, because no mail server has accepted a notice."""
        return self.change.delay_hours is not None and not self.is_told


def waiting_for(officer: Officer, *, now: datetime) -> list[WaitingChange]:
    """Return the changes that wait in the officer's agency, oldest first."""
    changes = list(waiting_changes(officer))
    told_at = first_told(changes)
    return [_shown(officer, change, told_at.get(change.pk), now) for change in changes]


def decidable_by(officer: Officer, *, now: datetime) -> int:
    """Count the waiting changes to which this officer could agree."""
    return sum(may_agree(officer, change, now=now) for change in waiting_changes(officer))


def apply_due_changes(*, now: datetime) -> int:
    """Apply every change whose time has come; return how many. May run at any time, and twice.

    A change that cannot be applied is logged and left; the others are still applied.
    """
    rows = PowerChange.objects.filter(outcome=PowerChange.Outcome.WAITING, delay_hours__isnull=False)
    changes = list(rows.select_related("agency", "officer", "asked_by"))
    told_at = first_told(changes)
    a_round, applied = begin_round(APPLYING, now=now), list[bool]()
    aside = a_round.keys_aside()
    for row in changes:
        if row.pk in told_at and str(row.pk) not in aside:
            a_round.take(
                Item(str(row.pk), agency=row.agency_id or ""),
                lambda row=row: applied.append(_apply_due(row, told_at[row.pk], now)),  # type: ignore[misc]
            )
    return sum(applied)


def _apply_due(change: PowerChange, told_at: datetime, now: datetime) -> bool:
    told = told_of(change, now=now)
    return apply_due_change(change.pk, told_at=told_at, told=told, now=now) is not None


def _shown(officer: Officer, change: PowerChange, told_at: datetime | None, now: datetime) -> WaitingChange:
    timed = change.delay_hours is not None and told_at is not None
    return WaitingChange(
        change=change,
        until=due_at(change, told_at, told_of(change, now=now)) if timed and told_at else None,
        is_told=told_at is not None,
        may_agree=may_agree(officer, change, now=now),
        may_stop=may_stop(officer, change, now=now),
        is_own=change.asked_by_id == officer.pk,
    )

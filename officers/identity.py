# SPDX-License-Identifier: Apache-2.0
"""Doubts about the identity of an officer, after an invitation or a reset, until a colleague confirms the person.

- While a doubt stands, what the officer does also counts as done by whoever caused it (`officers.attribution`).
- Where both the factors and the password came from somebody else within `RESET_WITHIN`, or the desk's keeper reset an
  admin's factors, the officer has no powers either.
- Nothing is doubted before the agency's first release.
"""

from datetime import datetime, timedelta
from typing import Final

from callers.actors import Actor
from officers.models import Officer
from officers.power_rows import PowerChange
from officers.powers import MACHINE_DELAY_HOURS, Cause, Kind, Outcome, must_wait, record_power, settle

RESET_WITHIN: Final = timedelta(days=7)


def doubt_identity(actor: Actor, officer: Officer, cause: PowerChange.Cause, *, now: datetime) -> None:
    """Require that somebody else than `actor` confirms the officer; in the caller's transaction, with the officer locked."""
    if officer.agency is None or not must_wait(officer.agency):
        return
    behind = actor if isinstance(actor, Officer) else None
    waiting = PowerChange.objects.filter(officer=officer, kind=Kind.IDENTITY, outcome=Outcome.WAITING)
    if waiting.filter(cause=cause, asked_by=behind).exists():
        return
    change = PowerChange.objects.create(
        agency=officer.agency,
        kind=Kind.IDENTITY,
        officer=officer,
        cause=cause,
        asked_by=behind,
        asked_at=now,
        delay_hours=MACHINE_DELAY_HOURS if cause == Cause.MACHINE_RESET else None,
    )
    record_power("power.asked", actor, change, now)


def note_factors_reset(actor: Actor, officer: Officer, *, now: datetime) -> None:
    """Doubt a locked officer whose factors a colleague reset; withhold powers if the password was mailed, too."""
    officer.factors_reset_at = now
    officer.save(update_fields=["factors_reset_at"])
    doubt_identity(actor, officer, Cause.FACTORS_RESET, now=now)
    _withhold_after_both(actor, officer, now)


def note_mailed_password(officer: Officer, *, now: datetime) -> None:
    """Note that a locked officer chose a password by a mailed link; withhold powers if the factors were reset, too."""
    officer.password_mailed_at = now
    officer.save(update_fields=["password_mailed_at"])
    _withhold_after_both(officer, officer, now)


def note_machine_reset(keeper: Officer, officer: Officer, *, now: datetime) -> None:
    """Withhold the powers of a locked admin whose factors the keeper reset, until an officer of the agency confirms."""
    officer.factors_reset_at = now
    officer.save(update_fields=["factors_reset_at"])
    doubt_identity(keeper, officer, Cause.MACHINE_RESET, now=now)
    _withhold(officer, now)


def settle_identity(change: PowerChange, actor: Actor, *, now: datetime) -> None:
    """End every doubt about the change's officer and give the powers back; in the caller's transaction."""
    officer = change.officer
    assert officer is not None
    rows = PowerChange.objects.filter(officer=officer, kind=Kind.IDENTITY)
    for row in rows.filter(outcome__in=(Outcome.WAITING, Outcome.STOPPED)):
        settle(row, Outcome.AGREED, actor, now=now)
    _give_back(Officer.objects.select_for_update(of=("self",)).get(pk=officer.pk))


def give_powers_back(officer: Officer) -> None:
    """Give powers back after the delay of a reset by the keeper, unless a colleague's reset still withholds them."""
    rows = PowerChange.objects.filter(officer=officer, kind=Kind.IDENTITY, cause=Cause.FACTORS_RESET)
    if not rows.filter(outcome=Outcome.WAITING).exists():
        _give_back(officer)


def _give_back(locked: Officer) -> None:
    locked.powers_withheld_at = None
    locked.save(update_fields=["powers_withheld_at"])


def _withhold_after_both(actor: Actor, officer: Officer, now: datetime) -> None:
    reset, mailed = officer.factors_reset_at, officer.password_mailed_at
    if reset is None or mailed is None or abs(reset - mailed) > RESET_WITHIN:
        return
    _withhold(officer, now)
    rows = PowerChange.objects.filter(officer=officer, kind=Kind.IDENTITY)
    if not rows.filter(outcome=Outcome.WAITING).exists():
        last = rows.exclude(asked_by=None).order_by("-asked_at").first()
        doubt_identity(
            last.asked_by if last and last.asked_by else actor, officer, Cause.FACTORS_RESET, now=now
        )


def _withhold(officer: Officer, now: datetime) -> None:
    if officer.agency is None or not must_wait(officer.agency):
        return
    officer.powers_withheld_at = now
    officer.save(update_fields=["powers_withheld_at"])

# SPDX-License-Identifier: Apache-2.0
"""Acknowledges a received alert: a signed statement, and always a person's act after that person could read it."""

from datetime import datetime

from django.db import transaction

from accord.envelope.statements.form import SubjectRef
from agencies.capabilities import Capability, require
from agencies.models import Officer
from agencies.vault import doors
from alerts.errors import KeysElsewhereError, NotOpenedError
from alerts.finding import lock_received
from alerts.models import ReceivedAlert
from ledger.audit import record_event
from sharing.statements import submit_statement


@transaction.atomic
def acknowledge_alert(officer: Officer, received: ReceivedAlert, *, now: datetime) -> ReceivedAlert:
    """Signs `ack opened` naming the officer by opaque id. Doing it twice is once.

    Raises `NotOpenedError` before an officer of the agency has opened it, `KeysElsewhereError` for an agency
    with keys of its own.
    """
    require(officer, Capability.ALERT_ACKNOWLEDGE)
    locked = lock_received(officer, received)
    if locked.held_elsewhere or not locked.agency.is_hosted:
        raise KeysElsewhereError(f"accord acknowledge {locked.reference}")
    if locked.acknowledged_at is not None:
        return locked
    if locked.first_opened_at is None:
        raise NotOpenedError
    _state_opened(officer, locked, now)
    locked.acknowledged_at, locked.acknowledged_by = now, officer
    locked.save(update_fields=["acknowledged_at", "acknowledged_by"])
    record_event(
        "alert.acknowledged",
        actor=officer.audit_name,
        agency=locked.agency_id,
        subject=locked.md,
        now=now,
    )
    return locked


def _state_opened(officer: Officer, received: ReceivedAlert, now: datetime) -> None:
    statement = doors.sign_statement(
        officer,
        k="ack",
        sub=SubjectRef("manifest", received.jti, received.md),
        body={"st": "opened", "code": None},
        now=now,
    )
    submit_statement(officer, statement, now=now)

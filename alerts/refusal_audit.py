# SPDX-License-Identifier: Apache-2.0
"""Audit of a refusal: raising rolls the transaction back, so the entry is written after it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from alerts.errors import (
    AmendmentRefusedError,
    ChangedSinceValidationError,
    SecondPersonNeededError,
    SendingStoppedError,
)
from alerts.models import Alert
from alerts.states import Move
from ledger.audit import record_event
from officers.models import Officer

REFUSALS = (
    AmendmentRefusedError,
    ChangedSinceValidationError,
    SecondPersonNeededError,
    SendingStoppedError,
)


@contextmanager
def audited_refusal(move: Move, officer: Officer, alert: Alert, *, now: datetime) -> Iterator[None]:
    """Audit a refusal of the move in this block; the entry has the kind of refusal, never its text."""
    try:
        yield
    except REFUSALS as refusal:
        _record(move, officer, alert, refusal, now)
        raise


@transaction.atomic
def _record(move: Move, officer: Officer, alert: Alert, refusal: Exception, now: datetime) -> None:
    record_event(
        "alert.refused",
        actor=officer.audit_name,
        agency=alert.agency_id,
        subject=str(alert.pk),
        detail={"move": move.value, "cause": type(refusal).__name__},
        now=now,
    )

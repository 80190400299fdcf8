# SPDX-License-Identifier: Apache-2.0
"""Reminders of a withdrawal: the exchange reminds agencies that have not confirmed it."""

import secrets
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from django.db import transaction

from accord.calls import errors as calls
from alerts.errors import ExchangeAwayError
from alerts.exchange_errors import away_error_for
from alerts.models import Alert
from alerts.sending.amendment import versions_seen
from alerts.sending.sending_stopped import require_may_send
from alerts.sending.withdrawal import void_withdrawals
from callers.capabilities import Capability, require
from callers.errors import AbsentError, ReminderTooSoonError
from callers.identifiers import RANDOM_SIZE_BYTES, uuid7_at
from ledger.audit import record_event
from officers.models import Officer
from peers.exchange import exchange_of

TOO_SOON: Final = "reminder-too-soon"


def remind_recipients(officer: Officer, alert: Alert, *, now: datetime) -> list[str]:
    """Have every agency reminded that has not confirmed the withdrawal of any version; return their ids.

    Not inside a transaction. Raises `AbsentError` where nobody is left to remind, `ReminderTooSoonError`, `HeldElsewhereError`,
    `ExchangeAwayError`, `NotPermittedError`.
    """
    require(officer, Capability.ALERT_WITHDRAW)
    require_may_send(officer, officer.agency_id or "", now=now)
    versions = [version for version in versions_seen(officer, alert) if version.withdrawn_at is not None]
    void = void_withdrawals(versions, now=now)
    withdrawn = [version for version in versions if version.md not in void]
    reminded, stopped = set[str](), None
    for version in withdrawn:
        try:
            reminded |= _remind(version, now)
        except (ReminderTooSoonError, ExchangeAwayError) as stop:
            stopped = stopped or stop
    if reminded:
        _record(officer, withdrawn, sorted(reminded), now)
        return sorted(reminded)
    raise stopped or AbsentError


def _remind(version: Alert, now: datetime) -> set[str]:
    key = uuid7_at(now, secrets.token_bytes(RANDOM_SIZE_BYTES))
    with _refusals(version.agency_id):
        answer = exchange_of(version.agency_id).remind(version.md, key=key)
    last = Alert.objects.values_list("reminded_at", flat=True).get(pk=version.pk)
    is_news = answer.reminded_at is not None and answer.reminded_at > (int(last.timestamp()) if last else 0)
    return set(answer.recipients) if is_news else set()


@transaction.atomic
def _record(officer: Officer, versions: list[Alert], agencies: list[str], now: datetime) -> None:
    Alert.objects.filter(pk__in=[version.pk for version in versions]).update(reminded_at=now)
    record_event(
        "withdrawal.reminded",
        actor=officer.audit_name,
        agency=officer.agency_id or "",
        subject=versions[0].md,
        detail={"agencies": agencies},
        now=now,
    )


@contextmanager
def _refusals(agency_id: str) -> Generator[None]:
    try:
        yield
    except calls.AbsentError:
        raise AbsentError from None
    except calls.RefusedError as refused:
        again = refused.members.get("not_before")
        if refused.slug == TOO_SOON and isinstance(again, str):
            raise ReminderTooSoonError(datetime.fromisoformat(again)) from refused
        raise away_error_for(refused, agency_id) from refused
    except calls.ClientError as trouble:
        raise ExchangeAwayError from trouble

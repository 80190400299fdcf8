# SPDX-License-Identifier: Apache-2.0
"""Restores of the database from a backup: one row records each, and comparing times with it gives everything else."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal, get_args

from django.db import models

from callers.actors import SystemActor
from ledger.audit import record_event
from ledger.models import HUB_LEVEL, AuditEvent, Restore

RESTORER: Final = SystemActor("sequencer")
Deleted = Literal["contents_deleted_at", "cards_deleted_at"]
DELETED: Final[tuple[Deleted, ...]] = get_args(Deleted)
"""Recorded by the exchange-worker at the exchange and the desk-worker at its desk, once content past its `keep` is deleted."""


def record_restore(agencies: Iterable[str], *, backup_at: datetime | None, now: datetime) -> Restore:
    """Record in the audit of the hub and of each of these agencies that the database was restored, in the caller's transaction.

    `backup_at`: the newest moment in the backup.
    """
    restore = Restore.objects.create(restored_at=now, backup_at=min(backup_at, now) if backup_at else None)
    detail = {"backup": restore.backup_at.isoformat()} if restore.backup_at else {}
    for agency in ("", *agencies):
        record_event(
            "database.restored",
            actor=RESTORER.audit_name,
            agency=agency,
            subject="database",
            detail=detail,
            now=now,
        )
    return restore


def audited_agencies() -> list[str]:
    """Return the agencies that this half's audit names, for a role that can read no other table of agencies."""
    named = AuditEvent.objects.exclude(agency=HUB_LEVEL).order_by("agency").values_list("agency", flat=True)
    return list(named.distinct())


def newest_restore() -> Restore | None:
    """Return the last restore; None where there never was one."""
    return Restore.objects.first()


def newest_restored_at() -> models.Subquery:
    """Return, as part of a query, the time of the last restore; null where there never was one."""
    return models.Subquery(Restore.objects.values("restored_at")[:1])


def predates_restore(moment: datetime) -> bool:
    """Tell whether a row made at this moment came back from a backup."""
    return Restore.objects.filter(restored_at__gte=moment).exists()


def restored_since(moment: str) -> models.Exists:
    """Return the condition of `predates_restore` for a query's column."""
    return models.Exists(Restore.objects.filter(restored_at__gte=models.OuterRef(moment)))


def waits_for(deleted: Deleted) -> Restore | None:
    """Return the last restore, until everything that was past its `keep` then has been deleted."""
    restore = newest_restore()
    return restore if restore is not None and getattr(restore, deleted) is None else None


def note_deleted(deleted: Deleted, restore: Restore, *, now: datetime) -> None:
    """Record that everything past its `keep` at this restore is deleted."""
    Restore.objects.filter(pk=restore.pk).update(**{deleted: now})

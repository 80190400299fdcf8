# SPDX-License-Identifier: Apache-2.0
"""Restores of the database from a backup: one row says that there was one, all else follows from comparing times with it."""

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
"""What the exchange-worker notes at the exchange, the desk-worker at its desk, once what was past its `keep` is deleted."""


def record_restore(agencies: Iterable[str], *, backup_at: datetime | None, now: datetime) -> Restore:
    """Note that the database was restored, in the audit of the hub and of each of these agencies; in the caller's transaction.

    `backup_at`: the newest moment that the backup knew of.
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
    """Return the agencies that this half's audit names, for a role that knows of no other table of agencies."""
    named = AuditEvent.objects.exclude(agency=HUB_LEVEL).order_by("agency").values_list("agency", flat=True)
    return list(named.distinct())


def newest_restore() -> Restore | None:
    """The last restore; None where there never was one."""
    return Restore.objects.first()


def predates_restore(moment: datetime) -> bool:
    """Whether what was made then came back from a backup."""
    return Restore.objects.filter(restored_at__gte=moment).exists()


def restored_since(moment: str) -> models.Exists:
    """Return the same as a condition on a query's column."""
    return models.Exists(Restore.objects.filter(restored_at__gte=models.OuterRef(moment)))


def waits_for(deleted: Deleted) -> Restore | None:
    """The last restore, while what was past its `keep` then has not been deleted."""
    restore = newest_restore()
    return restore if restore is not None and getattr(restore, deleted) is None else None


def note_deleted(deleted: Deleted, restore: Restore, *, now: datetime) -> None:
    """Nothing is left that was past its `keep` at this restore."""
    Restore.objects.filter(pk=restore.pk).update(**{deleted: now})

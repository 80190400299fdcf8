# SPDX-License-Identifier: Apache-2.0
"""Instances: one holder of an agency's keys at a time, by the id that it keeps over restarts.

A desk or a command that begins to work for an agency announces itself. A second one under the same identity is refused, and
told who the first is, until the first has given the identity back or has been silent for `SILENT_FOR`. This helps agencies that
move or set up twice by mistake; it does not stop a thief, who need not announce anything.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from agencies.errors import HeldElsewhereError
from agencies.models import Agency, Instance
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.errors import AbsentError
from ledger.audit import record_event

SILENT_FOR: Final = timedelta(days=7)
"""A holder that was lost with its machine must not hold the identity for ever."""


def announce_instance(caller: Actor, instance_id: str, *, software: str, now: datetime) -> Instance:
    """Take this instance as the holder of the caller's identity; the same id again says that it is still there.

    Raises NotPermittedError, HeldElsewhereError while another instance holds it.
    """
    require(caller, Capability.STATEMENT_SUBMIT)
    with transaction.atomic():
        # Locked, so that of two simultaneous announcements one comes second.
        agency = Agency.objects.select_for_update().get(pk=caller.agency_id)
        held = Instance.objects.filter(agency=agency).first()
        if held is not None and held.instance_id != instance_id and now - held.seen_at < SILENT_FOR:
            raise HeldElsewhereError(held.instance_id, held.software, held.seen_at + SILENT_FOR)
        is_new = held is None or held.instance_id != instance_id
        since = {"since": now} if is_new else {}
        row, _ = Instance.objects.update_or_create(
            agency=agency,
            defaults={"instance_id": instance_id, "software": software, "seen_at": now} | since,
        )
        if is_new:
            _record("instance.announced", caller, instance_id, software, now)
    return row


def release_instance(caller: Actor, instance_id: str, *, now: datetime) -> None:
    """Give the identity back, so that another instance may hold it.

    Raises NotPermittedError, AbsentError where this instance does not hold it.
    """
    require(caller, Capability.STATEMENT_SUBMIT)
    with transaction.atomic():
        Agency.objects.select_for_update().get(pk=caller.agency_id)
        held = Instance.objects.filter(agency_id=caller.agency_id).first()
        if held is None or held.instance_id != instance_id:
            raise AbsentError
        held.delete()
        _record("instance.released", caller, instance_id, held.software, now)


def _record(act: str, caller: Actor, instance_id: str, software: str, now: datetime) -> None:
    record_event(
        act,
        actor=caller.audit_name,
        agency=caller.agency_id or "",
        subject=f"instance:{instance_id}",
        detail={"software": software},
        now=now,
    )

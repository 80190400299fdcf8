# SPDX-License-Identifier: Apache-2.0
"""Sending a notice again at a person's request, after it failed or its address was corrected."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.errors import AbsentError, MoveError
from callers.task_calls import call_task
from ledger.audit import record_event
from notices.models import Notification
from notices.states import RESENDABLE, NotificationState


def resend_notice(actor: Actor, notice_id: UUID, *, now: datetime) -> Notification:
    """Queue one notice of the actor's agency again.

    Raises AbsentError for a notice of another agency, MoveError for one that was sent or still waits.
    """
    require(actor, Capability.NOTICE_RESEND)
    with transaction.atomic():
        rows = Notification.objects.visible_to(actor).select_for_update(of=("self",))
        notice = rows.filter(pk=notice_id).first()
        if notice is None:
            raise AbsentError
        if notice.state not in RESENDABLE:
            raise MoveError(notice.state, "resend")
        notice.state, notice.cause, notice.attempts = NotificationState.QUEUED, "", 0
        notice.not_before = now
        notice.save(update_fields=["state", "cause", "attempts", "not_before"])
        record_event(
            "notice.resent",
            actor=actor.audit_name,
            agency=notice.recipient_id or "",
            subject=str(notice.pk),
            now=now,
        )
        transaction.on_commit(lambda: call_task("notices.send"))
    return notice

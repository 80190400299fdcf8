# SPDX-License-Identifier: Apache-2.0
"""Audit of a control status that was computed to show a draft: once for each revision.

It keeps the alert's id and the number of the revision, never the draft's content. A draft names no case and may be changed
at will, so the number per hour is limited here too.
"""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Count, Q

from alerts.locks import wait_for_lock
from alerts.models import Alert
from alerts.query_audit import AN_HOUR, SCREENED
from callers.actors import Actor
from ledger.audit import record_event
from ledger.models import AuditEvent

OF_A_DRAFT: Final = "draft"
DRAFTS_AN_HOUR: Final = 60
"""Hourly limit of drafts' revisions whose status one officer is shown; submitting computes the status all the same."""


def record_draft_screening(actor: Actor, alert: Alert, *, revision: int, now: datetime) -> bool:
    """Audit the question for this revision before it is answered; a revision that was recorded before passes again.

    Returns False where it must not be answered: the actor has reached the hourly limit. The caller has checked that the actor
    may see the alert.
    """
    with transaction.atomic():
        # A second request at the same moment, for this draft or another, waits and finds the entry written.
        wait_for_lock(OF_A_DRAFT, alert.agency_id)
        is_recorded, shown = _recorded(actor, alert, revision, now)
        if is_recorded or shown >= DRAFTS_AN_HOUR:
            return is_recorded
        record_event(
            SCREENED,
            actor=actor.audit_name,
            agency=alert.agency_id,
            subject=str(alert.pk),
            reason=OF_A_DRAFT,
            detail={"revision": revision},
            now=now,
        )
        return True


def _recorded(actor: Actor, alert: Alert, revision: int, now: datetime) -> tuple[bool, int]:
    """Return whether this revision was shown before, and how many drafts the actor was shown within the hour; in one query."""
    this = Q(subject=str(alert.pk), detail={"revision": revision})
    lately = Q(actor=actor.audit_name, at__gt=now - AN_HOUR)
    rows = AuditEvent.objects.filter(this | lately, agency=alert.agency_id, act=SCREENED, reason=OF_A_DRAFT)
    counted = rows.aggregate(this=Count("pk", filter=this), lately=Count("pk", filter=lately))
    return counted["this"] > 0, counted["lately"]

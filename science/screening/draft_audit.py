# SPDX-License-Identifier: Apache-2.0
"""Here is what the audit knows of a control status that was computed to show a draft: once for each revision.

It keeps the alert's id and the number of the revision, never what the draft says. A draft names no case and is changed as
often as one likes, so an hour has its limit here too.
"""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Count, Q

from alerts.locks import wait_alone
from alerts.models import Alert
from alerts.query_audit import AN_HOUR, SCREENED
from callers.actors import Actor
from ledger.audit import record_event
from ledger.models import AuditEvent

OF_A_DRAFT: Final = "draft"
DRAFTS_AN_HOUR: Final = 60
"""Revisions of drafts whose control status one officer is shown; submitting an alert computes it all the same."""


def record_draft_screening(actor: Actor, alert: Alert, *, revision: int, now: datetime) -> bool:
    """Writes down, before it is answered, that the status of this revision is asked; who reads it again asks the same.

    False where it is not to be answered: the actor was shown as many within the hour as one may. The caller has checked
    that the actor may see the alert.
    """
    with transaction.atomic():
        # Who shows one at the same moment, this draft or another, waits and finds it written.
        wait_alone(OF_A_DRAFT, alert.agency_id)
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
    """Whether this revision was shown before, and how many drafts the actor was shown within the hour; in one query."""
    this = Q(subject=str(alert.pk), detail={"revision": revision})
    lately = Q(actor=actor.audit_name, at__gt=now - AN_HOUR)
    rows = AuditEvent.objects.filter(this | lately, agency=alert.agency_id, act=SCREENED, reason=OF_A_DRAFT)
    counted = rows.aggregate(this=Count("pk", filter=this), lately=Count("pk", filter=lately))
    return counted["this"] > 0, counted["lately"]

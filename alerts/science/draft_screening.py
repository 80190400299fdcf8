# SPDX-License-Identifier: Apache-2.0
"""Here is what the audit knows of a control status that was computed to show a draft: once for each revision.

It keeps the alert's id and the number of the revision, never what the draft says.
"""

from datetime import datetime
from typing import Final

from django.db import transaction

from agencies.actors import Actor
from alerts.models import Alert
from alerts.science.asking import SCREENED
from ledger.audit import record_event
from ledger.models import AuditEvent

OF_A_DRAFT: Final = "draft"


def record_draft_screening(actor: Actor, alert: Alert, *, revision: int, now: datetime) -> None:
    """Writes down, before it is answered, that the status of this revision is asked; who reads it again asks the same.

    The caller has checked that the actor may see the alert.
    """
    with transaction.atomic():
        # Who shows it at the same moment waits, and finds it written.
        Alert.objects.select_for_update().only("pk").get(pk=alert.pk)
        if _is_recorded(alert, revision):
            return
        record_event(
            SCREENED,
            actor=actor.audit_name,
            agency=alert.agency_id,
            subject=str(alert.pk),
            reason=OF_A_DRAFT,
            detail={"revision": revision},
            now=now,
        )


def _is_recorded(alert: Alert, revision: int) -> bool:
    return AuditEvent.objects.filter(
        agency=alert.agency_id, subject=str(alert.pk), act=SCREENED, detail={"revision": revision}
    ).exists()

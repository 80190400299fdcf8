# SPDX-License-Identifier: Apache-2.0
"""Notices that an agency's root has let somebody in at this desk, to everybody of the agency, whatever the role."""

from datetime import datetime, timedelta
from typing import Final

from notices.queueing import queue_plain_notices, save_notices
from notices.states import Occasion
from officers.models import Officer
from officers.reopening_rows import Reopening

TOLD_AFTERWARDS: Final = timedelta(days=1)
"""Time afterwards in which they are still told, for a mailer that was away."""


def tell_of_reopenings(*, now: datetime) -> None:
    """Queue notices that are not queued yet; may run at any time and again."""
    rows = Reopening.objects.filter(used_at__gt=now - TOLD_AFTERWARDS).only("od", "agency_id")
    for row in rows:
        everybody = Officer.objects.to_tell().filter(
            agency_id=row.agency_id, is_active=True, invited_email=""
        )
        save_notices(queue_plain_notices(f"reopened:{row.od}", Occasion.REOPENED, everybody, now=now))

# SPDX-License-Identifier: Apache-2.0
"""Here is who hears that an agency's policy gets weaker: first its other admins, then everybody who sends for it."""

from datetime import datetime

from django.db import transaction

from agencies.models import Officer
from agencies.releasers import releasers_of
from sharing.doorbell import ring
from sharing.notices.queueing import admins_of, queue_plain_notices, save_notices
from sharing.notices.states import Occasion


def tell_other_admins(admin: Officer, subject: str, *, now: datetime) -> None:
    """Queues, in the caller's transaction, that a change by `admin` waits for one of the others."""
    others = [row for row in admins_of([admin.agency_id or ""]) if row.pk != admin.pk]
    _queue(subject, Occasion.POLICY_ASKED, others, now)


def tell_releasers(agency_id: str, subject: str, *, now: datetime) -> None:
    """Queues, in the caller's transaction, that the policy became weaker, to all who release."""
    _queue(subject, Occasion.POLICY_WEAKENED, releasers_of([agency_id]), now)


def _queue(subject: str, occasion: Occasion, officers: list[Officer], now: datetime) -> None:
    save_notices(queue_plain_notices(subject, occasion, officers, now=now))
    transaction.on_commit(lambda: ring("sharing.send"))

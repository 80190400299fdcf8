# SPDX-License-Identifier: Apache-2.0
"""Here is how a notice comes into being: one row a person, occasion and channel, never two."""

from collections.abc import Iterable
from datetime import datetime
from email.utils import parseaddr
from uuid import uuid4

from django.conf import settings

from agencies.capabilities import ROLE_CAPABILITIES, Capability
from agencies.models import Officer
from sharing.models import Delivery, Notification
from sharing.notices.states import Channel, Occasion

READING_ROLES = [role for role, granted in ROLE_CAPABILITIES.items() if Capability.ALERT_READ in granted]


def readers_of(agency_ids: Iterable[str]) -> list[Officer]:
    """The active officers of these agencies who may read alerts."""
    return list(
        Officer.objects.filter(
            agency_id__in=set(agency_ids), is_active=True, roles__overlap=READING_ROLES
        ).order_by("agency_id", "duty_rank", "full_name")
    )


def queue_notices(
    delivery: Delivery, occasion: Occasion, officers: Iterable[Officer], *, now: datetime
) -> list[Notification]:
    """Unsaved rows that tell these officers of a delivery."""
    return [
        Notification(
            id=(notice_id := uuid4()),
            subject=delivery.envelope_id,
            occasion=occasion,
            officer=officer,
            channel=Channel.EMAIL,
            recipient_id=delivery.recipient_id,
            delivery=delivery,
            not_before=now,
            queued_at=now,
            message_id=f"<{notice_id.hex}@{_mail_domain()}>",
        )
        for officer in officers
    ]


def _mail_domain() -> str:
    """The right side of every Message-ID: the sender's domain, so that it stays the same on each try."""
    return parseaddr(settings.MAIL_FROM)[1].rpartition("@")[2]

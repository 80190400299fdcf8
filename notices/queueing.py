# SPDX-License-Identifier: Apache-2.0
"""Queue a notice: one row a person, occasion and channel, never two."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from email.utils import parseaddr
from uuid import uuid4

from django.conf import settings

from callers.capabilities import Capability
from notices.about import NO_ALERT, AboutAlert
from notices.models import Notification
from notices.states import Channel, Occasion
from officers.models import Officer
from officers.releasers import officers_who

NOTICES_A_STATEMENT = 1000


def readers_of(agency_ids: Iterable[str]) -> list[Officer]:
    """The active officers of these agencies who may read alerts."""
    return officers_who(Capability.ALERT_READ, agency_ids)


def key_officers_of(agency_ids: Iterable[str]) -> list[Officer]:
    """The active officers of these agencies who manage its keys."""
    return officers_who(Capability.KEY_MANAGE, agency_ids)


def queue_notices(
    about: AboutAlert, occasion: Occasion, officers: Iterable[Officer], *, subject: str = "", now: datetime
) -> list[Notification]:
    """Unsaved rows that tell these officers of an alert; `subject`, if not its envelope, is what they hear of once."""
    return [_notice(subject or about.md, occasion, officer, about, now=now) for officer in officers]


def queue_plain_notices(
    subject: str, occasion: Occasion, officers: Iterable[Officer], *, now: datetime
) -> list[Notification]:
    """Unsaved rows about something that is no alert; each officer hears of a subject once on an occasion."""
    return [_notice(subject, occasion, officer, NO_ALERT, now=now) for officer in officers]


def save_notices(notices: Iterable[Notification]) -> None:
    """Those that nobody has been told of on the same occasion; the rest are left out."""
    Notification.objects.bulk_create(notices, ignore_conflicts=True, batch_size=NOTICES_A_STATEMENT)


def by_agency(officers: Iterable[Officer]) -> dict[str | None, list[Officer]]:
    """Officers grouped; an agency without any has an empty list."""
    grouped: defaultdict[str | None, list[Officer]] = defaultdict(list)
    for officer in officers:
        grouped[officer.agency_id].append(officer)
    return grouped


def _notice(
    subject: str, occasion: Occasion, officer: Officer, about: AboutAlert, *, now: datetime
) -> Notification:
    notice_id = uuid4()
    return Notification(
        id=notice_id,
        subject=subject,
        occasion=occasion,
        officer=officer,
        channel=Channel.EMAIL,
        recipient_id=officer.agency_id,
        about=about.md,
        reference=about.reference,
        pri=about.pri,
        status=about.status,
        tlp=about.tlp,
        lane=about.lane,
        not_before=now,
        queued_at=now,
        message_id=f"<{notice_id.hex}@{_mail_domain()}>",
    )


def _mail_domain() -> str:
    """The right side of every Message-ID: the sender's domain, so that it stays the same on each try."""
    return parseaddr(settings.MAIL_FROM)[1].rpartition("@")[2]

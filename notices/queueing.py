# SPDX-License-Identifier: Apache-2.0
"""Queueing of notices: one row for each person, occasion, subject and channel, never two."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from email.utils import parseaddr
from uuid import uuid4

from django.conf import settings

from accord.envelope.vocabulary import RED
from callers.capabilities import Capability
from notices.alert_facts import NO_ALERT, AlertFacts
from notices.models import Notification
from notices.states import Channel, Occasion
from officers.models import Officer
from officers.releasers import officers_who

NOTICES_A_STATEMENT = 1000


def readers_of(agency_ids: Iterable[str]) -> list[Officer]:
    """Return the active officers of these agencies who may read alerts."""
    return officers_who(Capability.ALERT_READ, agency_ids)


def key_officers_of(agency_ids: Iterable[str]) -> list[Officer]:
    """Return the active officers of these agencies who manage its keys."""
    return officers_who(Capability.KEY_MANAGE, agency_ids)


def build_notices(
    about: AlertFacts, occasion: Occasion, officers: Iterable[Officer], *, subject: str = "", now: datetime
) -> list[Notification]:
    """Build unsaved rows that tell these officers of an alert; `subject`, else its md, is what each is told of once."""
    return [_notice(subject or about.md, occasion, officer, about, now=now) for officer in officers]


def named_among(officers: Iterable[Officer], about: AlertFacts) -> list[Officer]:
    """Return those of these officers who may hear of this alert by its reference: all, or whom it names where it is RED."""
    return [row for row in officers if about.tlp != RED or row.public_id in about.named]


def build_by_name(
    about: AlertFacts, occasion: Occasion, officers: Iterable[Officer], *, subject: str = "", now: datetime
) -> list[Notification]:
    """Build unsaved rows as `build_notices`; of RED, those whom it does not name hear only that such an item waits."""
    told = list(officers)
    named = named_among(told, about)
    others = [row for row in told if row not in named]
    no_more = replace(about, reference="", pri="")
    return [
        *build_notices(about, occasion, named, subject=subject, now=now),
        *build_notices(no_more, Occasion.RED_WAITS, others, subject=subject, now=now),
    ]


def on_duty(officers: Iterable[Officer]) -> list[Officer]:
    """Return those on the duty list, in its order, in which `readers_of` gives them."""
    return [row for row in officers if row.duty_rank is not None]


def listeners_of(readers: Iterable[Officer], about: AlertFacts) -> list[Officer]:
    """Return which of an agency's readers are told of an alert: all; of RED whom it names and the duty list, all where that is nobody."""
    told = list(readers)
    if about.tlp != RED:
        return told
    named = named_among(told, about)
    return [*named, *(row for row in on_duty(told) if row not in named)] or told


def queue_plain_notices(
    subject: str, occasion: Occasion, officers: Iterable[Officer], *, now: datetime
) -> list[Notification]:
    """Build unsaved rows about something other than an alert; each officer is told of a subject once on an occasion."""
    return [_notice(subject, occasion, officer, NO_ALERT, now=now) for officer in officers]


def save_notices(notices: Iterable[Notification]) -> None:
    """Save notices, without those whose officer was told of the subject on that occasion before."""
    Notification.objects.bulk_create(notices, ignore_conflicts=True, batch_size=NOTICES_A_STATEMENT)


def by_agency(officers: Iterable[Officer]) -> dict[str | None, list[Officer]]:
    """Group officers by agency; an agency without any has an empty list."""
    grouped: defaultdict[str | None, list[Officer]] = defaultdict(list)
    for officer in officers:
        grouped[officer.agency_id].append(officer)
    return grouped


def _notice(
    subject: str, occasion: Occasion, officer: Officer, about: AlertFacts, *, now: datetime
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
    """Return the domain of every Message-ID, which is the sender's, so that it is the same at each attempt."""
    return parseaddr(settings.MAIL_FROM)[1].rpartition("@")[2]

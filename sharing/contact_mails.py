# SPDX-License-Identifier: Apache-2.0
"""Mails to contact points: they say that something waits and since when, but not what, from whom or how urgent.

One process takes each mail, commits it as begun, sends it, and commits the result. A mail whose process died in between becomes
`uncertain` and is not sent again: the next mail, or a person, has to follow up.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from random import SystemRandom
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext, ngettext, override

from agencies.models import Agency
from callers.backoff import MOST_ATTEMPTS, next_wait
from callers.smtp import Accepted, InterruptedMailError, MailServerError, MailSession, Refused, mail_session
from sharing.feed import present_epoch
from sharing.models import ContactMail
from sharing.waiting import items_waiting

log = logging.getLogger(__name__)
BATCH: Final = 100
INTERRUPTED_AFTER: Final = timedelta(minutes=5)
"""Longer than sending can take: a process that began a mail earlier than this is dead."""
KEPT: Final = timedelta(days=30)
State = ContactMail.State
_SYSTEM: Final = SystemRandom()


def send_contact_mails(*, clock: Callable[[], datetime], jitter: Callable[[], float] = _SYSTEM.random) -> int:
    """Send due mails over one connection, at most `BATCH`; return how many were sent."""
    _settle_interrupted(clock())
    row = _begin_next(clock())
    if row is None:
        return 0
    sent = 0
    try:
        with mail_session() as session:
            for _ in range(BATCH):
                sent += _send(session, row, clock, jitter)
                following = _begin_next(clock())
                if following is None:
                    break
                row = following
            else:
                _give_back(row)
    except MailServerError as away:
        log.warning("mail server away: %s", away.reply)
        _put_off(row, away.reply, clock(), jitter)
    except InterruptedMailError:
        _settle(row, State.UNCERTAIN, "", clock())
    return sent


def forget_contact_mails(*, now: datetime) -> int:
    """Remove mails that were settled a month ago; return how many."""
    return ContactMail.objects.filter(settled_at__lte=now - KEPT).delete()[0]


def _settle_interrupted(now: datetime) -> None:
    begun = ContactMail.objects.filter(state=State.SENDING, begun_at__lte=now - INTERRUPTED_AFTER)
    begun.update(state=State.UNCERTAIN, settled_at=now)


def _begin_next(now: datetime) -> ContactMail | None:
    """Take the next mail that is due and still needed, and mark it as begun by this process."""
    while True:
        with transaction.atomic():
            due = ContactMail.objects.select_for_update(skip_locked=True, of=("self",)).select_related(None)
            row = due.filter(state=State.QUEUED, not_before__lte=now).order_by("not_before", "pk").first()
            if row is None:
                return None
            if _is_needless(row):
                row.delete()
                continue
            row.state, row.begun_at = State.SENDING, now
            row.save(update_fields=["state", "begun_at"])
            return row


def _is_needless(row: ContactMail) -> bool:
    """Tell whether the agency has read past the item meanwhile, or its feed has a new epoch."""
    return row.epoch != present_epoch() or items_waiting(row.agency_id)[1] >= row.number


def _send(
    session: MailSession, row: ContactMail, clock: Callable[[], datetime], jitter: Callable[[], float]
) -> int:
    items, _place = items_waiting(row.agency_id)
    match session.deliver(compose_contact_mail(row, items)):
        case Accepted(reply):
            _settle(row, State.SENT, reply, clock())
            return 1
        case Refused(reply, temporary=True):
            _put_off(row, reply, clock(), jitter)
        case Refused(reply):
            _settle(row, State.FAILED, reply, clock())
    return 0


def compose_contact_mail(row: ContactMail, items: int) -> EmailMessage:
    """Compose the mail in the agency's language; its headers hold no text that anybody typed."""
    agency = Agency.objects.get(pk=row.agency_id)
    with override(agency.language or "en"):
        message = EmailMessage(policy=SMTP)
        message["From"] = settings.MAIL_FROM
        message["To"] = row.address
        message["Subject"] = "[Accord] " + gettext("SOMETHING WAITS")
        message["Message-ID"] = f"<{row.pk.hex}@{parseaddr(settings.MAIL_FROM)[1].rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(_body(row, agency.name, items), cte="8bit")
        return message


def _body(row: ContactMail, agency: str, items: int) -> str:
    waits = ngettext(
        "%(items)d item waits in the feed of %(agency)s.",
        "%(items)d items wait in the feed of %(agency)s.",
        items,
    )
    since = gettext("None of your systems has fetched it since %(moment)s UTC.")
    lines = [
        waits % {"items": items, "agency": agency},
        since % {"moment": f"{row.waits_since:%Y-%m-%d %H:%M}"},
        "",
        gettext("Look whether your desk or your system runs: %(hub)s") % {"hub": settings.HUB_URL},
        gettext("This mail carries no content, and is sent once while it waits."),
    ]
    return "\n".join(lines) + "\n"


def _settle(row: ContactMail, state: State, reply: str, now: datetime) -> None:
    begun = ContactMail.objects.filter(pk=row.pk, state=State.SENDING)
    begun.update(state=state, reply=reply, settled_at=now, attempts=row.attempts + 1)


def _put_off(row: ContactMail, reply: str, now: datetime, jitter: Callable[[], float]) -> None:
    if row.attempts + 1 >= MOST_ATTEMPTS:
        _settle(row, State.FAILED, reply, now)
        return
    later = now + next_wait(row.attempts, jitter())
    begun = ContactMail.objects.filter(pk=row.pk, state=State.SENDING)
    begun.update(state=State.QUEUED, reply=reply, not_before=later, attempts=row.attempts + 1)


def _give_back(row: ContactMail) -> None:
    ContactMail.objects.filter(pk=row.pk, state=State.SENDING).update(state=State.QUEUED)

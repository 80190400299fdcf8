# SPDX-License-Identifier: Apache-2.0
"""Notices of what the desk has received: an alert, its withdrawal, a signature in doubt, a confirmation by its sender.

Each function queues in the caller's transaction, which holds the fact that it tells of. A person is told once of a
subject on an occasion, however often the fact comes in. Of RED those hear whom it names; when it comes and when it is to be
acknowledged the duty list hears that it waits for them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from callers.task_calls import call_task
from notices.alert_facts import AlertFacts
from notices.models import Notification
from notices.queueing import (
    build_by_name,
    build_notices,
    key_officers_of,
    listeners_of,
    named_among,
    queue_plain_notices,
    readers_of,
    save_notices,
)
from notices.states import ANSWER_OCCASIONS, TOLD, Cause, NotificationState, Occasion
from officers.models import Officer
from officers.visibility import without_sign_in

REMINDED_EVERY: Final = timedelta(hours=1)
REMINDER: Final = "again/"
OPENS: Final = "opens/"
"""Prefix of a reminder's subject, so that it differs from the subject of the first notice."""


def tell_of_alerts(readers: Sequence[Officer], abouts: Iterable[AlertFacts], *, now: datetime) -> None:
    """Tell these readers of an agency of new alerts; whether each may still read is checked again when the mail is sent."""
    _tell(
        notice
        for about in abouts
        for notice in build_by_name(about, Occasion.ALERT, listeners_of(readers, about), now=now)
    )


def tell_that_alert_opens(readers: Iterable[Officer], about: AlertFacts, *, now: datetime) -> None:
    """Tell these readers again of an alert that did not open when it came, and opens now."""
    told = listeners_of(readers, about)
    _tell(build_by_name(about, Occasion.ALERT, told, subject=OPENS + about.md, now=now))


def tell_of_withdrawal(
    agency_id: str, about: AlertFacts, od: str, *, was_opened: bool, now: datetime
) -> None:
    """Tell an agency's readers of a withdrawal if any was told of the alert or it was opened; otherwise withhold the first
    notices. Notices that its answer waits are withheld, too.
    """
    notices = Notification.objects.filter(recipient=agency_id, about=about.md)
    untold = notices.filter(occasion__in=(Occasion.ALERT, *ANSWER_OCCASIONS)).exclude(state__in=TOLD)
    untold.update(withheld=Cause.RECALLED)
    alerts = notices.filter(occasion=Occasion.ALERT)
    if was_opened or alerts.filter(state__in=(*TOLD, NotificationState.LEASED)).exists():
        readers = named_among(readers_of([agency_id]), about)
        _tell(build_notices(about, Occasion.WITHDRAWN, readers, subject=od, now=now))


def lift_withdrawal(agency_id: str, md: str) -> None:
    """Release the withheld first notices of an alert whose withdrawal no longer counts."""
    waiting = Notification.objects.filter(recipient=agency_id, about=md, withheld=Cause.RECALLED)
    waiting.update(withheld="")


def settle_withdrawal(agency_id: str, md: str) -> None:
    """Withhold reminders of a withdrawal that the agency has confirmed; its first notice is still sent."""
    reminders = Notification.objects.filter(
        recipient=agency_id, about=md, occasion=Occasion.WITHDRAWN, subject__startswith=REMINDER
    )
    reminders.exclude(state__in=TOLD).update(withheld=Cause.SETTLED)


def tell_of_reminder(
    agency_id: str, about: AlertFacts, reminder_id: str, *, is_withdrawn: bool, now: datetime
) -> None:
    """Remind every reader, once an hour at most, to confirm a withdrawal or to acknowledge an alert."""
    occasion = Occasion.WITHDRAWN if is_withdrawn else Occasion.ALERT
    again = Notification.objects.filter(recipient=agency_id, about=about.md, subject__startswith=REMINDER)
    if again.filter(queued_at__gt=now - REMINDED_EVERY).exists():
        return
    told = listeners_of(readers_of([agency_id]), about)
    _tell(build_by_name(about, occasion, told, subject=REMINDER + reminder_id, now=now))


def tell_of_doubt(agency_id: str, about: AlertFacts, subject: str, *, now: datetime) -> None:
    """Tell every reader that a signature under or about a received alert no longer counts; `subject` names the object signed."""
    readers = named_among(readers_of([agency_id]), about)
    _tell(build_notices(about, Occasion.REPUDIATED, readers, subject=subject, now=now))


def tell_of_doubted_answers(agency_id: str, kid: str, *, now: datetime) -> None:
    """Tell every reader that answers to the agency, signed with this key, no longer count; once for each key."""
    _tell(queue_plain_notices(kid, Occasion.REPUDIATED, readers_of([agency_id]), now=now))


def tell_of_reaffirm(agency_id: str, d: str, od: str, *, now: datetime) -> None:
    """Tell whoever was told that an object is in doubt that its sender confirms it; once for each confirmation."""
    told = Notification.objects.filter(recipient=agency_id, occasion=Occasion.REPUDIATED, subject=d).exclude(
        reference=""
    )
    again: list[Notification] = []
    for notice in told.select_related("officer").defer(*without_sign_in("officer")):
        again += build_notices(_about(notice), Occasion.REAFFIRMED, [notice.officer], subject=od, now=now)
    _tell(again)


def tell_of_revoked_key(agency_id: str, kid: str, since: int, *, now: datetime) -> None:
    """Tell key officers that a signing key of their own agency was revoked from `since` on (seconds)."""
    subject = f"{kid}:{since}"
    told = Notification.objects.filter(recipient=agency_id, occasion=Occasion.KEY_REVOKED, subject=subject)
    if not told.exists():
        _tell(queue_plain_notices(subject, Occasion.KEY_REVOKED, key_officers_of([agency_id]), now=now))


def _about(notice: Notification) -> AlertFacts:
    return AlertFacts(notice.about, notice.reference, notice.pri, notice.status, notice.tlp, notice.lane)


def _tell(notices: Iterable[Notification]) -> None:
    found = list(notices)
    if found:
        save_notices(found)
        transaction.on_commit(lambda: call_task("notices.send"))

# SPDX-License-Identifier: Apache-2.0
"""Warnings to key officers that a key of their agency ends: 30, 14, 7 and 1 days ahead, each sent once.

- A row's subject names the key, its end and the threshold, so that a second run queues nothing, and a key whose end
  moves is warned of again.
- After days without a mailer only the nearest threshold is told.
- The mail says only when the key ends, in the officer's zone.
"""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction

from accord.moments import moment_of
from callers.endings import Ending
from callers.task_calls import call_task
from ledger.set_aside import Item, Loop, begin_round
from notices.models import Notification
from notices.queueing import queue_plain_notices, save_notices
from notices.states import Cause, Occasion
from officers.endings import officers_to_warn
from officers.models import Officer
from peers.models import Agency
from peers.own_key_facts import endings_by, endings_of

BETWEEN: Final = ":"
WARNING: Final = Loop("keys.endings", "system:mailer")


def warn_of_endings(*, now: datetime) -> int:
    """Queue warnings that are due and not queued yet; return how many endings are due. May run at any time and again."""
    agencies = list(Agency.objects.filter(is_hosted=True).order_by("pk").values_list("pk", flat=True))
    due: list[Ending] = []
    a_round = begin_round(WARNING, now=now)
    a_round.try_again(lambda agency: due.extend(_warn(agency, now)))
    aside = a_round.keys_aside()
    for agency in agencies:
        if agency not in aside:
            item = Item(agency, agency, agency=agency)
            a_round.take(item, lambda agency=agency: due.extend(_warn(agency, now)))  # type: ignore[misc]
    if due:
        call_task("notices.send")
    return len(due)


@transaction.atomic
def _warn(agency: str, now: datetime) -> list[Ending]:
    due = [ending for ending in endings_by(agency, now=now) if not ending.is_over]
    officers = officers_to_warn([agency])[agency] if due else []
    save_notices(
        notice
        for ending in due
        for notice in queue_plain_notices(subject_of(ending), Occasion.KEY_ENDING, officers, now=now)
    )
    return due


def subject_of(ending: Ending) -> str:
    """Return the subject of a warning; at most 64 characters."""
    end = int(ending.ends_at.timestamp())
    return BETWEEN.join((ending.subject, str(end), str(ending.threshold)))


def objection(notice: Notification, *, now: datetime) -> Cause | None:
    """Return why a warning must not be sent now, None if it may: the officer is no longer warned, or the key no longer ends."""
    agency_id = notice.recipient_id or ""
    if notice.officer not in officers_to_warn([agency_id])[agency_id]:
        return Cause.NO_RIGHT
    still_ending = {_thing(subject_of(ending)) for ending in endings_of([agency_id], now=now)}
    return None if _thing(notice.subject) in still_ending else Cause.SETTLED


def ends_text(notice: Notification) -> str:
    """Return when the key ends, in the officer's zone, as the mail says it."""
    _what, end, _threshold = notice.subject.split(BETWEEN)
    return moment_text(moment_of(int(end)), notice.officer)


def moment_text(moment: datetime, officer: Officer) -> str:
    """Return a moment in the officer's zone, with the zone's name."""
    zone = officer.effective_timezone
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})"


def _thing(subject: str) -> tuple[str, str]:
    """Return the key and its end; the threshold may have changed while the mail waited."""
    what, end, _threshold = subject.split(BETWEEN)
    return what, end

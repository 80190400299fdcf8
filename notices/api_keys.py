# SPDX-License-Identifier: Apache-2.0
"""Notices to agency admins of API keys: 30, 14, 7 and 1 days before a key ends, and of each that has replaced itself.

- Keys for the desk are the desk's own rows; keys for the exchange are known as the exchange last listed them.
- A notice's subject names the key, its end and the threshold, so that a second run queues nothing.
- Nobody is warned of a key that was replaced, which ends on purpose, or of a threshold longer than the key's whole
  life, whose issuer knew it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from accord.moments import moment_of
from callers.actors import client_name
from callers.capabilities import Capability
from callers.systemkeys import WARNED_DAYS
from callers.task_calls import call_task
from notices.models import Notification
from notices.queueing import by_agency, queue_plain_notices, save_notices
from notices.states import Occasion
from officers.models import DeskKey
from officers.releasers import officers_who
from peers.models import KnownCredential

BETWEEN: Final = ":"
TOLD_FOR: Final = timedelta(days=7)
"""Time after a key's replacement in which admins are still told of it, for a worker that was away."""
Key = DeskKey | KnownCredential


def tell_of_api_keys(*, now: datetime) -> int:
    """Queue notices that are due and not queued yet; return how many keys are due. May run at any time and again."""
    due = [*_ending(now), *_rotated(now)]
    agencies = {key.agency_id for key, _subject, _occasion in due}
    admins = by_agency(officers_who(Capability.APIKEY_MANAGE, agencies))
    with transaction.atomic():
        save_notices(
            chain.from_iterable(
                queue_plain_notices(subject, occasion, admins[key.agency_id], now=now)
                for key, subject, occasion in due
            )
        )
        if due:
            transaction.on_commit(lambda: call_task("notices.send"))
    return len(due)


def is_settled(notice: Notification) -> bool:
    """Tell whether the key has ended or was replaced since the warning was queued, so that it need not be sent."""
    prefix, end, _days = notice.subject.split(BETWEEN)
    known = KnownCredential.objects.filter(agency_id=notice.recipient_id, prefix=prefix)
    keys: Iterator[Key] = chain(_to_warn_of().filter(pk=prefix), known)
    return not any(_end_of(key) == end for key in keys)


def end_of(notice: Notification) -> datetime:
    """Return when the key of a warning ends."""
    return moment_of(int(notice.subject.split(BETWEEN)[1]))


def _ending(now: datetime) -> Iterator[tuple[Key, str, Occasion]]:
    soon = {"expires_at__gt": now, "expires_at__lte": now + timedelta(days=max(WARNED_DAYS))}
    keys: Iterator[Key] = chain(_to_warn_of().filter(**soon), KnownCredential.objects.filter(**soon))
    for key in keys:
        days = next(days for days in WARNED_DAYS if key.expires_at - now <= timedelta(days=days))
        if key.lifetime > timedelta(days=days):
            yield key, BETWEEN.join((key.prefix, _end_of(key), str(days))), Occasion.API_KEY_ENDING


def _rotated(now: datetime) -> Iterator[tuple[Key, str, Occasion]]:
    for key in _facts().filter(created_at__gt=now - TOLD_FOR, follows__isnull=False):
        if key.created_by == client_name(key.agency_id, key.client):
            yield key, key.prefix, Occasion.API_KEY_ROTATED
    for known in KnownCredential.objects.filter(created_at__gt=now - TOLD_FOR, has_replaced=True):
        yield known, known.prefix, Occasion.API_KEY_ROTATED


def _to_warn_of() -> QuerySet[DeskKey]:
    return _facts().filter(revoked_at__isnull=True, successors__isnull=True)


def _facts() -> QuerySet[DeskKey]:
    """Return systems' keys without their secret columns, which this process may not read."""
    return DeskKey.objects.only("prefix", "agency_id", "client", "created_at", "created_by", "expires_at")


def _end_of(key: Key) -> str:
    return str(int(key.expires_at.timestamp()))

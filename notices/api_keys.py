# SPDX-License-Identifier: Apache-2.0
"""Notices to agency admins of their systems' API keys: 30, 14, 7 and 1 days before one ends, and of each that
has replaced itself.

A row's subject names the key, its end and the threshold, so that asking twice queues nothing. A key that was replaced
ends on purpose, and one for entering ends by itself: neither is warned of. Nor is a key in its first moments: whoever
issued it for a week was told so then.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from accord.moments import moment_of
from agencies.models import ApiKey
from callers.actors import client_name
from callers.capabilities import Capability
from callers.doorbell import ring
from callers.endings import THRESHOLDS
from notices.models import Notification
from notices.queueing import by_agency, queue_plain_notices, save_notices
from notices.states import Occasion
from officers.releasers import officers_who

BETWEEN: Final = ":"
TOLD_FOR: Final = timedelta(days=7)
"""So long after a key replaced itself a worker that was away may still say so."""


def tell_of_api_keys(*, now: datetime) -> int:
    """Queues what is due and not queued yet; returns how many keys it looked at. May run at any time and twice."""
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
            transaction.on_commit(lambda: ring("notices.send"))
    return len(due)


def is_settled(notice: Notification) -> bool:
    """Tell whether the key has ended or was replaced since the warning was queued, so that nobody need be warned."""
    prefix, end, _days = notice.subject.split(BETWEEN)
    return not any(_end_of(key) == end for key in _to_warn_of().filter(pk=prefix))


def end_of(notice: Notification) -> datetime:
    """When the key of a warning ends."""
    return moment_of(int(notice.subject.split(BETWEEN)[1]))


def _ending(now: datetime) -> Iterator[tuple[ApiKey, str, Occasion]]:
    horizon = now + timedelta(days=max(THRESHOLDS))
    for key in _to_warn_of().filter(expires_at__gt=now, expires_at__lte=horizon):
        days = next(days for days in THRESHOLDS if key.expires_at - now <= timedelta(days=days))
        if key.lifetime > timedelta(days=days):
            yield key, BETWEEN.join((key.prefix, _end_of(key), str(days))), Occasion.API_KEY_ENDING


def _rotated(now: datetime) -> Iterator[tuple[ApiKey, str, Occasion]]:
    for key in _facts().filter(created_at__gt=now - TOLD_FOR, follows__is_entry=False):
        if key.created_by == client_name(key.agency_id, key.client):
            yield key, key.prefix, Occasion.API_KEY_ROTATED


def _to_warn_of() -> QuerySet[ApiKey]:
    return _facts().filter(revoked_at__isnull=True, is_entry=False, successors__isnull=True)


def _facts() -> QuerySet[ApiKey]:
    """Keys of systems, without what would let somebody in, which this process may not read."""
    return ApiKey.objects.filter(is_desk=False).only(
        "prefix", "agency_id", "client", "created_at", "created_by", "expires_at"
    )


def _end_of(key: ApiKey) -> str:
    return str(int(key.expires_at.timestamp()))

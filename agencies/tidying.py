# SPDX-License-Identifier: Apache-2.0
"""Rows that serve for minutes or a day, removed when they have served."""

from datetime import datetime

from agencies.shortlived import Challenge, FirstApiKey
from callers.idempotency import forget_requests


def forget_expired(*, now: datetime) -> int:
    """Removes expired challenges, sealed keys and idempotency rows; returns how many."""
    expired = sum(kind.objects.filter(expires_at__lte=now).delete()[0] for kind in (Challenge, FirstApiKey))
    return expired + forget_requests(now=now)

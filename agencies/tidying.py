# SPDX-License-Identifier: Apache-2.0
"""Removal of rows that are valid only for minutes or a day."""

from datetime import datetime

from agencies.expiring_rows import Challenge, FirstApiKey
from callers.idempotency import forget_requests


def forget_expired(*, now: datetime) -> int:
    """Remove expired challenges, sealed keys and idempotency rows; return how many."""
    expired = sum(kind.objects.filter(expires_at__lte=now).delete()[0] for kind in (Challenge, FirstApiKey))
    return expired + forget_requests(now=now)

# SPDX-License-Identifier: Apache-2.0
"""Rows that serve for minutes or a day, removed when they have served."""

from datetime import datetime

from agencies.idempotency import forget_requests
from agencies.login.attempts import forget_old_windows
from agencies.shortlived import Challenge, FirstApiKey


def forget_expired(*, now: datetime) -> int:
    """Removes expired challenges and sealed keys, old login windows and idempotency rows; returns how many."""
    expired = sum(kind.objects.filter(expires_at__lte=now).delete()[0] for kind in (Challenge, FirstApiKey))
    return expired + forget_old_windows(now=now) + forget_requests(now=now)

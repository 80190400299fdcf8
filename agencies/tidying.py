# SPDX-License-Identifier: Apache-2.0
"""Rows that serve for minutes or a day, removed when they have served."""

from datetime import datetime

from agencies.idempotency import forget_requests
from agencies.login.attempts import forget_old_windows
from agencies.shortlived import Challenge


def forget_expired(*, now: datetime) -> int:
    """Removes expired challenges, old login windows and old idempotency rows; returns how many."""
    challenges = Challenge.objects.filter(expires_at__lte=now).delete()[0]
    return challenges + forget_old_windows(now=now) + forget_requests(now=now)

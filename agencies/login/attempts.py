# SPDX-License-Identifier: Apache-2.0
"""How often one may guess a password: counted in the database before the guess is looked at.

Counting first means that guesses in parallel count too. An account is counted by its address in lower case,
whether it exists or not, once with the caller's network address and once without: the first limit stops a
guesser without locking the officer out, the second stops a guesser with many addresses.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from accord.envelope.encoding import b64u
from agencies.digests import keyed_digest
from agencies.models import LoginAttempts

WINDOW: Final = timedelta(minutes=15)
LIMIT_PER_ADDRESS: Final = 10
LIMIT_PER_ACCOUNT: Final = 60

_COUNT = """
    INSERT INTO agencies_loginattempts AS known (source, attempts, window_started_at) VALUES (%s, 1, %s)
    ON CONFLICT (source) DO UPDATE SET
        attempts = CASE WHEN known.window_started_at <= %s THEN 1 ELSE known.attempts + 1 END,
        window_started_at = CASE WHEN known.window_started_at <= %s THEN %s ELSE known.window_started_at END
    RETURNING attempts, window_started_at
"""


@dataclass(frozen=True)
class LoginSource:
    """Who tries to sign in, from where."""

    email: str
    remote_addr: str

    @property
    def limits(self) -> tuple[tuple[str, int], ...]:
        """The counters of this source and how far each may go in one window."""
        return (
            (self._digest(self.remote_addr), LIMIT_PER_ADDRESS),
            (self._digest(""), LIMIT_PER_ACCOUNT),
        )

    def _digest(self, remote_addr: str) -> str:
        return b64u(keyed_digest("login-attempts", self.email.encode(), remote_addr.encode()))


def count_attempt(source: LoginSource, *, now: datetime) -> timedelta | None:
    """Counts one attempt; how long to wait when it is one too many, else None."""
    waits = [_count(digest, limit, now) for digest, limit in source.limits]
    return max((wait for wait in waits if wait is not None), default=None)


def waiting_time(source: LoginSource, *, now: datetime) -> timedelta | None:
    """How long the next attempt has to wait, without counting one; None when it may be made."""
    limits = dict(source.limits)
    rows = LoginAttempts.objects.filter(source__in=limits)
    waits = [row.window_started_at + WINDOW - now for row in rows if row.attempts >= limits[row.source]]
    return max((wait for wait in waits if wait > timedelta(0)), default=None)


def forget_attempts(source: LoginSource) -> None:
    """After a good sign-in: the guesses from this address no longer count."""
    LoginAttempts.objects.filter(source=source.limits[0][0]).delete()


def forget_old_windows(*, now: datetime) -> int:
    """Removes counters whose window is over; returns how many."""
    return LoginAttempts.objects.filter(window_started_at__lte=now - WINDOW).delete()[0]


def _count(digest: str, limit: int, now: datetime) -> timedelta | None:
    over = now - WINDOW
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [digest, now, over, over, now])
        attempts, started_at = cursor.fetchone()
    return started_at + WINDOW - now if attempts > limit else None

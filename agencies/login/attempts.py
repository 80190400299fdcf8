# SPDX-License-Identifier: Apache-2.0
"""How often one may guess a password: counted in the database before the guess is looked at.

Counting first means that guesses in parallel count too. An account is counted by its address in lower case,
whether it exists or not, once with the caller's network address and once without: the first limit stops a
guesser without locking the officer out, the second stops a guesser with many addresses. The address is counted by
itself too, which stops whoever tries one password on many accounts.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from django.db import connection

from accord.envelope.encoding import b64u
from agencies.digests import keyed_digest
from agencies.shortlived import LoginAttempts

WINDOW: Final = timedelta(minutes=15)
LIMIT_PER_ADDRESS: Final = 10
LIMIT_PER_ACCOUNT: Final = 60
LIMIT_PER_SENDER: Final = 300
"""Of one network address, whatever accounts are tried from there: a whole agency may stand behind it."""
LIMIT_PER_FACTOR: Final = 10
LIMIT_OF_RESETS: Final = 3
LIMIT_OF_RESETS_PER_ADDRESS: Final = 20

_COUNT = """
    INSERT INTO agencies_loginattempts AS known (source, attempts, window_started_at) VALUES (%s, 1, %s)
    ON CONFLICT (source) DO UPDATE SET
        attempts = CASE WHEN known.window_started_at <= %s THEN 1 ELSE known.attempts + 1 END,
        window_started_at = CASE WHEN known.window_started_at <= %s THEN %s ELSE known.window_started_at END
    RETURNING attempts, window_started_at
"""


class Source(Protocol):
    """What is counted: the counters and how far each may go in one window."""

    @property
    def limits(self) -> tuple[tuple[str, int], ...]: ...

    @property
    def reopening(self) -> str | None:
        """The row that says since when older windows of this account no longer count; None where none can."""


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
            (b64u(keyed_digest("login-sender", self.remote_addr.encode())), LIMIT_PER_SENDER),
        )

    @property
    def reopening(self) -> str | None:
        """One for the account, from wherever it is closed."""
        return b64u(keyed_digest("login-reopened", self.email.encode()))

    def _digest(self, remote_addr: str) -> str:
        return b64u(keyed_digest("login-attempts", self.email.encode(), remote_addr.encode()))


@dataclass(frozen=True)
class FactorSource:
    """Whose one-time code is guessed at, by somebody who knows the password."""

    officer_id: object

    @property
    def limits(self) -> tuple[tuple[str, int], ...]:
        """One counter, wherever the guesses come from."""
        digest = keyed_digest("factor-attempts", str(self.officer_id).encode())
        return ((b64u(digest), LIMIT_PER_FACTOR),)

    @property
    def reopening(self) -> str | None:
        """One too: there is a single counter, but what reopens an account reopens both."""
        return b64u(keyed_digest("factor-reopened", str(self.officer_id).encode()))


@dataclass(frozen=True)
class ResetSource:
    """For whom a new password is asked, from where; whether the account exists or not."""

    email: str
    remote_addr: str

    @property
    def limits(self) -> tuple[tuple[str, int], ...]:
        """Few mails to one person, whoever asks; not many from one address."""
        account = keyed_digest("reset-attempts", self.email.encode(), b"")
        address = keyed_digest("reset-attempts", b"", self.remote_addr.encode())
        return ((b64u(account), LIMIT_OF_RESETS), (b64u(address), LIMIT_OF_RESETS_PER_ADDRESS))

    @property
    def reopening(self) -> str | None:
        """None: nobody sends more mail by asking an admin."""
        return None


def count_attempt(source: Source, *, now: datetime) -> timedelta | None:
    """Counts one attempt; how long to wait when it is one too many, else None."""
    over = _over_before(source, now)
    waits = [_count(digest, limit, now, over) for digest, limit in source.limits]
    return max((wait for wait in waits if wait is not None), default=None)


def waiting_time(source: Source, *, now: datetime) -> timedelta | None:
    """How long the next attempt has to wait, without counting one; None when it may be made."""
    limits = dict(source.limits)
    rows = LoginAttempts.objects.filter(source__in=limits, window_started_at__gt=_over_before(source, now))
    waits = [row.window_started_at + WINDOW - now for row in rows if row.attempts >= limits[row.source]]
    return max((wait for wait in waits if wait > timedelta(0)), default=None)


def forget_attempts(source: Source) -> None:
    """After a good sign-in: the guesses from this address no longer count."""
    LoginAttempts.objects.filter(source=source.limits[0][0]).delete()


def reopen(source: Source, *, now: datetime) -> None:
    """Guesses made so far no longer count, from whatever address; later ones do."""
    if source.reopening is not None:
        since = {"attempts": 0, "window_started_at": now}
        LoginAttempts.objects.update_or_create(source=source.reopening, defaults=since)


def forget_old_windows(*, now: datetime) -> int:
    """Removes counters whose window is over; returns how many."""
    return LoginAttempts.objects.filter(window_started_at__lte=now - WINDOW).delete()[0]


def _over_before(source: Source, now: datetime) -> datetime:
    """Windows that began then or before are over."""
    if source.reopening is None:
        return now - WINDOW
    reopened = LoginAttempts.objects.filter(source=source.reopening, window_started_at__lte=now)
    return max([now - WINDOW, *reopened.values_list("window_started_at", flat=True)])


def _count(digest: str, limit: int, now: datetime, over: datetime) -> timedelta | None:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [digest, now, over, over, now])
        attempts, started_at = cursor.fetchone()
    return started_at + WINDOW - now if attempts > limit else None

# SPDX-License-Identifier: Apache-2.0
"""Limits on guesses at a password or a code, which are counted in the database before they are checked.

- Parallel guesses all count, and a guess that cannot be counted is not checked.
- Guesses from places where the officer has not signed in share counters. They never block a *known* browser
  (`officers.login.devices`), which has counters of its own, nor a session, whose step-up has its own.
- A guess that is refused unchecked is not counted and writes nothing, so that no counter grows while it is closed.
- Accounts that do not exist are counted like those that do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from django.db import connection

from accord.envelope.encoding import b64u
from callers.digests import keyed_digest
from officers.expiring_rows import LoginAttempts

WINDOW: Final = timedelta(minutes=15)
DAY: Final = timedelta(days=1)
LIMIT_PER_ADDRESS: Final = 10
LIMIT_PER_ACCOUNT_A_DAY: Final = 100
"""Limit for all unknown places together: what an attacker with many addresses gets."""
LIMIT_PER_SENDER: Final = 300
"""Limit for one network address, whatever accounts are tried from there: a whole agency may share it."""
LIMIT_PER_DEVICE: Final = 10
LIMIT_PER_DEVICE_A_DAY: Final = 50
LIMIT_PER_FACTOR: Final = 10
LIMIT_PER_FACTOR_A_DAY: Final = 50
LIMIT_PER_STEP_UP: Final = 10
LIMIT_PER_STEP_UP_A_DAY: Final = 50
LIMIT_OF_RESETS: Final = 3
LIMIT_OF_RESETS_PER_ADDRESS: Final = 20

_COUNT = """
    INSERT INTO officers_loginattempts AS known (source, attempts, window_started_at) VALUES (%s, 1, %s)
    ON CONFLICT (source) DO UPDATE SET
        attempts = CASE WHEN known.window_started_at <= %s THEN 1 ELSE known.attempts + 1 END,
        window_started_at = CASE WHEN known.window_started_at <= %s THEN %s ELSE known.window_started_at END
    RETURNING attempts, window_started_at
"""
_TAKE_BACK = "UPDATE officers_loginattempts SET attempts = attempts - 1 WHERE source = %s AND attempts > 0"


@dataclass(frozen=True)
class Counter:
    """Counter of guesses within a window. `clears`: a right guess empties it; otherwise it takes back that guess only."""

    digest: str
    limit: int
    window: timedelta = WINDOW
    clears: bool = False
    is_of_account: bool = True
    """Whether it is emptied when an admin reopens the account's sign-in."""


class Source(Protocol):
    """Source of guesses, with its counters."""

    @property
    def counters(self) -> Sequence[Counter]: ...

    @property
    def reopening(self) -> str | None:
        """Digest of the row that says since when older windows of this account no longer count; None where there is none."""


@dataclass(frozen=True)
class LoginSource:
    """Account that somebody tries to sign in to, and from where; `device` is the account's known browser, or empty."""

    email: str
    remote_addr: str
    device: str = ""

    @property
    def counters(self) -> Sequence[Counter]:
        if self.device:
            return (
                Counter(self._digest("login-device", self.device), LIMIT_PER_DEVICE, clears=True),
                Counter(self._digest("login-device-day", self.device), LIMIT_PER_DEVICE_A_DAY, DAY),
            )
        sender = b64u(keyed_digest("login-sender", self.remote_addr.encode()))
        return (
            Counter(self._digest("login-attempts", self.remote_addr), LIMIT_PER_ADDRESS, clears=True),
            Counter(self._digest("login-account-day"), LIMIT_PER_ACCOUNT_A_DAY, DAY),
            Counter(sender, LIMIT_PER_SENDER, is_of_account=False),
        )

    @property
    def reopening(self) -> str | None:
        """Digest for the account, whatever place is blocked."""
        return self._digest("login-reopened")

    def _digest(self, purpose: str, *parts: str) -> str:
        return b64u(keyed_digest(purpose, self.email.encode(), *(part.encode() for part in parts)))


@dataclass(frozen=True)
class FactorSource:
    """Officer whose one-time code is guessed by somebody who knows the password; `device` as in `LoginSource`."""

    officer_id: object
    device: str = ""

    @property
    def counters(self) -> Sequence[Counter]:
        """Counters of this known browser, or of all other places together."""
        where = "device" if self.device else "elsewhere"
        return (
            Counter(self._digest(f"factor-{where}", self.device), LIMIT_PER_FACTOR, clears=True),
            Counter(self._digest(f"factor-{where}-day", self.device), LIMIT_PER_FACTOR_A_DAY, DAY),
        )

    @property
    def reopening(self) -> str | None:
        return self._digest("factor-reopened")

    def _digest(self, purpose: str, *parts: str) -> str:
        return b64u(keyed_digest(purpose, str(self.officer_id).encode(), *(part.encode() for part in parts)))


@dataclass(frozen=True)
class StepUpSource:
    """Sign-in whose person is asked for password or code again: guesses outside that session do not count here."""

    sign_in_id: object

    @property
    def counters(self) -> Sequence[Counter]:
        return (
            Counter(self._digest("step-up"), LIMIT_PER_STEP_UP, clears=True),
            Counter(self._digest("step-up-day"), LIMIT_PER_STEP_UP_A_DAY, DAY),
        )

    @property
    def reopening(self) -> str | None:
        """None, since another sign-in has other counters."""
        return None

    def _digest(self, purpose: str) -> str:
        return b64u(keyed_digest(purpose, str(self.sign_in_id).encode()))


@dataclass(frozen=True)
class PasskeyChallenge:
    """Challenge that a passkey has answered: counted once the signature is checked, valid once."""

    challenge: str

    @property
    def counters(self) -> Sequence[Counter]:
        return (Counter(b64u(keyed_digest("passkey-challenge", self.challenge.encode())), 1, DAY),)

    @property
    def reopening(self) -> str | None:
        return None


@dataclass(frozen=True)
class ResetSource:
    """Account for which a new password is asked, and from where, whether it exists or not."""

    email: str
    remote_addr: str

    @property
    def counters(self) -> Sequence[Counter]:
        """Counters that allow few mails to one person, whoever asks, and not many from one address."""
        account = keyed_digest("reset-attempts", self.email.encode(), b"")
        address = keyed_digest("reset-attempts", b"", self.remote_addr.encode())
        return (
            Counter(b64u(account), LIMIT_OF_RESETS),
            Counter(b64u(address), LIMIT_OF_RESETS_PER_ADDRESS),
        )

    @property
    def reopening(self) -> str | None:
        """None, since asking an admin must not allow more mail."""
        return None


def count_attempt(source: Source, *, now: datetime) -> timedelta | None:
    """Count one attempt; return how long to wait where it is one too many, else None."""
    reopened = _reopened_at(source, now)
    closed_for = _wait(source, now, reopened)
    if closed_for is not None:
        return closed_for
    waits = [_count(counter, now, _over_before(counter, now, reopened)) for counter in source.counters]
    return max((wait for wait in waits if wait is not None), default=None)


def waiting_time(source: Source, *, now: datetime) -> timedelta | None:
    """Return how long the next attempt has to wait, without counting one; None where it may be made."""
    return _wait(source, now, _reopened_at(source, now))


def forgive_attempt(source: Source) -> None:
    """Take back the attempt counted last, which was right and so no guess."""
    for counter in source.counters:
        if counter.clears:
            LoginAttempts.objects.filter(source=counter.digest).delete()
        else:
            with connection.cursor() as cursor:
                cursor.execute(_TAKE_BACK, [counter.digest])


def reopen(source: Source, *, now: datetime) -> None:
    """Discount the guesses made so far, from whatever address; later ones count."""
    if source.reopening is not None:
        since = {"attempts": 0, "window_started_at": now}
        LoginAttempts.objects.update_or_create(source=source.reopening, defaults=since)


def forget_old_windows(*, now: datetime) -> int:
    """Delete counters whose window is over; return how many."""
    return LoginAttempts.objects.filter(window_started_at__lte=now - DAY).delete()[0]


def _wait(source: Source, now: datetime, reopened: datetime | None) -> timedelta | None:
    counters = {counter.digest: counter for counter in source.counters}
    waits = [
        row.window_started_at + counter.window - now
        for row in LoginAttempts.objects.filter(source__in=counters)
        if row.attempts >= (counter := counters[row.source]).limit
        and row.window_started_at > _over_before(counter, now, reopened)
    ]
    return max(waits, default=None)


def _reopened_at(source: Source, now: datetime) -> datetime | None:
    if source.reopening is None:
        return None
    rows = LoginAttempts.objects.filter(source=source.reopening, window_started_at__lte=now)
    return rows.values_list("window_started_at", flat=True).first()


def _over_before(counter: Counter, now: datetime, reopened: datetime | None) -> datetime:
    """Return the time up to which windows of this counter are over, by when they began."""
    ended = now - counter.window
    return max(ended, reopened) if reopened is not None and counter.is_of_account else ended


def _count(counter: Counter, now: datetime, over: datetime) -> timedelta | None:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [counter.digest, now, over, over, now])
        attempts, started_at = cursor.fetchone()
    return started_at + counter.window - now if attempts > counter.limit else None

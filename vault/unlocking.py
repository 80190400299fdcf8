# SPDX-License-Identifier: Apache-2.0
"""Making, opening, locking and rotating the ring of a desk that is locked at rest; each is checked against the vault and recorded.

Whoever opens the desk has not signed in, since nobody can before it is open. Guesses are therefore counted for the
process and not for a person or address.
"""

import threading
from collections import deque
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from callers.task_calls import call_task
from ledger.audit import record_event
from vault import kek
from vault.errors import RingInUseError, WrongSecretError
from vault.instances import ANNOUNCE_TASK
from vault.kekrotation import begin_epochs, check_ring, keks_in_use, rebind_rows, rewrap_secrets
from vault.locking import derive_backup_key, read_recovery_key

DESK: Final = "system:desk"
"""Actor of the desk's page for opening, which knows no person yet."""
CONSOLE: Final = "system:console"
"""Actor with a shell on the desk's machine."""
SUBJECT: Final = "desk"
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
MOST_A_MINUTE: Final = 5
MOST_AN_HOUR: Final = 20


class Guesses:
    """Attempts to open this desk by its page, counted in the memory of the one web process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: deque[datetime] = deque(maxlen=MOST_AN_HOUR)
        self._refused = 0

    def count(self, *, now: datetime) -> timedelta | None:
        """Count an attempt before its secret is tried; return how long to wait where it is one too many and must not be tried."""
        with self._lock:
            wait = max(self._wait(MOST_A_MINUTE, MINUTE, now), self._wait(MOST_AN_HOUR, HOUR, now))
            if wait > timedelta():
                self._refused += 1
                return wait
            self._made.append(now)
            return None

    def note_wrong(self) -> None:
        """Note that the secret tried was wrong."""
        with self._lock:
            self._refused += 1

    @property
    def refused(self) -> int:
        """Number of attempts refused, tried or not, since the desk was opened last or the process started."""
        return self._refused

    def forget(self) -> None:
        """Forget all attempts, since the right secret came."""
        with self._lock:
            self._made.clear()
            self._refused = 0

    def _wait(self, most: int, within: timedelta, now: datetime) -> timedelta:
        """Return the time until the oldest of the last `most` attempts is older than `within`; a clock set back shortens
        nothing.
        """
        if len(self._made) < most:
            return timedelta()
        return self._made[-most] + within - now


GUESSES: Final = Guesses()


@sensitive_variables()
def unlock(secret: str, *, actor: str, now: datetime) -> None:
    """Open the desk for all its processes and record it, with the number of attempts that were refused before.

    Raises WrongSecretError, LockedFileError; KekUnknownError or KekWrongError where the ring is another vault's.
    """

    def check() -> None:
        check_ring()
        record_event(
            "vault.opened",
            actor=actor,
            agency="",
            subject=SUBJECT,
            detail={"refused_guesses": GUESSES.refused},
            now=now,
        )

    try:
        with transaction.atomic():
            kek.open_desk(secret, check=check)
            # A restored desk thus learns at once whether another one holds its agency's identity.
            call_task(ANNOUNCE_TASK)
    except WrongSecretError:
        GUESSES.note_wrong()
        raise
    GUESSES.forget()


@sensitive_variables()
def make_ring(*, passphrase: str, recovery_key: str, ring_text: str = "", actor: str, now: datetime) -> None:
    """Make the desk's locked ring, fresh or from `ring_text`, open it and record it.

    Raises InputError (passphrase), WrongSecretError (not a recovery key), RingMadeError; KekUnknownError or
    KekWrongError where the vault's secrets are wrapped under another ring.
    """

    def check() -> None:
        check_ring()
        record_event("vault.ring_made", actor=actor, agency="", subject=SUBJECT, now=now)

    with transaction.atomic():
        kek.make_desk_ring(passphrase=passphrase, recovery_key=recovery_key, ring_text=ring_text, check=check)


@sensitive_variables()
def is_recovery_key(text: str) -> bool:
    """Tell whether the desk's locked ring opens with this recovery key, without opening it; raises LockedFileError,
    WrongSecretError.
    """
    return kek.backup_key() == derive_backup_key(read_recovery_key(text)).public


def lock(*, actor: str, now: datetime) -> bool:
    """Lock the desk for all its processes and record it; return whether it was open."""
    was_open = kek.lock_desk()
    if was_open:
        with transaction.atomic():
            record_event("vault.locked", actor=actor, agency="", subject=SUBJECT, now=now)
    return was_open


@sensitive_variables()
def change_passphrase(secret: str, new_passphrase: str, *, actor: str, now: datetime) -> None:
    """Change the passphrase of the desk and record it; the recovery key stays. Raises as `unlock`, and InputError."""
    with transaction.atomic():
        record_event("vault.passphrase_changed", actor=actor, agency="", subject=SUBJECT, now=now)
        kek.change_desk_passphrase(secret, new_passphrase)


@sensitive_variables()
def change_recovery_key(passphrase: str, new_recovery_key: str, *, actor: str, now: datetime) -> None:
    """Change the recovery key of the desk and of backups from now on, and record it; the passphrase stays.

    Raises WrongSecretError (also for the recovery key in place of the passphrase), LockedFileError.
    """
    with transaction.atomic():
        record_event("vault.recovery_key_changed", actor=actor, agency="", subject=SUBJECT, now=now)
        kek.change_desk_recovery_key(passphrase, new_recovery_key)


@sensitive_variables()
def rotate_ring(passphrase: str, recovery_key: str, *, actor: str, now: datetime) -> int:
    """Replace the desk's key-encryption key, and begin new root secrets under it; return how many. The desk is open afterwards.

    It can be stopped at any point and run again: until its last step the ring holds both keys, and either secret opens
    it. Not inside a transaction. Raises as `unlock`; RingInUseError with what was altered and is left as it is under
    the old key.
    """
    with transaction.atomic():
        record_event("vault.ring_rotation_begun", actor=actor, agency="", subject=SUBJECT, now=now)
        kek.add_desk_key(passphrase, recovery_key, check=check_ring)
    drawn = begin_epochs(now=now)
    broken = (*rewrap_secrets().broken, *rebind_rows().broken)
    if broken or any(use.is_used and not use.is_current for use in keks_in_use()):
        raise RingInUseError(broken)
    with transaction.atomic():
        record_event("vault.ring_rotated", actor=actor, agency="", subject=SUBJECT, now=now)
        kek.drop_old_desk_keys(passphrase, recovery_key)
    return drawn

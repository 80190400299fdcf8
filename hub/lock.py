# SPDX-License-Identifier: Apache-2.0
"""Lock of a desk, for processes that wait until somebody opens it, from `vault.kek`; without the vault never locked."""

from django.apps import apps


def is_locked() -> bool:
    """Tell whether the key ring is locked at rest, or was never made: nothing can be sealed, opened or checked."""
    if not apps.is_installed("vault"):
        return False
    from vault.kek import Lock, lock_state

    return lock_state() in {Lock.LOCKED, Lock.UNMADE}


def is_refused_by_lock(error: BaseException) -> bool:
    """Tell whether an error only means that the desk is locked."""
    if not apps.is_installed("vault"):
        return False
    from vault.errors import DeskLockedError

    return isinstance(error, DeskLockedError)

# SPDX-License-Identifier: Apache-2.0
"""The lock of a desk, for processes that wait until somebody opens it, as `vault.kek` knows it; never so without the vault."""

from django.apps import apps


def is_locked() -> bool:
    """Tell whether the key ring is locked at rest, or was never made: nothing can be sealed, opened or believed."""
    if not apps.is_installed("vault"):
        return False
    from vault.kek import Lock, lock_state

    return lock_state() in {Lock.LOCKED, Lock.UNMADE}


def is_refused_by_lock(error: BaseException) -> bool:
    """Tell whether something failed because the desk is locked, which is no fault."""
    if not apps.is_installed("vault"):
        return False
    from vault.errors import DeskLockedError

    return isinstance(error, DeskLockedError)

# SPDX-License-Identifier: Apache-2.0
"""Reopening of a blocked sign-in by an agency admin, for a colleague."""

from datetime import datetime

from django.db import transaction

from callers.actors import Actor
from officers.accounts import lock_to_manage, record_about, refuse_own_account
from officers.login.attempts import FactorSource, LoginSource, reopen
from officers.models import Officer


def reopen_sign_in(actor: Actor, officer: Officer, *, now: datetime) -> None:
    """Discount guesses at the colleague's password and codes. Raises as `lock_to_manage`, InputError (own account)."""
    with transaction.atomic():
        locked = lock_to_manage(actor, officer)
        refuse_own_account(actor, locked)
        reopen(LoginSource(locked.email, ""), now=now)
        reopen(FactorSource(locked.pk), now=now)
        record_about("officer.sign_in_reopened", actor, locked, now)

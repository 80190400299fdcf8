# SPDX-License-Identifier: Apache-2.0
"""Facts that officers state about themselves: name, unit, time zone, language, and when routine mail may wait. They give no right.

An admin of the agency may set the unit, too.
"""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from callers.actors import Actor
from callers.errors import InputError
from officers.accounts import check_fields, lock_to_manage, one_spaced, record_about
from officers.models import Officer

_PROFILE: Final = ("full_name", "unit", "timezone", "language")
_MAIL: Final = ("routine_mail", "quiet_from", "quiet_until")


def change_profile(
    officer: Officer, *, full_name: str, unit: str, timezone: str, language: str, now: datetime
) -> Officer:
    """Change an officer's own name, unit, zone and language; empty zone or language: the agency's. Raises InputError."""
    values = {
        "full_name": full_name.strip(),
        "unit": one_spaced(unit),
        "timezone": timezone,
        "language": language,
    }
    if language not in {"", officer.language, *dict(settings.LANGUAGES)}:
        raise InputError("language", _("Language: choose one of the list."))
    return _change("officer.profile_changed", officer, values, now)


def change_unit(actor: Actor, officer: Officer, unit: str, *, now: datetime) -> Officer:
    """Change the unit of an officer of the actor's agency; it gives no right. Raises as `lock_to_manage`, InputError."""
    with transaction.atomic():
        locked = lock_to_manage(actor, officer)
        return _store("officer.unit_changed", actor, locked, {"unit": one_spaced(unit)}, now)


def change_own_mail(
    officer: Officer,
    *,
    routine_mail: bool,
    quiet_from: time | None,
    quiet_until: time | None,
    now: datetime,
) -> Officer:
    """Set which mail about routine alerts waits or is not sent; urgent, flash, withdrawals and keys are always sent at once.

    Raises InputError where only one end of the quiet hours is given, or both are equal.
    """
    if (quiet_from is None) != (quiet_until is None):
        raise InputError("quiet_until", _("Quiet hours: enter both ends, or none."))
    if quiet_from is not None and quiet_from == quiet_until:
        raise InputError("quiet_until", _("Quiet hours: enter two different times."))
    values = {"routine_mail": routine_mail, "quiet_from": quiet_from, "quiet_until": quiet_until}
    return _change("officer.mail_changed", officer, values, now)


def _change(act: str, officer: Officer, values: Mapping[str, object], now: datetime) -> Officer:
    with transaction.atomic():
        locked = Officer.objects.select_for_update(of=("self",)).get(pk=officer.pk)
        return _store(act, locked, locked, values, now)


def _store(act: str, actor: Actor, locked: Officer, values: Mapping[str, object], now: datetime) -> Officer:
    """Write changed values on a locked row."""
    before = {name: getattr(locked, name) for name in values}
    changed = sorted(name for name, value in values.items() if before[name] != value)
    if not changed:
        return locked
    for name in changed:
        setattr(locked, name, values[name])
    check_fields(locked)
    locked.save(update_fields=changed)
    old = {name: str(before[name]) for name in changed}
    new = {name: str(values[name]) for name in changed}
    record_about(act, actor, locked, now, before=old, after=new)
    return locked

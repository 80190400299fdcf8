# SPDX-License-Identifier: Apache-2.0
"""Time zones that somebody chooses."""

from functools import cache

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accord.timezones import is_timezone, timezones


def check_timezone(name: str) -> None:
    """Raise ValidationError unless the IANA database has this name."""
    if not is_timezone(name):
        raise ValidationError(_("Time zone: choose a name of the IANA database."))


@cache
def zone_choices() -> tuple[tuple[str, str], ...]:
    """Return every zone of the IANA database without the short and the historic names."""
    names = sorted(name for name in timezones() if "/" in name or name == "UTC")
    return tuple((name, name) for name in names if not name.startswith(("Etc/", "SystemV/", "US/")))

# SPDX-License-Identifier: Apache-2.0
"""Names of time zones."""

import zoneinfo
from functools import cache

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


@cache
def _names() -> frozenset[str]:
    """Return every name of the IANA database, for which its files are searched."""
    return frozenset(zoneinfo.available_timezones())


def is_timezone(name: str) -> bool:
    """Tell whether the IANA database has this name."""
    return name in _names()


def check_timezone(name: str) -> None:
    """Raise ValidationError unless the IANA database has this name."""
    if not is_timezone(name):
        raise ValidationError(_("Time zone: choose a name of the IANA database."))


@cache
def zone_choices() -> tuple[tuple[str, str], ...]:
    """Return every zone of the IANA database without the short and the historic names."""
    names = sorted(name for name in _names() if "/" in name or name == "UTC")
    return tuple((name, name) for name in names if not name.startswith(("Etc/", "SystemV/", "US/")))

# SPDX-License-Identifier: Apache-2.0
"""Time zones: those that somebody chooses, and a moment in words with its zone."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
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


def offset_text(moment: datetime) -> str:
    """Return the zone of a moment by its distance from UTC: "UTC", "UTC+10:30"."""
    seconds = int((moment.utcoffset() or timedelta()).total_seconds())
    if not seconds:
        return "UTC"
    hours, minutes = divmod(abs(seconds) // 60, 60)
    sign = "+" if seconds > 0 else "\N{MINUS SIGN}"
    return f"UTC{sign}{hours}" + (f":{minutes:02}" if minutes else "")


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """Convert a moment to this zone; to UTC where the zone's time is beyond the end of the calendar."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment.astimezone(UTC)


def moment_text(moment: datetime) -> str:
    """Return a moment for a sentence, in the reader's zone, which is named; in UTC where nobody in particular reads."""
    local = in_zone(moment, timezone.get_current_timezone())
    return f"{date_format(local, _('j M Y H:i'))} {offset_text(local)}"

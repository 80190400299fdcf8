# SPDX-License-Identifier: Apache-2.0
"""Names of time zones."""

import zoneinfo

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


def check_timezone(name: str) -> None:
    """Raises ValidationError unless the IANA database has this name."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("Time zone: choose a name of the IANA database."))

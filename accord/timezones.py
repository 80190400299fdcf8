# SPDX-License-Identifier: Apache-2.0
"""Names of time zones that mean the same on every machine."""

import zoneinfo
from functools import cache
from typing import Final

MACHINE_NAMES: Final = frozenset({"localtime", "Factory"})
"""Names beside the database's own that many machines have: the zone a machine is set to, and none at all."""


@cache
def timezones() -> frozenset[str]:
    """Return every name of the IANA database, for which its files are searched."""
    return frozenset(zoneinfo.available_timezones() - MACHINE_NAMES)


def is_timezone(name: str) -> bool:
    """Tell whether the IANA database has this name."""
    return name in timezones()

# SPDX-License-Identifier: Apache-2.0
"""Country codes an alert may name: ISO 3166-1 alpha-2, and its user-assigned codes for exercises.

`countries.csv` is taken from `iso3166.tab` of the tz database (edition of July 2025, public domain).
"""

import csv
import re
from importlib.resources import files
from typing import Final

_ROWS = files("alerts.document").joinpath("countries.csv").read_text(encoding="utf-8").splitlines()
COUNTRIES: Final[dict[str, str]] = {row["code"]: row["name"] for row in csv.DictReader(_ROWS)}

_USER_ASSIGNED: Final = re.compile(r"AA|Q[M-Z]|X[A-Z]|ZZ")


def is_listed(code: object) -> bool:
    """Whether the code is in the list or in ISO's user-assigned ranges."""
    return isinstance(code, str) and (code in COUNTRIES or _USER_ASSIGNED.fullmatch(code) is not None)


def country_name(code: str) -> str:
    """The name for people; a user-assigned code has none and stands for itself."""
    return COUNTRIES.get(code, code)

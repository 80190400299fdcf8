# SPDX-License-Identifier: Apache-2.0
"""Country codes an alert may name: ISO 3166-1 alpha-2, and its user-assigned codes for exercises.

`countries.csv` gives the names that the United Nations uses (M49 list), in English and French; docs/sources.md gives
their source. Codes that are no country of that list have the name of ISO 3166-1.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import product
from string import ascii_uppercase
from typing import Final

from django.conf import settings
from django.utils.translation import get_language

from callers.directory import kind_and_country

_ROWS: Final = tuple(
    csv.DictReader(
        files("alerts.document").joinpath("countries.csv").read_text(encoding="utf-8").splitlines()
    )
)
LANGUAGES_OF_NAMES: Final = frozenset(_ROWS[0]) - {"code"}
_USER_ASSIGNED: Final = re.compile(r"AA|Q[M-Z]|X[A-Z]|ZZ")


class _Countries(Mapping[str, str]):
    """Names by code in the reader's language, in that language's alphabetical order."""

    def __getitem__(self, code: str) -> str:
        return _names(get_language())[code]

    def __iter__(self) -> Iterator[str]:
        return iter(_names(get_language()))

    def __len__(self) -> int:
        return len(_ROWS)


COUNTRIES: Final[Mapping[str, str]] = _Countries()


@cache
def _names(language: str | None) -> dict[str, str]:
    column = _column(language)
    names = {row["code"]: row[column] for row in _ROWS}
    return dict(sorted(names.items(), key=lambda item: _as_sorted(item[1])))


def _column(language: str | None) -> str:
    """Return the language in which names are shown to a reader of this one."""
    spoken = (language or "").partition("-")[0]
    return spoken if spoken in LANGUAGES_OF_NAMES else "en"


def _as_sorted(name: str) -> str:
    """Return the sort key of a name, without accents: Émirats sorts under E, Åland under A."""
    letters = unicodedata.normalize("NFD", name)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()


def is_listed(code: object) -> bool:
    """Tell whether the code is in the list or in ISO's user-assigned ranges."""
    return isinstance(code, str) and (code in COUNTRIES or _USER_ASSIGNED.fullmatch(code) is not None)


def listed_codes() -> list[str]:
    """Return every code that `is_listed` takes, in alphabetical order."""
    return [code for code in map("".join, product(ascii_uppercase, repeat=2)) if is_listed(code)]


def kind_and_place(kind: str, country: str) -> str:
    """Return what an agency is and where, by the country's name: "Customs, Belgium"; without a country where it has none."""
    return kind_and_country(kind, country_name(country))


def country_name(code: str) -> str:
    """Return the country's name; a user-assigned code has none and is returned itself, but for a demonstration's."""
    invented = settings.INVENTED_COUNTRIES.get(code)
    return invented[_column(get_language())] if invented else COUNTRIES.get(code, code)

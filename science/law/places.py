# SPDX-License-Identifier: Apache-2.0
"""Jurisdictions by name: alone, and within an English sentence, where some names take an article."""

from collections.abc import Iterator, Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.document.countries import COUNTRIES, country_name

NAMES: Final[Mapping[str, str | Promise]] = {
    "UN": gettext_lazy("United Nations"),
    "UK": gettext_lazy("United Kingdom"),
    "EU": gettext_lazy("European Union"),
}
"""Codes of the rules that no list of countries has."""
OTHER_CODES: Final[Mapping[str, str]] = {"GB": "UK"}
"""Codes of rules by the country's code of ISO 3166, where the two differ."""
WITH_ARTICLE: Final = frozenset({
    *("UN", "UK", "EU", "US", "AE", "BS", "CC", "CD", "CF", "CG", "CK", "DO", "FK", "FO", "GB", "GM", "IO"),
    *("KM", "KP", "KR", "KY", "LA", "MD", "MH", "MP", "MV", "NL", "PH", "RU", "SB", "SC", "SY", "TC", "TZ"),
    *("UM", "VA", "VG", "VI"),
})  # fmt: skip


def place_name(code: str) -> str:
    """Return the name of a jurisdiction; a code that is no country's is returned itself."""
    return str(NAMES[code]) if code in NAMES else country_name(code)


def known_places() -> Iterator[tuple[str, str | Promise]]:
    """Yield every jurisdiction by the code that rules quote, with its name."""
    yield from NAMES.items()
    yield from ((code, name) for code, name in COUNTRIES.items() if code not in OTHER_CODES)


def place_in_text(code: str) -> str:
    """Return the name as it follows "in" or "of"."""
    name = place_name(code)
    # Translators: a place whose English name takes an article; "%(place)s" alone where yours takes none.
    return _("the %(place)s") % {"place": name} if code in WITH_ARTICLE else name

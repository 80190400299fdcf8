# SPDX-License-Identifier: Apache-2.0
"""Countries by the names of the United Nations, in the reader's language and its alphabetical order."""

import pytest
from django.conf import settings
from django.utils import translation

from alerts.document.countries import COUNTRIES, LANGUAGES_OF_NAMES, country_name
from devtool.translating import languages


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("en", {"BO": "Bolivia (Plurinational State of)", "VN": "Viet Nam", "BL": "Saint Barthélemy"}),
        ("fr", {"DE": "Allemagne", "AE": "Émirats arabes unis", "BL": "Saint-Barthélemy"}),
    ],
)
def test_names_follow_the_readers_language(language: str, names: dict[str, str]) -> None:
    with translation.override(language):
        assert {code: country_name(code) for code in names} == names


def test_countries_have_names_in_every_language_of_the_pages() -> None:
    assert {code for code, _name in settings.LANGUAGES} == LANGUAGES_OF_NAMES
    assert languages() == sorted(LANGUAGES_OF_NAMES - {"en"})


def test_the_list_is_alphabetical_by_name_and_accents_do_not_count() -> None:
    with translation.override("en"):
        codes = list(COUNTRIES)
        assert codes[:3] == ["AF", "AX", "AL"], "Åland stands between Afghanistan and Albania"
        assert codes.index("CH") > codes.index("SE")
    with translation.override("fr"):
        assert list(COUNTRIES).index("DE") < list(COUNTRIES).index("AR")
        names = list(COUNTRIES.values())
        assert names.index("Émirats arabes unis") < names.index("Espagne")


def test_a_code_for_exercises_stands_for_itself() -> None:
    assert country_name("XA") == "XA"

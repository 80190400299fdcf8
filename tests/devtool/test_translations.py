# SPDX-License-Identifier: Apache-2.0
"""The catalogues are complete, and the check finds each kind of fault."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from babel.messages import Catalog
from babel.messages.pofile import write_po

from devtool import translating
from devtool.environments import ROOT

SAVE: Final = ("Save", None)
LEFT: Final = "%(n)s day"


@pytest.fixture
def po(tmp_path: Path) -> Path:
    """A copy of the French catalogue for a test to damage."""
    for ending in (".po", ".mo"):
        shutil.copy(translating.po_of(ROOT, "fr").with_suffix(ending), tmp_path)
    return tmp_path / "django.po"


@pytest.fixture(scope="module")
def gathered() -> Catalog:
    return translating.gather(ROOT)


@pytest.fixture(scope="module")
def wanted(gathered: Catalog) -> set[translating.Key]:
    return translating.keys_of(gathered)


def test_every_text_is_translated_and_nothing_is_stale(wanted: set[translating.Key]) -> None:
    assert len(wanted) > 1500
    assert list(translating.faults_of(translating.po_of(ROOT, "fr"), wanted)) == []


def test_texts_come_from_code_templates_and_mails(wanted: set[translating.Key]) -> None:
    assert {SAVE, (LEFT, None), ("Open: %(link)s", None), ("Set aside", "work")} <= wanted


def _forget(catalogue: Catalog) -> None:
    catalogue.delete("Save")


def _leave_empty(catalogue: Catalog) -> None:
    catalogue["Save"].string = ""


def _doubt(catalogue: Catalog) -> None:
    catalogue["Save"].flags.add("fuzzy")


def _keep_too_long(catalogue: Catalog) -> None:
    catalogue.add("Nobody says this", "Personne ne le dit")


def _lose_the_number(catalogue: Catalog) -> None:
    catalogue[LEFT].string = ("un jour", "des jours")


def _say_otherwise(catalogue: Catalog) -> None:
    catalogue["Save"].string = "Sauver"


FAULTS: Final[dict[str, tuple[Callable[[Catalog], None], str]]] = {
    "a text nobody gathered": (_forget, "not in the catalogue: 'Save'"),
    "a text without translation": (_leave_empty, "not translated: 'Save'"),
    "a fuzzy one": (_doubt, "fuzzy: 'Save'"),
    "a stale one": (_keep_too_long, "stale, no source says it: 'Nobody says this'"),
    "a lost placeholder": (_lose_the_number, f"placeholders or tags differ: '{LEFT}'"),
    "a compiled file of before": (_say_otherwise, "django.mo is not what django.po compiles to"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_the_check_finds(case: str, po: Path, wanted: set[translating.Key]) -> None:
    spoil, fault = FAULTS[case]
    catalogue = translating.read_catalogue(po)
    spoil(catalogue)
    with po.open("wb") as file:
        write_po(file, catalogue)
    assert fault in list(translating.faults_of(po, wanted))


def test_a_second_gathering_changes_nothing(gathered: Catalog, tmp_path: Path) -> None:
    """Committed catalogues contain no time."""
    place = translating.po_of(tmp_path, "fr")
    place.parent.mkdir(parents=True)
    shutil.copy(translating.po_of(ROOT, "fr"), place)
    translating.bring_up_to_date(gathered, tmp_path)
    once = (place.read_bytes(), place.with_suffix(".mo").read_bytes())
    assert translating.bring_up_to_date(translating.gather(ROOT), tmp_path) == {"fr": []}
    assert (place.read_bytes(), place.with_suffix(".mo").read_bytes()) == once

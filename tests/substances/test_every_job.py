# SPDX-License-Identifier: Apache-2.0
"""Every job of the table works as it will run: in a locked-in process that can open no more files."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

import pytest

from substances.control.results import Query
from substances.control.shipped import shipped_rules_text
from substances.rulefacts import StructureIn
from substances.sandbox import sandboxed
from substances.sandbox.jobs import JOBS
from substances.spectra.spectrum import Spectrum
from tests.substances.structures.notations_of import DATA

FENTANYL: Final = "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"
ON: Final = date(2026, 1, 1)
QUERY: Final = Query(smiles=FENTANYL, name="fentanyl", cas="437-38-7")


def _text(name: str) -> str:
    return (DATA / name).read_text(encoding="utf-8")


def _spectra_file() -> bytes:
    return (DATA / "spectra-dev.msp").read_bytes()


def _spectrum() -> Spectrum:
    return sandboxed.read_spectra("a.msp", _spectra_file())[0]


def _listings() -> str:
    return _text("control/listings.csv")


GIVEN: Final[dict[str, Callable[[], tuple[Any, ...]]]] = {
    "read_structure": lambda: (FENTANYL,),
    "parent_of": lambda: (FENTANYL,),
    "lay_out": lambda: (FENTANYL,),
    "fingerprints_of": lambda: (FENTANYL,),
    "common_scaffold": lambda: (FENTANYL, "CCC"),
    "compare_identifiers": lambda: (sandboxed.read_structure(FENTANYL),),
    "screen": lambda: (QUERY, ON),
    "timeline": lambda: (QUERY,),
    "judge": lambda: (FENTANYL,),
    "rescreen": lambda: ([FENTANYL],),
    "check_rules": lambda: (shipped_rules_text(),),
    "try_rules": lambda: (shipped_rules_text(),),
    "difference_of_rules": lambda: (shipped_rules_text(), shipped_rules_text()),
    "difference_of_listings": lambda: (_listings(), _listings()),
    "difference_of_precursors": lambda: (_text("precursors.csv"), _text("precursors.csv")),
    "read_rule_file": lambda: (shipped_rules_text(),),
    "read_overlaid": lambda: (shipped_rules_text(), []),
    "read_listings_file": lambda: (_listings(),),
    "read_precursors_file": lambda: (_text("precursors.csv"),),
    "judge_structures": lambda: (shipped_rules_text(), _listings(), [StructureIn(FENTANYL)], ON),
    "find_resembling": lambda: (FENTANYL, shipped_rules_text(), []),
    "read_spectra": lambda: ("a.msp", _spectra_file()),
    "read_library": lambda: ("a.msp", _spectra_file()),
    "fit_spectrum": lambda: (_spectrum(), FENTANYL, "C22H28N2O"),
    "match_spectrum": lambda: (_spectrum(), b"[]"),
}


def test_every_job_is_tried() -> None:
    assert set(GIVEN) == set(JOBS)


@pytest.mark.parametrize("job", GIVEN)
def test_a_job_gives_its_declared_result_behind_the_lock(job: str) -> None:
    assert sandboxed.run(job, *GIVEN[job]()) is not None

# SPDX-License-Identifier: Apache-2.0
"""An import reports for each record that it was taken, or why not; sent records come back unchanged."""

import csv
import json
from dataclasses import replace

import pytest

from substances.errors import InputRefusedError
from substances.sandbox import sandboxed
from substances.spectra.formulas import hill_formula
from substances.spectra.library import (
    DATA,
    LIBRARY_CODES,
    entry_of,
    read_library,
    reference_substances,
    shipped_library,
)
from substances.spectra.limits import CODES
from substances.spectra.reading import read_spectra
from substances.spectra.searching import search_libraries
from substances.spectra.spectrum import spectrum_of, spectrum_record
from substances.structures.patterns import full_inchikey
from substances.structures.reading import read_structure
from tests.substances.spectra import samples

MIXED = (
    samples.MSP.replace("Num Peaks: 3", "FORMULA: C10H15N\nNum Peaks: 3")
    + "\nNAME: broken\nNum Peaks: 2\n65 1\n"
    + "\nNAME: negative\nFORMULA: C2H6O\nNum Peaks: 1\n45 -1\n"
    + "\nNAME: nobody knows\nNum Peaks: 1\n45 1\n"
    + "\nNAME: bad key\nINCHIKEY: ABC\nNum Peaks: 1\n45 1\n"
    + "\nNAME: twice\nFORMULA: C2H6O\nNum Peaks: 1\n45 1\n"
    + "\nNAME: twice\nFORMULA: C2H6O\nNum Peaks: 1\n45 1\n"
    + "\nNAME: wrong mass\nFORMULA: C10H15N\nPRECURSORMZ: 304.15\nPRECURSORTYPE: [M+H]+\nNum Peaks: 1\n45 1\n"
)


def test_every_record_has_its_line_in_the_report() -> None:
    found = read_library("own.msp", MIXED.encode())
    assert [spectrum.name for spectrum in found.spectra] == ["sample one", "sample two", "twice"]
    assert [(line.place, line.is_accepted, line.code) for line in found.report] == [
        (1, True, ""),
        (2, True, ""),
        (3, False, "peak_count"),
        (4, False, "negative_intensity"),
        (5, False, "identity_missing"),
        (6, False, "inchikey_malformed"),
        (7, True, ""),
        (8, False, "already_in_file"),
        (9, False, "content_disagrees"),
    ]
    assert {line.code for line in found.report} - {""} <= CODES | LIBRARY_CODES


def test_blocks_of_an_mgf_file_are_reported_one_by_one() -> None:
    text = samples.MGF.replace("91.0542\t999", "91.0542\tNaN")
    report = read_library("own.mgf", text.encode()).report
    assert [(line.is_accepted, line.code) for line in report] == [(True, ""), (False, "not_finite")]


def test_an_nmr_list_is_no_library_entry() -> None:
    report = read_library("own.csv", samples.SHIFTS.encode()).report
    assert [line.code for line in report] == ["not_mass_spectrum"]


def test_a_file_that_is_no_library_at_all_is_refused_whole() -> None:
    with pytest.raises(InputRefusedError) as caught:
        read_library("own.zip", b"PK\x03\x04" + b"x" * 50)
    assert caught.value.code == "archive"


def test_the_shipped_library_names_the_licence_and_source_of_every_spectrum() -> None:
    for spectrum in shipped_library():
        assert spectrum.licence in {"CC BY", "CC0", "CC BY 4.0", "CC-BY"}
        assert spectrum.authors
        assert spectrum.accession.startswith("MSBNK-")
        assert spectrum.origin == "shipped"
    assert len(reference_substances()) > 100


def test_every_listed_isomer_is_what_the_list_says_and_shares_a_formula_with_a_shipped_spectrum() -> None:
    keys = {hill_formula(spectrum.formula): spectrum.inchikey for spectrum in shipped_library()}
    with (DATA / "isomers.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        assert read_structure(row["smiles"]).formula == row["formula"], row["name"]
        assert full_inchikey(row["smiles"]) == row["inchikey"], row["name"]
        assert keys[row["formula"]] != row["inchikey"], row["name"]
    assert len({row["inchikey"] for row in rows}) == len(rows) > 20


def test_a_spectrum_travels_as_json_and_comes_back_the_same() -> None:
    for name, text in samples.FILES.items():
        for spectrum in read_spectra(name, text.encode()):
            assert spectrum_of(json.loads(json.dumps(spectrum_record(spectrum)))) == spectrum


def test_the_process_apart_reads_searches_imports_and_compares_the_same() -> None:
    query = sandboxed.read_spectra("own.msp", samples.MSP.encode())[0]
    answer = sandboxed.match_spectrum(query, [query])
    assert entry_of([query], answer.hits[0].entry) == query
    assert answer.hits[0].spectra == 2  # its own, and the shipped one of the same compound
    shipped = sandboxed.match_spectrum(query).hits[0]
    assert entry_of([], shipped.entry).name == shipped.name == "cocaine"
    assert sandboxed.read_library("own.msp", MIXED.encode()) == read_library("own.msp", MIXED.encode())
    fit = sandboxed.fit_spectrum(query, "COC(=O)C1C(OC(=O)c2ccccc2)CC2CCC1N2C", "C17H21NO4")
    assert fit.verdict == "fits"


@pytest.mark.parametrize("with_precursor", [True, False])
def test_the_process_apart_answers_as_the_search_itself_whatever_travels(with_precursor: bool) -> None:
    own = [replace(entry, origin="own", accession="") for entry in shipped_library()[10:30]]
    for query in shipped_library()[::6]:
        apart = sandboxed.match_spectrum(query, own, with_precursor=with_precursor)
        assert apart == search_libraries(query, tuple(own), with_precursor=with_precursor)


def test_a_library_without_the_mass_is_not_said_to_be_empty() -> None:
    query = shipped_library()[0]
    own = [replace(query, precursor_mz=600.0)]
    assert sandboxed.match_spectrum(query, own, with_shipped=False).reasons == ("none_in_precursor_window",)
    assert sandboxed.match_spectrum(query, [], with_shipped=False).reasons == ("library_empty",)
    stranger = replace(query, precursor_mz=None, peaks=((12.3456, 100.0), (45.6789, 50.0)))
    assert sandboxed.match_spectrum(stranger, own, with_shipped=False).reasons == ("score_low",)


def test_the_process_apart_hands_on_refusals_with_code_and_place() -> None:
    with pytest.raises(InputRefusedError) as caught:
        sandboxed.read_spectra("own.msp", samples.MSP.replace("182.1176 999", "182.1176 -9").encode())
    assert (caught.value.field, caught.value.code) == ("spectrum", "negative_intensity")
    assert caught.value.where

# SPDX-License-Identifier: Apache-2.0
"""The minimum scheme counts techniques as the recommendations do, and "confirmed" needs one that tells isomers apart."""

import pytest

from alerts.document.choices import REFERENCES, TECHNIQUES
from substances.identification import (
    CATEGORIES,
    ISOMER_CODES,
    SCHEME_CODES,
    Allowed,
    Downgrade,
    Evidence,
    identity_allowed,
    minimum_scheme,
    techniques_of,
)


def row(
    technique: str, method: str = "", reference: str = "literature", conclusion: str = "identified"
) -> Evidence:
    return Evidence(technique, method, reference, conclusion)


LC_HRMS = row("ms", "LC-HRMS (Orbitrap)")
GC_MS = row("ms", "GC-MS (EI)")
PROTON = row("nmr", "1H NMR", "none")


def test_the_techniques_are_those_of_the_evidence_rows_with_the_same_categories() -> None:
    assert {key: str(label)[-2] for key, label in TECHNIQUES} == dict(CATEGORIES)
    assert {"certified", "in_house", "literature", "in_silico", "none"} == {key for key, _ in REFERENCES}


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([row("ms"), row("nmr")], "a_and_a"),
        ([row("ir"), row("tlc")], "a_and_b"),
        ([row("ir"), row("colour")], "a_and_c"),
        ([GC_MS], "a_and_b"),
        ([LC_HRMS, PROTON], "a_and_a"),
        ([row("gc"), row("tlc"), row("colour")], "three_with_two_uncorrelated_b"),
        ([row("gc"), row("lc"), row("uv_vis")], "three_with_two_uncorrelated_b"),
        ([row("lc", "HPLC-DAD"), row("colour"), row("tlc")], "three_with_two_uncorrelated_b"),
        ([row("ms", conclusion="indicated"), row("colour", conclusion="indicated")], "a_and_c"),
    ],
)
def test_the_scheme_is_met_and_says_by_what(rows: list[Evidence], code: str) -> None:
    result = minimum_scheme(rows)
    assert result.meets
    assert result.codes[0] == code
    assert "version 8" in result.citation


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], "no_positive_result"),
        ([row("ms")], "a_alone"),
        ([row("ms"), row("ms", "DART-MS")], "a_alone"),
        ([row("gc"), row("tlc")], "too_few_techniques"),
        ([row("colour"), row("immunoassay"), row("gc")], "b_correlated"),
        ([row("lc"), row("sfc"), row("colour")], "b_correlated"),
        ([row("colour"), row("fluorescence"), row("melting_point")], "b_correlated"),
        ([row("ms"), row("ir", conclusion="inconclusive")], "a_alone"),
        ([row("ms"), row("ir", conclusion="not_detected")], "a_alone"),
        ([row("guesswork"), row("ms")], "a_alone"),
    ],
)
def test_the_scheme_is_not_met_and_says_why(rows: list[Evidence], code: str) -> None:
    result = minimum_scheme(rows)
    assert not result.meets
    assert result.codes[0] == code


@pytest.mark.parametrize(
    ("technique", "method", "parts"),
    [
        ("ms", "GC-MS (EI)", {"gc", "ms"}),
        ("ms", "GC/MS", {"gc", "ms"}),
        ("ms", "LC-MS/MS", {"lc", "ms"}),
        ("ms", "UHPLC-QTOF", {"lc", "ms"}),
        ("lc", "HPLC-DAD", {"lc", "uv_vis"}),
        ("ir", "GC-IRD", {"gc", "ir"}),
        ("ms", "LC\u2013HRMS", {"lc", "ms"}),
        ("ms", "DART-MS", {"ms"}),
        ("ir", "ATR-FTIR", {"ir"}),
        ("gc", "GC-FID", {"gc"}),
        ("nmr", "1H/13C NMR", {"nmr"}),
        ("ms", "direct insertion", {"ms"}),
        ("ms", "GC\u00d7GC-TOF", {"gc", "ms"}),
        ("ms", "GC-MS, 13C-NMR to follow", {"gc", "ms"}),
        ("ms", "GC-MS, no IR", {"gc", "ms"}),
        ("ms", "well-known method", {"ms"}),
    ],
)
def test_the_parts_of_a_hyphenated_technique_count_one_by_one(
    technique: str, method: str, parts: set[str]
) -> None:
    assert set(techniques_of(row(technique, method))) == parts


def test_high_resolution_mass_spectrometry_with_proton_nmr_is_confirmed() -> None:
    assert identity_allowed("confirmed", [LC_HRMS, PROTON]) == Allowed("confirmed", (2,))


def test_gas_chromatography_with_mass_spectrometry_alone_is_an_isomer_group_and_says_which_rule_failed() -> (
    None
):
    found = identity_allowed("confirmed", [GC_MS], ["3-MMC", " ", "2-MMC"])
    assert isinstance(found, Downgrade)
    assert found.to == "isomer_group"
    assert found.failed == ("alternatives_left", "isomers_not_told_apart", "standard_not_certified")
    assert found.alternatives == ("3-MMC", "2-MMC")
    assert found.scheme.meets


@pytest.mark.parametrize(
    "added",
    [
        row("nmr", "13C NMR", "none"),
        row("nmr", "2D NMR (HSQC, HMBC)", ""),
        row("ir", "ATR-FTIR", "certified"),
        row("raman", "", "literature"),
        row("xrd", "", "in_house"),
        row("gc", "GC-FID", "certified"),
    ],
)
def test_what_tells_isomers_apart_raises_it_to_confirmed(added: Evidence) -> None:
    assert identity_allowed("confirmed", [GC_MS, added]) == Allowed("confirmed", (2,))


@pytest.mark.parametrize(
    ("added", "code"),
    [
        (row("nmr", "", "none"), "nmr_nucleus_not_stated"),
        (row("nmr", "19F NMR", "none"), "nmr_nucleus_not_stated"),
        (row("nmr", "1H qNMR", "none"), "nmr_nucleus_not_stated"),
        (row("ir", "ATR-FTIR", "in_silico"), "reference_missing"),
        (row("lc", "HPLC", "in_house"), "standard_not_certified"),
        (row("nmr", "1H NMR", "none", "indicated"), "isomers_not_told_apart"),
    ],
)
def test_what_almost_tells_isomers_apart_is_named_with_what_it_lacks(added: Evidence, code: str) -> None:
    found = identity_allowed("confirmed", [GC_MS, added])
    assert isinstance(found, Downgrade)
    assert code in found.failed


def test_an_isomer_that_the_author_did_not_exclude_stands_against_confirmed() -> None:
    found = identity_allowed("confirmed", [LC_HRMS, PROTON], ["an isomer"])
    assert isinstance(found, Downgrade)
    assert (found.to, found.failed) == ("isomer_group", ("alternatives_left",))


def test_an_unmet_scheme_alone_makes_it_tentative() -> None:
    found = identity_allowed("confirmed", [row("nmr", "1H NMR", "none")])
    assert isinstance(found, Downgrade)
    assert (found.to, found.failed) == ("tentative", ("scheme_not_met",))


def test_no_evidence_at_all_makes_it_tentative_at_most() -> None:
    found = identity_allowed("confirmed", [])
    assert isinstance(found, Downgrade)
    assert found.to == "tentative"


def test_a_technique_that_did_not_detect_it_contradicts() -> None:
    found = identity_allowed("confirmed", [LC_HRMS, PROTON, row("ir", conclusion="not_detected")])
    assert isinstance(found, Downgrade)
    assert found.failed == ("contradicted",)
    assert isinstance(
        identity_allowed("confirmed", [LC_HRMS, PROTON, row("immunoassay", conclusion="not_detected")]),
        Allowed,
    )


@pytest.mark.parametrize("claimed", ["unknown", "class_only", "isomer_group", "tentative"])
def test_lesser_claims_have_nothing_to_prove(claimed: str) -> None:
    assert identity_allowed(claimed, []) == Allowed(claimed)


def test_codes_are_closed_lists() -> None:
    assert set(minimum_scheme([GC_MS, row("ir", conclusion="inconclusive"), row("x")]).codes) <= SCHEME_CODES
    found = identity_allowed("confirmed", [row("nmr"), row("ir", reference="none")], ["a"])
    assert isinstance(found, Downgrade)
    assert set(found.failed) <= ISOMER_CODES

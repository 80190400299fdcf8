# SPDX-License-Identifier: Apache-2.0
"""A spectrum that cannot come from the structure sent is reported as not fitting, with what was expected and found."""

from dataclasses import replace

import pytest

from substances.errors import InputRefusedError
from substances.spectra.fits import CHECKS, REASONS, Fit
from substances.spectra.fitting import fit_spectrum
from substances.spectra.formulas import ADDUCTS, adduct_of, counts_of, hill_formula, ion_mz, mass_of
from substances.spectra.library import shipped_library
from substances.spectra.reading import read_spectra
from substances.spectra.spectrum import Spectrum
from substances.structures.counting import count_distinct_atoms
from tests.substances.spectra import samples

LIBRARY = shipped_library()
MEPHEDRONE = ("CNC(C)C(=O)c1ccc(C)cc1", "C11H15NO")
THREE_MMC = ("CNC(C)C(=O)c1cccc(C)c1", "C11H15NO")
PROTON = (
    "1H NMR (400 MHz, DMSO-d6) \u03b4 9.30 (br s, 2H), 7.97 (d, J = 8.2 Hz, 2H), 7.42 (d, J = 8.0 Hz, 2H), "
    "5.10 (q, J = 7.2 Hz, 1H), 2.57 (s, 3H), 2.41 (s, 3H), 1.43 (d, J = 7.2 Hz, 3H)"
)
CARBON = "13C NMR (101 MHz, CDCl3) \u03b4 196.0, 145.1, 131.2, 129.6, 128.9, 77.2, 59.9, 31.2, 21.8, 16.1"


def named(name: str) -> Spectrum:
    return next(spectrum for spectrum in LIBRARY if spectrum.name == name)


def nmr(text: str) -> Spectrum:
    return read_spectra("list.txt", text.encode())[0]


def outcomes(fit: Fit) -> dict[str, str]:
    return {check.check: check.outcome for check in fit.checks}


def test_every_shipped_spectrum_fits_its_own_structure() -> None:
    assert [s.name for s in LIBRARY if fit_spectrum(s, s.smiles, s.formula).verdict != "fits"] == []


def test_no_shipped_spectrum_fits_the_structure_of_another_formula() -> None:
    fitting = [
        (query.name, other.name)
        for query in LIBRARY
        for other in LIBRARY
        if other.formula != query.formula
        and fit_spectrum(replace(query, formula=""), other.smiles, other.formula).verdict != "does_not_fit"
    ]
    assert fitting == []


def test_a_wrong_precursor_is_named_with_the_ion_that_was_expected() -> None:
    fit = fit_spectrum(named("fentanyl"), *MEPHEDRONE)
    check = next(check for check in fit.checks if check.check == "precursor")
    assert (check.outcome, check.adduct, check.found) == ("disagrees", "[M+H]+", 337.2274)
    assert check.expected == pytest.approx(178.1226, abs=1e-4)


def test_fragments_that_the_formula_cannot_hold_refute_it() -> None:
    query = replace(named("cocaine"), precursor_mz=304.1543, formula="", adduct="")
    fit = fit_spectrum(query, "CCCCCCCCCCCCCCCCCCC=O", "C18H21NO3")
    assert outcomes(fit)["precursor"] == "disagrees"
    alkane = fit_spectrum(replace(named("amphetamine"), formula=""), "CCCCCCO", "C6H14O")
    assert alkane.verdict == "does_not_fit"


def test_an_unstated_adduct_is_tried_among_the_usual_ones_and_said_to_be_assumed() -> None:
    sodium = ion_mz(mass_of(counts_of("C11H15NO")), ADDUCTS["[M+Na]+"])
    query = replace(named("mephedrone"), precursor_mz=round(sodium, 4), adduct="", formula="")
    check = next(check for check in fit_spectrum(query, *MEPHEDRONE).checks if check.check == "precursor")
    assert (check.outcome, check.reason, check.adduct) == ("agrees", "adduct_assumed", "[M+Na]+")


def test_an_electron_ionisation_spectrum_may_hold_nothing_heavier_than_the_molecule() -> None:
    query = read_spectra("a.jdx", samples.JCAMP_MS.encode())[0]
    assert fit_spectrum(query, "CC(N)Cc1ccccc1", "C9H13N").verdict == "fits"
    heavier = replace(query, formula="", peaks=(*query.peaks, (178.0, 500.0)))
    assert fit_spectrum(heavier, "CC(N)Cc1ccccc1", "C9H13N").verdict == "does_not_fit"


def test_carbon_signals_tell_a_symmetric_ring_from_another() -> None:
    assert count_distinct_atoms(MEPHEDRONE[0]).carbon_signals == 9
    assert count_distinct_atoms(THREE_MMC[0]).carbon_signals == 11
    assert fit_spectrum(nmr(CARBON), *MEPHEDRONE).verdict == "fits"


def test_far_more_carbon_signals_than_symmetry_allows_refute_the_structure() -> None:
    many = "13C NMR (101 MHz, CDCl3) " + ", ".join(str(20 + 3 * place) for place in range(25))
    fit = fit_spectrum(nmr(many), *MEPHEDRONE)  # one of them lies where the solvent's own signal is
    assert (fit.verdict, fit.checks[0].expected, fit.checks[0].found) == ("does_not_fit", 9, 24)


def test_the_hydrogens_of_a_salt_fit_its_base() -> None:
    fit = fit_spectrum(nmr(PROTON), *MEPHEDRONE)
    assert fit.verdict == "fits"
    assert "salt_possible" in {check.reason for check in fit.checks}


def test_a_salt_is_compared_by_its_organic_part() -> None:
    salt = ("CNC(C)C(=O)c1ccc(C)cc1.Cl", "C11H16ClNO")
    assert fit_spectrum(replace(named("mephedrone"), formula=""), *salt).verdict == "fits"
    assert fit_spectrum(nmr(PROTON), *salt).verdict == "fits"


def test_integrals_that_count_other_hydrogens_refute_the_structure() -> None:
    fit = fit_spectrum(nmr(PROTON), "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1", "C22H28N2O")
    assert outcomes(fit)["hydrogen_count"] == "disagrees"
    assert fit.verdict == "does_not_fit"


def test_a_fluorine_spectrum_refutes_a_structure_without_fluorine() -> None:
    assert fit_spectrum(nmr("19F NMR (376 MHz, CDCl3) -62.5 (s)"), *MEPHEDRONE).verdict == "does_not_fit"


def test_a_curve_is_not_counted() -> None:
    curve = read_spectra("a.jdx", samples.JCAMP_NMR.encode())[0]
    fit = fit_spectrum(curve, *MEPHEDRONE)
    assert (fit.verdict, fit.checks[0].reason) == ("not_checked", "trace_not_picked")


def test_checks_and_reasons_are_closed_lists() -> None:
    for spectrum in (*LIBRARY, nmr(PROTON), nmr(CARBON)):
        for check in fit_spectrum(spectrum, *MEPHEDRONE).checks:
            assert check.check in CHECKS
            assert not check.reason or check.reason in REASONS


@pytest.mark.parametrize("formula", ["", "H2Q", "c6h6", "C0", "C99999", "C6H6;", "C9000H9000"])
def test_what_is_no_formula_is_refused(formula: str) -> None:
    with pytest.raises(InputRefusedError) as caught:
        counts_of(formula)
    assert caught.value.field == "formula"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("[M+H]+", "[M+H]+"),
        ("M+H", "[M+H]+"),
        ("[M-H]-", "[M-H]-"),
        ("[m+na]+", "[M+Na]+"),
        ("[M]+*", "[M]+"),
    ],
)
def test_adducts_are_known_by_their_common_spellings(written: str, name: str) -> None:
    found = adduct_of(written)
    assert found is not None
    assert found.name == name


def test_ions_have_the_masses_of_the_shipped_precursors() -> None:
    for spectrum in LIBRARY:
        expected = ion_mz(mass_of(counts_of(spectrum.formula)), ADDUCTS["[M+H]+"])
        assert spectrum.precursor_mz == pytest.approx(expected, abs=0.001)
    assert hill_formula("NC10H15") == "C10H15N"
    assert hill_formula("H2O") == "H2O"

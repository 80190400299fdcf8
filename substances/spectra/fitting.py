# SPDX-License-Identifier: Apache-2.0
"""Check whether a spectrum fits the structure that was sent with it. It can refute a structure, never prove one.

Each check is one fact with an outcome: "agrees", "unclear", "disagrees" or "not_checked", with the expected and found values.
One "disagrees" makes the whole "does_not_fit".
"""

from typing import Final

import numpy as np

from substances.errors import InputRefusedError
from substances.spectra.comparing import ionisation_of, precursor_error_da
from substances.spectra.entropy import NOISE_SHARE, PRECURSOR_GAP
from substances.spectra.explaining import explain_fragments
from substances.spectra.fits import Check, Fit, Outcome, Verdict
from substances.spectra.formulas import ADDUCTS, Adduct, adduct_of, counts_of, hill_formula, ion_mz, mass_of
from substances.spectra.nmr import is_solvent_signal
from substances.spectra.spectrum import Multiplet, Spectrum
from substances.structures.counting import DistinctAtoms, count_distinct_atoms, measured_form

EXPLAINED_WELL: Final = 0.75
"""From this share of explained intensity on, fragments support the formula; every shipped spectrum has 0.78 or more."""
EXPLAINED_BADLY: Final = 0.60
_LIKELY: Final = frozenset({"[M+H]+", "[M-H]-", "[M]+", "[M+Na]+", "[M+NH4]+"})
"""Ions that are assumed where a spectrum does not state its ion."""


def fit_spectrum(spectrum: Spectrum, smiles: str, formula: str) -> Fit:
    """Compare a spectrum with a structure: `smiles` as `read_structure` gave it, `formula` in Hill order.

    Of a salt the organic part is compared, neutral. Raises InputRefusedError for what cannot be read.
    """
    if "." in smiles:
        smiles, formula = measured_form(smiles)
    if spectrum.kind == "ms":
        checks = _mass_checks(spectrum, counts_of(formula))
    elif spectrum.kind == "nmr":
        checks = _nmr_checks(spectrum, count_distinct_atoms(smiles))
    else:
        checks = (Check("formula", "not_checked", "kind_not_checked"),)
    if spectrum.formula:
        checks = (_formula_check(spectrum.formula, formula), *checks)
    return Fit(_verdict_of(checks), checks)


def _verdict_of(checks: tuple[Check, ...]) -> Verdict:
    outcomes = {check.outcome for check in checks}
    if "disagrees" in outcomes:
        return "does_not_fit"
    if "unclear" in outcomes:
        return "unclear"
    return "fits" if "agrees" in outcomes else "not_checked"


def _formula_check(stated: str, formula: str) -> Check:
    try:
        counts_of(stated)
    except InputRefusedError:
        return Check("formula", "not_checked")
    expected, found = hill_formula(formula), hill_formula(stated)
    outcome: Outcome = "agrees" if expected == found else "disagrees"
    return Check("formula", outcome, expected_formula=expected, found_formula=found)


def _mass_checks(spectrum: Spectrum, counts: dict[str, int]) -> tuple[Check, ...]:
    if ionisation_of(spectrum) == "electron" or (spectrum.precursor_mz is None and spectrum.ms_level != 2):
        return (_molecular_ion_check(spectrum, counts),)
    precursor, adduct = _precursor_check(spectrum, mass_of(counts))
    return precursor, _fragments_check(spectrum, counts, adduct)


def _precursor_check(spectrum: Spectrum, mass: float) -> tuple[Check, Adduct]:
    """Compare the precursor with the ions the formula can make; give also the adduct that fits best."""
    sign = -1 if spectrum.ion_mode == "negative" else 1
    usual = ADDUCTS["[M-H]-" if sign < 0 else "[M+H]+"]
    if spectrum.precursor_mz is None:
        return Check("precursor", "not_checked", "precursor_missing"), usual
    stated = adduct_of(spectrum.adduct)
    possible = [stated] if stated else [adduct for adduct in ADDUCTS.values() if adduct.charge * sign > 0]
    found = spectrum.precursor_mz
    nearest = min(possible, key=lambda adduct: abs(ion_mz(mass, adduct) - found))
    expected = round(ion_mz(mass, nearest), 4)
    agrees = abs(expected - found) <= precursor_error_da(spectrum)
    reason = "" if stated else ("adduct_unknown" if spectrum.adduct else "adduct_assumed")
    shown = nearest if agrees or stated else usual
    is_guess = bool(reason) and agrees and nearest.name not in _LIKELY
    outcome: Outcome = "agrees" if agrees else ("unclear" if reason == "adduct_unknown" else "disagrees")
    check = Check(
        "precursor",
        "unclear" if is_guess else outcome,
        reason,
        round(ion_mz(mass, shown), 4),
        found,
        shown.name,
    )
    return check, nearest if agrees else usual


def _fragments_check(spectrum: Spectrum, counts: dict[str, int], adduct: Adduct) -> Check:
    if spectrum.is_unit_resolution:
        return Check("fragments", "not_checked", "unit_resolution")
    peaks = np.array(spectrum.peaks, dtype=np.float64)
    peaks = peaks[peaks[:, 1] >= NOISE_SHARE * float(np.max(peaks[:, 1]))]
    if spectrum.precursor_mz is not None:
        peaks = peaks[peaks[:, 0] < spectrum.precursor_mz - PRECURSOR_GAP]
    if not len(peaks):
        return Check("fragments", "not_checked", "no_fragments")
    charge = 1 if adduct.charge > 0 else -1
    explained = explain_fragments(peaks, counts, charge, adduct.hydrogens)
    if explained is None:
        return Check("fragments", "not_checked", "formula_too_large")
    share = round(explained.share, 3)
    if explained.chance > 0.5 * explained.share and explained.share > 0:
        return Check("fragments", "not_checked", "explained_by_chance", EXPLAINED_WELL, share)
    if explained.peaks < 3 and share < EXPLAINED_WELL:
        return Check("fragments", "unclear", "few_fragments", EXPLAINED_WELL, share)
    outcome: Outcome = (
        "agrees" if share >= EXPLAINED_WELL else "unclear" if share >= EXPLAINED_BADLY else "disagrees"
    )
    return Check("fragments", outcome, "", EXPLAINED_WELL, share)


def _molecular_ion_check(spectrum: Spectrum, counts: dict[str, int]) -> Check:
    """Check an electron-ionisation spectrum: no strong peak may lie above the molecular ion and its isotopes."""
    expected = round(mass_of(counts) - 0.000549, 4)
    top = max(y for _, y in spectrum.peaks)
    isotopes = 2 * (counts.get("Cl", 0) + counts.get("Br", 0)) + 3
    above = [x for x, y in spectrum.peaks if x > expected + isotopes + 0.5 and y >= 0.02 * top]
    if above:
        return Check("molecular_ion", "disagrees", "", expected, max(above), "[M]+")
    width = 0.5 if spectrum.is_unit_resolution else 0.01
    seen = [x for x, y in spectrum.peaks if abs(x - expected) <= width and y >= 0.002 * top]
    if not seen:
        return Check("molecular_ion", "not_checked", "no_molecular_ion", expected, None, "[M]+")
    return Check("molecular_ion", "agrees", "", expected, seen[0], "[M]+")


def _nmr_checks(spectrum: Spectrum, atoms: DistinctAtoms) -> tuple[Check, ...]:
    if spectrum.is_trace:
        return (Check("carbon_signals", "not_checked", "trace_not_picked"),)
    own = [
        entry
        for entry in spectrum.multiplets
        if not is_solvent_signal(entry.shift_ppm, spectrum.nucleus, spectrum.solvent) or entry.integral
    ]
    single = {"13C": ("carbon_signals", atoms.carbon_signals), "19F": ("fluorine_signals", atoms.fluorine_signals),
              "31P": ("phosphorus_signals", atoms.phosphorus_signals)}  # fmt: skip
    if spectrum.nucleus in single:
        return (_signals_check(*single[spectrum.nucleus], len(own)),)
    if spectrum.nucleus != "1H":
        return (Check("hydrogen_count", "not_checked", "nucleus_not_counted"),)
    return _hydrogen_checks(own, atoms)


def _signals_check(check: str, most: int, found: int) -> Check:
    """Compare a number of signals with the most that symmetry allows; one impurity is forgiven.

    Fewer are usual where shifts coincide or a carbon without hydrogens is not seen. Many more can come from
    rotamers of an amide: up to twice the number is unclear and not a contradiction.
    """
    if most == 0:
        return Check("element_present", "disagrees" if found else "agrees", "", 0, found)
    if found > 2 * most + 1:
        return Check(check, "disagrees", "", most, found)
    if found > most + 1 or found < 0.6 * most:
        return Check(check, "unclear", "", most, found)
    return Check(check, "agrees", "", most, found)


def _hydrogen_checks(own: list[Multiplet], atoms: DistinctAtoms) -> tuple[Check, ...]:
    """Compare integrals with the hydrogens of the structure; those on N, O and S need not be seen."""
    if any(entry.multiplicity or entry.integral for entry in own):
        signals = Check(
            "hydrogen_signals",
            "agrees" if len(own) <= atoms.hydrogen_signals + 1 else "unclear",
            "",
            atoms.hydrogen_signals,
            len(own),
        )
    else:
        signals = Check("hydrogen_signals", "not_checked", "integrals_missing")
    integrals = [entry.integral for entry in own if entry.integral]
    if not integrals or len(integrals) < len(own):
        return signals, Check("hydrogen_count", "not_checked", "integrals_missing", atoms.hydrogens)
    total = round(sum(integrals), 2)
    least = atoms.hydrogens - atoms.exchanging_hydrogens
    slack = max(0.5, 0.04 * atoms.hydrogens)
    most = atoms.hydrogens + (1 if atoms.has_basic_nitrogen else 0)
    outcome: Outcome = "agrees" if least - slack <= total <= most + slack else "disagrees"
    if outcome == "disagrees" and abs(total - atoms.hydrogens) <= 3 * slack:
        outcome = "unclear"
    reason = ""
    if outcome == "agrees" and total < atoms.hydrogens - slack:
        reason = "exchanging_hydrogens"
    elif outcome == "agrees" and total > atoms.hydrogens + slack:
        reason = "salt_possible"
    return signals, Check("hydrogen_count", outcome, reason, atoms.hydrogens, total)

# SPDX-License-Identifier: Apache-2.0
"""Molecular formulas as counts of elements, their masses, and their ions.

Masses are of the most abundant isotope, as mono-isotopic masses are defined; they are those of the 2020/2021 atomic mass
evaluation, rounded to 10^-6 u.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from substances.errors import InputRefusedError

MASSES: Final[Mapping[str, float]] = {
    "C": 12.0, "H": 1.007825, "N": 14.003074, "O": 15.994915, "S": 31.972071, "P": 30.973762, "F": 18.998403,
    "Cl": 34.968853, "Br": 78.918338, "I": 126.904472, "Si": 27.976927, "B": 11.009305, "Na": 22.989769,
    "K": 38.963706, "Mg": 23.985042, "Al": 26.981538, "Ca": 39.962591, "Fe": 55.934936, "Cu": 62.929597, "Zn": 63.929142,
    "As": 74.921595, "Sn": 119.902202, "Pt": 194.964792, "Hg": 201.970644, "Li": 7.016003, "Se": 79.916522, "D": 2.014102,
}  # fmt: skip
ELECTRON: Final = 0.000549
MAX_ATOMS: Final = 2_000

_TERM = re.compile(r"([A-Z][a-z]?)(\d{0,4})")
_CHARGE = re.compile(r"\]?\d?[+-]*\Z")

Counts = dict[str, int]


def counts_of(formula: str) -> Counts:
    """Read a formula such as C17H21NO4. Raise InputRefusedError("formula", ...) for any other text."""
    text = (
        _CHARGE.sub("", formula.strip().lstrip("["))
        if formula.strip().endswith(("+", "-"))
        else formula.strip()
    )
    counts: Counts = {}
    place = 0
    while place < len(text):
        found = _TERM.match(text, place)
        if found is None or found[1] not in MASSES or found[2] == "0":
            raise InputRefusedError("formula", "formula_unreadable", str(place))
        counts[found[1]] = counts.get(found[1], 0) + int(found[2] or 1)
        place = found.end()
    if not counts or sum(counts.values()) > MAX_ATOMS:
        raise InputRefusedError("formula", "formula_unreadable")
    return counts


def hill_formula(formula: str) -> str:
    """Return a formula in Hill order; return any other text unchanged."""
    try:
        counts = counts_of(formula)
    except InputRefusedError:
        return formula
    first = [element for element in ("C", "H") if "C" in counts and element in counts]
    rest = sorted(element for element in counts if element not in first)
    return "".join(f"{element}{counts[element] if counts[element] > 1 else ''}" for element in first + rest)


def mass_of(counts: Mapping[str, int]) -> float:
    """Return the mono-isotopic mass in u."""
    return sum(MASSES[element] * count for element, count in counts.items())


@dataclass(frozen=True, slots=True)
class Adduct:
    """The making of an ion from molecules: `multiple` of them, mass and hydrogens added, charge with its sign."""

    name: str
    multiple: int
    added: float
    hydrogens: int
    charge: int


def _adduct(name: str, gains: str, loses: str, charge: int, multiple: int = 1) -> Adduct:
    gained, lost = (counts_of(gains) if gains else {}), (counts_of(loses) if loses else {})
    return Adduct(
        name, multiple, mass_of(gained) - mass_of(lost), gained.get("H", 0) - lost.get("H", 0), charge
    )


ADDUCTS: Final[Mapping[str, Adduct]] = {
    adduct.name: adduct
    for adduct in (
        _adduct("[M+H]+", "H", "", 1),
        _adduct("[M]+", "", "", 1),
        _adduct("[M+Na]+", "Na", "", 1),
        _adduct("[M+NH4]+", "NH4", "", 1),
        _adduct("[M+K]+", "K", "", 1),
        _adduct("[M+H-H2O]+", "H", "H2O", 1),
        _adduct("[M+ACN+H]+", "C2H4N", "", 1),
        _adduct("[M+2H]2+", "H2", "", 2),
        _adduct("[2M+H]+", "H", "", 1, 2),
        _adduct("[2M+Na]+", "Na", "", 1, 2),
        _adduct("[M-H]-", "", "H", -1),
        _adduct("[M]-", "", "", -1),
        _adduct("[M+Cl]-", "Cl", "", -1),
        _adduct("[M+HCOO]-", "CHO2", "", -1),
        _adduct("[M+CH3COO]-", "C2H3O2", "", -1),
        _adduct("[M-H-H2O]-", "", "H3O", -1),
        _adduct("[2M-H]-", "", "H", -1, 2),
    )
}
_ADDUCT_SPELLINGS: Final = {
    "M+H": "[M+H]+", "[M+H]1+": "[M+H]+", "M+": "[M]+", "[M]+.": "[M]+", "[M]+*": "[M]+", "[M+.]": "[M]+", "M+NA": "[M+Na]+",
    "M+NH4": "[M+NH4]+", "M+K": "[M+K]+", "M-H": "[M-H]-", "[M-H]1-": "[M-H]-", "M+CL": "[M+Cl]-", "[M+FA-H]-": "[M+HCOO]-",
    "[M+HAC-H]-": "[M+CH3COO]-", "[M-H2O+H]+": "[M+H-H2O]+", "[M+2H]++": "[M+2H]2+", "M+2H": "[M+2H]2+", "2M+H": "[2M+H]+",
    "[M+CH3CN+H]+": "[M+ACN+H]+", "[M+FORMATE]-": "[M+HCOO]-", "[M+ACETATE]-": "[M+CH3COO]-",
}  # fmt: skip
_BY_SPELLING: Final = {name.upper(): name for name in ADDUCTS} | _ADDUCT_SPELLINGS


def adduct_of(text: str) -> Adduct | None:
    """Return the adduct that a text names; None for one that is not in the list."""
    name = _BY_SPELLING.get(re.sub(r"\s", "", text).upper())
    return ADDUCTS[name] if name else None


def ion_mz(neutral_mass: float, adduct: Adduct) -> float:
    """Return the m/z of the ion that a molecule of this mass makes."""
    return (adduct.multiple * neutral_mass + adduct.added - adduct.charge * ELECTRON) / abs(adduct.charge)

# SPDX-License-Identifier: Apache-2.0
"""Checks of a substance's identifiers without drawing its structure: forms, check digit, formula.

The check digit of a CAS registry number is defined by CAS, the layers of an InChI by the IUPAC InChI Trust. Whether an InChI's
structure is possible is not checked.
"""

import re
from collections import Counter
from typing import Final

_SYMBOLS: Final = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y "
    "Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re "
    "Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg "
    "Cn Nh Fl Mc Lv Ts Og D T"
)
ELEMENTS: Final = frozenset(_SYMBOLS.split())
FORMULA_PATTERN: Final = r"([A-Z][a-z]?[0-9]{0,4})+"
INCHI_PATTERN: Final = r"InChI=1S?/[0-9A-Za-z.]+(/[!-.0-~]*)*"

_CAS: Final = re.compile(r"([0-9]{2,7})-([0-9]{2})-([0-9])")
_INCHIKEY: Final = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
_FORMULA: Final = re.compile(FORMULA_PATTERN)
_INCHI: Final = re.compile(INCHI_PATTERN)
_ATOMS: Final = re.compile(r"([A-Z][a-z]?)([0-9]*)")
_PART: Final = re.compile(r"([0-9]*)((?:[A-Z][a-z]?[0-9]*)+)")
_PROTONS: Final = re.compile(r"/p([+-][0-9]+)")


def is_cas_number(text: str) -> bool:
    """Check form and check digit: the digits before it, weighted 1, 2, 3 ... from the right, summed modulo 10."""
    match = _CAS.fullmatch(text)
    if match is None:
        return False
    digits = reversed(match[1] + match[2])
    return sum(weight * int(digit) for weight, digit in enumerate(digits, start=1)) % 10 == int(match[3])


def is_inchikey(text: str) -> bool:
    """Check the form only: an InChIKey has no check digit; where the InChI is given the two are compared."""
    return _INCHIKEY.fullmatch(text) is not None


def is_formula(text: str) -> bool:
    """Check for symbols of existing elements, each with a count from 1 or none."""
    if _FORMULA.fullmatch(text) is None:
        return False
    atoms = _ATOMS.findall(text)
    return all(symbol in ELEMENTS and not count.startswith("0") for symbol, count in atoms)


def is_inchi(text: str) -> bool:
    """Check the form, and a formula layer that counts atoms."""
    return _INCHI.fullmatch(text) is not None and bool(_inchi_atoms(text))


def differs_from_structure(formula: str, inchi: str) -> bool:
    """Tell whether a formula counts other atoms than the InChI; deuterium and tritium count as hydrogen there."""
    return _atoms(formula) != _inchi_atoms(inchi)


def _atoms(formula: str) -> Counter[str]:
    counted: Counter[str] = Counter()
    for symbol, count in _ATOMS.findall(formula):
        counted["H" if symbol in {"D", "T"} else symbol] += int(count or 1)
    return counted


def _inchi_atoms(inchi: str) -> Counter[str]:
    """Return the atoms of the formula layer, part by part, with the protons that layer /p adds or removes."""
    counted: Counter[str] = Counter()
    for part in inchi.split("/")[1].split("."):
        match = _PART.fullmatch(part)
        if match is None:
            return Counter()
        for symbol, count in _atoms(match[2]).items():
            counted[symbol] += count * int(match[1] or 1)
    protons = _PROTONS.search(inchi)
    counted["H"] += int(protons[1]) if protons else 0
    return +counted

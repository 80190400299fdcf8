# SPDX-License-Identifier: Apache-2.0
"""Find disagreements between a structure and the identifiers written beside it."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from substances.errors import InputRefusedError
from substances.structures.names import blocks_of_cas, blocks_of_name, names_of_block
from substances.structures.normalising import first_block
from substances.structures.reading import Structure, read_structure
from substances.structures.toolkit import parse_smiles, rdkit

_CAS: Final = re.compile(r"([0-9]{2,7})-([0-9]{2})-([0-9])")
_INCHIKEY: Final = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
_PART: Final = re.compile(r"([0-9]*)((?:[A-Z][a-z]?[0-9]*)+)")
_ATOMS: Final = re.compile(r"([A-Z][a-z]?)([0-9]*)")


@dataclass(frozen=True)
class Disagreement:
    """`field` is the identifier; `expected` the structure's own value, empty where it has none.

    `other` is the name of the other known substance that a name or a number belongs to.
    """

    field: str
    code: str
    expected: str = ""
    other: str = ""


def compare_identifiers(
    structure: Structure,
    *,
    inchi: str = "",
    inchikey: str = "",
    formula: str = "",
    cas: str = "",
    name: str = "",
) -> tuple[Disagreement, ...]:
    """Return all disagreements; none where everything fits or nothing was written."""
    found = [
        _inchi(structure, inchi.strip()),
        _inchikey(structure, inchikey.strip()),
        _formula(structure, formula.strip()),
        _cas(structure, cas.strip()),
        _name(structure, name.strip()),
    ]
    return tuple(item for item in found if item is not None)


def has_cas_digit(cas: str) -> bool:
    """Check form and check digit: the digits before it, weighted 1, 2, 3 ... from the right, summed modulo 10."""
    match = _CAS.fullmatch(cas)
    if match is None:
        return False
    digits = reversed(match[1] + match[2])
    return sum(weight * int(digit) for weight, digit in enumerate(digits, start=1)) % 10 == int(match[3])


def _inchi(structure: Structure, inchi: str) -> Disagreement | None:
    if not inchi or inchi == structure.inchi:
        return None
    try:
        key = read_structure(inchi, form="inchi").inchikey
    except InputRefusedError:
        return Disagreement("inchi", "not_an_inchi", structure.inchi)
    fault = _against_key(structure, key)
    return Disagreement("inchi", fault, structure.inchi) if fault else None


def _inchikey(structure: Structure, inchikey: str) -> Disagreement | None:
    if not inchikey:
        return None
    if not _INCHIKEY.fullmatch(inchikey):
        return Disagreement("inchikey", "not_an_inchikey", structure.inchikey)
    fault = _against_key(structure, inchikey)
    return Disagreement("inchikey", fault, structure.inchikey) if fault else None


def _against_key(structure: Structure, key: str) -> str:
    """Return how a key differs: other substance, the base of this salt, or only stereo, isotopes or charge."""
    if not structure.inchikey or key == structure.inchikey:
        return ""
    if first_block(key) == first_block(structure.inchikey):
        return "other_stereo_or_isotopes"
    if first_block(key) == first_block(_parent_key(structure)):
        return "of_the_base"
    return "other_structure"


def _parent_key(structure: Structure) -> str:
    toolkit = rdkit()
    inchi = toolkit.inchi.MolToInchi(parse_smiles(structure.parent_smiles), "")[0]
    return str(toolkit.inchi.InchiToInchiKey(inchi)) if inchi else ""


def _formula(structure: Structure, formula: str) -> Disagreement | None:
    if not formula:
        return None
    counted = _counted(formula)
    if not counted:
        return Disagreement("formula", "not_a_formula", structure.formula)
    if counted == _counted(structure.formula):
        return None
    code = "of_the_base" if counted == _counted(structure.parent_formula) else "other_formula"
    return Disagreement("formula", code, structure.formula)


def _counted(formula: str) -> Counter[str]:
    """Count the atoms of a formula, which may have parts such as C22H28N2O.ClH but no fractions such as C9H13N·0.5H2SO4.

    Returns an empty counter for any other text.
    """
    counted: Counter[str] = Counter()
    for part in re.split(r"[.·*]", formula.replace(" ", "")):
        match = _PART.fullmatch(part)
        if match is None:
            return Counter()
        for symbol, count in _ATOMS.findall(match[2]):
            counted["H" if symbol in {"D", "T"} else symbol] += int(count or 1) * int(match[1] or 1)
    return counted


def _cas(structure: Structure, cas: str) -> Disagreement | None:
    """Check form and check digit, and the owner of a number that the reference sets know."""
    if not cas:
        return None
    if has_cas_digit(cas):
        return _of_another("cas", structure, blocks_of_cas(cas))
    return Disagreement("cas", "check_digit" if _CAS.fullmatch(cas) else "not_a_cas_number")


def _name(structure: Structure, name: str) -> Disagreement | None:
    """Check a name that the reference sets know; an unknown name is no disagreement."""
    return _of_another("name", structure, blocks_of_name(name) if name else frozenset())


def _of_another(field: str, structure: Structure, known: frozenset[str]) -> Disagreement | None:
    blocks = {first_block(structure.inchikey), first_block(_parent_key(structure))}
    if not known or known & blocks:
        return None
    expected = next((other for block in sorted(blocks) for other in names_of_block(block)), "")
    other = next((name for block in sorted(known) for name in names_of_block(block)), "")
    return Disagreement(field, "other_substance", expected, other)

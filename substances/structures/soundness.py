# SPDX-License-Identifier: Apache-2.0
"""Check whether a text, once parsed, is one definite and possible structure."""

import re
from typing import Any, Final

from substances.errors import InputRefusedError
from substances.structures import limits
from substances.structures.inchi_layers import formula_disagrees
from substances.structures.notations import Notation
from substances.structures.toolkit import rdkit

# Letters that begin or end no atom of a plain SMILES; a text with brackets or bonds counts as an attempt at one.
_WORD: Final = re.compile(r"(?=.*[ADEGJKLMQRTUVWXYZadeghijkmqtuvwxyz])[A-Za-z0-9,'.-]+")
_PROBLEMS: Final = {
    "AtomValenceException": "impossible_valence",
    "AtomKekulizeException": "impossible_aromatic",
    "KekulizeException": "impossible_aromatic",
}
_NON_METALS: Final = frozenset({1, 5, 6, 7, 8, 9, 14, 15, 16, 17, 34, 35, 53})


def parse_notation(notation: Notation) -> Any:
    """Return a checked molecule with its hydrogens as written; raise InputRefusedError."""
    raw = _raw(notation)
    if raw is None:
        raise _refused(_why_unread(notation))
    if raw.GetNumAtoms() == 0:
        raise _refused("no_atoms")
    _refuse_large(raw)
    _refuse_indefinite(raw)
    _refuse_hydrogens(raw)
    _refuse_impossible(raw)
    whole = _parsed(notation)
    if whole is None:
        raise _refused("unreadable")
    return whole


def _why_unread(notation: Notation) -> str:
    if notation.form == "inchi" and formula_disagrees(notation.text):
        return "inchi_formula_disagrees"
    return "a_name" if _WORD.fullmatch(notation.text) else "unreadable"


def refuse_unsound(molecule: Any) -> None:
    """Refuse excesses and faults that only a checked molecule shows: rings, radicals, isotopes that do not exist.

    An InChI takes compounds of metals apart; beside a metal, an atom without a bond is therefore no radical.
    """
    toolkit = rdkit()
    if molecule.GetRingInfo().NumRings() > limits.MAX_RINGS:
        raise _refused("too_many_rings")
    for bond in molecule.GetBonds():
        if bond.GetBondType() == toolkit.Chem.BondType.AROMATIC and not bond.GetIsAromatic():
            raise _refused("impossible_aromatic", f"bond {bond.GetIdx() + 1}")
    has_metal = any(atom.GetAtomicNum() not in _NON_METALS for atom in molecule.GetAtoms())
    table = toolkit.Chem.GetPeriodicTable()
    for atom in molecule.GetAtoms():
        where = f"atom {atom.GetIdx() + 1}"
        isotope = atom.GetIsotope()
        if isotope and not table.GetMassForIsotope(atom.GetAtomicNum(), isotope):
            raise _refused("unknown_isotope", where)
        is_alone = atom.GetDegree() == 0 and (has_metal or atom.GetAtomicNum() not in _NON_METALS)
        if atom.GetNumRadicalElectrons() and not is_alone:
            raise _refused("radical", where)


def _raw(notation: Notation) -> Any:
    toolkit = rdkit()
    if notation.form == "smiles":
        return toolkit.Chem.MolFromSmiles(notation.text, _smiles_options(sanitize=False))
    if notation.form == "inchi":
        return toolkit.inchi.InchiToMol(notation.text, False, False)[0]
    return _block(notation.text, sanitize=False)


def _parsed(notation: Notation) -> Any:
    toolkit = rdkit()
    try:
        if notation.form == "smiles":
            return toolkit.Chem.MolFromSmiles(notation.text, _smiles_options(sanitize=True))
        if notation.form == "inchi":
            return toolkit.inchi.InchiToMol(notation.text, True, False)[0]
    except toolkit.Chem.MolSanitizeException:
        return None
    return _block(notation.text, sanitize=True)


def _block(text: str, *, sanitize: bool) -> Any:
    """Parse a MOL block; its parser raises where others return None, and its message, which repeats the text, is dropped."""
    toolkit = rdkit()
    try:
        return toolkit.Chem.MolFromMolBlock(text, sanitize=sanitize, removeHs=False, strictParsing=True)
    except (RuntimeError, ValueError, toolkit.Chem.MolSanitizeException):
        return None


def _smiles_options(*, sanitize: bool) -> Any:
    options = rdkit().Chem.SmilesParserParams()
    options.sanitize = sanitize
    options.removeHs = False
    options.allowCXSMILES = False
    options.parseName = False
    return options


def _refuse_large(molecule: Any) -> None:
    if molecule.GetNumAtoms() > limits.MAX_ALL_ATOMS or molecule.GetNumHeavyAtoms() > limits.MAX_ATOMS:
        raise _refused("too_many_atoms")
    if len(rdkit().Chem.GetMolFrags(molecule)) > limits.MAX_COMPONENTS:
        raise _refused("too_many_components")


def _refuse_indefinite(molecule: Any) -> None:
    """Refuse atoms and bonds that stand for several things."""
    for atom in molecule.GetAtoms():
        where = f"atom {atom.GetIdx() + 1}"
        if atom.GetAtomicNum() == 0:
            raise _refused("query" if atom.HasQuery() else "wildcard", where)
        if atom.HasQuery():
            raise _refused("query", where)
    for bond in molecule.GetBonds():
        if bond.HasQuery():
            raise _refused("query", f"bond {bond.GetIdx() + 1}")


def _refuse_hydrogens(molecule: Any) -> None:
    """Refuse a number of hydrogens that no atom bears; the toolkit would try to place them all."""
    for atom in molecule.GetAtoms():
        if atom.GetNumExplicitHs() > limits.MAX_HYDROGENS:
            raise _refused("impossible_valence", f"atom {atom.GetIdx() + 1}")


def _refuse_impossible(molecule: Any) -> None:
    for problem in rdkit().Chem.DetectChemistryProblems(molecule):
        code = _PROBLEMS.get(problem.GetType(), "impossible_valence")
        where = f"atom {problem.GetAtomIdx() + 1}" if hasattr(problem, "GetAtomIdx") else ""
        raise _refused(code, where)


def _refused(code: str, where: str = "") -> InputRefusedError:
    return InputRefusedError("structure", code, where)

# SPDX-License-Identifier: Apache-2.0
"""The parent of a structure, which class rules and comparisons use.

The parent is the largest organic component that is not a usual counter-ion, neutral where possible, without isotopes and stereo
marks, and in one agreed form where a hydrogen is mobile: the InChI's own reading of it, with imidic acids turned back to amides
and hydroxy-azines to their oxo form. Two notations of one substance have one parent, atom for atom in one order.
"""

import csv
from functools import cache
from pathlib import Path
from typing import Any, Final

from substances.errors import InputRefusedError
from substances.structures.toolkit import parse_smiles, rdkit, sound

_COUNTER_IONS: Final = Path(__file__).resolve().parents[1] / "data" / "control" / "counter-ions.csv"
_METALS: Final = "[Li,Na,K,Rb,Cs,Mg,Ca,Sr,Ba,Zn,Al,Ag]-[O,S,N]"
_SEPARATED: Final = ("[S,Se,P,As;+1,+2]-[O,S;-1;X1]", "[C,N;-1]-[N+;X2]#[N;X1;+0]")
_PROTONATED: Final = frozenset({5, 6, 7, 8, 9, 14, 15, 16, 17, 34, 35, 53})
_MOBILE: Final = (
    "[O,S;X2;H1]-[#6X3;!a]=[#7X2;!a;+0]",
    "[O,S;X2;H1]-[c;r5,r6]:[n;X2;H0;+0]",
    "[#7X3;R;H1;+0]:,-[#6X3;R]=[#7X2;!R;+0]",
)


def parent_of(smiles: str) -> str:
    """Return canonical SMILES of the parent; verdicts and drawings count atoms in its order.

    Raises InputRefusedError("structure", "unreadable") where the text is no SMILES, and "impossible_valence" where its
    hydrogens are impossible.
    """
    parent = _normalised(smiles)
    # Neutral atoms can make another ring aromatic, or free a proton for the next one.
    return _normalised(parent) if "+" in parent or "-" in parent else parent


def _normalised(smiles: str) -> str:
    molecule = parse_smiles(smiles)
    if molecule is None or molecule.GetNumAtoms() == 0:
        raise InputRefusedError("structure", "unreadable")
    bare = _main_component(_usual_bonds(_disconnected(_without_marks(molecule))))
    return str(rdkit().Chem.MolToSmiles(_agreed_form(bare)))


def first_block(inchikey: str) -> str:
    """Return the connectivity block of an InChIKey: the same for all stereo forms and isotopes."""
    return inchikey[:14]


def amide_form(molecule: Any) -> Any:
    """Return the usual form of what readers of InChI make: amides, thioamides, oxo-azines, amines on rings; else the same."""
    for _ in range(molecule.GetNumAtoms()):
        changed = _with_shifted_hydrogen(molecule)
        if changed is None:
            break
        molecule = changed
    return molecule


def _without_marks(molecule: Any) -> Any:
    """Remove isotopes, stereo, explicit hydrogen atoms and atom numbers."""
    toolkit = rdkit()
    for atom in molecule.GetAtoms():
        atom.SetIsotope(0)
        atom.SetAtomMapNum(0)
    toolkit.Chem.RemoveStereochemistry(molecule)
    bare = sound(toolkit.Chem.RemoveHs, molecule)
    if bare is None:
        raise InputRefusedError("structure", "impossible_valence")
    return bare if bare.GetNumAtoms() else molecule


def _disconnected(molecule: Any) -> Any:
    """Take apart salts that were drawn with a bond between metal and hetero atom."""
    toolkit = rdkit()
    bonds = molecule.GetSubstructMatches(_metal_bond())
    if not bonds:
        return molecule
    editable = toolkit.Chem.RWMol(molecule)
    for metal, other in bonds:
        editable.RemoveBond(metal, other)
        for index, step in ((metal, 1), (other, -1)):
            atom = editable.GetAtomWithIdx(index)
            atom.SetFormalCharge(atom.GetFormalCharge() + step)
            atom.SetNoImplicit(index == metal)
    return _sanitized(editable) or molecule


def _usual_bonds(molecule: Any) -> Any:
    """Redraw sulfoxides, phosphine oxides, azides and diazo groups in the usual one of their two ways."""
    if not any(atom.GetFormalCharge() for atom in molecule.GetAtoms()):
        return molecule
    toolkit = rdkit()
    order = toolkit.Chem.BondType
    separated, diazo = _drawn_otherwise()
    editable = toolkit.Chem.RWMol(molecule)
    while found := editable.GetSubstructMatch(separated):
        _join(editable, found[:2], order.DOUBLE)
    for outer, inner, end in editable.GetSubstructMatches(diazo):
        _join(editable, (inner, outer), order.DOUBLE)
        editable.GetBondBetweenAtoms(inner, end).SetBondType(order.DOUBLE)
        editable.GetAtomWithIdx(inner).SetFormalCharge(1)
        editable.GetAtomWithIdx(end).SetFormalCharge(-1)
    return _sanitized(editable) or molecule


def _join(editable: Any, pair: tuple[int, int], order: Any) -> None:
    """Bind a positive and a negative atom, whose charges cancel, with this bond order."""
    editable.GetBondBetweenAtoms(*pair).SetBondType(order)
    for index, step in zip(pair, (-1, 1), strict=True):
        atom = editable.GetAtomWithIdx(index)
        atom.SetFormalCharge(atom.GetFormalCharge() + step)


def _main_component(molecule: Any) -> Any:
    toolkit = rdkit()
    parts = toolkit.Chem.GetMolFrags(molecule, asMols=True, sanitizeFrags=False)
    ranked = sorted((_neutral(part) for part in parts), key=_rank)
    return ranked[0]


def _rank(part: Any) -> tuple[bool, bool, int, float, str]:
    toolkit = rdkit()
    smiles = str(toolkit.Chem.MolToSmiles(part))
    organic = any(atom.GetAtomicNum() == 6 for atom in part.GetAtoms())
    heavy = part.GetNumHeavyAtoms()
    return not organic, smiles in counter_ions(), -heavy, -toolkit.descriptors.CalcExactMolWt(part), smiles


def _neutral(part: Any) -> Any:
    """Add protons to charged atoms or take them; keep pairs such as in a nitro group or an N-oxide."""
    toolkit = rdkit()
    editable = toolkit.Chem.RWMol(part)
    for atom in editable.GetAtoms():
        charge = atom.GetFormalCharge()
        if charge == 0 or any(near.GetFormalCharge() * charge < 0 for near in atom.GetNeighbors()):
            continue
        hydrogens = atom.GetTotalNumHs()
        change = -min(charge, hydrogens) if charge > 0 else -charge
        if change and _takes_protons(atom):
            atom.SetFormalCharge(charge + change)
            atom.SetNumExplicitHs(hydrogens + change)
            atom.SetNoImplicit(True)
    return _sanitized(editable) or part


def _takes_protons(atom: Any) -> bool:
    """Tell whether a proton can balance the charge: not on a metal, nor on an atom bound to one, as in permanganate."""
    return atom.GetAtomicNum() in _PROTONATED and all(
        near.GetAtomicNum() in _PROTONATED or near.GetAtomicNum() == 1 for near in atom.GetNeighbors()
    )


def _agreed_form(molecule: Any) -> Any:
    """Return one form for all that differ by where a mobile hydrogen is drawn; the molecule itself where none is mobile."""
    toolkit = rdkit()
    plain = parse_smiles(toolkit.Chem.MolToSmiles(molecule))
    if plain is None:
        return molecule
    inchi, code = toolkit.inchi.MolToInchi(plain, "-SNon")[:2]
    if code not in {0, 1} or "(H" not in inchi:
        return amide_form(plain)
    again = (sound(toolkit.inchi.InchiToMol, inchi, True, True) or [None])[0]
    return amide_form(plain if again is None or _makeup(again) != _makeup(plain) else again)


def _makeup(molecule: Any) -> tuple[str, int, list[int], int]:
    """Return what all forms of one substance share: formula, parts, charges, radicals."""
    toolkit = rdkit()
    atoms = list(molecule.GetAtoms())
    return (
        str(toolkit.descriptors.CalcMolFormula(molecule)),
        len(toolkit.Chem.GetMolFrags(molecule)),
        sorted(atom.GetFormalCharge() for atom in atoms),
        sum(atom.GetNumRadicalElectrons() for atom in atoms),
    )


def _with_shifted_hydrogen(molecule: Any) -> Any:
    """Return the first change by one of the patterns that gives a possible structure; None where none does."""
    toolkit = rdkit()
    ranks: list[int] = []
    for pattern in _mobile_patterns():
        found = molecule.GetSubstructMatches(pattern)
        ranks = ranks or (list(toolkit.Chem.CanonicalRankAtoms(molecule, breakTies=False)) if found else [])
        for donor, carbon, acceptor in sorted(found, key=lambda match: [ranks[index] for index in match]):
            changed = _shifted(molecule, donor, carbon, acceptor)
            if changed is not None:
                return changed
    return None


def _shifted(molecule: Any, donor: int, carbon: int, acceptor: int) -> Any:
    """Move a hydrogen from donor to acceptor, and the double bond of the carbon from acceptor to donor."""
    toolkit = rdkit()
    editable = toolkit.Chem.RWMol(molecule)
    for index, step in ((donor, -1), (acceptor, 1)):
        atom = editable.GetAtomWithIdx(index)
        hydrogens = atom.GetTotalNumHs() + step
        atom.SetNoImplicit(True)
        atom.SetNumExplicitHs(hydrogens)
    for index, order in ((donor, toolkit.Chem.BondType.DOUBLE), (acceptor, toolkit.Chem.BondType.SINGLE)):
        bond = editable.GetBondBetweenAtoms(index, carbon)
        if not bond.GetIsAromatic():
            bond.SetBondType(order)
            bond.SetStereo(toolkit.Chem.BondStereo.STEREONONE)
    return _sanitized(editable)


def _sanitized(editable: Any) -> Any:
    """Return a checked molecule, or None where the change gave no possible structure."""
    toolkit = rdkit()
    molecule = editable.GetMol()
    failed = toolkit.Chem.SanitizeMol(molecule, catchErrors=True)
    return None if failed else molecule


@cache
def _mobile_patterns() -> tuple[Any, ...]:
    """Return the patterns: donor of the hydrogen, carbon, acceptor."""
    return tuple(rdkit().Chem.MolFromSmarts(smarts) for smarts in _MOBILE)


@cache
def _drawn_otherwise() -> tuple[Any, ...]:
    return tuple(rdkit().Chem.MolFromSmarts(smarts) for smarts in _SEPARATED)


@cache
def _metal_bond() -> Any:
    return rdkit().Chem.MolFromSmarts(_METALS)


@cache
def counter_ions() -> frozenset[str]:
    """Return canonical SMILES of the usual counter-ions and solvates, neutral and without stereo."""
    with _COUNTER_IONS.open(encoding="utf-8", newline="") as lines:
        texts = [row["smiles"] for row in csv.DictReader(lines)]
    return frozenset(rdkit().Chem.MolToSmiles(parse_smiles(text)) for text in texts)

# SPDX-License-Identifier: Apache-2.0
"""Evaluate notations: each substance of a file is written in other ways, and every rule must answer each the same.

Atoms in another order, InChI, MOL in both versions, hydrogens as atoms, as a salt, with isotopes: laboratories' programs write
differently, but the substance is the same.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from devtool.evaluation.findings import Part, Table, counted, percent_at_least
from devtool.evaluation.substances import Row
from substances.control.engine import judge
from substances.control.rules import RuleSet
from substances.errors import InputRefusedError
from substances.structures.reading import read_structure
from substances.structures.toolkit import parse_smiles, rdkit

_SEED = 20_260


def evaluate_notations(path: Path, rows: Sequence[Row], ruleset: RuleSet) -> Part:
    """Return the measures of one file; the class verdicts report a row whose own structure cannot be read."""
    right: dict[str, int] = {}
    asked: dict[str, int] = {}
    notes = []
    for row in rows:
        expected = _answers(row.smiles, ruleset)
        for way, text in _written(row.smiles).items():
            same = expected is not None and _answers(text, ruleset) == expected
            right[way] = right.get(way, 0) + same
            asked[way] = asked.get(way, 0) + 1
            if not same:
                notes.append(f"Another answer: {row.name}, {way}")
    return Part(
        f"Notations: {path.name}, {len(rows)} substances in {len(asked)} other ways",
        (
            percent_at_least(
                "The same verdict of every rule in every notation",
                sum(right.values()),
                sum(asked.values()),
                100,
            ),
        ),
        (Table(("notation", "same"), tuple((way, counted(right[way], asked[way])) for way in asked)),),
        tuple(notes),
    )


def _answers(text: str, ruleset: RuleSet) -> tuple[str, ...] | None:
    try:
        parent = read_structure(text).parent_smiles
    except InputRefusedError:
        return None
    return tuple(judge(rule, parent).verdict for rule in ruleset.rules)


def _written(smiles: str) -> dict[str, str]:
    """Return the substance in other notations, as far as they exist; none for a text that is no SMILES."""
    toolkit = rdkit()
    molecule = parse_smiles(smiles)
    if molecule is None:
        return {}
    chem = toolkit.Chem
    ways = {
        f"SMILES, order {turn}": text
        for turn, text in enumerate(chem.MolToRandomSmilesVect(molecule, 3, randomSeed=_SEED), start=1)
    }
    ways |= {
        "InChI": toolkit.inchi.MolToInchi(molecule, "")[0],
        "MOL V2000": chem.MolToMolBlock(molecule),
        "MOL V3000": chem.MolToV3KMolBlock(molecule),
        "hydrogens as atoms": chem.MolToSmiles(chem.AddHs(molecule)),
        "hydrochloride": f"{smiles}.Cl",
        "deuterated": chem.MolToSmiles(_deuterated(molecule)),
        "carbon-13": chem.MolToSmiles(_labelled(molecule)),
    }
    return {way: text for way, text in ways.items() if text}


def _deuterated(molecule: Any) -> Any:
    """Replace every hydrogen of the first methyl or other carbon with hydrogens by deuterium."""
    whole = rdkit().Chem.AddHs(molecule)
    for carbon in (atom for atom in whole.GetAtoms() if atom.GetAtomicNum() == 6):
        hydrogens = [near for near in carbon.GetNeighbors() if near.GetAtomicNum() == 1]
        for hydrogen in hydrogens:
            hydrogen.SetIsotope(2)
        if hydrogens:
            break
    return rdkit().Chem.RemoveHs(whole)


def _labelled(molecule: Any) -> Any:
    """Make the first carbon carbon-13, where there is one."""
    copy = rdkit().Chem.Mol(molecule)
    for carbon in [atom for atom in copy.GetAtoms() if atom.GetAtomicNum() == 6][:1]:
        carbon.SetIsotope(13)
    return copy

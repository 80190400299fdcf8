# SPDX-License-Identifier: Apache-2.0
"""One substance in many notations: random SMILES, InChI, MOL blocks, hydrogens, salts, isotopes, charges, tautomers."""

import csv
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rdkit import Chem, rdBase
from rdkit.Chem import rdDepictor, rdinchi

rdBase.DisableLog("rdApp.*")
DATA = Path(__file__).resolve().parents[3] / "substances" / "data"
SALTS = (
    "Cl", "Br", "OS(=O)(=O)O", "OC(=O)CC(O)(CC(=O)O)C(=O)O", "OC(=O)/C=C/C(=O)O", "O[C@H](C(=O)O)[C@@H](O)C(=O)O", "O",
    "OC(=O)C(=O)O", "CS(=O)(=O)O", "CC(=O)O", "CCO", "OP(=O)(O)O",
)  # fmt: skip


def reference_rows() -> list[dict[str, str]]:
    """Return the shipped substances that have a structure."""
    with (DATA / "substances-dev.csv").open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if row["smiles"]]


def notations_of(smiles: str, seed: int) -> Iterator[tuple[str, str]]:
    """Yield name and text of each notation; the rules take all for one substance."""
    random_ = random.Random(seed)  # noqa: S311 -- a seeded run can be repeated
    molecule = Chem.MolFromSmiles(smiles)
    yield "as given", smiles
    for _ in range(3):
        yield "random SMILES", shuffled(molecule, random_)
    yield "kekulised", Chem.MolToSmiles(molecule, kekuleSmiles=True)
    yield "without stereo", Chem.MolToSmiles(molecule, isomericSmiles=False)
    yield "InChI", str(rdinchi.MolToInchi(molecule, "")[0])
    yield "InChI of random order", str(rdinchi.MolToInchi(renumbered(molecule, random_), "")[0])
    yield "InChI with fixed hydrogens", str(rdinchi.MolToInchi(molecule, "-FixedH")[0])
    yield from _blocks(molecule, random_)
    yield "hydrogens", Chem.MolToSmiles(Chem.AddHs(molecule), allHsExplicit=True)
    yield "isotopes", _with_isotopes(molecule, random_)
    salt = random_.choice(SALTS)
    yield f"with {salt}", f"{salt}.{shuffled(molecule, random_)}"
    yield from _charged(molecule, random_)


def shuffled(molecule: Any, random_: random.Random) -> str:
    """Return a SMILES whose atoms stand in a random order."""
    return str(Chem.MolToSmiles(renumbered(molecule, random_), canonical=False))


def renumbered(molecule: Any, random_: random.Random) -> Any:
    """Return the molecule with its atoms in a random order."""
    order = list(range(molecule.GetNumAtoms()))
    random_.shuffle(order)
    return Chem.RenumberAtoms(molecule, order)


def _blocks(molecule: Any, random_: random.Random) -> Iterator[tuple[str, str]]:
    drawn = renumbered(molecule, random_)
    rdDepictor.Compute2DCoords(drawn)
    yield "MOL V2000", Chem.MolToMolBlock(drawn)
    yield "MOL V3000", Chem.MolToV3KMolBlock(drawn)
    if not molecule.HasSubstructMatch(Chem.MolFromSmarts("[nH]")):
        # Aromatic bonds in a MOL block do not say which nitrogen holds the hydrogen; such a block is refused.
        yield "MOL with aromatic bonds", Chem.MolToMolBlock(drawn, kekulize=False)
    full = Chem.AddHs(drawn, addCoords=True)
    yield "MOL with hydrogens", Chem.MolToMolBlock(full)
    yield "MOL V3000 with hydrogens", Chem.MolToV3KMolBlock(full)
    yield "SDF", Chem.MolToMolBlock(drawn) + "> <NAME>\nx\n\n$$$$\n"
    yield "MOL of Windows", Chem.MolToMolBlock(drawn).replace("\n", "\r\n")


def _with_isotopes(molecule: Any, random_: random.Random) -> str:
    labelled = Chem.AddHs(molecule)
    for atom in labelled.GetAtoms():
        if atom.GetAtomicNum() == 6 and random_.random() < 0.2:
            atom.SetIsotope(13)
        if atom.GetAtomicNum() == 1 and random_.random() < 0.3:
            atom.SetIsotope(2)
    return str(Chem.MolToSmiles(labelled))


def _charged(molecule: Any, random_: random.Random) -> Iterator[tuple[str, str]]:
    """Yield the ammonium salt of an amine, the salt of an acid with sodium, and the zwitterion of an amino acid."""
    amine = Chem.MolFromSmarts("[NX3;!$(N-[C,S,P,N,O]=,#,:[*]);!$(N-a);!$(N-[O,N]);!$(N-C=C);!$(N~[#7+])]")
    acid = Chem.MolFromSmarts("[OX2H1]-[CX3]=O")
    amines, acids = molecule.GetSubstructMatches(amine), molecule.GetSubstructMatches(acid)
    if amines:
        yield "ammonium chloride", _ion(molecule, [(random_.choice(amines)[0], 1)]) + ".[Cl-]"
        yield "cation", _ion(molecule, [(random_.choice(amines)[0], 1)])
    if acids:
        yield "sodium salt", _ion(molecule, [(acids[0][0], -1)]) + ".[Na+]"
    if amines and acids:
        yield "zwitterion", _ion(molecule, [(amines[0][0], 1), (acids[0][0], -1)])


def _ion(molecule: Any, steps: list[tuple[int, int]]) -> str:
    editable = Chem.RWMol(molecule)
    for index, step in steps:
        atom = editable.GetAtomWithIdx(index)
        hydrogens = atom.GetTotalNumHs() + step
        atom.SetFormalCharge(step)
        atom.SetNoImplicit(True)
        atom.SetNumExplicitHs(hydrogens)
    Chem.SanitizeMol(editable)
    return str(Chem.MolToSmiles(editable))

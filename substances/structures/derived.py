# SPDX-License-Identifier: Apache-2.0
"""Parents of esters and ethers, for clauses that include "esters and ethers" of what they name.

Only hydrolysis is followed: which hydroxy compound or acid the drawn structure comes from.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any, Final

from substances.errors import InputRefusedError
from substances.structures.decomposing import open_molecule
from substances.structures.patterns import compiled
from substances.structures.toolkit import parse_smiles, rdkit, sound

MAX_SITES: Final = 4
MIN_HEAVY_ATOMS: Final = 6
_SITES: Final = {
    "ester": "[CX3;$(C(=O)[#6,#1])]!@[OX2;$(O-[#6])]-[#6;!$(C=O)]",
    "ether": "[CX4;!$(C([#8])[#8,#7])]!@[OX2]-[#6;!$(C=O);!$(C([#8])[#8,#7])]",
}


def parents_by_hydrolysis(smiles: str) -> dict[str, str]:
    """Return SMILES of the hydroxy compounds and acids that the structure is an "ester" or "ether" of, by that word.

    At most MAX_SITES bonds of each kind are tried; of several esters any number may be hydrolysed at once.
    """
    try:
        molecule = open_molecule(smiles).toolkit_molecule
    except InputRefusedError:
        return {}
    found: dict[str, str] = {}
    for word, bonds in _openings(molecule):
        for part in _taken_back(molecule, bonds):
            found.setdefault(part, word)
    found.pop(smiles, None)
    return found


def _openings(molecule: Any) -> Iterator[tuple[str, tuple[tuple[int, int], ...]]]:
    """Yield bonds that are opened together: esters alone and together, each ether alone."""
    esters = _bonds(molecule, "ester")
    for count in range(1, len(esters) + 1):
        yield from (("ester", chosen) for chosen in combinations(esters, count))
    yield from (("ether", (bond,)) for bond in _bonds(molecule, "ether"))


def _bonds(molecule: Any, word: str) -> list[tuple[int, int]]:
    """Return bonds from the oxygen to the carbon substituted on it; none in a ring."""
    found = molecule.GetSubstructMatches(compiled(_SITES[word]).query, maxMatches=2 * MAX_SITES)
    return list(dict.fromkeys((oxygen, carbon) for carbon, oxygen, _other in found))[:MAX_SITES]


def _taken_back(molecule: Any, bonds: tuple[tuple[int, int], ...]) -> Iterator[str]:
    """Yield the pieces after hydrolysis of each of the bonds, as SMILES."""
    chem = rdkit().Chem
    opened = chem.RWMol(molecule)
    for oxygen, carbon in bonds:
        opened.RemoveBond(oxygen, carbon)
        opened.AddBond(opened.AddAtom(chem.Atom(8)), carbon, chem.BondType.SINGLE)
    for atoms in chem.GetMolFrags(opened):
        piece = sound(_piece, opened, atoms) if len(atoms) >= MIN_HEAVY_ATOMS else None
        if piece:
            yield piece


def _piece(opened: Any, atoms: tuple[int, ...]) -> str:
    chem = rdkit().Chem
    molecule = parse_smiles(chem.MolFragmentToSmiles(opened, atomsToUse=list(atoms)))
    return "" if molecule is None else str(chem.MolToSmiles(molecule))

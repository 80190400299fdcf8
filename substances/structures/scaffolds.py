# SPDX-License-Identifier: Apache-2.0
"""Find the largest scaffold that two structures have in common, within a bounded time."""

from dataclasses import dataclass
from typing import Final

from substances.errors import InputRefusedError
from substances.structures.toolkit import parse_smiles, rdkit

SEARCH_SECS: Final = 1
MAX_COMPARED_ATOMS: Final = 100


@dataclass(frozen=True)
class Scaffold:
    """A common scaffold: `atoms_a` and `atoms_b` are matching atoms, by index in the two SMILES.

    `is_complete`: no larger one exists; otherwise the search ran out of time and this is the largest found, or the structures
    were too large to begin.
    """

    smarts: str
    atoms_a: tuple[int, ...]
    atoms_b: tuple[int, ...]
    is_complete: bool


def common_scaffold(a: str, b: str) -> Scaffold:
    """Return the scaffold of two parents' SMILES; rings only as a whole. Raises InputRefusedError("structure", ...)."""
    toolkit = rdkit()
    molecules = [parse_smiles(smiles) for smiles in (a, b)]
    if any(molecule is None or molecule.GetNumAtoms() == 0 for molecule in molecules):
        raise InputRefusedError("structure", "unreadable")
    if any(molecule.GetNumAtoms() > MAX_COMPARED_ATOMS for molecule in molecules):
        return Scaffold("", (), (), False)
    found = toolkit.mcs.FindMCS(
        molecules, timeout=SEARCH_SECS, ringMatchesRingOnly=True, completeRingsOnly=True, matchValences=False
    )
    if found.numAtoms < 2:
        return Scaffold("", (), (), not found.canceled)
    pattern = toolkit.Chem.MolFromSmarts(found.smartsString)
    matches = [tuple(molecule.GetSubstructMatch(pattern)) for molecule in molecules]
    return Scaffold(found.smartsString, matches[0], matches[1], not found.canceled)

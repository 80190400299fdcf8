# SPDX-License-Identifier: Apache-2.0
"""Count the distinct carbons and hydrogens of a structure: the most that an NMR spectrum could show."""

from dataclasses import dataclass
from typing import Any, Final

from substances.errors import InputRefusedError
from substances.structures.normalising import parent_of
from substances.structures.toolkit import parse_smiles, rdkit

_EXCHANGING: Final = frozenset({7, 8, 16})
"""Atoms whose hydrogens exchange with water and need not be seen."""
_BASIC: Final = "[NX3;!$(N-[C,S]=[O,S,N]);!$(N-c);!$(N~[!#6;!#1])]"


@dataclass(frozen=True, slots=True)
class DistinctAtoms:
    """Counts by symmetry of the drawn structure, without stereo.

    `carbon_signals` and `hydrogen_signals` are the most that the symmetry of the connections allows; the two hydrogens of a CH2
    may differ and count as two. `exchanging_hydrogens` may be missing from a spectrum. A basic nitrogen can bear one hydrogen
    more in a salt.
    """

    carbons: int
    carbon_signals: int
    hydrogens: int
    hydrogen_signals: int
    exchanging_hydrogens: int
    fluorine_signals: int
    phosphorus_signals: int
    has_basic_nitrogen: bool


def count_distinct_atoms(smiles: str) -> DistinctAtoms:
    """Count a structure of this project's own SMILES. Raises InputRefusedError("structure", "unreadable")."""
    molecule = parse_smiles(smiles)
    if molecule is None or molecule.GetNumAtoms() == 0:
        raise InputRefusedError("structure", "unreadable")
    ranks = list(rdkit().Chem.CanonicalRankAtoms(molecule, breakTies=False, includeChirality=False))
    atoms = list(zip(molecule.GetAtoms(), ranks, strict=True))

    def signals(number: int) -> int:
        return len({rank for atom, rank in atoms if atom.GetAtomicNum() == number})

    bearing: dict[int, int] = {}
    for atom, rank in atoms:
        if atom.GetTotalNumHs():
            bearing[rank] = max(bearing.get(rank, 0), _signals_of_hydrogens(atom))
    return DistinctAtoms(
        carbons=sum(1 for atom, _ in atoms if atom.GetAtomicNum() == 6),
        carbon_signals=signals(6),
        hydrogens=sum(atom.GetTotalNumHs() for atom, _ in atoms),
        hydrogen_signals=sum(bearing.values()),
        exchanging_hydrogens=sum(
            atom.GetTotalNumHs() for atom, _ in atoms if atom.GetAtomicNum() in _EXCHANGING
        ),
        fluorine_signals=signals(9),
        phosphorus_signals=signals(15),
        has_basic_nitrogen=molecule.HasSubstructMatch(rdkit().Chem.MolFromSmarts(_BASIC)),
    )


def measured_form(smiles: str) -> tuple[str, str]:
    """Return SMILES and formula of the part that a spectrum shows: of a salt, the organic part, neutral.

    Raises InputRefusedError("structure", "unreadable").
    """
    shown = parent_of(smiles) if "." in smiles else smiles
    molecule = parse_smiles(shown)
    if molecule is None or molecule.GetNumAtoms() == 0:
        raise InputRefusedError("structure", "unreadable")
    return shown, str(rdkit().descriptors.CalcMolFormula(molecule))


def _signals_of_hydrogens(atom: Any) -> int:
    """Return how many signals the hydrogens of one atom may give: two for a CH2 or NH2, otherwise one."""
    return 2 if atom.GetTotalNumHs() == 2 else 1

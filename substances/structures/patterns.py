# SPDX-License-Identifier: Apache-2.0
"""Patterns of the control rules in RDKit: SMARTS compiled once per process, and their matches on a molecule.

- Matches are tuples of atom indices in the order of the pattern's atoms.
- Every match is returned, up to a limit, including those that cover the same atoms another way round.
- A pattern or molecule is never changed.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from substances.structures.toolkit import parse_smiles, rdkit

MAX_MATCHES: Final = 5_000


class PatternRefusedError(Exception):
    """A SMARTS that the toolkit does not read."""


@dataclass(frozen=True, eq=False)
class Pattern:
    """A compiled SMARTS: the map number of each atom in order (0: none), and the toolkit's own object."""

    maps: tuple[int, ...]
    bonds: frozenset[tuple[int, int]]
    query: Any

    @property
    def size(self) -> int:
        return len(self.maps)

    @property
    def first_two_bound(self) -> bool:
        return (0, 1) in self.bonds


@lru_cache(maxsize=4_096)
def compiled(smarts: str) -> Pattern:
    """Compile a SMARTS; raise PatternRefusedError."""
    query = rdkit().Chem.MolFromSmarts(smarts)
    if query is None or query.GetNumAtoms() == 0:
        raise PatternRefusedError
    maps = tuple(atom.GetAtomMapNum() for atom in query.GetAtoms())
    ends = ((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in query.GetBonds())
    return Pattern(maps, frozenset((min(pair), max(pair)) for pair in ends), query)


def matches(pattern: Pattern, molecule: Any) -> tuple[tuple[int, ...], ...]:
    """Return every match of the pattern on the molecule, mirror images included, in the toolkit's order."""
    found = molecule.GetSubstructMatches(pattern.query, uniquify=False, maxMatches=MAX_MATCHES)
    return tuple(tuple(match) for match in found)


def can_be_smiles(smiles: str) -> bool:
    """Tell whether the text is a structure, without saying which."""
    molecule = parse_smiles(smiles)
    return molecule is not None and molecule.GetNumAtoms() > 0


@lru_cache(maxsize=4_096)
def connectivity_block(smiles: str) -> str:
    """Return the first block of the InChIKey of a SMILES; empty where the toolkit gives none.

    It is equal for stereo forms, isotopes and tautomers that the InChI treats as one.
    """
    molecule = parse_smiles(smiles)
    if molecule is None:
        return ""
    inchi, code = rdkit().inchi.MolToInchi(molecule, "-SNon")[:2]
    if code not in {0, 1} or not inchi:
        return ""
    return str(rdkit().inchi.InchiToInchiKey(inchi))[:14]


@lru_cache(maxsize=4_096)
def full_inchikey(smiles: str) -> str:
    """Return the InChIKey of a structure as written, stereo included. Empty where the toolkit gives none."""
    molecule = parse_smiles(smiles)
    if molecule is None:
        return ""
    inchi, code = rdkit().inchi.MolToInchi(molecule, "")[:2]
    return str(rdkit().inchi.InchiToInchiKey(inchi)) if code in {0, 1} and inchi else ""

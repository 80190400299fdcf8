# SPDX-License-Identifier: Apache-2.0
"""Take a molecule apart for the control rules: the fragments left when some of its atoms are set aside as host.

- The fragments of a split and the host atoms together are the whole region that was split, each atom once.
- Atoms are numbers in the order of the SMILES that was opened.
- All answers are the same in every run.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from substances.errors import InputRefusedError
from substances.structures.patterns import Pattern, compiled, matches
from substances.structures.toolkit import parse_smiles, rdkit

SINGLE: Final = 1
DOUBLE: Final = 2
TRIPLE: Final = 3
AROMATIC: Final = 4


@dataclass(frozen=True)
class Fragment:
    """Connected atoms that hang on a host. `bonds` are (host atom, fragment atom).

    A bond between two host atoms that the host's pattern does not have is a fragment without atoms and with the two host atoms
    in `bonds`.
    """

    atoms: frozenset[int]
    bonds: tuple[tuple[int, int], ...]

    @property
    def hosts(self) -> tuple[int, ...]:
        return tuple(host for host, _ in self.bonds)

    @property
    def first(self) -> int:
        return self.bonds[0][1]


@dataclass(frozen=True)
class Makeup:
    """The composition of a set of atoms: how many of each element, the orders of the bonds within, rings."""

    counts: dict[str, int]
    orders: frozenset[int]
    carbon_doubles: int
    has_ring: bool
    has_aromatic: bool


@dataclass(frozen=True, eq=False)
class Molecule:
    """A structure as the rules see it. `rings` is the smallest set of smallest rings; `mass` is in g/mol."""

    smiles: str
    symbols: tuple[str, ...]
    aromatic: frozenset[int]
    neighbours: tuple[tuple[int, ...], ...]
    orders: dict[tuple[int, int], int]
    rings: tuple[frozenset[int], ...]
    mass: float
    toolkit_molecule: Any = field(repr=False)
    _found: dict[str, tuple[tuple[int, ...], ...]] = field(default_factory=dict, repr=False)
    _anchored: dict[tuple[str, int], tuple[tuple[int, ...], ...]] = field(default_factory=dict, repr=False)
    _makeups: dict[frozenset[int], Makeup] = field(default_factory=dict, repr=False)

    @property
    def size(self) -> int:
        return len(self.symbols)

    def order(self, one: int, other: int) -> int:
        """Return the bond order code between two bound atoms."""
        return self.orders[min(one, other), max(one, other)]

    def rings_of(self, atom: int) -> tuple[frozenset[int], ...]:
        return tuple(ring for ring in self.rings if atom in ring)

    def find(self, smarts: str) -> tuple[tuple[int, ...], ...]:
        """Return every match of a pattern, in the toolkit's order; cached in the molecule."""
        if smarts not in self._found:
            self._found[smarts] = matches(compiled(smarts), self.toolkit_molecule)
        return self._found[smarts]

    def find_from(self, smarts: str, atom: int) -> tuple[tuple[int, ...], ...]:
        """Return the matches whose first atom is this one."""
        key = (smarts, atom)
        if key not in self._anchored:
            self._anchored[key] = tuple(match for match in self.find(smarts) if match[0] == atom)
        return self._anchored[key]

    def makeup(self, atoms: frozenset[int]) -> Makeup:
        """Return the composition of the atoms; cached in the molecule."""
        if atoms not in self._makeups:
            self._makeups[atoms] = self._makeup(atoms)
        return self._makeups[atoms]

    def _makeup(self, atoms: frozenset[int]) -> Makeup:
        counts: dict[str, int] = {}
        for atom in atoms:
            counts[self.symbols[atom]] = counts.get(self.symbols[atom], 0) + 1
        pairs = self.bonds_within(atoms)
        doubles = (pair for pair in pairs if self.orders[pair] == DOUBLE)
        return Makeup(
            counts=counts,
            orders=frozenset(self.orders[pair] for pair in pairs),
            carbon_doubles=sum(self.symbols[one] == self.symbols[other] == "C" for one, other in doubles),
            has_ring=any(ring <= atoms for ring in self.rings),
            has_aromatic=not atoms.isdisjoint(self.aromatic),
        )

    def bonds_within(self, atoms: Collection[int]) -> list[tuple[int, int]]:
        return [
            (one, other) for one in atoms for other in self.neighbours[one] if one < other and other in atoms
        ]

    def count(self, atoms: Collection[int], symbols: Collection[str]) -> int:
        return sum(self.symbols[atom] in symbols for atom in atoms)


@lru_cache(maxsize=64)
def open_molecule(parent_smiles: str) -> Molecule:
    """Return the molecule of a parent SMILES. Raises InputRefusedError("structure", "unreadable")."""
    molecule = parse_smiles(parent_smiles)
    if molecule is None or molecule.GetNumAtoms() == 0:
        raise InputRefusedError("structure", "unreadable")
    atoms = list(molecule.GetAtoms())
    return Molecule(
        smiles=parent_smiles,
        symbols=tuple(atom.GetSymbol() for atom in atoms),
        aromatic=frozenset(atom.GetIdx() for atom in atoms if atom.GetIsAromatic()),
        neighbours=tuple(tuple(sorted(near.GetIdx() for near in atom.GetNeighbors())) for atom in atoms),
        orders=_orders(molecule),
        rings=tuple(frozenset(ring) for ring in molecule.GetRingInfo().AtomRings()),
        mass=float(rdkit().descriptors._CalcMolWt(molecule)),
        toolkit_molecule=molecule,
    )


def split(molecule: Molecule, region: Collection[int], host: Collection[int]) -> tuple[Fragment, ...]:
    """Return the connected fragments of `region` without `host`, each with its bonds to the host, by lowest atom."""
    left = set(region) - set(host)
    fragments = []
    while left:
        atoms = _reach(molecule, min(left), left)
        left -= atoms
        bonds = [(near, atom) for atom in sorted(atoms) for near in molecule.neighbours[atom] if near in host]
        fragments.append(Fragment(frozenset(atoms), tuple(sorted(bonds))))
    return tuple(sorted(fragments, key=lambda fragment: min(fragment.atoms)))


def extra_bonds(molecule: Molecule, smarts: str, match: tuple[int, ...]) -> tuple[Fragment, ...]:
    """Return bonds between matched atoms that the pattern itself does not have, each as a fragment without atoms."""
    pattern: Pattern = compiled(smarts)
    drawn = {tuple(sorted((match[one], match[other]))) for one, other in pattern.bonds}
    pairs = sorted(pair for pair in molecule.bonds_within(set(match)) if pair not in drawn)
    return tuple(Fragment(frozenset(), ((one, other), (other, one))) for one, other in pairs)


def is_monocycle(molecule: Molecule, ring: frozenset[int]) -> bool:
    """Tell whether no atom of the ring belongs to another ring as well: not fused, not bridged, not spiro."""
    return all(sum(atom in other for other in molecule.rings) == 1 for atom in ring)


def _reach(molecule: Molecule, start: int, allowed: set[int]) -> set[int]:
    seen, waiting = {start}, [start]
    while waiting:
        for near in molecule.neighbours[waiting.pop()]:
            if near in allowed and near not in seen:
                seen.add(near)
                waiting.append(near)
    return seen


def _orders(molecule: Any) -> dict[tuple[int, int], int]:
    kinds = rdkit().Chem.BondType
    codes = {kinds.SINGLE: SINGLE, kinds.DOUBLE: DOUBLE, kinds.TRIPLE: TRIPLE, kinds.AROMATIC: AROMATIC}
    orders = {}
    for bond in molecule.GetBonds():
        one, other = sorted((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()))
        orders[one, other] = codes.get(bond.GetBondType(), 0)
    return orders

# SPDX-License-Identifier: Apache-2.0
"""Entries for derivatives, analogues or a class that may include a structure: for a person to read.

- An entry that names a substance and includes its derivatives or analogues matches where the structure contains that whole
  substance, or is as like it as ALIKE.
- A class without a rule matches by the pattern beside it.
- An entry that includes positional isomers (21 CFR 1308.11(d) with 1300.01) matches the same formula, rings and functions.

Nothing is decided this way: "substantially similar" (Controlled Drugs and Substances Act, section 2) and "the same core
structure" are for a person.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

import numpy as np

from substances.control.listings import CLASS, SUBSTANCE, Listing, ListingHit, ListingSet
from substances.structures.decomposing import open_molecule
from substances.structures.fingerprints import Packed, fingerprints_of, pack, prints_of, similarities
from substances.structures.likeness import Fingerprints
from substances.structures.toolkit import parse_smiles, rdkit

MIN_HEAVY_ATOMS: Final = 9
ALIKE: Final = 0.38
"""The mean of both Tanimoto similarities from which structures count as alike.

Of 150 labelled substances that no Canadian entry names, all above it that are no medicine were new psychoactive substances or
phenethylamine itself; those below were other substances.
"""
_OPEN: Final = frozenset({"derivatives", "analogues"})
_COUNTED: Final = (6, 7, 8, 9, 16, 17, 35, 53)
_BY_POSITION: Final = "position_isomers"
_FUNCTIONS: Final = (
    "[#6][CX3](=O)[#6]", "[NX3][CX3]=O", "[CX3](=O)[OX2]", "[OX2H]", "[OX2]([#6;!$(C=O)])[#6;!$(C=O)]",
    "[NX3;!$(N[C,S]=O)]", "[nX3]",
)  # fmt: skip
"""Functions that positional isomers have in equal number: ketones, amides, esters and acids, hydroxyls, ethers, amines."""

_Core = tuple[object, ...]
_Asked = tuple[Listing, Any]
_Amounts = np.ndarray[Any, np.dtype[np.int16]]


@dataclass(frozen=True, eq=False)
class _Open:
    """The entries to search: classes with their patterns, named substances, and positional isomers.

    Named substances have patterns and fingerprints; positional isomers are keyed by formula.
    """

    classes: tuple[_Asked, ...]
    named: tuple[_Asked, ...]
    amounts: _Amounts
    packed_a: Packed
    packed_b: Packed
    by_position: Mapping[str, tuple[tuple[Listing, _Core], ...]]


def met_by_skeleton(listings: ListingSet, parent: str, settled: Collection[str] = ()) -> Iterator[ListingHit]:
    """Yield entries whose pattern or skeleton the parent structure bears, or that name something like it, in their order.

    Entries of `settled` jurisdictions are skipped: their lists name the substance, or what it is an ester of.
    """
    molecule, opened = open_molecule(parent).toolkit_molecule, _open(listings)
    for listing, pattern in opened.classes:
        if listing.jurisdiction not in settled and molecule.HasSubstructMatch(pattern):
            yield ListingHit(listing, "skeleton")
    same = opened.by_position.get(_formula(molecule), ())
    core = _core_of(molecule) if same else None
    yield from (
        ListingHit(one, "skeleton")
        for one, its_core in same
        if one.jurisdiction not in settled and its_core == core
    )
    wanted = [row for row, (one, _) in enumerate(opened.named) if one.jurisdiction not in settled]
    if not wanted:
        return
    is_alike = similarities(prints_of_parent(parent), opened.packed_a, opened.packed_b) >= ALIKE
    may_hold = (opened.amounts <= _amounts(molecule)).all(axis=1)
    for row in (row for row in wanted if is_alike[row] or may_hold[row]):
        listing, pattern = opened.named[row]
        if is_alike[row] or molecule.HasSubstructMatch(pattern):
            yield ListingHit(listing, "skeleton")


@lru_cache(maxsize=1_024)
def prints_of_parent(parent: str) -> Fingerprints:
    """Return the fingerprints, cached: the paths take longest, and one substance is asked about again and again."""
    return prints_of(open_molecule(parent).toolkit_molecule)


@lru_cache(maxsize=2)
def _open(listings: ListingSet) -> _Open:
    chem = rdkit().Chem
    classes = [
        (one, chem.MolFromSmarts(one.smiles)) for one in listings.listings if one.kind == CLASS and one.smiles
    ]
    named: list[_Asked] = []
    for listing in listings.listings:
        if listing.kind == SUBSTANCE and listing.smiles and listing.clause & _OPEN:
            pattern = parse_smiles(listing.smiles)
            if pattern is not None and pattern.GetNumAtoms() >= MIN_HEAVY_ATOMS:
                chem.RemoveStereochemistry(pattern)
                named.append((listing, pattern))
    prints = [fingerprints_of(chem.MolToSmiles(pattern)) for _listing, pattern in named]
    return _Open(
        tuple(classes),
        tuple(named),
        np.array([_amounts(pattern) for _listing, pattern in named], dtype=np.int16).reshape(
            len(named), len(_COUNTED) + 2
        ),
        pack([one.a for one in prints]),
        pack([one.b for one in prints]),
        _by_position(listings),
    )


def _amounts(molecule: Any) -> _Amounts:
    """Count some elements, aromatic bonds and rings: a structure that contains the molecule has no fewer."""
    elements = [atom.GetAtomicNum() for atom in molecule.GetAtoms()]
    aromatic = sum(bond.GetIsAromatic() for bond in molecule.GetBonds())
    rings = molecule.GetRingInfo().NumRings()
    return np.array([*(elements.count(one) for one in _COUNTED), aromatic, rings], dtype=np.int16)


def _by_position(listings: ListingSet) -> dict[str, tuple[tuple[Listing, _Core], ...]]:
    found: dict[str, list[tuple[Listing, _Core]]] = {}
    for listing in listings.listings:
        molecule = parse_smiles(listing.smiles) if listing.smiles and _BY_POSITION in listing.clause else None
        if molecule is not None:
            found.setdefault(_formula(molecule), []).append((listing, _core_of(molecule)))
    return {formula: tuple(entries) for formula, entries in found.items()}


def _formula(molecule: Any) -> str:
    return str(rdkit().descriptors.CalcMolFormula(molecule))


def _core_of(molecule: Any) -> _Core:
    """Return the rings with their elements, and how often each function occurs."""
    atoms = [molecule.GetAtomWithIdx(number) for number in range(molecule.GetNumAtoms())]
    rings = [
        sorted((atoms[number].GetSymbol(), atoms[number].GetIsAromatic()) for number in ring)
        for ring in molecule.GetRingInfo().AtomRings()
    ]
    counts = [len(molecule.GetSubstructMatches(pattern)) for pattern in _functions()]
    return (sorted(rings), counts)


@cache
def _functions() -> tuple[Any, ...]:
    return tuple(rdkit().Chem.MolFromSmarts(smarts) for smarts in _FUNCTIONS)

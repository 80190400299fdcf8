# SPDX-License-Identifier: Apache-2.0
"""Explain one fragment by one entry of a slot: a group, a bridge, a ring on the atom, or a SMARTS for the whole fragment.

- An explanation covers the fragment atom by atom; atoms that its entry cannot explain are marked denied.
- Among the matches of one entry on a fragment the one with the fewest denied atoms is taken, then the one with the fewest
  points for review, then the first in the toolkit's order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from substances.control.grouping import is_of_group
from substances.control.rules import ANCHOR, PARENT_CLAUSE, Group, Option, RingStep, Substituent
from substances.structures.decomposing import (
    AROMATIC,
    SINGLE,
    Fragment,
    Molecule,
    extra_bonds,
    is_monocycle,
    split,
)
from substances.structures.patterns import compiled

MAX_WAYS: Final = 400
_PHENYL_SIZE: Final = 6


@dataclass(frozen=True)
class Piece:
    """Some atoms under one clause. `kind` is parent, allowed, review or denied."""

    atoms: tuple[int, ...]
    clause: str
    label: str
    kind: str
    sentence: str = ""


@dataclass(frozen=True)
class Explanation:
    """An entry's explanation of a fragment. `names` are the groups it was recognised as."""

    pieces: tuple[Piece, ...]
    changes: int
    names: frozenset[str] = frozenset()
    denied: int = 0

    @property
    def reviews(self) -> int:
        return sum(piece.kind == "review" for piece in self.pieces)

    @property
    def rank(self) -> tuple[int, int]:
        """The order of explanations; lower is better."""
        return self.denied, self.reviews


def best(explanations: Iterator[Explanation]) -> Explanation | None:
    """Return the best explanation, the first of equals; stop at one that cannot be improved."""
    found = None
    for explanation in explanations:
        if found is None or explanation.rank < found.rank:
            found = explanation
        if found.rank == (0, 0):
            break
    return found


def by_option(molecule: Molecule, option: Option, fragment: Fragment) -> Explanation | None:
    """Explain the fragment as this option, or return None where the option does not match it."""
    if option.groups:
        return _by_groups(molecule, option.groups, fragment, option)
    if option.cyclic:
        return _by_closed_ring(molecule, option, fragment)
    if len(fragment.bonds) != 1 or not fragment.atoms:
        return None
    return best(_ways(molecule, option, fragment))


def by_substituent(molecule: Molecule, entry: Substituent, fragment: Fragment) -> Explanation | None:
    """Explain the fragment as a substituent or bridge; the caller has checked that the entry holds at all its hosts."""
    if entry.groups:
        return _by_groups(molecule, entry.groups, fragment, entry)
    if len(fragment.bonds) == 2 and any(_is_bridge(molecule, smarts, fragment) for smarts in entry.bridge):
        return _whole(fragment, entry, entry.name, frozenset({entry.name}))
    return None


def _by_groups(
    molecule: Molecule, groups: tuple[Group, ...], fragment: Fragment, entry: Option | Substituent
) -> Explanation | None:
    found = [group for group in groups if is_of_group(molecule, group, fragment)]
    if not found:
        return None
    label = entry.label if isinstance(entry, Option) and entry.label else found[0].shown
    return _whole(fragment, entry, label, frozenset(group.name for group in found))


def _by_closed_ring(molecule: Molecule, option: Option, fragment: Fragment) -> Explanation | None:
    """Explain a ring that is closed on the host atom itself: every bond of the fragment goes to that one atom."""
    if len(fragment.bonds) < 2 or len(set(fragment.hosts)) != 1 or not fragment.atoms:
        return None
    if option.smarts:
        found = molecule.find_from(option.smarts, fragment.hosts[0])
        if not any(set(match[1:]) == fragment.atoms for match in found):
            return None
    return _whole(fragment, option, option.label, frozenset({option.label}))


def _is_bridge(molecule: Molecule, smarts: str, fragment: Fragment) -> bool:
    """Tell whether first and last atom of the pattern are the two hosts and the rest is the whole fragment."""
    ends = fragment.hosts
    if ends[0] == ends[1]:
        return False
    for one, other in (ends, ends[::-1]):
        for match in molecule.find_from(smarts, one):
            if match[-1] == other and set(match[1:-1]) == fragment.atoms:
                return True
    return False


def _whole(fragment: Fragment, entry: Option | Substituent, label: str, names: frozenset[str]) -> Explanation:
    atoms = fragment.atoms or frozenset(fragment.hosts)
    return Explanation((_piece(atoms, entry, label),), _change(entry), names)


def _piece(atoms: frozenset[int] | set[int], entry: Option | Substituent, label: str) -> Piece:
    kind = "review" if entry.review else "parent" if entry.clause == PARENT_CLAUSE else "allowed"
    return Piece(tuple(sorted(atoms)), entry.clause, label, kind, entry.review)


def _change(entry: Option | Substituent) -> int:
    return int(entry.counts and entry.clause != PARENT_CLAUSE)


def _ways(molecule: Molecule, option: Option, fragment: Fragment) -> Iterator[Explanation]:
    """Yield the explanation for each match of the option's SMARTS on the fragment, with its first atom on the host."""
    host = fragment.hosts[0]
    tried = 0
    for match in molecule.find_from(option.smarts, host):
        if tried >= MAX_WAYS:
            return
        if set(match[1:]) <= fragment.atoms:
            tried += 1
            yield from _ways_of_match(molecule, option, fragment, match)


def _ways_of_match(
    molecule: Molecule, option: Option, fragment: Fragment, match: tuple[int, ...]
) -> Iterator[Explanation]:
    positions = dict(zip(match, compiled(option.smarts).maps, strict=True))
    rest = fragment.atoms - set(match)
    # The host is set aside too: otherwise a piece that closes a ring back to it would have a bond that nothing allows.
    parts = split(molecule, rest, match) + extra_bonds(molecule, option.smarts, match)
    if option.ring is None:
        yield _assembled(molecule, option, positions, set(match[1:]), parts)
        return
    for part in parts:
        for ring in _fitting_rings(molecule, option.ring, part, positions):
            hanging = split(molecule, part.atoms, ring)
            others = tuple(one for one in parts if one is not part)
            yield _with_ring(molecule, option, positions, set(match[1:]) | ring, others, hanging)


def _fitting_rings(
    molecule: Molecule, step: RingStep, part: Fragment, positions: dict[int, int]
) -> Iterator[frozenset[int]]:
    """Yield the monocycle by which the part hangs on the step's atom, if it is of the required kind."""
    if len(part.bonds) != 1 or not part.atoms or positions[part.hosts[0]] != step.at:
        return
    if molecule.order(*part.bonds[0]) != SINGLE:
        return
    for ring in molecule.rings_of(part.first):
        if ring <= part.atoms and is_monocycle(molecule, ring) and _is_kind(molecule, step, ring):
            yield ring


def _is_kind(molecule: Molecule, step: RingStep, ring: frozenset[int]) -> bool:
    carbons_only = molecule.count(ring, {"C"}) == len(ring)
    orders = {molecule.order(*pair) for pair in molecule.bonds_within(ring)}
    aromatic = orders == {AROMATIC}
    phenyl = aromatic and carbons_only and len(ring) == _PHENYL_SIZE
    asked = (
        (step.not_phenyl, not phenyl),
        (step.aromatic, aromatic),
        (step.hetero, not carbons_only),
        (step.carbocycle, carbons_only),
        (step.saturated, orders == {SINGLE}),
    )
    return all(holds for wanted, holds in asked if wanted)


def _with_ring(
    molecule: Molecule,
    option: Option,
    positions: dict[int, int],
    own: set[int],
    others: tuple[Fragment, ...],
    hanging: tuple[Fragment, ...],
) -> Explanation:
    """Explain the option with its ring: substituents on the ring by the step's own list, the rest by the option's."""
    assert option.ring is not None
    allowed = option.ring.allowed
    if allowed is None:
        own = own.union(*(part.atoms for part in hanging))
        return _assembled(molecule, option, positions, own, others)
    explained = [_inner(molecule, allowed, part) for part in hanging]
    return _assembled(molecule, option, positions, own, others, tuple(explained))


def _assembled(
    molecule: Molecule,
    option: Option,
    positions: dict[int, int],
    own: set[int],
    parts: tuple[Fragment, ...],
    extra: tuple[Explanation, ...] = (),
) -> Explanation:
    lists = dict(option.allowed)
    inner = list(extra)
    for part in parts:
        entries = _entries_for(lists, positions, part)
        inner.append(_inner(molecule, entries, part))
    pieces = [_piece(own, option, option.label)] if own else []
    names = frozenset({option.label}).union(*(one.names for one in inner))
    return Explanation(
        tuple(pieces) + tuple(piece for one in inner for piece in one.pieces),
        _change(option) + sum(one.changes for one in inner),
        names,
        sum(one.denied for one in inner),
    )


def _entries_for(
    lists: dict[int, tuple[Substituent, ...]], positions: dict[int, int], part: Fragment
) -> tuple[Substituent, ...]:
    """Return the entries allowed at every one of the part's hosts; the anchor is the rule's core and takes nothing here."""
    numbers = {positions[host] for host in part.hosts}
    if not numbers or 0 in numbers or ANCHOR in numbers:
        return ()
    first, *others = (lists.get(number, ()) for number in sorted(numbers))
    return tuple(entry for entry in first if all(entry in other for other in others))


def _inner(molecule: Molecule, entries: tuple[Substituent, ...], part: Fragment) -> Explanation:
    found = best(one for one in (by_substituent(molecule, entry, part) for entry in entries) if one)
    if found is not None:
        return found
    atoms = tuple(sorted(part.atoms or part.hosts))
    return Explanation((Piece(atoms, "", "", "denied"),), 0, frozenset(), len(atoms))

# SPDX-License-Identifier: Apache-2.0
"""Decide whether a fragment belongs to a group: check every limit of the group separately."""

from typing import Final

from substances.control.rules import Group
from substances.structures.decomposing import DOUBLE, SINGLE, TRIPLE, Fragment, Makeup, Molecule

HALOGENS: Final = ("F", "Cl", "Br", "I")


def is_of_group(molecule: Molecule, group: Group, fragment: Fragment) -> bool:
    """Return True where the fragment hangs by one bond of the right order and keeps every limit."""
    if len(fragment.bonds) != 1 or not fragment.atoms:
        return False
    order = molecule.order(*fragment.bonds[0])
    if order != SINGLE and not (group.multiple_bond and order == DOUBLE):
        return False
    if group.any:
        return True
    makeup = molecule.makeup(fragment.atoms)
    return (
        _counts(group, makeup)
        and _bonds(group, makeup)
        and _rings(group, makeup)
        and _pattern(molecule, group, fragment)
    )


def _counts(group: Group, makeup: Makeup) -> bool:
    """Check the elements and their counts."""
    counts = makeup.counts
    if group.elements is not None and not counts.keys() <= group.elements:
        return False
    if any(counts.get(symbol, 0) > most for symbol, most in group.count_max):
        return False
    return (
        _within(counts.get("C", 0), group.c_min, group.c_max)
        and _within(sum(counts.values()), None, group.heavy_max)
        and _within(sum(counts.get(symbol, 0) for symbol in HALOGENS), group.halogen_min, None)
    )


def _within(number: int, least: int | None, most: int | None) -> bool:
    return (least is None or number >= least) and (most is None or number <= most)


def _bonds(group: Group, makeup: Makeup) -> bool:
    if group.saturated and not makeup.orders <= {SINGLE}:
        return False
    if group.no_triple and TRIPLE in makeup.orders:
        return False
    return group.cc_double_min is None or makeup.carbon_doubles >= group.cc_double_min


def _rings(group: Group, makeup: Makeup) -> bool:
    if group.no_aromatic and makeup.has_aromatic:
        return False
    return not group.ring or makeup.has_ring == (group.ring == "required")


def _pattern(molecule: Molecule, group: Group, fragment: Fragment) -> bool:
    return not group.smarts or any(
        _lies_on(molecule, smarts, fragment, group.closed) for smarts in group.smarts
    )


def _lies_on(molecule: Molecule, smarts: str, fragment: Fragment, closed: bool) -> bool:
    """Match the pattern: first atom on the host, second on the fragment's first, the rest inside the fragment."""
    host, first = fragment.bonds[0]
    for match in molecule.find_from(smarts, host):
        inside = set(match[1:])
        if match[1] == first and inside <= fragment.atoms and (not closed or inside == fragment.atoms):
            return True
    return False

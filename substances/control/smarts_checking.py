# SPDX-License-Identifier: Apache-2.0
"""Hold every SMARTS of a rule file to its limits and compile it, before a rule is used.

The limits are on the text (length, nesting and number of recursive parts) before the toolkit sees it, since the file may come
from another agency.
"""

from typing import Final

from substances.control.fields import Faults
from substances.control.rules import ANCHOR
from substances.structures.patterns import PatternRefusedError, can_be_smiles, compiled

MAX_SMARTS_CHARS: Final = 1_000
MAX_RECURSIVE_PARTS: Final = 40
MAX_NESTING: Final = 12
MAX_QUERY_ATOMS: Final = 100
MAX_SMILES_CHARS: Final = 1_000


def check_core(smarts: str, path: str, faults: Faults) -> frozenset[int]:
    """Check a core and return its positions (map numbers)."""
    return _maps(smarts, path, faults)


def check_indicator(smarts: str, path: str, faults: Faults) -> None:
    _maps(smarts, path, faults)


def check_option(smarts: str, path: str, faults: Faults) -> frozenset[int]:
    """Check an option and return its map numbers; its first atom has to be the core atom, map 90."""
    known = len(faults.found)
    maps = _maps(smarts, path, faults)
    if len(faults.found) == known and compiled(smarts).maps[0] != ANCHOR:
        faults.note(path, "first_atom_not_anchor", str(ANCHOR))
    return maps


def check_group(smarts: str, path: str, faults: Faults) -> None:
    """Check a group: its first atom is the core atom, its second the first of the fragment, bound to it."""
    if _allowed(smarts, path, faults):
        pattern = compiled(smarts)
        if pattern.size < 2 or not pattern.first_two_bound:
            faults.note(path, "group_needs_core_and_fragment")


def check_bridge(smarts: str, path: str, faults: Faults) -> None:
    """Check a bridge: its first and last atom are core atoms."""
    if _allowed(smarts, path, faults) and compiled(smarts).size < 2:
        faults.note(path, "bridge_needs_two_ends")


def check_smiles(smiles: str, path: str, faults: Faults) -> None:
    if smiles and (len(smiles) > MAX_SMILES_CHARS or not can_be_smiles(smiles)):
        faults.note(path, "not_a_structure")


def _maps(smarts: str, path: str, faults: Faults) -> frozenset[int]:
    if not _allowed(smarts, path, faults):
        return frozenset()
    numbers = [number for number in compiled(smarts).maps if number]
    if len(set(numbers)) != len(numbers):
        faults.note(path, "position_twice")
    return frozenset(numbers)


def _allowed(smarts: str, path: str, faults: Faults) -> bool:
    if not smarts:
        return False
    fault = _text_fault(smarts)
    if not fault:
        try:
            fault = "smarts_too_large" if compiled(smarts).size > MAX_QUERY_ATOMS else ""
        except PatternRefusedError:
            fault = "not_smarts"
    if fault:
        faults.note(path, fault)
    return not fault


def _text_fault(smarts: str) -> str:
    if len(smarts) > MAX_SMARTS_CHARS or smarts.count("$(") > MAX_RECURSIVE_PARTS:
        return "smarts_too_large"
    if not smarts.isascii() or any(not char.isprintable() for char in smarts):
        return "not_smarts"
    depth = deepest = 0
    for char in smarts:
        depth += (char == "(") - (char == ")")
        deepest = max(deepest, depth)
    return "smarts_too_deep" if deepest > MAX_NESTING else ""

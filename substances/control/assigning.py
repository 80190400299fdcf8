# SPDX-License-Identifier: Apache-2.0
"""Assign the fragments around a core to the slots of a rule, and check the slots' own conditions.

A fragment belongs to a slot that covers every position it hangs at. Where several slots cover one position (a nitrogen that
must bear a ring and an acyl), every distribution is tried and the best is taken: fewest unexplained atoms, then fewest
unsatisfied slots, then fewest points for review, then fewest changes, then the slots' order in the rule.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Final

from substances.control.explaining import Explanation, best, by_option, by_substituent
from substances.control.rules import Rule, Slot
from substances.control.verdicts import Finding
from substances.structures.decomposing import Fragment, Molecule

MAX_DISTRIBUTIONS: Final = 3_000
_CODES: Final = {
    "parent": "explained",
    "allowed": "explained",
    "review": "for_review",
    "denied": "not_permitted",
}


@dataclass(frozen=True)
class Filled:
    """The outcome of one way: findings for all atoms outside the core, and their totals."""

    findings: tuple[Finding, ...]
    denied: int
    wanting: int
    reviews: int
    changes: int

    @property
    def rank(self) -> tuple[int, int, int, int]:
        return self.denied, self.wanting, self.reviews, self.changes


@dataclass(frozen=True)
class _Given:
    """A fragment in a slot; the slot is None where the rule opens none at its position."""

    fragment: Fragment
    slot: Slot | None
    explanation: Explanation | None


def fill_slots(
    rule: Rule, molecule: Molecule, positions: dict[int, int], fragments: Sequence[Fragment]
) -> Filled:
    """Return the best distribution. `positions` gives the map number (0: none) of each core atom."""
    choices = [_choices(rule, molecule, positions, fragment) for fragment in fragments]
    found: Filled | None = None
    for given in islice(product(*choices), MAX_DISTRIBUTIONS):
        filled = _checked(rule, positions, given)
        if found is None or filled.rank < found.rank:
            found = filled
    assert found is not None  # A product has at least one member, even of no factors.
    return found


def _choices(rule: Rule, molecule: Molecule, positions: dict[int, int], fragment: Fragment) -> list[_Given]:
    numbers = {positions[host] for host in fragment.hosts}
    slots = [slot for slot in rule.slots if numbers and numbers <= set(slot.at)]
    given = [_Given(fragment, slot, _best_in(molecule, slot, fragment)) for slot in slots]
    if not given:
        return [_Given(fragment, _nearest_slot(rule, positions, fragment), None)]
    # Fitting ones come first, so that they are among the distributions tried, however many there are.
    return sorted(given, key=lambda one: one.explanation is None or one.explanation.denied > 0)


def _nearest_slot(rule: Rule, positions: dict[int, int], fragment: Fragment) -> Slot | None:
    """Return, for a fragment that no slot covers whole, the slot of one of its ends, whose sentence is then shown."""
    numbers = {positions[host] for host in fragment.hosts}
    return next((slot for slot in rule.slots if numbers & set(slot.at)), None)


def _best_in(molecule: Molecule, slot: Slot, fragment: Fragment) -> Explanation | None:
    """Return the best entry of the slot. Where the slot requires company, every name it is recognised by counts for that."""
    found = best(_explanations(molecule, slot, fragment))
    if found is None or not slot.requires_any:
        return found
    fitting = (one.names for one in _explanations(molecule, slot, fragment) if one.denied == 0)
    return replace(found, names=found.names.union(*fitting))


def _explanations(molecule: Molecule, slot: Slot, fragment: Fragment) -> Iterator[Explanation]:
    for option in slot.options:
        explanation = by_option(molecule, option, fragment)
        if explanation is not None:
            yield explanation
    for entry in slot.substituents:
        explanation = by_substituent(molecule, entry, fragment)
        if explanation is not None:
            yield explanation


def _checked(rule: Rule, positions: dict[int, int], given: Sequence[_Given]) -> Filled:
    findings: list[Finding] = []
    wanting = 0
    for slot in rule.slots:
        inside = [one for one in given if one.slot is slot]
        findings.extend(_slot_findings(slot, inside))
        if slot.required and not inside and set(slot.at) & set(positions.values()):
            wanting += 1
            findings.append(_missing(slot, positions))
    findings.extend(_closed_position(one) for one in given if one.slot is None)
    denied = {atom for finding in findings if finding.kind == "denied" for atom in finding.atoms}
    reviews = sum(finding.kind == "review" for finding in findings)
    changes = sum(one.explanation.changes for one in given if one.explanation is not None)
    return Filled(tuple(findings), len(denied), wanting, reviews, changes)


def _slot_findings(slot: Slot, inside: Sequence[_Given]) -> Iterator[Finding]:
    needs_company = _needs_company(slot, inside)
    for number, one in enumerate(inside):
        if one.explanation is None:
            yield _denied(slot, one.fragment, "not_permitted")
        elif slot.max is not None and number >= slot.max:
            yield _denied(slot, one.fragment, "too_many")
        elif needs_company:
            yield _denied(slot, one.fragment, "needs_company")
        else:
            yield from _pieces(slot, one.explanation)


def _needs_company(slot: Slot, inside: Sequence[_Given]) -> bool:
    """Tell whether fragments hang here, but none of a kind that the slot requires at least once."""
    wanted = set(slot.requires_any)
    if not wanted or not inside:
        return False
    return not any(one.explanation is not None and one.explanation.names & wanted for one in inside)


def _pieces(slot: Slot, explanation: Explanation) -> Iterator[Finding]:
    for piece in explanation.pieces:
        sentence = slot.deny if piece.kind == "denied" else piece.sentence
        yield Finding(
            piece.atoms, piece.clause, piece.label, slot.name, piece.kind, sentence, _CODES[piece.kind]
        )


def _denied(slot: Slot, fragment: Fragment, code: str) -> Finding:
    atoms = tuple(sorted(fragment.atoms or fragment.hosts))
    return Finding(atoms, "", "", slot.name, "denied", slot.deny, code)


def _closed_position(one: _Given) -> Finding:
    atoms = tuple(sorted(one.fragment.atoms or one.fragment.hosts))
    return Finding(atoms, "", "", "", "denied", "", "no_such_position")


def _missing(slot: Slot, positions: dict[int, int]) -> Finding:
    """Return the finding for a required position with hydrogen or only another slot's fragment: it blames the core atoms."""
    atoms = tuple(sorted(atom for atom, number in positions.items() if number in slot.at))
    return Finding(atoms, "", "", slot.name, "denied", slot.deny_h or slot.deny, "missing")

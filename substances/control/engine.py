# SPDX-License-Identifier: Apache-2.0
"""Judge one structure by one rule: closed world, every heavy atom explained or the answer is `out`.

A rule's cores are matched to the parent structure in every way. For each way the rest is split into fragments, and each
fragment is explained by the slots of the position it hangs at. The most favourable explanation is taken, in this order: nothing
changed (the parent itself), in, for review, out; then fewest unexplained atoms; fewest points for review; fewest changes; the
core that the rule names first; the way the toolkit finds first.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from substances.control.assigning import Filled, fill_slots
from substances.control.rules import Core, Rule
from substances.control.verdicts import (
    EXCLUDED,
    IN,
    NOT_DECIDED,
    OUT,
    PARENT,
    REVIEW,
    Finding,
    Reason,
    Verdict,
)
from substances.structures.decomposing import Molecule, extra_bonds, open_molecule, split
from substances.structures.patterns import compiled, connectivity_block

MAX_WAYS: Final = 600
_ORDER: Final = {PARENT: 0, IN: 1, REVIEW: 2, OUT: 3}


@dataclass(frozen=True)
class _Way:
    """One match of a core on the structure, explained."""

    core: Core
    atoms: tuple[int, ...]
    filled: Filled
    answer: str

    @property
    def rank(self) -> tuple[int, int, int, int]:
        return _ORDER[self.answer], self.filled.denied, self.filled.reviews, self.filled.changes


def judge(rule: Rule, parent_smiles: str) -> Verdict:
    """Return the rule's verdict on a parent structure (see structures.normalising), whatever the date.

    Raises InputRefusedError("structure", "unreadable").
    """
    molecule = open_molecule(parent_smiles)
    verdict = _by_indicators(rule, molecule) if rule.open_textured else _by_cores(rule, molecule)
    return _after_exclusions(rule, molecule, verdict)


def _by_indicators(rule: Rule, molecule: Molecule) -> Verdict:
    """Judge by law without a closed list: each indicator found is a reason for a person to look, never more."""
    findings = []
    for indicator in rule.indicators:
        found = molecule.find(indicator.smarts)
        if found:
            atoms = tuple(sorted(found[0]))
            findings.append(Finding(atoms, "", "", "", "review", indicator.reason, "indicator"))
    if not findings:
        return Verdict(rule.id, OUT, OUT, "", (), (), (Reason("no_indicator"),))
    because = tuple(Reason("indicator", finding.sentence) for finding in findings)
    return Verdict(rule.id, REVIEW, REVIEW, "", (), tuple(findings), because)


def _by_cores(rule: Rule, molecule: Molecule) -> Verdict:
    best: _Way | None = None
    tried = 0
    for core, match in _embeddings(rule, molecule):
        tried += 1
        if tried > MAX_WAYS:
            break
        way = _explained(rule, molecule, core, match)
        if best is None or way.rank < best.rank:
            best = way
        if best.rank[:3] == (0, 0, 0):
            break
    if best is None:
        return _no_core(rule)
    verdict = _verdict_of(rule, molecule, best)
    if tried > MAX_WAYS and verdict.structural == OUT:
        return replace(verdict, verdict=REVIEW, structural=REVIEW, because=(Reason("not_all_ways_tried"),))
    return verdict


def _embeddings(rule: Rule, molecule: Molecule) -> Iterator[tuple[Core, tuple[int, ...]]]:
    for core in rule.cores:
        for match in molecule.find(core.smarts):
            yield core, match


def _explained(rule: Rule, molecule: Molecule, core: Core, match: tuple[int, ...]) -> _Way:
    positions = dict(zip(match, compiled(core.smarts).maps, strict=True))
    fragments = split(molecule, range(molecule.size), match) + extra_bonds(molecule, core.smarts, match)
    filled = fill_slots(rule, molecule, positions, fragments)
    return _Way(core, match, filled, _answer(rule, core, filled))


def _answer(rule: Rule, core: Core, filled: Filled) -> str:
    if filled.denied:
        return OUT
    if filled.reviews:
        return REVIEW
    if filled.changes or core.modification or rule.parent_in:
        return IN
    return PARENT


def _no_core(rule: Rule) -> Verdict:
    if rule.partial:
        return Verdict(
            rule.id,
            NOT_DECIDED,
            OUT,
            "",
            (),
            (),
            (Reason("partly_encoded"), Reason("no_core", rule.core_name)),
        )
    return Verdict(rule.id, OUT, OUT, "", (), (), (Reason("no_core", rule.core_name),))


def _verdict_of(rule: Rule, molecule: Molecule, way: _Way) -> Verdict:
    core_atoms = tuple(sorted(way.atoms))
    core = Finding(core_atoms, "core", rule.core_name or way.core.id, "", "core", "", "core")
    findings = (core, *way.filled.findings)
    answer, because = way.answer, _because(way)
    if answer != OUT and rule.mw_max is not None and molecule.mass > rule.mw_max:
        answer, because = OUT, (Reason("mass", f"{molecule.mass:.1f} > {rule.mw_max:g}"),)
    shown = NOT_DECIDED if answer == OUT and rule.partial else answer
    if shown == NOT_DECIDED:
        because = (Reason("partly_encoded"), *because)
    return Verdict(rule.id, shown, answer, way.core.id, core_atoms, findings, because)


def _because(way: _Way) -> tuple[Reason, ...]:
    if way.answer == OUT:
        denied = [finding for finding in way.filled.findings if finding.kind == "denied"]
        reasons = (
            Reason("missing" if one.code == "missing" else "unexplained", one.sentence) for one in denied
        )
        return tuple(dict.fromkeys(reasons))
    if way.answer == REVIEW:
        marked = (one for one in way.filled.findings if one.kind == "review")
        return tuple(dict.fromkeys(Reason("for_review", one.sentence) for one in marked))
    return (Reason("unchanged_parent" if way.answer == PARENT else "all_explained"),)


def _after_exclusions(rule: Rule, molecule: Molecule, verdict: Verdict) -> Verdict:
    """Answer `excluded` for a substance that the rule's own text excludes, where the rule would reach it otherwise."""
    if verdict.structural == OUT or not rule.exclude_named:
        return verdict
    block = connectivity_block(molecule.smiles)
    for named in rule.exclude_named:
        if block and connectivity_block(named.smiles) == block:
            reasons = (Reason("named", f"{named.name}: {named.reason}"), *verdict.because)
            return replace(verdict, verdict=EXCLUDED, because=reasons)
    return verdict

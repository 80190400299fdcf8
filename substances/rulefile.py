# SPDX-License-Identifier: Apache-2.0
"""The contents of a file of the law as plain facts: its rules, the results of its examples, its faults.

Pure, and run in the sandbox process: a rule file comes from a stranger, and its patterns are compiled here.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from substances.control.engine import judge
from substances.control.faults import RulesRefusedError
from substances.control.listings import read_listings
from substances.control.precursors import read_precursors
from substances.control.rules import Rule, RuleSet, read_rules
from substances.errors import InputRefusedError
from substances.overlays import lay_over
from substances.reevaluation import CPU_SECS_A_STRUCTURE, keyed_rules
from substances.rulefacts import ExampleRun, FaultFact, RuleFact, RuleFile, TableFile, Time
from substances.sandbox.pacing import held_to
from substances.structures.normalising import parent_of
from substances.structures.reading import read_structure

UNREADABLE: Final = "unreadable"


def read_rule_file(text: str, *, runs_examples: bool = True) -> RuleFile:
    """Read a file by itself. Every fault is reported, none raised."""
    try:
        return _facts(text, read_rules(text), runs_examples)
    except RulesRefusedError as refused:
        return _refused(refused)


def read_overlaid(base: str, overlays: Sequence[str]) -> RuleFile:
    """Read the set that results from merging rules with others; their examples are not run."""
    try:
        text = lay_over(base, overlays)
        return _facts(text, read_rules(text), runs_examples=False)
    except RulesRefusedError as refused:
        return _refused(refused)


def read_listings_file(text: str) -> TableFile:
    """Read a file of listings. Every fault is reported, none raised."""
    try:
        listings = read_listings(text)
    except RulesRefusedError as refused:
        return TableFile(faults=_told(refused))
    return TableFile(listings.digest, len(listings.listings))


def read_precursors_file(text: str) -> TableFile:
    """Read a file of precursors. Every fault is reported, none raised."""
    try:
        table = read_precursors(text)
    except RulesRefusedError as refused:
        return TableFile(faults=_told(refused))
    return TableFile(table.digest, len(table.rows))


def _refused(refused: RulesRefusedError) -> RuleFile:
    return RuleFile(faults=_told(refused))


def _told(refused: RulesRefusedError) -> tuple[FaultFact, ...]:
    return tuple(FaultFact(fault.path, fault.code, fault.about) for fault in refused.faults)


def _facts(text: str, ruleset: RuleSet, runs_examples: bool) -> RuleFile:
    facts = tuple(_fact(key, rule) for key, rule in keyed_rules(ruleset))
    examples = tuple(run for rule in ruleset for run in _run_examples(rule)) if runs_examples else ()
    return RuleFile(ruleset.digest, text, facts, examples)


def _fact(key: str, rule: Rule) -> RuleFact:
    times = tuple(Time(time.start, time.end, time.basis) for time in rule.in_force)
    return RuleFact(
        key=key,
        id=rule.id,
        jurisdiction=rule.jurisdiction,
        title=rule.title,
        instrument=rule.instrument,
        in_force=times,
        effect=rule.effect,
        text_seen=rule.text_seen,
        confidence=rule.confidence,
        summary=rule.summary,
        interpretation=rule.interpretation,
        clauses=tuple(_clauses(rule)),
        exclusions=tuple(f"{item.name}: {item.reason}" for item in rule.exclude_named),
        core_name=rule.core_name,
        is_open_textured=rule.open_textured,
        is_partial=rule.partial,
        classes=rule.classes,
    )


def _clauses(rule: Rule) -> Iterator[str]:
    """Yield each slot with the clauses of its allowed substituents, as the file names them."""
    for slot in rule.slots:
        named = [option.clause for option in slot.options] + [part.clause for part in slot.substituents]
        yield f"{slot.name}: {', '.join(dict.fromkeys(named))}" if named else slot.name
    yield from (indicator.reason for indicator in rule.indicators)


def _run_examples(rule: Rule) -> Iterator[ExampleRun]:
    for group in rule.examples:
        for smiles in group.smiles:
            yield ExampleRun(rule.id, smiles, group.verdict, _outcome(rule, smiles))


def _outcome(rule: Rule, smiles: str) -> str:
    try:
        with held_to(CPU_SECS_A_STRUCTURE):
            return str(judge(rule, parent_of(read_structure(smiles).smiles)).structural)
    except InputRefusedError:
        return UNREADABLE

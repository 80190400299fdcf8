# SPDX-License-Identifier: Apache-2.0
"""Questions about control for the sandbox process: all arguments are plain data.

The texts of rules, listings and precursors are those of the version in use; an empty text stands for the shipped one. A text is
parsed once per process.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from substances.control.checking import check_rules_text
from substances.control.diffs import (
    Difference,
    difference_of_listings,
    difference_of_precursors,
    difference_of_rules,
)
from substances.control.engine import judge
from substances.control.faults import RulesRefusedError, RulesReport
from substances.control.listings import read_listings
from substances.control.precursors import read_precursors
from substances.control.results import Query, Screening, Timeline
from substances.control.rules import RuleSet, read_rules
from substances.control.screening import law_of, screen
from substances.control.shipped import shipped_rules_text
from substances.control.stressing import first_slow_rule
from substances.control.timeline import timeline
from substances.control.verdicts import Verdicts, VerdictWords
from substances.sandbox.pacing import held_to

MAX_STRUCTURES: Final = 500
CPU_SECS_A_STRUCTURE: Final = 2.0


def ask_screen(
    query: Query,
    on: date,
    rules: str = "",
    listings: str = "",
    precursors: str = "",
    also: Sequence[str] = (),
) -> Screening:
    return screen(query, on=on, law=law_of(rules, listings, precursors), jurisdictions=also)


def ask_timeline(
    query: Query, rules: str = "", listings: str = "", precursors: str = "", also: Sequence[str] = ()
) -> Timeline:
    return timeline(query, law=law_of(rules, listings, precursors), jurisdictions=also)


def ask_judge(parent_smiles: str, rules: str = "") -> Verdicts:
    """Return every rule's verdict on one parent structure, in the order of the file."""
    return tuple(judge(rule, parent_smiles) for rule in read_rules(rules or shipped_rules_text()))


def ask_rescreen(parents: Sequence[str], rules: str = "") -> VerdictWords:
    """Return for each parent structure the verdicts in the order of the rules; at most MAX_STRUCTURES at once.

    A structure that takes longer than CPU_SECS_A_STRUCTURE ends the process.
    """
    ruleset = read_rules(rules or shipped_rules_text())
    return tuple(_words(ruleset, parent) for parent in parents[:MAX_STRUCTURES])


def _words(ruleset: RuleSet, parent: str) -> tuple[str, ...]:
    with held_to(CPU_SECS_A_STRUCTURE):
        return tuple(judge(rule, parent).verdict for rule in ruleset)


def ask_check_rules(text: str) -> RulesReport:
    return check_rules_text(text)


def ask_try_rules(text: str) -> RulesReport:
    """Return a report of the patterns in a file that search too long, without running its examples; of a faulty file its faults."""
    try:
        ruleset = read_rules(text)
    except RulesRefusedError as refusal:
        return RulesReport("", (), 0, refusal.faults)
    slow = first_slow_rule(ruleset)
    return RulesReport("" if slow else ruleset.digest, tuple(rule.id for rule in ruleset), 0, slow)


def ask_difference_of_rules(before: str, after: str) -> Difference:
    return difference_of_rules(read_rules(before), read_rules(after))


def ask_difference_of_listings(before: str, after: str) -> Difference:
    return difference_of_listings(read_listings(before), read_listings(after))


def ask_difference_of_precursors(before: str, after: str) -> Difference:
    return difference_of_precursors(read_precursors(before), read_precursors(after))

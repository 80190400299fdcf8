# SPDX-License-Identifier: Apache-2.0
"""Check a rule file before anybody uses it: parse it strictly, try it on structures that are hard to search, run its examples."""

from substances.control.engine import judge
from substances.control.faults import Fault, RulesRefusedError, RulesReport
from substances.control.rules import Rule, read_rules
from substances.control.stressing import first_slow_rule
from substances.errors import InputRefusedError
from substances.structures.normalising import parent_of


def check_rules_text(text: str) -> RulesReport:
    """Return the report; never raise for the file's contents."""
    try:
        ruleset = read_rules(text)
    except RulesRefusedError as refusal:
        return RulesReport("", (), 0, refusal.faults)
    if slow := first_slow_rule(ruleset):
        return RulesReport("", (), 0, slow)
    faults = tuple(fault for rule in ruleset for fault in _failed_examples(rule))
    run = sum(len(examples.smiles) for rule in ruleset for examples in rule.examples)
    return RulesReport("" if faults else ruleset.digest, tuple(rule.id for rule in ruleset), run, faults)


def _failed_examples(rule: Rule) -> list[Fault]:
    """Return the examples whose answer by the rule differs from its author's."""
    faults = []
    for examples in rule.examples:
        for number, smiles in enumerate(examples.smiles):
            place = f"rules.{rule.id}.examples.{examples.verdict}[{number}]"
            try:
                answer = judge(rule, parent_of(smiles)).structural
            except InputRefusedError:
                faults.append(Fault(place, "not_a_structure"))
                continue
            if answer != examples.verdict:
                faults.append(Fault(place, "example_fails", answer))
    return faults

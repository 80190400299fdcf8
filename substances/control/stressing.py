# SPDX-License-Identifier: Apache-2.0
"""Try a stranger's rules on structures that are hard to search, before anybody follows them.

A limit on a pattern's text does not limit its search: thirty chained atoms and one that never occurs walk every path through a
cage. So every pattern, even one that is only used once a core was found, and every rule as a whole is held to a budget of
processor time over a fixed set, from small to large. A rule whose search explodes is named before it hangs. The shipped rules
need a tenth of the budget.
"""

import time
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from typing import Any, Final

from substances.control.engine import judge
from substances.control.faults import Fault
from substances.control.rules import Rule, RuleSet
from substances.sandbox.pacing import held_to
from substances.structures.decomposing import open_molecule
from substances.structures.normalising import parent_of
from substances.structures.patterns import compiled, matches

CPU_SECS_A_RULE: Final = 0.5
"""For the whole set, a rule's patterns and the rule as a whole together."""
CPU_SECS_A_STEP: Final = 2.0
"""After this, a search that does not return ends the process."""

_FULLERENE: Final = (
    "c12c3c4c5c1c1c6c7c2c2c8c3c3c9c4c4c%10c5c5c1c1c6c6c%11c7c2c2c7c8c3c3c8c9c4c4c9c%10c5c5c1c1c6c6c%11c2c2c7c3"
    "c3c8c4c4c9c5c1c1c6c2c3c41"
)
_HARD: Final = (
    "C12C3C4C1C5C2C3C45",
    "C1C2CC3CC1CC(C2)C3",
    "C12C3C4C5C1C1C6C7C2C2C3C3C4C4C5C1C1C6C5C7C2C3C2C4C1C52",
    "CCN(CC)CCn1c(Cc2ccc(OCC)cc2)nc2cc([N+](=O)[O-])ccc12",
    "CC12CCC3C(C1CCC2O)CCC4=CC(=O)CCC34C",
    "c1cc2ccc3ccc4ccc5ccc6ccc1c1c2c3c4c5c61",
    "c1ccc2cc3cc4cc5cc6cc7cc8ccccc8cc7cc6cc5cc4cc3cc2c1",
    _FULLERENE,
    "C" * 300,
    "OCC" * 99 + "O",
    "NC(C)C(=O)" * 59 + "O",
    "C(C)(C)" * 99 + "C",
    "c1ccc(cc1)" + "-c1ccc(cc1)" * 48 + "-c1ccccc1",
)
"""Cages, fused rings, long and branched chains, up to the largest structure that is read."""


def first_slow_rule(ruleset: RuleSet) -> tuple[Fault, ...]:
    """Return the first rule, or group of the file, that exceeds its budget; nothing where all keep to theirs.

    In the sandbox process a search that does not return ends the process.
    """
    hard = _hard()
    shared = tuple(dict.fromkeys(text for group in ruleset.groups for text in group.smarts))
    if _is_slow(shared, None, hard):
        return (Fault("groups", "too_slow"),)
    return next(
        ((Fault(f"rules.{rule.id}", "too_slow"),) for rule in ruleset if _is_slow(_own(rule), rule, hard)), ()
    )


def _is_slow(patterns: tuple[str, ...], rule: Rule | None, hard: tuple[str, ...]) -> bool:
    began = time.process_time()
    for parent in hard:
        for step in _steps(patterns, rule, parent):
            with held_to(CPU_SECS_A_STEP):
                step()
            if time.process_time() - began > CPU_SECS_A_RULE:
                return True
    return False


def _steps(patterns: tuple[str, ...], rule: Rule | None, parent: str) -> Iterator[Any]:
    molecule = open_molecule(parent)
    for smarts in patterns:
        yield lambda smarts=smarts: matches(compiled(smarts), molecule.toolkit_molecule)
    if rule is not None:
        yield lambda: judge(rule, parent)


def _own(rule: Rule) -> tuple[str, ...]:
    """Return every pattern of a rule."""
    return tuple(dict.fromkeys(_patterns(asdict(rule), "")))


def _patterns(node: Any, key: str) -> Iterator[str]:
    if isinstance(node, dict):
        for name, inner in node.items():
            yield from _patterns(inner, name)
    elif isinstance(node, list | tuple):
        for inner in node:
            yield from _patterns(inner, key)
    elif node and key in {"smarts", "bridge"}:
        yield str(node)


@cache
def _hard() -> tuple[str, ...]:
    return tuple(parent_of(smiles) for smiles in _HARD)

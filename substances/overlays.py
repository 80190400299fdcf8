# SPDX-License-Identifier: Apache-2.0
"""Merge rules that an authority published with a hub's rules: one text out of several.

- A rule with a new id is added.
- A rule with a known id, in the same jurisdiction, is the next version: the one before ends on the day on which the new one
  begins, and its past stays. Nothing of another jurisdiction changes.
- Groups of fragments keep their meaning: the same name with another meaning is refused.
"""

from collections.abc import Iterable
from typing import Any, Final

import yaml

from substances.control.faults import Fault, RulesRefusedError
from substances.control.strict_yaml import read_yaml

NO_END: Final = "9999-12-31"
Tree = dict[str, Any]


def lay_over(base: str, overlays: Iterable[str]) -> str:
    """Return the text of the merged rule set, the overlays in their order; without any it is the base, unchanged.

    Raises RulesRefusedError (codes group_differs, rule_of_another_jurisdiction, and those of the reader).
    """
    texts = list(overlays)
    if not texts:
        return base
    tree = _tree(base)
    for text in texts:
        _add(tree, _tree(text))
    return str(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False, width=10_000))


def _tree(text: str) -> Tree:
    tree: Any = read_yaml(text)
    if not isinstance(tree, dict) or not isinstance(tree.get("rules"), list):
        raise RulesRefusedError((Fault("rules", "missing"),))
    return {str(key): value for key, value in tree.items()}


def _add(tree: Tree, overlay: Tree) -> None:
    tree["groups"] = _groups(tree.get("groups") or {}, overlay.get("groups") or {})
    coming = [rule for rule in overlay["rules"] if isinstance(rule, dict)]
    begins: dict[str, str] = {}
    for rule in coming:
        start = first_day(rule)
        begins[str(rule.get("id"))] = min(start, begins.get(str(rule.get("id")), NO_END))
    homes = {str(rule.get("id")): rule.get("jurisdiction") for rule in coming}
    tree["rules"] = [*_continued(tree["rules"], begins, homes), *coming]


def _groups(base: Tree, more: Tree) -> Tree:
    faults = [
        Fault(f"groups.{name}", "group_differs", str(name))
        for name, meaning in more.items()
        if name in base and base[name] != meaning
    ]
    if faults:
        raise RulesRefusedError(tuple(faults))
    return {**base, **more}


def _continued(rules: list[Tree], begins: dict[str, str], homes: dict[str, Any]) -> list[Tree]:
    """Return the rules unchanged, but end those with a next version on its first day."""
    kept = []
    for rule in rules:
        name = str(rule.get("id"))
        if name not in begins:
            kept.append(rule)
            continue
        if rule.get("jurisdiction") != homes[name]:
            raise RulesRefusedError((Fault(f"rules.{name}", "rule_of_another_jurisdiction", name),))
        times = [_cut(time, begins[name]) for time in rule["in_force"] if str(time["from"]) < begins[name]]
        if times:
            kept.append({**rule, "in_force": times})
    return kept


def _cut(time: Tree, day: str) -> Tree:
    """Return an interval that ends on that day at the latest; days are written so that they sort as text."""
    until = str(time.get("to") or NO_END)
    return {**time, "to": min(until, day)}


def first_day(rule: Tree) -> str:
    """Return the first day on which a rule is law, as written."""
    times = [time for time in rule.get("in_force") or [] if isinstance(time, dict)]
    return min((str(time.get("from")) for time in times), default=NO_END)

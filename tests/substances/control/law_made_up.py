# SPDX-License-Identifier: Apache-2.0
"""Rule files made up for tests: JSON is YAML, so a dictionary is a file."""

import json
from typing import Any

from substances.control.engine import judge
from substances.control.rules import Rule, read_rules
from substances.control.verdicts import Verdict
from substances.structures.normalising import parent_of

GROUPS: dict[str, Any] = {
    "any": {"any": True},
    "methyl": {"smarts": "[*]-[CH3]", "closed": True},
    "alkyl": {"elements": ["C"], "saturated": True, "ring": "none", "smarts": "[*]-[CX4]"},
    "halo": {"elements": ["F", "Cl", "Br", "I"], "heavy_max": 1},
    "oxo": {"smarts": "[*]=O", "closed": True, "multiple_bond": True},
    "phenyl": {"smarts": "[*]-c1ccccc1", "closed": True},
}
PYRIDINE = "[n:9]1[c:1][c:2][c:3][c:4][c:5]1"
CLAUSE = {"clause": "(i)"}


def document(*rules: dict[str, Any], groups: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"meta": {"format": 1, "prepared": "2026-11"}, "groups": groups or GROUPS, "rules": list(rules)}


def made_up(**parts: Any) -> dict[str, Any]:
    """Return one rule of a jurisdiction that does not exist, with these parts in place of the usual ones."""
    return {
        "id": "XA-TEST",
        "jurisdiction": "XA",
        "title": "A class made up for tests",
        "instrument": "none",
        "in_force": [{"from": "2020-01-01", "to": None, "basis": "test"}],
        "effect": "none",
        "text_seen": "yes",
        "confidence": "high",
        "summary": "made up",
        "core_name": "pyridine",
        "cores": [{"id": "pyridine", "smarts": PYRIDINE}],
        "slots": [
            {
                "name": "ring",
                "at": [1, 2, 3, 4, 5],
                "deny": "not on the ring",
                "subst": [{"groups": ["methyl"], **CLAUSE}],
            }
        ],
    } | parts


def text_of(*rules: dict[str, Any], groups: dict[str, Any] | None = None) -> str:
    return json.dumps(document(*rules, groups=groups))


def rule_of(**parts: Any) -> Rule:
    """Return the rule of these parts; `groups` among them is the vocabulary."""
    groups = parts.pop("groups", None)
    return read_rules(text_of(made_up(**parts), groups=groups)).rules[0]


def judged(smiles: str, **parts: Any) -> Verdict:
    return judge(rule_of(**parts), parent_of(smiles))


def answer(smiles: str, **parts: Any) -> str:
    return judged(smiles, **parts).verdict


def slot(**parts: Any) -> dict[str, Any]:
    return {"name": "ring", "at": [1, 2, 3, 4, 5], "deny": "not on the ring"} | parts

# SPDX-License-Identifier: Apache-2.0
"""The class rules that come with the code, parsed once per process."""

from functools import cache
from pathlib import Path
from typing import Final

from substances.control.rules import RuleSet, read_rules

_FILE: Final = Path(__file__).resolve().parents[1] / "data" / "generic-controls.yaml"


@cache
def shipped_rules() -> RuleSet:
    return read_rules(shipped_rules_text())


@cache
def shipped_rules_text() -> str:
    return _FILE.read_text(encoding="utf-8")

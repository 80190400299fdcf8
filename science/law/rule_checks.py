# SPDX-License-Identifier: Apache-2.0
"""Check of a file of rules before it is sent, adopted or imported: read strictly, its patterns tried on structures that are
hard to search, its examples run.

An authority's file has to name the jurisdiction and the day of its alert, and examples in and out with the results that it
states. Every fault is reported with its place; nothing of a faulty file is used.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from science.law.rule_words import fault_text
from substances.rulefacts import ExampleRun, FaultFact, RuleFact, RuleFile
from substances.sandbox import law as sandbox_law

MAX_BYTES: Final = 512 * 1024
MET: Final = frozenset({"in", "parent", "review"})


@dataclass(frozen=True)
class RuleCheck:
    """Content of a file, and its faults. `text` is empty where it is no text."""

    text: str
    file: RuleFile
    faults: tuple[FaultFact, ...]

    @property
    def is_sound(self) -> bool:
        return not self.faults

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Place and sentence of each fault."""
        return [(fault.path, fault_text(fault)) for fault in self.faults]


def check_rule_file(
    data: bytes, *, jurisdiction: str = "", effective: date | None = None, needs_examples: bool = False
) -> RuleCheck:
    """Check the octets of a file; with a jurisdiction and a day also that the file names the same. Raises WorkerLostError."""
    if len(data) > MAX_BYTES:
        return _unread("file_too_large")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return _unread("not_text")
    if slow := sandbox_law.slow_rules(text):
        return RuleCheck(text, RuleFile(), slow)
    file = sandbox_law.read_rule_file(text)
    faults = [
        *file.faults,
        *_stated(file, jurisdiction, effective),
        *(_failed(number, run) for number, run in enumerate(file.examples) if not run.holds),
        *(_missing(file) if needs_examples else ()),
    ]
    return RuleCheck(text, file, tuple(faults))


def _unread(code: str) -> RuleCheck:
    return RuleCheck("", RuleFile(), (FaultFact("", code),))


def _stated(file: RuleFile, jurisdiction: str, effective: date | None) -> list[FaultFact]:
    faults = [
        FaultFact(f"rules.{rule.id}.jurisdiction", "jurisdiction_differs", rule.jurisdiction)
        for rule in file.rules
        if jurisdiction and rule.jurisdiction != jurisdiction
    ]
    starts = {time.start for rule in file.rules for time in rule.in_force}
    if effective is not None and file.rules and effective not in starts:
        faults.append(FaultFact("rules.in_force", "effective_differs", effective.isoformat()))
    return faults


def _failed(number: int, run: ExampleRun) -> FaultFact:
    return FaultFact(f"rules.{run.rule_id}.examples.{run.expected}[{number}]", "example_fails", run.found)


def _missing(file: RuleFile) -> list[FaultFact]:
    return [fault for rule in file.rules if not rule.is_open_textured for fault in _missing_of(rule, file)]


def _missing_of(rule: RuleFact, file: RuleFile) -> list[FaultFact]:
    given = {run.expected for run in file.examples if run.rule_id == rule.id}
    place = f"rules.{rule.id}.examples"
    faults = [] if given & MET else [FaultFact(place, "no_example_in")]
    return faults if "out" in given else [*faults, FaultFact(place, "no_example_out")]

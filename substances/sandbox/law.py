# SPDX-License-Identifier: Apache-2.0
"""Read rule files and judge structures by them in the sandbox process; typed, for the desk."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from substances.control.faults import RulesReport
from substances.errors import WorkerAwayError, WorkerLostError
from substances.rulefacts import FaultFact, JudgedStructures, RuleFile, StructureIn, TableFile
from substances.sandbox import sandboxed

SLOW: Final = "too_slow"


def read_rule_file(text: str, *, runs_examples: bool = True) -> RuleFile:
    """Read a file by itself, with the results of its examples; faults are in it. Raises WorkerLostError."""
    result: RuleFile = sandboxed.run("read_rule_file", text, runs_examples=runs_examples)
    return result


def slow_rules(text: str) -> tuple[FaultFact, ...]:
    """Return the faults for patterns that search longer than their budget; none for an otherwise faulty file.

    A search that does not return ends the process: then the file is too slow, and nobody knows which of its rules. Raises
    WorkerAwayError.
    """
    try:
        tried: RulesReport = sandboxed.run("try_rules", text)
    except WorkerAwayError:
        raise
    except WorkerLostError:
        return (FaultFact("rules", SLOW),)
    return tuple(FaultFact(fault.path, fault.code) for fault in tried.faults if fault.code == SLOW)


def read_overlaid(base: str, overlays: Sequence[str]) -> RuleFile:
    """Read the set that results from merging rules with others; faults are in it. Raises WorkerLostError."""
    result: RuleFile = sandboxed.run("read_overlaid", base, list(overlays))
    return result


def read_listings_file(text: str) -> TableFile:
    """Read a file of listings; faults are in it. Raises WorkerLostError."""
    result: TableFile = sandboxed.run("read_listings_file", text)
    return result


def read_precursors_file(text: str) -> TableFile:
    """Read a file of precursors; faults are in it. Raises WorkerLostError."""
    result: TableFile = sandboxed.run("read_precursors_file", text)
    return result


def judge_structures(
    rules_text: str, listings_text: str, structures: Sequence[StructureIn], *, today: date
) -> JudgedStructures:
    """Judge each structure by accepted rules and listings, in order.

    Raises WorkerLostError, also for unreadable rules or listings.
    """
    asked = list(structures)
    result: JudgedStructures = sandboxed.run("judge_structures", rules_text, listings_text, asked, today)
    return result

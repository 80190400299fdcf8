# SPDX-License-Identifier: Apache-2.0
"""Here is how rule files are read and structures judged by them, in the process that may die; typed, for the desk."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from substances import safely
from substances.control.faults import RulesReport
from substances.errors import WorkerAwayError, WorkerLostError
from substances.rulefacts import FaultFact, JudgedStructures, RuleFile, StructureIn, TableFile

SLOW: Final = "too_slow"


def read_rule_file(text: str, *, runs_examples: bool = True) -> RuleFile:
    """A file by itself, with what its examples came to; faults are in it. Raises WorkerLostError."""
    result: RuleFile = safely.run("read_rule_file", text, runs_examples=runs_examples)
    return result


def slow_rules(text: str) -> tuple[FaultFact, ...]:
    """What of a file searches longer than its budget; nothing of a file that is faulty otherwise. Raises WorkerAwayError.

    A search that does not come back ends the process: then the file is too slow, and nobody knows which of its rules.
    """
    try:
        tried: RulesReport = safely.run("try_rules", text)
    except WorkerAwayError:
        raise
    except WorkerLostError:
        return (FaultFact("rules", SLOW),)
    return tuple(FaultFact(fault.path, fault.code) for fault in tried.faults if fault.code == SLOW)


def read_overlaid(base: str, overlays: Sequence[str]) -> RuleFile:
    """The set that follows from laying rules over others; faults are in it. Raises WorkerLostError."""
    result: RuleFile = safely.run("read_overlaid", base, list(overlays))
    return result


def read_listings_file(text: str) -> TableFile:
    """A file of listings; faults are in it. Raises WorkerLostError."""
    result: TableFile = safely.run("read_listings_file", text)
    return result


def read_precursors_file(text: str) -> TableFile:
    """A file of precursors; faults are in it. Raises WorkerLostError."""
    result: TableFile = safely.run("read_precursors_file", text)
    return result


def judge_structures(
    rules_text: str, listings_text: str, structures: Sequence[StructureIn], *, today: date
) -> JudgedStructures:
    """Each structure by accepted rules and listings, in order. Raises WorkerLostError, also for what cannot be read."""
    asked = list(structures)
    result: JudgedStructures = safely.run("judge_structures", rules_text, listings_text, asked, today)
    return result

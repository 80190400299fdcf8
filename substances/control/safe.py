# SPDX-License-Identifier: Apache-2.0
"""Questions about control as the desk asks them: typed, answered in the sandbox process.

Each raises InputRefusedError where a structure cannot be read and WorkerLostError where the process was lost; those that take
rule or listing texts raise RulesRefusedError where a text cannot be used. Importing this loads no chemistry.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from substances.control.diffs import Difference
from substances.control.faults import RulesReport
from substances.control.results import Query, Screening, Timeline
from substances.control.verdicts import Verdicts, VerdictWords
from substances.sandbox import sandboxed


@dataclass(frozen=True)
class LawTexts:
    """The texts of the versions in use; an empty one stands for the shipped file."""

    rules: str = field(default="", repr=False)
    listings: str = field(default="", repr=False)
    precursors: str = field(default="", repr=False)


SHIPPED = LawTexts()


def screen(query: Query, *, on: date, law: LawTexts = SHIPPED, also: Sequence[str] = ()) -> Screening:
    """Run control.screening.screen."""
    result: Screening = sandboxed.run(
        "screen", query, on, law.rules, law.listings, law.precursors, tuple(also)
    )
    return result


def timeline(query: Query, *, law: LawTexts = SHIPPED, also: Sequence[str] = ()) -> Timeline:
    """Run control.timeline.timeline."""
    result: Timeline = sandboxed.run("timeline", query, law.rules, law.listings, law.precursors, tuple(also))
    return result


def judge(parent_smiles: str, *, rules: str = "") -> Verdicts:
    """Return every rule's verdict on one parent structure."""
    result: Verdicts = sandboxed.run("judge", parent_smiles, rules)
    return result


def rescreen(parents: Sequence[str], *, rules: str = "") -> VerdictWords:
    """Return for each parent the verdicts in the order of the rules; at most asking.MAX_STRUCTURES at once."""
    result: VerdictWords = sandboxed.run("rescreen", tuple(parents), rules)
    return result


def check_rules(text: str) -> RulesReport:
    """Run control.checking.check_rules_text: every fault of a file that may come from a stranger."""
    result: RulesReport = sandboxed.run("check_rules", text)
    return result


def difference_of_rules(before: str, after: str) -> Difference:
    result: Difference = sandboxed.run("difference_of_rules", before, after)
    return result


def difference_of_listings(before: str, after: str) -> Difference:
    result: Difference = sandboxed.run("difference_of_listings", before, after)
    return result


def difference_of_precursors(before: str, after: str) -> Difference:
    result: Difference = sandboxed.run("difference_of_precursors", before, after)
    return result

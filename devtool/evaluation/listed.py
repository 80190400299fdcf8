# SPDX-License-Identifier: Apache-2.0
"""Evaluate listings: a file's labels against the screening of the structure alone.

The screening is for the day of the newest text, so that no text is too young. The bar is on the worst error: no list names a
substance which the file knows on one. An answer that leaves the question open is no error, and neither is silence.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from devtool.evaluation.findings import Bar, Part, Table, counted
from devtool.evaluation.labels import Label, schedules_of
from devtool.evaluation.substances import Row
from substances.control import results
from substances.control.covering import LISTS
from substances.control.covering import UNDECIDED as UNDECIDED_EFFECT
from substances.control.listings import ListingSet
from substances.control.results import JurisdictionStatus, ListingStatus, Query, Screening
from substances.control.screening import law_of, screen
from substances.errors import InputRefusedError

RIGHT = "right"
WRONG = "wrong"
UNDECIDED = "undecided"
BY_DEFINITION = "class definition met"
SILENT = "not covered"
OUTCOMES = (RIGHT, WRONG, UNDECIDED, BY_DEFINITION, SILENT)
_DENIES = frozenset({results.NOT_NAMED, results.EXCLUDED, results.ENDED, results.NOT_YET})
_DEFINED = frozenset({results.MEETS_DEFINITION, results.PARENT})


@dataclass(frozen=True)
class Compared:
    """One label and the answer: `said` is the standing and, where it is listed, by what."""

    row: Row
    label: Label
    outcome: str
    said: str
    is_denied: bool = False

    @property
    def told(self) -> str:
        return f"{self.row.name}, {self.label.jurisdiction}: {self.said} (label {self.label.text})"


def evaluate_listings(path: Path, rows: Sequence[Row]) -> Part | None:
    """Return the measures of one file; None where it says nothing of lists."""
    if not any(row.listings for row in rows):
        return None
    law = law_of()
    on = _day(law.listings)
    compared = [one for row in rows if row.listings for one in _compare(row, on)]
    denied = sum(one.is_denied for one in compared)
    return Part(
        f"Named listings: {path.name}, {len(compared)} labels, on {on}",
        (Bar("Said to be on no list where the label names one", str(denied), "never", not denied),),
        (_by_jurisdiction(compared),),
        tuple(f"{one.outcome.capitalize()}: {one.told}" for one in compared if one.outcome == WRONG),
    )


def _day(listings: ListingSet) -> date:
    """Return the day of the newest text."""
    return max(source.seen for source in listings.sources if source.seen)


def _compare(row: Row, on: date) -> Iterator[Compared]:
    try:
        answer = screen(Query(smiles=row.smiles), on=on)
    except InputRefusedError:
        yield from (Compared(row, label, SILENT, "structure not read") for label in row.listings)
        return
    for label in row.listings:
        yield compare_label(row, label, answer)


def compare_label(row: Row, label: Label, answer: Screening) -> Compared:
    """Return the outcome for one label."""
    status = next((one for one in answer.jurisdictions if one.jurisdiction == label.jurisdiction), None)
    if status is None:
        return Compared(row, label, SILENT, "jurisdiction not known")
    deciding = [one for one in status.listings if one.effect == LISTS and one.phase == "in_force"]
    by = "; ".join(one.title for one in deciding)
    said = f"{status.standing} by {by}" if status.standing == results.LISTED else status.standing
    leads = [one for one in status.listings if one.effect == UNDECIDED_EFFECT]
    outcome = _outcome(label, status, deciding, leads)
    return Compared(row, label, outcome, said, label.is_listed and status.standing in _DENIES)


def _outcome(
    label: Label,
    status: JurisdictionStatus,
    deciding: Sequence[ListingStatus],
    leads: Sequence[ListingStatus],
) -> str:
    """Return the outcome; it is undecided also where only a non-deciding entry knows a schedule of the label."""
    if status.standing == results.LISTED:
        if label.is_listed and _is_there(label, deciding):
            return RIGHT
        return UNDECIDED if label.is_listed and _is_there(label, [*deciding, *leads]) else WRONG
    if status.standing in _DENIES:
        return WRONG if label.is_listed else RIGHT
    if status.standing in _DEFINED:
        return BY_DEFINITION
    return UNDECIDED if status.standing == results.REVIEW else SILENT


def _is_there(label: Label, deciding: Sequence[ListingStatus]) -> bool:
    """Tell whether every schedule of the label is among those of the entries, in the convention that it names."""
    own = [one for one in deciding if label.convention in one.title]
    known = frozenset().union(*(schedules_of(one.schedule) for one in own))
    return bool(own) and label.schedules <= known


def _by_jurisdiction(compared: Sequence[Compared]) -> Table:
    rows = []
    for jurisdiction in sorted({one.label.jurisdiction for one in compared}):
        own = [one for one in compared if one.label.jurisdiction == jurisdiction]
        count = Counter(one.outcome for one in own)
        decided = count[RIGHT] + count[WRONG]
        numbers = (str(count[outcome]) for outcome in OUTCOMES)
        rows.append((jurisdiction, str(len(own)), *numbers, counted(count[RIGHT], decided)))
    return Table(("jurisdiction", "labels", *OUTCOMES, "right of those decided"), tuple(rows))

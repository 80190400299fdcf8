# SPDX-License-Identifier: Apache-2.0
"""Facts about rules and judged structures for the desk, without chemistry.

They come from the sandbox process; importing them loads neither a chemistry toolkit nor the rules' engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

ENGINE: Final = 2
"""The version of rule and structure reading that gives the verdicts.

Raise it with every correction that may change one, so that stored structures are judged again.
"""


@dataclass(frozen=True)
class Time:
    """A time in which a rule is law: from `start` up to, but not including, `end`; None where no end is known."""

    start: date
    end: date | None
    basis: str

    def covers(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)


@dataclass(frozen=True)
class RuleFact:
    """The facts that people see about one rule version; its texts are data, in English.

    `classes` are those that its file declares it to be about; a file need not declare any.
    """

    key: str
    id: str
    jurisdiction: str
    title: str
    instrument: str
    in_force: tuple[Time, ...]
    effect: str
    text_seen: str
    confidence: str
    summary: str
    interpretation: tuple[str, ...]
    clauses: tuple[str, ...]
    exclusions: tuple[str, ...]
    core_name: str = ""
    is_open_textured: bool = False
    is_partial: bool = False
    classes: tuple[str, ...] = ()

    @property
    def start(self) -> date:
        return min(time.start for time in self.in_force)

    def phase_on(self, day: date) -> str:
        """Return in_force, not_yet or ended on a day."""
        if any(time.covers(day) for time in self.in_force):
            return "in_force"
        return "not_yet" if any(day < time.start for time in self.in_force) else "ended"

    def law_from(self, day: date) -> date:
        """Return the first day of the time that covers the day, else of the next one, else of the last one."""
        current = [time.start for time in self.in_force if time.covers(day)]
        coming = sorted(time.start for time in self.in_force if day < time.start)
        return (current or coming or [max(time.start for time in self.in_force)])[0]


@dataclass(frozen=True)
class ExampleRun:
    """One example of a rule: the file's expectation, and the rule's answer."""

    rule_id: str
    smiles: str = field(repr=False)
    expected: str
    found: str

    @property
    def holds(self) -> bool:
        return self.expected == self.found


@dataclass(frozen=True)
class FaultFact:
    """One fault: its place in the file, a code, and the word it concerns."""

    path: str
    code: str
    about: str = ""


@dataclass(frozen=True)
class RuleFile:
    """The contents of a file; with faults it has nothing else. `digest` and `text` are those of the resulting set."""

    digest: str = ""
    text: str = field(default="", repr=False)
    rules: tuple[RuleFact, ...] = field(default=(), repr=False)
    examples: tuple[ExampleRun, ...] = field(default=(), repr=False)
    faults: tuple[FaultFact, ...] = ()


@dataclass(frozen=True)
class TableFile:
    """The contents of a file of listings or precursors; with faults it has nothing else."""

    digest: str = ""
    rows: int = 0
    faults: tuple[FaultFact, ...] = ()


@dataclass(frozen=True)
class StructureIn:
    """One structure: `text` as written, or `parent` where it was read before, with earlier results.

    With neither, only lists are searched, for the names and the number; `was_judged` says that they were before.

    `blocks` are first blocks of the InChIKeys of whole and parent, `known` verdicts by rule key as that `engine` gave them,
    `listed` keys of listings.
    """

    text: str = field(repr=False)
    name: str = field(default="", repr=False)
    cas_rn: str = field(default="", repr=False)
    synonyms: tuple[str, ...] = field(default=(), repr=False)
    was_judged: bool = False
    parent: str = field(default="", repr=False)
    blocks: tuple[str, ...] = field(default=(), repr=False)
    known: Mapping[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    listed: tuple[str, ...] = field(default=(), repr=False)
    engine: int = ENGINE


@dataclass(frozen=True)
class ListingFact:
    """A listing by name. `start` is None where no day is known; `precision` tells a day from the first of a year."""

    key: str
    jurisdiction: str
    title: str
    name: str
    start: date | None
    precision: str


@dataclass(frozen=True)
class StructureJudged:
    """`is_read` is False where the text cannot be read. Fingerprints are empty where it was read before.

    `verdicts` are those of every rule of the set by key, each as (rule id, verdict), `listed` the keys of listings; `caught`
    and `newly_listed` are the new ones among them.
    """

    is_read: bool
    smiles: str = field(default="", repr=False)
    parent: str = field(default="", repr=False)
    inchikey: str = field(default="", repr=False)
    blocks: tuple[str, ...] = field(default=(), repr=False)
    fingerprint_a: bytes = field(default=b"", repr=False)
    fingerprint_b: bytes = field(default=b"", repr=False)
    verdicts: Mapping[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    listed: tuple[str, ...] = field(default=(), repr=False)
    caught: tuple[str, ...] = ()
    newly_listed: tuple[ListingFact, ...] = field(default=(), repr=False)


JudgedStructures = tuple[StructureJudged, ...]

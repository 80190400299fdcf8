# SPDX-License-Identifier: Apache-2.0
"""Here is what the desk is told of rules and of structures that were judged by them: plain facts, no chemistry.

They travel from the process that may die; importing them loads neither a chemistry toolkit nor the rules' engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

ENGINE: Final = 2
"""Which reading of rules and structures gives the verdicts: raised with every correction that may change one, so that
what is stored is judged again by the rules as they stand."""


@dataclass(frozen=True)
class Time:
    """When a rule is law: from `start` on up to, and not with, `end`; None where no end is known."""

    start: date
    end: date | None
    basis: str

    def covers(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)


@dataclass(frozen=True)
class RuleFact:
    """What people are shown of one version of a rule; its texts are data, in English.

    `classes` are those that its file declares it to be about; a file need not.
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
        """in_force, not_yet or ended on a day."""
        if any(time.covers(day) for time in self.in_force):
            return "in_force"
        return "not_yet" if any(day < time.start for time in self.in_force) else "ended"

    def law_from(self, day: date) -> date:
        """The first day of the time that covers the day, of the next one where none does, of the last one else."""
        current = [time.start for time in self.in_force if time.covers(day)]
        coming = sorted(time.start for time in self.in_force if day < time.start)
        return (current or coming or [max(time.start for time in self.in_force)])[0]


@dataclass(frozen=True)
class ExampleRun:
    """One example of a rule: what the file expects of it, and what the rule says."""

    rule_id: str
    smiles: str = field(repr=False)
    expected: str
    found: str

    @property
    def holds(self) -> bool:
        return self.expected == self.found


@dataclass(frozen=True)
class FaultFact:
    """One thing wrong: where it stands in the file, a code, and the word it is about."""

    path: str
    code: str
    about: str = ""


@dataclass(frozen=True)
class RuleFile:
    """What a file says; with faults it says nothing else. `digest` and `text` are those of the set that follows."""

    digest: str = ""
    text: str = field(default="", repr=False)
    rules: tuple[RuleFact, ...] = field(default=(), repr=False)
    examples: tuple[ExampleRun, ...] = field(default=(), repr=False)
    faults: tuple[FaultFact, ...] = ()


@dataclass(frozen=True)
class TableFile:
    """What a file of listings or precursors says; with faults it says nothing else."""

    digest: str = ""
    rows: int = 0
    faults: tuple[FaultFact, ...] = ()


@dataclass(frozen=True)
class StructureIn:
    """One structure: `text` as it was written, or `parent` where it was read before, with what was found then.

    With neither, only lists are asked, about the names and the number; `was_judged` says that they were before.

    `blocks` are first blocks of the InChIKeys of whole and parent, `known` verdicts by rule key as that `engine` gave
    them, `listed` keys of listings.
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
    """A listing by name. `start` None: no day is known; `precision` says whether it is a day or a year's first."""

    key: str
    jurisdiction: str
    title: str
    name: str
    start: date | None
    precision: str


@dataclass(frozen=True)
class StructureJudged:
    """`is_read` False where the text cannot be read. Fingerprints are empty where it was read before.

    `verdicts` are those of every rule of the set by key, each as (rule id, verdict), `listed` the keys of listings;
    `caught` and `newly_listed` are what is new of them.
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

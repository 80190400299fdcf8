# SPDX-License-Identifier: Apache-2.0
"""A class rule as typed data, and the rule set that holds rules with its digest.

- Everything is frozen, and loading needs no chemistry toolkit.
- A rule set's digest covers its content (not layout, comments or the classes that rules declare), so that two hubs with the
  same rules name the same digest.
- An interval's `start` day is inside it and its `end` day is not.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

_SIZED = re.compile(r"_c(\d+)\Z")
PARENT_CLAUSE = "parent"
CLASSES = (
    "fentanyl",
    "nitazene",
    "cathinone",
    "cannabinoid",
    "arylcyclohexylamine",
    "phenethylamine",
    "tryptamine",
    "benzodiazepine",
    "piperazine",
)
"""The classes that a rule may declare, for those who watch one. They are no part of the law and of no digest."""
ANCHOR = 90  # the map number of the core atom in an option's SMARTS


@dataclass(frozen=True)
class Interval:
    """A time in which a rule is law: from `start` on, until the day before `end` (None: no known end)."""

    start: date
    end: date | None
    basis: str

    def covers(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)


@dataclass(frozen=True)
class Group:
    """One kind of fragment that hangs by one bond; every limit that is None or False is no limit."""

    name: str
    any: bool = False
    elements: frozenset[str] | None = None
    count_max: tuple[tuple[str, int], ...] = ()
    c_min: int | None = None
    c_max: int | None = None
    heavy_max: int | None = None
    halogen_min: int | None = None
    cc_double_min: int | None = None
    saturated: bool = False
    no_aromatic: bool = False
    no_triple: bool = False
    ring: str = ""  # "", "none", "required"
    smarts: tuple[str, ...] = ()
    closed: bool = False
    multiple_bond: bool = False
    label: str = ""

    @property
    def shown(self) -> str:
        """The text for people: the file's own label, else the name with its limit on carbons spelled out."""
        return self.label or _SIZED.sub(r" up to C\1", self.name).replace("_", " ")


@dataclass(frozen=True)
class Substituent:
    """An allowed substituent at a position: one of the groups, or a two-ended bridge."""

    clause: str
    groups: tuple[Group, ...] = ()
    bridge: tuple[str, ...] = ()
    name: str = ""
    review: str = ""
    counts: bool = True


@dataclass(frozen=True)
class RingStep:
    """A monocycle that hangs on the atom of map `at`, and its allowed substituents (None: anything not fused)."""

    at: int
    not_phenyl: bool = False
    aromatic: bool = False
    hetero: bool = False
    carbocycle: bool = False
    saturated: bool = False
    allowed: tuple[Substituent, ...] | None = None


@dataclass(frozen=True)
class Option:
    """A whole fragment: by group, by SMARTS anchored at map 90, or a ring closed on the core atom itself."""

    clause: str
    label: str = ""
    groups: tuple[Group, ...] = ()
    smarts: str = ""
    cyclic: bool = False
    ring: RingStep | None = None
    allowed: tuple[tuple[int, tuple[Substituent, ...]], ...] = ()
    review: str = ""
    counts: bool = True


@dataclass(frozen=True)
class Slot:
    """The required, allowed and forbidden fragments at the positions `at` of the core."""

    name: str
    at: tuple[int, ...]
    required: bool = False
    max: int | None = None
    deny: str = ""
    deny_h: str = ""
    requires_any: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    substituents: tuple[Substituent, ...] = ()


@dataclass(frozen=True)
class Core:
    id: str
    smarts: str
    modification: bool = False


@dataclass(frozen=True)
class NamedExclusion:
    """A substance that the rule's own text excludes; compared by the first block of the InChIKey."""

    name: str
    smiles: str
    reason: str


@dataclass(frozen=True)
class Indicator:
    """A sign that makes a person look where a law has no closed list."""

    smarts: str
    reason: str


@dataclass(frozen=True)
class Examples:
    """An authority's example structures for its rule, run before the rule is adopted."""

    verdict: str
    smiles: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """One class definition of one jurisdiction. `content` is its canonical JSON without its `classes`, for comparing."""

    id: str
    jurisdiction: str
    title: str
    instrument: str
    in_force: tuple[Interval, ...]
    effect: str
    text_seen: str
    confidence: str
    summary: str
    interpretation: tuple[str, ...] = ()
    open_textured: bool = False
    partial: bool = False
    parent_in: bool = False
    mw_max: float | None = None
    core_name: str = ""
    cores: tuple[Core, ...] = ()
    slots: tuple[Slot, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    exclude_named: tuple[NamedExclusion, ...] = ()
    examples: tuple[Examples, ...] = ()
    classes: tuple[str, ...] = ()
    content: str = field(default="", repr=False)

    def interval_on(self, day: date) -> Interval | None:
        """Return the interval that covers the day."""
        return next((interval for interval in self.in_force if interval.covers(day)), None)

    def phase_on(self, day: date) -> str:
        """Return "in_force", "not_yet" (a later interval is known) or "ended"."""
        if self.interval_on(day) is not None:
            return "in_force"
        return "not_yet" if any(day < interval.start for interval in self.in_force) else "ended"


@dataclass(frozen=True)
class RuleSet:
    """Class rules that belong together. One id may occur more than once for consecutive versions."""

    digest: str
    rules: tuple[Rule, ...]
    groups: tuple[Group, ...]
    prepared: str = ""

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def in_force(self, on: date) -> tuple[Rule, ...]:
        """Return the rules, each in its version, that are law on that day."""
        return tuple(rule for rule in self.rules if rule.interval_on(on) is not None)

    def versions(self, rule_id: str) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if rule.id == rule_id)

    def rule(self, rule_id: str, on: date | None = None) -> Rule:
        """Return the version that is law on that day, else the next one, else the last. KeyError if unknown."""
        versions = sorted(self.versions(rule_id), key=lambda rule: rule.in_force[0].start)
        if not versions:
            raise KeyError(rule_id)
        if on is None:
            return versions[-1]
        current = [rule for rule in versions if rule.interval_on(on)]
        coming = [rule for rule in versions if rule.phase_on(on) == "not_yet"]
        return (current or coming or versions[-1:])[0]

    @property
    def jurisdictions(self) -> tuple[str, ...]:
        return tuple(sorted({rule.jurisdiction for rule in self.rules}))


def canonical(tree: object) -> str:
    """Return JSON of plain data with sorted keys and no spaces: equal for equal content. Number keys are their text."""
    return json.dumps(_text_keys(tree), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(content: str) -> str:
    """Return the base64url SHA-256 without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=").decode()


def _text_keys(tree: object) -> object:
    if isinstance(tree, dict):
        return {str(key): _text_keys(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [value if isinstance(value, str) else _text_keys(value) for value in tree]
    return tree


def read_rules(text: str) -> RuleSet:
    """Parse the rules of a YAML text; the same text is parsed once per process.

    Raises RulesRefusedError with every fault and its path. Loads the chemistry toolkit, since every SMARTS is compiled.
    """
    from substances.control.rule_reading import ruleset_of

    return ruleset_of(text)

# SPDX-License-Identifier: Apache-2.0
"""Law as an agency knows it, for its pages: rules with their versions, listings, and their sources."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from alerts.access import agency_of
from callers.capabilities import Capability, require
from callers.errors import AbsentError
from officers.models import Officer
from science.answers.screening import extent_text, named_instrument
from science.law.adopted_rules import Adopted
from science.law.adopting import list_adopted
from science.law.controls import EffectiveRules, hub_rules, read_facts, ruleset_for
from science.law.places import place_name
from science.rows.structures import AdoptedRules
from substances.control.listings import PARTIAL, ListingSet, read_listings
from substances.models import ControlKind
from substances.rulefacts import RuleFact
from substances.versions import LawText, current_law, law_history


@dataclass(frozen=True)
class RuleRow:
    """Rule as of a day, with the versions before and after it. `adopted` is its source, if not the hub."""

    fact: RuleFact
    phase: str
    versions: tuple[RuleFact, ...]
    adopted: AdoptedRules | None = None

    @property
    def place(self) -> str:
        return place_name(self.fact.jurisdiction)


@dataclass(frozen=True)
class ListRow:
    """Instrument of a jurisdiction: how far its lists are known, how many entries, and where its text is.

    `extent` is complete (to the day `until`), partial or none.
    """

    jurisdiction: str
    place: str
    title: str
    extent: str
    until: date | None
    count: int
    link: str

    @property
    def name(self) -> str:
        return named_instrument(self.title)

    @property
    def extent_text(self) -> str:
        return extent_text(self.extent, self.until.isoformat() if self.until else "")


@dataclass(frozen=True)
class Rulebook:
    """The whole law of one agency. `files` are the texts in use with their versions."""

    rules: tuple[RuleRow, ...] = field(repr=False)
    lists: tuple[ListRow, ...] = field(repr=False)
    files: tuple[LawText, ...] = field(repr=False)
    adopted: tuple[tuple[AdoptedRules, Adopted], ...] = field(repr=False)
    effective: EffectiveRules = field(repr=False)


def read_rulebook(officer: Officer, *, on: date) -> Rulebook:
    """Read the law as of a day. Raises NotPermittedError, RulesDamagedError."""
    require(officer, Capability.SCIENCE_READ)
    agency = agency_of(officer)
    effective, adopted = ruleset_for(agency.pk, on=on), tuple(list_adopted(officer))
    files = tuple(current_law(kind) for kind in ControlKind)
    hub_ids = frozenset(rule.id for rule in read_facts(hub_rules().text).rules)
    return Rulebook(
        rules=tuple(rule_rows(effective.rules, adopted, on, hub_ids)),
        lists=tuple(_lists(read_listings(effective.listings.text))),
        files=files,
        adopted=adopted,
        effective=effective,
    )


def find_rule(book: Rulebook, rule_id: str) -> RuleRow:
    """Return one rule; raises AbsentError for a rule that the agency does not know."""
    row = next((row for row in book.rules if row.fact.id == rule_id), None)
    if row is None:
        raise AbsentError
    return row


def rule_rows(
    rules: Sequence[RuleFact],
    adopted: Sequence[tuple[AdoptedRules, Adopted]],
    on: date,
    hub_ids: frozenset[str],
) -> list[RuleRow]:
    """Return one row per rule: the version of that day, else the next, else the last; by jurisdiction and id."""
    in_use = [(row, content) for row, content in adopted if row.set_aside_at is None]
    sources = {rule_id: row for row, content in in_use for rule_id in content.rule_ids}
    for row in (row for row, content in in_use if content.is_damaged):
        # A damaged row no longer names its rules: those that belong to no other row are its own.
        sources |= {rule.id: row for rule in rules if rule.id not in sources and rule.id not in hub_ids}
    rows = []
    for rule_id in dict.fromkeys(rule.id for rule in rules):
        versions = sorted((rule for rule in rules if rule.id == rule_id), key=lambda rule: rule.start)
        current = [rule for rule in versions if rule.phase_on(on) == "in_force"]
        coming = [rule for rule in versions if rule.phase_on(on) == "not_yet"]
        fact = (current or coming or versions[-1:])[0]
        rows.append(RuleRow(fact, fact.phase_on(on), tuple(versions), sources.get(rule_id)))
    return sorted(rows, key=lambda row: (row.fact.jurisdiction, row.fact.id))


def history() -> list[tuple[str, list[LawText]]]:
    """Return every version of each kind that was ever in use on this hub, newest first, without the shipped one."""
    return [(str(kind.label), law_history(kind)) for kind in ControlKind]


def _lists(listings: ListingSet) -> list[ListRow]:
    """Return every instrument that has a coverage or an entry; one without coverage is known in part."""
    found = {(one.jurisdiction, one.instrument): (one.extent, one.until) for one in listings.coverage}
    counts = Counter((one.jurisdiction, one.instrument) for one in listings.listings)
    links = {
        (one.jurisdiction, one.instrument): one.source.link for one in listings.listings if one.source.link
    }
    rows = []
    for key in {**found, **counts}:
        extent, until = found.get(key, (PARTIAL, None))
        rows.append(
            ListRow(key[0], place_name(key[0]), key[1], extent, until, counts[key], links.get(key, ""))
        )
    return sorted(rows, key=lambda row: (row.jurisdiction != "UN", row.jurisdiction, row.title))

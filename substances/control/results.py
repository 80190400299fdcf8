# SPDX-License-Identifier: Apache-2.0
"""Answers of a screening as plain data that travels as JSON: accord-screening/, by the number of the engine.

Words are codes of closed lists; whoever shows them makes the sentences. Text that is data (titles, summaries, the rules' own
sentences) is English. A standing describes only what is known here and never says that something is lawful: `not_named` is "on
none of the lists that are complete to a day", `not_covered` is "no verdict here", `not_known_then` is "the texts say nothing of
that date", `not_asked` is "lists and class rules need a structure".
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from substances.control.covering import LISTS, REASONS
from substances.control.precursors import PrecursorHit
from substances.control.verdicts import Verdict
from substances.rulefacts import ENGINE

SCHEMA: Final = f"accord-screening/{ENGINE}"
"""Includes the engine's number: another engine may answer differently by the same rules."""

LISTED: Final = "listed"
MEETS_DEFINITION: Final = "meets_definition"
PARENT: Final = "parent"
REVIEW: Final = "review"
EXCLUDED: Final = "excluded"
NOT_YET: Final = "not_yet"
ENDED: Final = "ended"
NOT_NAMED: Final = "not_named"
NOT_KNOWN_THEN: Final = "not_known_then"
NOT_ASKED: Final = "not_asked"
NOT_COVERED: Final = "not_covered"
STANDINGS: Final = (
    LISTED, MEETS_DEFINITION, PARENT, REVIEW, NOT_KNOWN_THEN, EXCLUDED, NOT_YET, ENDED, NOT_NAMED, NOT_ASKED, NOT_COVERED,
)  # fmt: skip
"""From the strongest to the weakest; a jurisdiction's standing is the strongest of its grounds.

A possible entry on a day before its text goes before a rule that does not control the substance.
"""
SILENT: Final = (NOT_NAMED, NOT_KNOWN_THEN, NOT_ASKED, NOT_COVERED)
"""Standings where nothing known here reaches the substance: this does not say that it is free."""

SENTENCES: Final = (
    *REASONS,
    "listed_since_unknown",  # a list names it, but its text does not say since when
    "day_in_year_unknown",  # a list names it from some day of that month or year
    "meets_definition",  # a class rule's definition is met
    "class_parent",  # the unchanged parent of a class, controlled by name
    "needs_a_person",  # a class rule cannot be decided by software alone
    "excluded_by_name",  # it would meet the definition, but the rule's text excludes it
    "applies_from",  # law reaches it from a later day
    "applied_until",  # law reached it until an earlier day
    "not_named",  # none of the lists that are complete to a day names it
    "not_known_for_date",  # the texts that were read are younger than the day
    "structure_needed",  # without a structure a name that is not found proves nothing
    "lists_partial",  # the lists of the jurisdiction are only partly known
    "not_covered",  # no list of the jurisdiction is known
    "outside_known_rules",  # class rules are known and none reaches it
    "rule_partly_encoded",  # a rule is only partly encoded, so its silence decides nothing
    "no_rule_in_force",  # class rules are known, none is in force on that day
    "classes_for_a_person",  # the lists also have classes that a person has to read
    "laws_not_covered",  # some laws of the jurisdiction are not covered at all
    "entries_by_name_only",  # some entries could be compared by name alone
)

LIMITS: Final = (
    "not_legal_advice",  # the cited instrument decides
    "no_structure",  # only names and numbers were compared
    "cas_numbers_known_of_few",  # no list known here holds the number; few of their entries have one
    "structure_unreadable",  # set by the caller that asks without the structure, which could not be read
    "other_components_not_screened",  # it has more organic components than are screened; the largest were
    "lists_are_not_complete",  # some of the lists are only partly known
    "name_is_of_another_structure",  # the name belongs to another structure; the structure decided
    "cas_is_of_another_structure",
    "tautomers_not_compared",  # a keto-enol form is drawn: only this one was compared
)


@dataclass(frozen=True)
class Query:
    """The question: a structure in any notation (or none), and what it is called."""

    smiles: str = ""
    name: str = ""
    cas: str = ""
    synonyms: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name in (self.name, *self.synonyms) if name.strip())


@dataclass(frozen=True)
class ListingStatus:
    """An entry that was found, its meaning (`effect`, `reason`: see control.covering), and whether it is law on the day.

    `since` is as exact as `precision` says. `seen` is the day for which its text states the law. `part` is the parent structure
    of the matching component, where the structure has several.
    """

    jurisdiction: str
    title: str
    schedule: str
    item: str
    name: str
    since: str
    precision: str
    until: str
    phase: str
    found_by: str
    effect: str
    reason: str
    grade: str
    source: str
    seen: str
    link: str = ""
    credit: str = ""
    part: str = ""


@dataclass(frozen=True)
class RuleStatus:
    """A class rule's verdict on the structure, with the facts that a reader needs to weigh it.

    `phase` is in_force, not_yet or ended on the day; `start`, `end` and `basis` are of the interval meant by it. `part` is the
    component that the verdict concerns and whose atoms it counts, empty where that is the screening's parent.
    """

    rule_id: str
    jurisdiction: str
    title: str
    instrument: str
    effect: str
    phase: str
    start: date
    end: date | None
    basis: str
    summary: str
    interpretation: tuple[str, ...]
    confidence: str
    text_seen: str
    partial: bool
    open_textured: bool
    verdict: Verdict
    part: str = ""


@dataclass(frozen=True)
class CoverageStatus:
    """The coverage of one instrument's lists: "complete" to a day, "partial" or "none"."""

    instrument: str
    extent: str
    until: str
    note: str = ""


@dataclass(frozen=True)
class JurisdictionStatus:
    """One jurisdiction on the day. `sentences` are codes of SENTENCES, the deciding one first; `by` names what decided.

    `told` are those of them that are shown to a reader: a verdict shows its first, silence shows all. `complete_to` is the day
    to which every list that is known whole is complete, empty where none is.
    """

    jurisdiction: str
    standing: str
    by: str
    sentences: tuple[str, ...]
    told: tuple[str, ...]
    listings: tuple[ListingStatus, ...]
    rules: tuple[RuleStatus, ...]
    complete_to: str = ""
    coverage: tuple[CoverageStatus, ...] = ()


@dataclass(frozen=True)
class MedicineNote:
    """The substance is known as a medicine. `kind` is human, veterinary or former."""

    name: str
    kind: str
    source: str


@dataclass(frozen=True)
class Screening:
    """The whole answer for one day. `prepared` is when the rule set was made, as exact as its file says: 2026-11."""

    schema: str
    on: date
    ruleset: str
    listing_set: str
    precursor_set: str
    parent_smiles: str
    inchikey: str
    medicine: MedicineNote | None
    jurisdictions: tuple[JurisdictionStatus, ...]
    precursors: tuple[PrecursorHit, ...]
    limits: tuple[str, ...]
    prepared: str = ""
    parent_inchikey: str = ""

    def compact(self) -> dict[str, object]:
        """Return the record that stands in a signed alert: enough to replay the verdicts, and no more."""
        verdicts = {rule.rule_id: rule.verdict.verdict for one in self.jurisdictions for rule in one.rules}
        listed = {
            f"{listing.jurisdiction}: {listing.title}"
            for one in self.jurisdictions
            for listing in one.listings
            if listing.phase == "in_force" and listing.effect == LISTS
        }
        return {
            "schema": self.schema,
            "on": self.on.isoformat(),
            "ruleset": self.ruleset,
            "listing_set": self.listing_set,
            "precursor_set": self.precursor_set,
            "verdicts": dict(sorted(verdicts.items())),
            "standings": {one.jurisdiction: one.standing for one in self.jurisdictions},
            "listings": sorted(listed),
            "precursors": sorted({f"{hit.table}: {hit.name}" for hit in self.precursors}),
        }


@dataclass(frozen=True)
class Span:
    """One standing of one jurisdiction over a time. `by` is a rule's id or a list's title, `title` the text for people."""

    jurisdiction: str
    start: date | None
    end: date | None
    standing: str
    sentence: str
    by: str
    title: str


Timeline = tuple[Span, ...]

# SPDX-License-Identifier: Apache-2.0
"""Here is what a screening answers, as plain data that travels as JSON: accord-screening/1, by the number of the engine.

Words are codes of closed lists; sentences are made by whoever shows them. Text that is data (titles, summaries, the
rules' own sentences) is English. A standing speaks about what is known here and is never a statement that something
is lawful: `outside` is "no class rule or listing known here reaches it", `no_rule_known` is "no class rule known here",
`not_asked` is "class rules need a structure", `none_in_force` "class rules are known, none was law on that day", and
`not_listed` is said of the United Nations, whose lists name substances and hold no class rules.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from substances.control.precursors import PrecursorHit
from substances.control.verdicts import Verdict
from substances.rulefacts import ENGINE

SCHEMA: Final = f"accord-screening/{ENGINE}"
"""Names the engine too: a reader with another one may come to another answer by the same rules."""

LISTED: Final = "listed"
MEETS_DEFINITION: Final = "meets_definition"
PARENT: Final = "parent"
REVIEW: Final = "review"
EXCLUDED: Final = "excluded"
NOT_YET: Final = "not_yet"
ENDED: Final = "ended"
OUTSIDE: Final = "outside"
NONE_IN_FORCE: Final = "none_in_force"
NOT_ASKED: Final = "not_asked"
NOT_LISTED: Final = "not_listed"
NO_RULE_KNOWN: Final = "no_rule_known"
STANDINGS: Final = (
    LISTED, MEETS_DEFINITION, PARENT, REVIEW, EXCLUDED, NOT_YET, ENDED, OUTSIDE, NONE_IN_FORCE, NOT_ASKED, NOT_LISTED,
    NO_RULE_KNOWN,
)  # fmt: skip
"""From the strongest to the weakest; a jurisdiction's standing is the strongest that anything gives it."""
SILENT: Final = (OUTSIDE, NONE_IN_FORCE, NOT_ASKED, NO_RULE_KNOWN)
"""Nothing known here reaches it: worth little where few entries of the jurisdiction's lists are known."""
FEW_LISTINGS: Final = 100
"""Fewer entries than this are far from any national list of named substances."""

SENTENCES: Final = (
    "listed_by_name",  # a list names it, in force on that day
    "listed_since_unknown",  # the same, but since when is not known here
    "day_in_year_unknown",  # a list names it from some day of that year: to be looked up
    "proposed_only",  # a proposal names it; whether it became law is not known here
    "meets_definition",  # a class rule's definition is met
    "class_parent",  # the unchanged parent of a class, controlled by name
    "needs_a_person",  # a class rule cannot be decided by software alone
    "excluded_by_name",  # it would meet the definition, but the rule's text takes it out
    "applies_from",  # law reaches it from a later day
    "applied_until",  # law reached it until an earlier day
    "outside_known_rules",  # rules are known and none reaches it: not a statement that it is not controlled
    "rule_partly_encoded",  # a rule is encoded in part: that it is not reached is not decided
    "no_rule_in_force",  # rules are known, none is in force on that day
    "no_rule_known",  # no class rule known here: not a statement that it is not controlled
    "structure_needed",  # without a structure class rules cannot be asked
    "names_only",  # the lists of the United Nations name substances; there are no class rules to ask
)  # fmt: skip

LIMITS: Final = (
    "not_legal_advice",  # the cited instrument decides
    "no_structure",  # only names and numbers were compared
    "cas_numbers_known_of_few",  # a number was asked about that no list known here holds; few of their entries have one
    "structure_unreadable",  # said by who asks without the structure that could not be read
    "other_components_not_screened",  # it holds more organic components than are asked about; the largest were
    "lists_are_not_complete",  # that no listing is known here is no proof of none
    "name_is_of_another_structure",  # the name belongs to another structure; the structure decided
    "cas_is_of_another_structure",
    "tautomers_not_compared",  # a keto-enol form is drawn: only this one was compared
)


@dataclass(frozen=True)
class Query:
    """What is asked about: a structure in any notation (or none), and what it is called."""

    smiles: str = ""
    name: str = ""
    cas: str = ""
    synonyms: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name in (self.name, *self.synonyms) if name.strip())


@dataclass(frozen=True)
class ListingStatus:
    """A listing that names the substance, and whether it is law on the day. `since` is as exact as `precision` says.

    `part` is the parent structure of the component that was found, where the structure has several.
    """

    jurisdiction: str
    title: str
    schedule: str
    name: str
    since: str
    precision: str
    until: str
    phase: str
    found_by: str
    source: str
    confidence: str
    part: str = ""


@dataclass(frozen=True)
class RuleStatus:
    """What a class rule says about the structure, with the facts that a reader needs to weigh it.

    `phase` is in_force, not_yet or ended on the day; `start`, `end` and `basis` are of the interval meant by it. `part`
    is the component that the verdict is about and whose atoms it counts, empty where that is the screening's parent.
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
class JurisdictionStatus:
    """One jurisdiction on the day. `sentences` are codes of SENTENCES, the deciding one first; `by` what decided.

    `listings_known` is how many entries of its lists are known here at all: with few, silence says nothing.
    """

    jurisdiction: str
    standing: str
    by: str
    sentences: tuple[str, ...]
    listings: tuple[ListingStatus, ...]
    rules: tuple[RuleStatus, ...]
    listings_known: int = 0


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
        """The record that stands in a signed alert: enough to replay the verdicts, and no more."""
        verdicts = {rule.rule_id: rule.verdict.verdict for one in self.jurisdictions for rule in one.rules}
        listed = {
            f"{listing.jurisdiction}: {listing.title}"
            for one in self.jurisdictions
            for listing in one.listings
            if listing.phase == "in_force"
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
    """One standing of one jurisdiction over a time. `by` is a rule's id or a list's title, `title` what people read."""

    jurisdiction: str
    start: date | None
    end: date | None
    standing: str
    sentence: str
    by: str
    title: str


Timeline = tuple[Span, ...]

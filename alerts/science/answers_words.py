# SPDX-License-Identifier: Apache-2.0
"""The words for every code of a screening: standings, verdicts, clauses, reasons, limits.

"Meets the definition", never "illegal"; "no class rule known here" is told apart from "known rules do not reach it",
and from rules that were not asked.
"""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

Words = Mapping[str, str | Promise]

STANDINGS: Final[Words] = {
    "listed": gettext_lazy("Listed by name"),
    "meets_definition": gettext_lazy("Meets the definition of a class"),
    "parent": gettext_lazy("The parent of a class, itself"),
    "review": gettext_lazy("Undecided: a person must judge"),
    "excluded": gettext_lazy("Taken out of a class by name"),
    "not_yet": gettext_lazy("Not yet"),
    "ended": gettext_lazy("No longer"),
    "outside": gettext_lazy("Not reached by the rules known here"),
    "none_in_force": gettext_lazy("No class rule was in force on that day"),
    "not_asked": gettext_lazy("Class rules need a structure: not asked"),
    "not_listed": gettext_lazy("Not found on the UN lists known here"),
    "no_rule_known": gettext_lazy("No class rule known here"),
}
TONES: Final = {
    "listed": "danger",
    "meets_definition": "danger",
    "parent": "danger",
    "review": "warn",
    "not_yet": "warn",
}
SENTENCES: Final[Words] = {
    "listed_since_unknown": gettext_lazy("Since when is not known here."),
    "day_in_year_unknown": gettext_lazy("Listed some time in that year; look up the day."),
    "proposed_only": gettext_lazy("A proposal names it; whether it became law is not known here."),
    "class_parent": gettext_lazy("The class is made of changes to it; it is controlled by name."),
    "needs_a_person": gettext_lazy("A class rule cannot be decided by software alone."),
    "excluded_by_name": gettext_lazy("It would meet the definition, but the text of the rule takes it out."),
    "applies_from": gettext_lazy("Law reaches it from a later day."),
    "applied_until": gettext_lazy("Law reached it until an earlier day."),
    "outside_known_rules": gettext_lazy("That does not prove that it is not controlled."),
    "rule_partly_encoded": gettext_lazy(
        "A rule is encoded here in part, so that it is not met is not decided."
    ),
    "no_rule_in_force": gettext_lazy("Class rules are known here, for another time."),
    "no_rule_known": gettext_lazy("That does not say that it is not controlled."),
    "names_only": gettext_lazy(
        "The UN lists name substances one by one and hold no class rules. That none names it here proves nothing."
    ),
    "structure_needed": gettext_lazy(
        "No list known here names it. Give a structure to have the class rules asked."
    ),
}
VERDICTS: Final[Words] = {
    "in": gettext_lazy("Meets the definition"),
    "out": gettext_lazy("Does not meet the definition"),
    "parent": gettext_lazy("The parent substance itself"),
    "review": gettext_lazy("Undecided: a person must judge"),
    "excluded": gettext_lazy("Taken out by name"),
    "not-decided": gettext_lazy("Not decided"),
}
VERDICT_TONES: Final = {"in": "danger", "parent": "danger", "review": "warn", "not-decided": "warn"}
CLAUSES: Final[Words] = {
    "core": gettext_lazy("Scaffold"),
    "explained": gettext_lazy("Named in the rule"),
    "for_review": gettext_lazy("A person must judge this"),
    "not_permitted": gettext_lazy("Not named in the rule"),
    "no_such_position": gettext_lazy("No place for it in the rule"),
    "needs_company": gettext_lazy("Only beside another group"),
    "too_many": gettext_lazy("One more than the rule takes"),
    "missing": gettext_lazy("The rule asks for a group here"),
    "indicator": gettext_lazy("What the law points at"),
}
KINDS: Final = {
    "core": "core",
    "parent": "core",
    "allowed": "allowed",
    "review": "review",
    "denied": "denied",
}
REASONS: Final[Words] = {
    "all_explained": gettext_lazy("Every atom is explained by a clause of the rule."),
    "unchanged_parent": gettext_lazy("It is the parent substance, without any change."),
    "for_review": gettext_lazy("A point of the rule needs a person."),
    "unexplained": gettext_lazy("Some atoms are explained by no clause of the rule."),
    "missing": gettext_lazy("A group that the rule asks for is not there."),
    "no_core": gettext_lazy("The scaffold of the rule is not in it."),
    "mass": gettext_lazy("It is heavier than the rule allows."),
    "named": gettext_lazy("The text of the rule names it and takes it out."),
    "indicator": gettext_lazy("The law has no closed list; a sign of it is there."),
    "no_indicator": gettext_lazy("The law has no closed list; no sign of it is there."),
    "partly_encoded": gettext_lazy("The rule is encoded here in part: that it is not met is not decided."),
    "not_all_ways_tried": gettext_lazy("Not every way the scaffold lies on it was tried."),
}
CONFIDENCE: Final[Words] = {
    "high": gettext_lazy("High confidence"),
    "medium": gettext_lazy("Medium confidence"),
    "low": gettext_lazy("Low confidence"),
}
TEXT_SEEN: Final[Words] = {
    "yes": gettext_lazy("The wording of the instrument was read."),
    "partly": gettext_lazy("The wording of the instrument was read in part."),
    "no": gettext_lazy("The wording of the instrument was not read; the rule is from memory."),
}
FOUND_BY: Final[Words] = {
    "structure": gettext_lazy("found by structure"),
    "cas": gettext_lazy("found by CAS number"),
    "name": gettext_lazy("found by name"),
    "structure_without_stereo": gettext_lazy("found by structure, stereo left aside"),
}
LIMITS: Final[Words] = {
    "no_structure": gettext_lazy(
        "No structure was given: only names and numbers were compared, and no class rule was asked."
    ),
    "cas_numbers_known_of_few": gettext_lazy(
        "Few entries of the lists known here have a CAS number: that none has this one proves nothing. Give the structure."
    ),
    "structure_unreadable": gettext_lazy(
        "The structure could not be read: only names and numbers were compared."
    ),
    "other_components_not_screened": gettext_lazy(
        "The structure has many organic components; only the largest of them were compared with the class rules."
    ),
    "lists_are_not_complete": gettext_lazy(
        "The lists known here are not complete: that none names it proves nothing."
    ),
    "name_is_of_another_structure": gettext_lazy(
        "The name belongs to another structure; the structure decided."
    ),
    "tautomers_not_compared": gettext_lazy(
        "This structure has a keto and an enol form; the one that is drawn was compared, other tautomers were not."
    ),
    "cas_is_of_another_structure": gettext_lazy(
        "The CAS number belongs to another structure; the structure decided."
    ),
}
MEDICINES: Final[Words] = {
    "human": gettext_lazy(
        "%(name)s is known as a medicine. A patient may hold it lawfully; ask before acting."
    ),
    "veterinary": gettext_lazy("%(name)s is known as a veterinary medicine; ask before acting."),
    "former": gettext_lazy("%(name)s was once a medicine."),
}
LICENCES: Final[Words] = {
    "facts": gettext_lazy("licence: facts, free to use"),
    "listing": gettext_lazy("licence: facts, collected by this project under its own licence"),
    "rule": gettext_lazy("own summary of public law; licence as this project"),
    "published": gettext_lazy(
        "summary by the authority or operator that gave the rule; it states the licence"
    ),
}
"""What may be done with a datum; `docs/sources.md` says it for each file."""
PHASES: Final[Words] = {
    "in_force": gettext_lazy("Listed"),
    "not_yet": gettext_lazy("Listed from a later day"),
    "ended": gettext_lazy("No longer listed"),
    "day_not_known": gettext_lazy("Listed some time in that year"),
    "proposed": gettext_lazy("Proposed"),
}
PHASE_TONES: Final = {"in_force": "danger", "not_yet": "warn", "day_not_known": "warn", "proposed": "warn"}

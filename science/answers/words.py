# SPDX-License-Identifier: Apache-2.0
"""Words for every code of a screening: standings, verdicts, clauses, reasons, limits.

- "Meets the definition", never "illegal".
- Three cases stay distinct: complete lists do not name a substance, no verdict is given here, and it was not asked.
"""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

Words = Mapping[str, str | Promise]

STANDINGS: Final[Words] = {
    "listed": gettext_lazy("Listed"),
    "meets_definition": gettext_lazy("Meets the definition of a class"),
    "parent": gettext_lazy("The parent of a class, itself"),
    "review": gettext_lazy("Undecided: a person must judge"),
    "excluded": gettext_lazy("Taken out by name"),
    "not_yet": gettext_lazy("Not yet"),
    "ended": gettext_lazy("No longer"),
    "not_named": gettext_lazy("Not named on lists that are complete"),
    "not_known_then": gettext_lazy("Not known for that date"),
    "not_asked": gettext_lazy("Needs a structure: not asked"),
    "not_covered": gettext_lazy("Not known here"),
}
IN_A_LINE: Final[Words] = {
    "meets_definition": gettext_lazy("Meets the definition"),
    "parent": gettext_lazy("Parent of a class"),
    "review": gettext_lazy("Undecided"),
}
"""Shorter words for standings, where a line is all there is; the whole ones stand in what the line opens to."""
NOT_NAMED_TO: Final = gettext_lazy("Not named on lists that are complete to %(day)s")
TONES: Final = {
    "listed": "law",
    "meets_definition": "law",
    "parent": "law",
    "review": "warn",
    "not_yet": "warn",
}
"""Red stays for time and danger: what is controlled is told by a filled square and weight, not by an alarm."""
SENTENCES: Final[Words] = {
    "derived_listed": gettext_lazy("As an ester or ether of what the list names, which its clause takes in."),
    "clause_not_seen": gettext_lazy(
        "A salt of what the list names; look up whether the list takes in salts."
    ),
    "lead_only": gettext_lazy("A second-hand report names it; look it up in the instrument."),
    "text_not_read": gettext_lazy("The text of this entry has to be looked up."),
    "other_form": gettext_lazy("The list names another stereo form of it."),
    "form_decides": gettext_lazy(
        "One stereo form is listed and another is not; the drawing does not say which one it is."
    ),
    "only_if_misused": gettext_lazy("A stereo form of what is listed: only where it is meant to be misused."),
    "salt_not_named": gettext_lazy("A salt of what the list names; the clause that was read names no salts."),
    "derivative_for_a_person": gettext_lazy(
        "It may be a derivative or analogue of what an entry names, or one of its class."
    ),
    "derived_not_decided": gettext_lazy(
        "An ester or ether of what the list names; look up whether it is meant."
    ),
    "preparation_only": gettext_lazy("Some entries are about preparations alone."),
    "named_together": gettext_lazy(
        "The entry names it together with a second substance, as one preparation."
    ),
    "name_of_several": gettext_lazy("The name stands for several substances. Give the structure."),
    "taken_out": gettext_lazy("The text of the list takes it out by name."),
    "listed_since_unknown": gettext_lazy("The text does not say since when."),
    "day_in_year_unknown": gettext_lazy("Listed some time in that month or year; look up the day."),
    "class_parent": gettext_lazy("The class is made of changes to it; it is controlled by name."),
    "needs_a_person": gettext_lazy("A class rule cannot be decided by software alone."),
    "excluded_by_name": gettext_lazy("It would meet the definition, but the text of the rule takes it out."),
    "applies_from": gettext_lazy("Law reaches it from a later day."),
    "applied_until": gettext_lazy("Law reached it until an earlier day."),
    "not_named": gettext_lazy(
        "An answer about these lists alone. Whether a law on analogues reaches it is for a court."
    ),
    "not_known_for_date": gettext_lazy("The texts do not go back to that date."),
    "structure_needed": gettext_lazy(
        "No list names it so. Give a structure to have lists and class rules asked."
    ),
    "lists_partial": gettext_lazy("Its lists are known here in part: they give no verdict."),
    "not_covered": gettext_lazy("None of its lists is known here: no list gives a verdict."),
    "outside_known_rules": gettext_lazy("The class rules that were asked do not reach it."),
    "rule_partly_encoded": gettext_lazy(
        "A rule is encoded here in part, so that it is not met is not decided."
    ),
    "no_rule_in_force": gettext_lazy("Class rules are known here, for another time."),
    "classes_for_a_person": gettext_lazy("The lists also have classes that a person has to read."),
    "laws_not_covered": gettext_lazy("Some laws of the jurisdiction are not covered here at all."),
    "entries_by_name_only": gettext_lazy("Some entries could be compared by name alone."),
}
VERDICTS: Final[Words] = {
    "in": gettext_lazy("Meets the definition"),
    "out": gettext_lazy("Does not meet the definition"),
    "parent": gettext_lazy("The parent substance itself"),
    "review": gettext_lazy("Undecided: a person must judge"),
    "excluded": gettext_lazy("Taken out by name"),
    "not-decided": gettext_lazy("Undecided"),
}
VERDICT_TONES: Final = {"in": "law", "parent": "law", "review": "warn", "not-decided": "warn"}
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
TEXT_SEEN: Final[Words] = {
    "yes": gettext_lazy("The wording of the instrument was read."),
    "partly": gettext_lazy("The wording of the instrument was read in part."),
    "no": gettext_lazy("The wording of the instrument was not read."),
}
WORDING: Final[Words] = {
    "yes": gettext_lazy("read"),
    "partly": gettext_lazy("read in part"),
    "no": gettext_lazy("not read"),
}
FOUND_BY: Final[Words] = {
    "structure": gettext_lazy("found by structure"),
    "cas": gettext_lazy("found by CAS number"),
    "name": gettext_lazy("found by name"),
    "structure_without_stereo": gettext_lazy("found by structure, stereo left aside"),
    "other_form": gettext_lazy("found as another stereo form"),
    "ester": gettext_lazy("found as an ester"),
    "ether": gettext_lazy("found as an ether"),
    "skeleton": gettext_lazy("found by likeness"),
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
PHASES: Final[Words] = {
    "in_force": gettext_lazy("Listed"),
    "not_yet": gettext_lazy("Listed from a later day"),
    "ended": gettext_lazy("No longer listed"),
    "day_not_known": gettext_lazy("Listed some time in that month or year"),
    "not_known_then": gettext_lazy("Not known for that date"),
}
PHASE_TONES: Final = {"in_force": "law", "not_yet": "warn", "day_not_known": "warn"}
EFFECTS: Final[Words] = {
    "undecided": gettext_lazy("A person must judge"),
    "takes_out": gettext_lazy("Taken out by name"),
}
EXTENTS: Final[Words] = {
    "complete": gettext_lazy("complete to %(day)s"),
    "partial": gettext_lazy("known in part"),
    "none": gettext_lazy("not covered here"),
}
INSTRUMENTS: Final[Words] = {
    "易制毒化学品管理条例": gettext_lazy("Regulation on precursor chemicals"),
    "易制毒化学品品种目录": gettext_lazy("Catalogue of precursor chemicals"),
    "精神药品品种目录": gettext_lazy("Catalogue of psychotropic substances"),
    "麻醉药品品种目录": gettext_lazy("Catalogue of narcotic drugs"),
    "非药用类麻醉药品和精神药品管制品种增补目录": gettext_lazy(
        "Supplementary list of non-medical substances"
    ),
}
"""By the beginning of the printed name: what an instrument in another script is, for readers who cannot read it."""

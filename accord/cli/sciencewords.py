# SPDX-License-Identifier: Apache-2.0
"""Words for the science core's codes at a terminal: standings, what decided them, limits, matches, profiles.

"Meets the definition", never "illegal"; "not named by complete lists" differs from "no verdict".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

STANDINGS: Final[Mapping[str, str]] = {
    "listed": "listed",
    "meets_definition": "meets the definition of a class",
    "parent": "the parent of a class, itself",
    "review": "undecided: a person must judge",
    "excluded": "taken out by name",
    "not_yet": "not yet",
    "ended": "no longer",
    "not_named": "not named on lists that are complete",
    "not_known_then": "not known for that date",
    "not_asked": "needs a structure: not asked",
    "not_covered": "not known here",
}
DECISIONS: Final[Mapping[str, str]] = {
    "listed_by_name": "A list names it.",
    "derived_listed": "As an ester or ether of what the list names, which its clause takes in.",
    "clause_not_seen": "A salt of what the list names; look up whether the list takes in salts.",
    "lead_only": "A second-hand report names it; look it up in the instrument.",
    "text_not_read": "The text of this entry has to be looked up.",
    "other_form": "The list names another stereo form of it.",
    "form_decides": "One stereo form is listed and another is not; the drawing does not say which one it is.",
    "only_if_misused": "A stereo form of what is listed: only where it is meant to be misused.",
    "salt_not_named": "A salt of what the list names; the clause that was read names no salts.",
    "derivative_for_a_person": "It may be a derivative or analogue of what an entry names, or one of its class.",
    "derived_not_decided": "An ester or ether of what the list names; look up whether it is meant.",
    "preparation_only": "Some entries are about preparations alone.",
    "named_together": "The entry names it together with a second substance, as one preparation.",
    "name_of_several": "The name stands for several substances. Give the structure.",
    "taken_out": "The text of the list takes it out by name.",
    "listed_since_unknown": "A list names it; the text does not say since when.",
    "day_in_year_unknown": "Listed some time in that month or year; look up the day.",
    "meets_definition": "The definition of a class is met.",
    "class_parent": "The class is made of changes to it; it is controlled by name.",
    "needs_a_person": "A class rule cannot be decided by software alone.",
    "excluded_by_name": "It would meet the definition, but the text of the rule takes it out.",
    "applies_from": "Law reaches it from a later day.",
    "applied_until": "Law reached it until an earlier day.",
    "not_named": "An answer about these lists alone. Whether a law on analogues reaches it is for a court.",
    "not_known_for_date": "The texts do not go back to that date.",
    "structure_needed": "No list names it so. Give a structure to have lists and class rules asked.",
    "lists_partial": "Its lists are known here in part: they give no verdict.",
    "not_covered": "None of its lists is known here: no list gives a verdict.",
    "outside_known_rules": "The class rules that were asked do not reach it.",
    "rule_partly_encoded": "A rule is encoded here in part, so that it is not met is not decided.",
    "no_rule_in_force": "Class rules are known here, for another time.",
    "classes_for_a_person": "The lists also have classes that a person has to read.",
    "laws_not_covered": "Some laws of the jurisdiction are not covered here at all.",
    "entries_by_name_only": "Some entries could be compared by name alone.",
}
LIMITS: Final[Mapping[str, str]] = {
    "not_legal_advice": "No legal advice: the cited instrument decides.",
    "no_structure": "No structure was given: only names and numbers were compared.",
    "cas_numbers_known_of_few": "Few entries of the lists have a CAS number: that none has this one proves nothing.",
    "structure_unreadable": "The structure could not be read: only names and numbers were compared.",
    "other_components_not_screened": "Of many organic components only the largest were compared with the rules.",
    "lists_are_not_complete": "Some of the lists are known in part.",
    "name_is_of_another_structure": "The name belongs to another structure; the structure decided.",
    "tautomers_not_compared": "A keto-enol case: other tautomers were not compared.",
    "cas_is_of_another_structure": "The CAS number belongs to another structure; the structure decided.",
}
VERDICTS: Final[Mapping[str, str]] = {
    "in": "meets the definition",
    "out": "does not meet the definition",
    "parent": "the parent substance itself",
    "review": "undecided: a person must judge",
    "excluded": "taken out by name",
    "not-decided": "not decided: the rule is encoded here in part",
}
PHASES: Final[Mapping[str, str]] = {
    "in_force": "in force",
    "not_yet": "not yet in force",
    "ended": "no longer in force",
    "day_not_known": "from some day of that month or year",
    "not_known_then": "not known for that date",
}
CLAUSES: Final[Mapping[str, str]] = {
    "core": "scaffold",
    "explained": "named in the rule",
    "for_review": "a person must judge this",
    "not_permitted": "not named in the rule",
    "no_such_position": "no place for it in the rule",
    "needs_company": "only beside another group",
    "too_many": "one more than the rule takes",
    "missing": "the rule asks for a group here",
    "indicator": "what the law points at",
}
EFFECTS: Final[Mapping[str, str]] = {
    "lists": "listed",
    "undecided": "a person must judge",
    "takes_out": "taken out by name",
}
EXTENTS: Final[Mapping[str, str]] = {
    "complete": "complete to",
    "partial": "known in part",
    "none": "not known here",
}
AS_IN_PARENT: Final = "as in the parent of the class"
REASONS: Final[Mapping[str, str]] = {
    "all_explained": "Every atom is explained by a clause of the rule.",
    "unchanged_parent": "It is the parent substance, without any change.",
    "for_review": "A point of the rule needs a person.",
    "unexplained": "Some atoms are explained by no clause of the rule.",
    "missing": "A group that the rule asks for is not there.",
    "no_core": "The scaffold of the rule is not in it.",
    "mass": "It is heavier than the rule allows.",
    "named": "The text of the rule names it and takes it out.",
    "indicator": "The law has no closed list; a sign of it is there.",
    "no_indicator": "The law has no closed list; no sign of it is there.",
    "partly_encoded": "The rule is encoded here in part: that it is not met is not decided.",
    "not_all_ways_tried": "Not every way the scaffold lies on it was tried.",
}
TEXT_SEEN: Final[Mapping[str, str]] = {
    "yes": "the wording of the instrument was read",
    "partly": "the wording of the instrument was read in part",
    "no": "the wording of the instrument was not read; the rule is from memory",
}
MATCHES: Final[Mapping[str, str]] = {
    "identified_candidate": "One candidate: the first hit, to be confirmed with a reference standard.",
    "isomer_group": "A group of isomers: this spectrum does not tell them apart.",
    "no_match": "No match.",
}
MATCH_REASONS: Final[Mapping[str, str]] = {
    "library_empty": "There is nothing of this kind to compare with.",
    "none_in_precursor_window": "No entry has this precursor mass.",
    "score_low": "The best score is too low to name a compound.",
    "score_moderate": "Alike, but not enough for the hit to stand alone.",
    "few_fragments": "Too few fragments agree to name a compound.",
    "precursor_unknown": "The query states no precursor mass.",
    "precursor_disagrees": "The spectra are alike, the masses are not: a related substance at most.",
    "unit_resolution": "Nominal masses only: isobars are not told apart.",
    "near_tie": "The next hit scores nearly as high.",
    "isomers_known": "Isomers of the hit are known.",
    "isomers_never_excluded_by_ms": "A mass spectrum alone never excludes isomers.",
}
GROUPS: Final[Mapping[str, str]] = {
    "isomers": "isomers, of the formula",
    "tie": "nearly the same score",
    "isobars": "of this nominal mass",
}
LINKS: Final[Mapping[str, str]] = {
    "linked": "linked",
    "possible": "possible",
    "not_linked": "not linked",
    "not_comparable": "not comparable",
}
NOT_COMPARABLE: Final[Mapping[str, str]] = {
    "method": "by another method",
    "version": "by another version of the method",
    "length": "another number of targets",
    "not_calibrated": "this method has no calibration here",
    "too_few_shared": "too few targets were detected in both",
    "flat": "all targets are alike",
}
IDENTITY_FAILED: Final[Mapping[str, str]] = {
    "scheme_not_met": "The minimum scheme (SWGDRUG, Part III B.3) is not met.",
    "contradicted": "One analysis did not detect it.",
    "alternatives_left": "Isomers are listed as not excluded.",
    "isomers_not_told_apart": "No analysis tells positional isomers apart.",
    "nmr_nucleus_not_stated": "The line on NMR does not name its nucleus.",
    "reference_missing": "IR, Raman or XRD was compared with nothing.",
    "standard_not_certified": "The separation was not compared with a certified standard.",
}
FOUND_BY: Final[Mapping[str, str]] = {
    "structure": "found by structure",
    "structure_without_stereo": "found by structure, stereo left aside",
    "other_form": "found as another stereo form",
    "ester": "found as an ester",
    "ether": "found as an ether",
    "skeleton": "found by likeness",
    "cas": "found by CAS number",
    "name": "found by name",
}
LEAD: Final = "A lead, not proof."


def word_of(table: Mapping[str, str], code: str) -> str:
    """Return the words for a code; the code itself where a newer core knows one more."""
    return table.get(code, code)

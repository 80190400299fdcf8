# SPDX-License-Identifier: Apache-2.0
"""Sentences for faults of a rule file, and words for phases and for what reaches a substance."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from substances.rulefacts import FaultFact

Text = str | Promise

FAULTS: Final[dict[str, Text]] = {
    "alias": gettext_lazy("References within the file are not read; write the value out."),
    "anchor": gettext_lazy("References within the file are not read; write the value out."),
    "any_with_limit": gettext_lazy("A group of anything has no limit beside it; take one of them out."),
    "bridge_needs_two_ends": gettext_lazy("A bridge needs two ends at the core."),
    "closed_without_smarts": gettext_lazy("A closed group needs a pattern."),
    "date_expected": gettext_lazy("Write the day as YYYY-MM-DD."),
    "duplicate_key": gettext_lazy("This stands twice; take one out."),
    "effective_differs": gettext_lazy(
        "No rule of the file begins on the day that the alert names; correct one."
    ),
    "example_fails": gettext_lazy("The rule answers this example otherwise than the file says."),
    "file_too_large": gettext_lazy("The file is too large."),
    "first_atom_not_anchor": gettext_lazy("The first atom of this pattern has to be the core atom."),
    "group_differs": gettext_lazy(
        "A group of this name means something else here; give the new one another name."
    ),
    "group_needs_core_and_fragment": gettext_lazy(
        "The pattern of a group starts with the core atom and the fragment's first."
    ),
    "group_without_limit": gettext_lazy("A group without any limit would allow everything; give it one."),
    "interval_empty": gettext_lazy("The end is not after the beginning."),
    "intervals_overlap": gettext_lazy("Two versions of this rule count on the same day."),
    "jurisdiction_differs": gettext_lazy(
        "The rule is about another jurisdiction than the alert names; correct one."
    ),
    "key_not_text": gettext_lazy("A key has to be a word."),
    "list_expected": gettext_lazy("Write a list here."),
    "mass_expected": gettext_lazy("Write a mass in daltons."),
    "missing": gettext_lazy("This is missing."),
    "more_than_one_document": gettext_lazy("The file holds more than one document."),
    "no_document": gettext_lazy("The file is empty."),
    "no_example_in": gettext_lazy("Give at least one example that the rule catches."),
    "no_example_out": gettext_lazy("Give at least one example that the rule does not catch."),
    "no_such_position": gettext_lazy("The core has no such position."),
    "not_a_choice": gettext_lazy("This is none of the choices."),
    "not_a_jurisdiction": gettext_lazy("Write the jurisdiction as a code."),
    "not_a_mapping": gettext_lazy("Write names with values here."),
    "not_a_structure": gettext_lazy("This is no structure that can be read."),
    "not_an_element": gettext_lazy("This is no element, or no count of one."),
    "not_an_id": gettext_lazy("Use letters, digits and hyphens, up to 40."),
    "not_an_inchikey": gettext_lazy("Write whole InChIKeys, or their first 14 letters, with spaces between."),
    "not_csv": gettext_lazy("This is no table of comma-separated values."),
    "not_smarts": gettext_lazy("This is no pattern that can be read."),
    "not_text": gettext_lazy("This is no text; save the file as UTF-8."),
    "not_with_open_textured": gettext_lazy("An open-textured rule has indicators only."),
    "not_yaml": gettext_lazy("This is no YAML that can be read."),
    "only_with_open_textured": gettext_lazy("Indicators belong to open-textured rules only."),
    "option_needs_one_way": gettext_lazy("An option needs exactly one way to be recognised."),
    "other_columns": gettext_lazy("The columns are not those of this kind of file."),
    "position_twice": gettext_lazy("A position stands twice in the pattern."),
    "positions_expected": gettext_lazy("Write the numbers of positions here."),
    "precision_does_not_fit": gettext_lazy("The day and how exactly it is known do not fit together."),
    "ring_contradicts_itself": gettext_lazy("What is said of the ring contradicts itself."),
    "ring_or_subst_without_smarts": gettext_lazy("Ring and substituents need a pattern that they belong to."),
    "rule_of_another_jurisdiction": gettext_lazy(
        "A rule of this id belongs to another jurisdiction here; give it another id."
    ),
    "slot_allows_nothing": gettext_lazy("Nothing can hang at this place; say what may."),
    "smarts_too_deep": gettext_lazy("This pattern is nested too deeply."),
    "smarts_too_large": gettext_lazy("This pattern is too large."),
    "substituent_needs_one_way": gettext_lazy("A substituent needs groups or a bridge."),
    "tag": gettext_lazy("Marks of types are not read; write the value only."),
    "text_expected": gettext_lazy("Write text here."),
    "text_too_long": gettext_lazy("This text is too long."),
    "texts_expected": gettext_lazy("Write a list of texts here."),
    "too_deep": gettext_lazy("This is nested too deeply."),
    "too_slow": gettext_lazy(
        "This takes too long on large structures; name the atoms of its patterns more closely, or shorten them."
    ),
    "too_many": gettext_lazy("There are too many of these."),
    "too_many_nodes": gettext_lazy("The file holds too much."),
    "true_or_false_expected": gettext_lazy("Write true or false."),
    "unknown_format": gettext_lazy("This format is not known here."),
    "unknown_group": gettext_lazy("No group of this name is defined."),
    "unknown_key": gettext_lazy("This key is not known; a misspelt one would count for nothing."),
    "not_https": gettext_lazy("Give an address that begins with https://, without spaces or marks."),
    "unknown_source": gettext_lazy("No source of this id stands in the file; add a row for it."),
    "versions_differ": gettext_lazy("Versions of one rule belong to one jurisdiction."),
    "whole_number_expected": gettext_lazy("Write a whole number."),
}
PHASES: Final[dict[str, Text]] = {
    "in_force": gettext_lazy("In force"),
    "not_yet": gettext_lazy("Not yet"),
    "ended": gettext_lazy("Ended"),
}
REACHES: Final[dict[str, Text]] = {
    "in": gettext_lazy("meets the definition"),
    "parent": gettext_lazy("is the class's parent"),
    "review": gettext_lazy("a person has to decide"),
    "listed": gettext_lazy("is listed by name"),
}


def fault_text(fault: FaultFact) -> str:
    """Return the sentence for one fault, with the word that it is about."""
    known = FAULTS.get(fault.code)
    text = str(known) if known else _("This cannot be used (%(code)s).") % {"code": fault.code}
    return f"{text} ({fault.about})" if fault.about else text

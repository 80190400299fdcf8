# SPDX-License-Identifier: Apache-2.0
"""Serializers of the science answers. Codes are closed lists; texts of rules and lists are English data."""

from typing import Any

from rest_framework import serializers as s

from science.answers.screen import Screened
from science.answers.words import REASONS, VERDICTS
from science.structures.analogues import AnalogueShown, AnaloguesShown
from substances.control.covering import LISTS, TAKES_OUT, UNDECIDED
from substances.control.covering import REASONS as LISTING_REASONS
from substances.control.listings import EXTENTS, GRADES
from substances.control.results import LIMITS, SENTENCES, STANDINGS
from substances.control.verdicts import FINDING_CODES, FINDING_KINDS
from substances.jsonform import to_plain

STEREO = ("none", "defined", "partly", "undefined")
PHASES = ("in_force", "not_yet", "ended", "day_not_known", "not_known_then")


class StructureOut(s.Serializer[Any]):
    """`parent_smiles` is what rules look at; the atoms of clauses count in its order. Masses in Da."""

    smiles = s.CharField()
    inchi = s.CharField()
    inchikey = s.CharField()
    formula = s.CharField()
    mono_mass = s.FloatField()
    avg_mass = s.FloatField()
    heavy_atoms = s.IntegerField()
    charge = s.IntegerField()
    components = s.ListField(child=s.CharField())
    stereo = s.ChoiceField(STEREO)
    isotopes = s.BooleanField()
    form = s.CharField()
    parent_smiles = s.CharField()
    parent_formula = s.CharField()
    notices = s.ListField(child=s.CharField())


class FindingOut(s.Serializer[Any]):
    """The finding of one clause about these atoms."""

    atoms = s.ListField(child=s.IntegerField())
    clause = s.CharField()
    label = s.CharField()  # type: ignore[assignment]
    slot = s.CharField()
    kind = s.ChoiceField(FINDING_KINDS)
    code = s.ChoiceField(FINDING_CODES)
    sentence = s.CharField()


class ReasonOut(s.Serializer[Any]):
    code = s.ChoiceField(list(REASONS))
    sentence = s.CharField()


class RuleVerdictOut(s.Serializer[Any]):
    """A class rule's answer, with what is needed to weigh it; its atoms count in `part`, or in the structure's parent."""

    rule_id = s.CharField()
    title = s.CharField()
    instrument = s.CharField()
    effect = s.CharField()
    phase = s.ChoiceField(PHASES[:3])
    start = s.DateField()
    end = s.DateField(allow_null=True)
    basis = s.CharField()
    summary = s.CharField()
    interpretation = s.ListField(child=s.CharField())
    confidence = s.CharField()
    text_seen = s.CharField()
    partial = s.BooleanField()  # type: ignore[assignment]
    open_textured = s.BooleanField()
    verdict = s.ChoiceField(list(VERDICTS))
    because = ReasonOut(many=True)
    findings = FindingOut(many=True)
    part = s.CharField()


class ListingOut(s.Serializer[Any]):
    """An entry of a list that was found: it `lists` the substance, is `undecided`, or `takes_out` what it names.

    `reason` is why. `since` is a day, or a month or year where no more is known. `seen` is the day for which the text
    tells the law, `grade` what sort of text it is: A the instrument, B national law that names it, C a notice of its
    body, D second hand, `unsourced` where none was read. `part` is the component that was found, where the structure
    has several; `credit` is what the licence of the source asks to be said.
    """

    title = s.CharField()
    schedule = s.CharField()
    item = s.CharField()
    name = s.CharField()
    since = s.CharField()
    until = s.CharField()
    phase = s.ChoiceField(PHASES)
    found_by = s.CharField()
    effect = s.ChoiceField((LISTS, UNDECIDED, TAKES_OUT))
    reason = s.ChoiceField(LISTING_REASONS)
    grade = s.ChoiceField(GRADES)
    source = s.CharField()  # type: ignore[assignment]
    seen = s.CharField()
    link = s.CharField()
    credit = s.CharField()
    part = s.CharField()


class CoverageOut(s.Serializer[Any]):
    """The extent of one instrument's known lists: `complete` up to `until`, `partial`, or `none`."""

    instrument = s.CharField()
    extent = s.ChoiceField(EXTENTS)
    until = s.CharField()
    note = s.CharField()


class JurisdictionOut(s.Serializer[Any]):
    """The strongest standing that anything gives there; `sentences` are codes, the deciding one first.

    `not_named` is said of the lists that are known whole, up to `complete_to`; `not_covered` is no verdict.
    """

    jurisdiction = s.CharField()
    standing = s.ChoiceField(STANDINGS)
    by = s.CharField()
    sentences = s.ListField(child=s.ChoiceField(SENTENCES))
    listings = ListingOut(many=True)
    rules = RuleVerdictOut(many=True)
    complete_to = s.CharField()
    coverage = CoverageOut(many=True)


class PrecursorOut(s.Serializer[Any]):
    name = s.CharField()
    table = s.CharField()
    since = s.CharField()
    phase = s.CharField()
    source = s.CharField()  # type: ignore[assignment]
    confidence = s.CharField()
    found_by = s.CharField()
    part = s.CharField()


class MedicineOut(s.Serializer[Any]):
    name = s.CharField()
    kind = s.CharField()
    source = s.CharField()  # type: ignore[assignment]


class DisagreementOut(s.Serializer[Any]):
    """A field that does not fit the structure beside it."""

    field = s.CharField()
    code = s.CharField()
    expected = s.CharField()


class ScreeningOut(s.Serializer[Any]):
    """The screening of one substance. `ruleset`, `listing_set` and `precursor_set` are digests of the sets that were applied.

    `prepared` is the date of the rule set, as exact as its file says.
    """

    structure = StructureOut(allow_null=True)
    known_names = s.ListField(child=s.CharField())
    disagreements = DisagreementOut(many=True)
    ruleset = s.CharField()
    prepared = s.CharField()
    listing_set = s.CharField()
    precursor_set = s.CharField()
    medicine = MedicineOut(allow_null=True)
    jurisdictions = JurisdictionOut(many=True)
    precursors = PrecursorOut(many=True)
    limits = s.ListField(child=s.ChoiceField(LIMITS))


class ScreeningsOut(s.Serializer[Any]):
    """Screenings in the order asked."""

    on = s.DateField()
    items = ScreeningOut(many=True)


class AnalogueOut(s.Serializer[Any]):
    """A similar substance. `score` ranks and is no probability.

    The atoms of the common scaffold count in `parent_smiles` and in the query's. An API key learns only the
    similarity of the agency's own hits: texts and lists are empty, `received` and `alert` null.
    """

    name = s.CharField()
    drug_class = s.CharField()
    source = s.CharField()  # type: ignore[assignment]
    parent_smiles = s.CharField()
    score = s.FloatField()
    similarity_a = s.FloatField()
    similarity_b = s.FloatField()
    same_rules = s.ListField(child=s.CharField())
    same_clauses = s.ListField(child=s.CharField())
    common_query = s.ListField(child=s.IntegerField())
    common_hit = s.ListField(child=s.IntegerField())
    is_own = s.BooleanField()
    received = s.UUIDField(allow_null=True)
    alert = s.UUIDField(allow_null=True)


class AnaloguesOut(s.Serializer[Any]):
    structure = StructureOut()
    items = AnalogueOut(many=True)
    looked_at = s.IntegerField()
    ruleset = s.CharField()


def screened_out(one: Screened) -> dict[str, Any]:
    """Return a screening in the form of `ScreeningOut`."""
    plain: dict[str, Any] = to_plain(one.screening)
    for place in plain["jurisdictions"]:
        place["rules"] = [_rule(rule) for rule in place["rules"]]
    shown = {
        **plain,
        "structure": to_plain(one.structure),
        "known_names": list(one.known_names),
        "disagreements": to_plain(one.disagreements),
    }
    return ScreeningOut(shown).data


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    verdict = rule["verdict"]
    return {
        **rule,
        "verdict": verdict["verdict"],
        "because": verdict["because"],
        "findings": verdict["findings"],
    }


def analogues_out(found: AnaloguesShown) -> dict[str, Any]:
    """Return analogues in the form of `AnaloguesOut`."""
    return {
        "structure": StructureOut(to_plain(found.structure)).data,
        "items": [AnalogueOut(_analogue(hit)).data for hit in found.hits],
        "looked_at": found.looked_at,
        "ruleset": found.ruleset,
    }


def _analogue(hit: AnalogueShown) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(hit.analogue)
    return {
        **plain,
        "parent_smiles": plain["parent"],
        "is_own": hit.is_own,
        "received": hit.received.pk if hit.received else None,
        "alert": hit.sent.pk if hit.sent else None,
    }

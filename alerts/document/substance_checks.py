# SPDX-License-Identifier: Apache-2.0
"""Rules and questions on the substance: its structure against its identifiers, and the files that evidence names."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.document.checking import DraftCheck
from alerts.document.circumstances import Disagreed

if TYPE_CHECKING:
    from alerts.document.choices import Text

LOW_IDENTITIES: Final = frozenset({"unknown", "class_only"})
DISAGREEMENTS: Final[Mapping[tuple[str, str], "Text"]] = {
    ("inchikey", "other_structure"): gettext_lazy("InChIKey: the structure above has %(own)s; correct one."),
    ("inchi", "other_structure"): gettext_lazy(
        "InChI: it is of another structure than the one above; correct one."
    ),
    ("formula", "other_formula"): gettext_lazy("Formula: the structure above has %(own)s; correct one."),
}
"""Disagreements that stop an alert: it names two substances."""

DOUBTS: Final[Mapping[tuple[str, str], tuple[str, "Text"]]] = {
    ("inchikey", "other_stereo_or_isotopes"): (
        "key-of-other-stereo",
        gettext_lazy(
            "InChIKey: the structure above has %(own)s: the same skeleton, other stereo marks or isotopes."
        ),
    ),
    ("inchikey", "of_the_base"): (
        "key-of-the-base",
        gettext_lazy("InChIKey: it is of the base; the salt above has %(own)s."),
    ),
    ("inchi", "other_stereo_or_isotopes"): (
        "inchi-of-other-stereo",
        gettext_lazy("InChI: the same skeleton as the structure above, with other stereo marks or isotopes."),
    ),
    ("inchi", "of_the_base"): (
        "inchi-of-the-base",
        gettext_lazy("InChI: it is of the base; the structure above is a salt."),
    ),
    ("formula", "of_the_base"): (
        "formula-of-the-base",
        gettext_lazy("Formula: it is of the base; the salt above has %(own)s."),
    ),
    ("preferred_name", "other_substance"): (
        "name-of-another-structure",
        gettext_lazy("Substance: the reference set gives this name to another structure than the one above."),
    ),
    ("cas_rn", "other_substance"): (
        "cas-of-another-substance",
        gettext_lazy("CAS number: the reference set knows it as %(other)s; the structure above is %(own)s."),
    ),
}
"""Disagreements that may be right; each is asked as a question with this code."""


def _structure_is_read(draft: DraftCheck) -> None:
    seen = draft.known.structure
    if seen is not None and seen.problem and draft["structure"]:
        draft.errors.pop("structure", None)
        draft.refuse("structure", seen.problem)


def _identifiers_are_of_the_structure(draft: DraftCheck) -> None:
    for item in _disagreements(draft):
        text = DISAGREEMENTS.get((item.name, item.code))
        if text is not None and draft.good(item.name):
            draft.refuse(item.name, str(text) % _words(item))


def _disagreements(draft: DraftCheck) -> tuple[Disagreed, ...]:
    seen = draft.known.structure
    return () if seen is None else seen.disagreements


def _words(item: Disagreed) -> dict[str, str]:
    """Return the words for a sentence, with stand-ins where the reference set has no name."""
    return {"own": item.own or _("another one"), "other": item.other or _("another substance")}


def _named_files_are_attached(draft: DraftCheck) -> None:
    attached = draft.known.files
    if attached is None:
        return
    if any(name not in attached for name in _files_of_evidence(draft)):
        draft.refuse(
            "evidence", _("Evidence: a line names a file that is not attached; attach it or choose none.")
        )
    rule = draft.good("proposed_rule") or {}
    if rule.get("file") and rule["file"] not in attached:
        draft.refuse(
            "proposed_rule",
            _("Change of the law: it names a file that is not attached; attach it or choose none."),
        )


def _rules_of_features(draft: DraftCheck) -> None:
    for field, problem in draft.known.problems.items():
        if draft.good(field):
            draft.refuse(field, problem)


def _files_of_evidence(draft: DraftCheck) -> Iterator[str]:
    for row in draft.good("evidence") or ():
        if row["file"]:
            yield row["file"]


def _doubt(field: str, code: str) -> Callable[[DraftCheck], str | None]:
    text = DOUBTS[field, code][1]

    def ask(draft: DraftCheck) -> str | None:
        found = next(
            (item for item in _disagreements(draft) if (item.name, item.code) == (field, code)), None
        )
        return None if found is None or not draft.good(field) else str(text) % _words(found)

    return ask


def _ask_identity(draft: DraftCheck) -> str | None:
    seen = draft.known.structure
    if seen is not None and seen.is_read and draft["identity_state"] in LOW_IDENTITIES:
        return _("Identity: a structure is given; choose isomer group, tentative or confirmed.")
    return None


SUBSTANCE_RULES: Final[tuple[Callable[[DraftCheck], None], ...]] = (
    _structure_is_read,
    _identifiers_are_of_the_structure,
    _named_files_are_attached,
    _rules_of_features,
)
SUBSTANCE_QUESTIONS: Final[tuple[tuple[str, str, Callable[[DraftCheck], str | None]], ...]] = (
    ("structure-without-identity", "identity_state", _ask_identity),
    *((question, field, _doubt(field, code)) for (field, code), (question, _text) in DOUBTS.items()),
)

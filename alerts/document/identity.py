# SPDX-License-Identifier: Apache-2.0
"""Check whether the evidence supports the claimed identity, in the words of the scheme that decides it.

`substances.identification` applies the minimum scheme and the isomer rule; this module has their sentences. A draft
without lines of evidence is judged by its marked techniques, each as one analysis that identified.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.document.checking import DraftCheck
from alerts.document.choices import TECHNIQUES
from alerts.document.fields import FIELDS, is_asked
from alerts.document.validators import is_acceptable
from substances.identification import (
    CITATION,
    Downgrade,
    SchemeResult,
    evidence_of,
    identity_allowed,
    minimum_scheme,
    read_row,
)

if TYPE_CHECKING:
    from alerts.document.choices import Text

CONFIRMED: Final = "confirmed"

_COUNTED: Final = gettext_lazy("Counted: %(techniques)s.")
SCHEME_SENTENCES: Final[Mapping[str, "Text"]] = {
    "a_and_a": _COUNTED,
    "a_and_b": _COUNTED,
    "a_and_c": _COUNTED,
    "three_with_two_uncorrelated_b": _COUNTED,
    "no_positive_result": gettext_lazy("No analysis with the result identified or indicated is given."),
    "a_alone": gettext_lazy(
        "One technique of category A stands alone; a second, different technique is needed."
    ),
    "too_few_techniques": gettext_lazy(
        "Without a technique of category A three different techniques are needed, two of them of category B."
    ),
    "b_correlated": gettext_lazy(
        "The techniques of category B separate by nearly the same property and count once."
    ),
    "hyphenated_counted_apart": gettext_lazy("The parts of a hyphenated technique are counted one by one."),
    "result_not_counted": gettext_lazy("Results that are not detected or inconclusive are not counted."),
    "technique_unknown": gettext_lazy("A technique is not known and is not counted."),
}
FAILED_SENTENCES: Final[Mapping[str, "Text"]] = {
    "contradicted": gettext_lazy("One analysis did not detect it."),
    "alternatives_left": gettext_lazy("Isomers are listed as not excluded."),
    "isomers_not_told_apart": gettext_lazy(
        "Isomer rule: no analysis tells positional isomers apart; NMR (1H, 13C or 2D), IR, Raman or XRD with a "
        "reference, or a separation against a certified standard would."
    ),
    "nmr_nucleus_not_stated": gettext_lazy("The line on NMR does not name its nucleus."),
    "reference_missing": gettext_lazy("IR, Raman or XRD was compared with nothing."),
    "standard_not_certified": gettext_lazy("The separation was not compared with a certified standard."),
}


def scheme_of(data: Mapping[str, Any]) -> SchemeResult | None:
    """Apply the minimum scheme to the document's analyses; None where it names none."""
    rows = evidence_of(data)
    return minimum_scheme(rows) if rows else None


@dataclass(frozen=True)
class SchemeShown:
    """Minimum scheme as shown: whether it is met, why, and its source."""

    meets: bool
    head: str
    why: str
    codes: tuple[str, ...]
    citation: str = CITATION


def show_scheme(document: Mapping[str, Any], others: Collection[str] = ()) -> SchemeShown | None:
    """Return the scheme's result in words, for a document or a draft; None without analyses or with incomplete lines.

    `others`: files of which the reader knows that they are of another substance; a line that names one does not count.
    """
    rows = document.get("evidence") or []
    if rows and not is_acceptable(FIELDS["evidence"], rows):
        return None
    counted = [row for row in rows if row.get("file") not in others]
    result = minimum_scheme(map(read_row, counted)) if rows else scheme_of(document)
    if result is None:
        return None
    is_confirmed = document.get("identity_state") == CONFIRMED
    if not result.meets:
        head = _("Does not meet the minimum scheme.")
    elif is_confirmed:
        head = _("Meets the minimum scheme.")
    else:
        head = _("Meets the minimum scheme; identity not confirmed.")
    names = dict(TECHNIQUES)
    counted_as = ", ".join(str(names[technique]) for technique in result.techniques)
    # Where it is met, the techniques that were counted are named, each part of a hyphenated one.
    told = [code for code in result.codes if not (result.meets and code == "hyphenated_counted_apart")]
    why = " ".join(str(SCHEME_SENTENCES[code]) % {"techniques": counted_as} for code in told)
    if any(row.get("conclusion") == "indicated" for row in counted):
        why += " " + _("An indication was counted.")
    if left_out := sorted({row["file"] for row in rows if row not in counted}):
        why += " " + _("Not counted, of another substance: %(files)s.") % {"files": ", ".join(left_out)}
    return SchemeShown(result.meets, head, why, tuple(result.codes))


def _confirmed_is_carried(draft: DraftCheck) -> None:
    """Refuse "confirmed" where the evidence does not support it. A kind whose form asks for no evidence is not checked."""
    is_asked_for = is_asked(FIELDS["evidence"], draft.data)
    if draft.good("identity_state") != CONFIRMED or "evidence" in draft.errors or not is_asked_for:
        return
    verdict = identity_allowed(CONFIRMED, evidence_of(draft.data), draft.good("alternatives") or ())
    if isinstance(verdict, Downgrade):
        draft.refuse("identity_state", downgrade_words(verdict))


def downgrade_words(verdict: Downgrade) -> str:
    """Say which rules failed, and what to choose instead."""
    said = [_('Identity: the evidence does not carry "confirmed".')]
    if "scheme_not_met" in verdict.failed:
        why = str(SCHEME_SENTENCES[verdict.scheme.codes[0]])
        said.append(_("Minimum scheme (%(citation)s): %(why)s") % {"citation": CITATION, "why": why})
    said += [str(FAILED_SENTENCES[code]) for code in verdict.failed if code in FAILED_SENTENCES]
    if verdict.to == "isomer_group":
        said.append(_("Choose isomer group and name the isomers not excluded, or add the analysis."))
    else:
        said.append(_("Choose tentative, or add the analysis."))
    return " ".join(said)


IDENTITY_RULES: Final = (_confirmed_is_carried,)

# SPDX-License-Identifier: Apache-2.0
"""Rules over several fields of a draft: each refuses a field with the sentence that says what to do."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.document.rules import Clash, asks, clashes, read_day, years_after
from accord.envelope.encoding import canonical
from accord.envelope.errors import EnvelopeError
from accord.envelope.manifest import LEAST_KEEP_SECS
from accord.envelope.vocabulary import MAX_RED_AGENCIES, RED
from alerts.document.building import build_document, closes_question
from alerts.document.checking import DraftCheck
from alerts.document.circumstances import Circumstances
from alerts.document.defaults import KEPT_DAYS_AT_MOST, POLICE_LANES
from alerts.document.fields import EMPTY, FIELDS, Field
from alerts.document.identity import IDENTITY_RULES
from alerts.document.naming import read_naming
from alerts.document.substance_checks import SUBSTANCE_RULES
from alerts.document.validators import read_moment

if TYPE_CHECKING:
    from alerts.document.choices import Text

__all__ = ["RULES", "Circumstances", "DraftCheck", "problem_text"]

REVIEW_YEARS_AT_MOST: Final = 5
KEPT_AT_LEAST: Final = dt.timedelta(seconds=LEAST_KEEP_SECS)
"""Least `keep` of a real alert. The author's day may be one behind UTC's, so that the day itself would be one too few."""
DOCUMENT_BYTES_AT_MOST: Final = 46 * 1024
"""An inner payload holds 64 KiB; this leaves room for its own members and for 32 listed files."""

BYTES_PER_RECIPIENT: Final = 26
BYTES_PER_NAME: Final = 16
"""Bytes for a named officer in the payload, besides the ids."""

_OF_THE_INCHI: Final = frozenset({Clash.OTHER_FORMULA, Clash.OTHER_KEY})
_CLASHES: Final[Mapping[Clash, "Text"]] = {
    Clash.NO_NAME: gettext_lazy("Substance: enter a name or lower Identity."),
    Clash.OTHER_FORMULA: gettext_lazy("Formula: differs from the structure; correct one."),
    Clash.OTHER_KEY: gettext_lazy("InChIKey: differs from the InChI; correct one."),
    Clash.LICENCE: gettext_lazy("Customer check: a licence ended; choose failed or conditional."),
    Clash.NOT_ALONE: gettext_lazy("Handling: untick H0 or the others."),
    Clash.NO_CONDITION: gettext_lazy("Handling: write the H3 condition."),
    Clash.NOT_IDENTIFIED: gettext_lazy(
        "Identity: no analysis identified it; choose tentative, or add the analysis that did."
    ),
    Clash.NO_REASON: gettext_lazy("Reason for another time: write why these times do not fit."),
    Clash.NO_REFUSAL: gettext_lazy("Reason for refusing: choose one."),
    Clash.NOT_REFUSED: gettext_lazy("Reason for refusing: empty it, or choose Refused as the answer."),
    Clash.NO_TEXT: gettext_lazy("Write a text: this answer says nothing without one."),
    Clash.NO_EXPECTED_DAY: gettext_lazy("Answer expected on: say when you expect the authorisation."),
    Clash.NOTHING_EXPECTED: gettext_lazy("Answer expected on: empty it; after this answer nothing follows."),
}
"""Clashes that are not listed have the field's own sentence."""


def problem_text(entry: Field) -> str:
    """Return the sentence for a bad value of this field."""
    return str(entry.problem) or _("%(label)s: choose one.") % {"label": entry.label}


def _members_agree(draft: DraftCheck) -> None:
    """Refuse fields that contradict each other. A structure that was read decides, not the draft's InChI."""
    seen = draft.known.structure
    passed = _OF_THE_INCHI if seen is not None and seen.is_read else frozenset()
    for name, clash in list(clashes(draft.data, draft.errors, today=draft.known.today)):
        if clash not in passed:
            draft.refuse(name, _clash_text(name, clash))


def contradictions(data: Mapping[str, Any], *, today: dt.date) -> Iterator[tuple[str, str]]:
    """Yield the fields that contradict another one, each with its sentence."""
    for name, clash in clashes(data, (), today=today):
        yield name, _clash_text(name, clash)


def _clash_text(name: str, clash: Clash) -> str:
    text = _CLASHES.get(clash)
    return problem_text(FIELDS[name]) if text is None else str(text)


def _another_time_is_later(draft: DraftCheck) -> None:
    """Refuse a custom time that is not later or after the expiry."""
    if draft["request_priority"] != "custom" or not asks(draft.data) or closes_question(draft.data):
        return
    due, expiry = read_moment(draft.good("due_at")), read_day(draft.good("expiry"))
    if due is None or not _is_later(due, draft.known):
        draft.refuse("due_at", FIELDS["due_at"].problem)
    elif expiry is not None and due.date() > expiry:
        draft.refuse("due_at", _("Answer by: not past the day it expires."))


def _is_later(due: dt.datetime, known: Circumstances) -> bool:
    return due.date() > known.today if known.now is None else due > known.now


def _attention_is_of_some(draft: DraftCheck) -> None:
    """Refuse agencies that do not receive the question, and a question that nobody is to answer."""
    marked, chosen = set(draft.good("for_attention") or ()), set(draft.good("recipients") or ())
    if marked and not marked < chosen and asks(draft.data):
        draft.refuse("for_attention", FIELDS["for_attention"].problem)


def _red_stays_with_own_keys(draft: DraftCheck) -> None:
    if draft["tlp"] == RED and draft.known.custody != "agency":
        draft.refuse("tlp", _("TLP: RED needs keys held by the agency; choose AMBER+STRICT."))


def _red_names_officers(draft: DraftCheck) -> None:
    """One at least of every agency that it goes to, and nobody else's; of those that the exchange refuses none is asked for."""
    if draft["tlp"] != RED or draft.known.custody != "agency" or "named_officers" in draft.errors:
        return
    chosen = set(draft.good("recipients") or ())
    named = {naming[0] for naming in map(read_naming, draft["named_officers"] or ()) if naming}
    receiving = chosen if draft.known.reachable is None else chosen & set(draft.known.reachable)
    if missing := sorted(receiving - named):
        text = _("Named officers: name one officer at least of %(agencies)s.")
        draft.refuse("named_officers", text % {"agencies": ", ".join(missing)})
    if beside := sorted(named - chosen):
        text = _(
            "Named officers: %(agencies)s does not receive this; delete the line, or choose it as a recipient."
        )
        draft.refuse("named_officers", text % {"agencies": ", ".join(beside)})
    if len(chosen) > MAX_RED_AGENCIES:
        draft.refuse(
            "recipients", _("To: RED goes to %(most)d agencies at most.") % {"most": MAX_RED_AGENCIES}
        )


def _red_question_has_readers(draft: DraftCheck) -> None:
    """Refuse a RED question that names nobody who may open its answers, which are RED too."""
    if draft["tlp"] == RED and asks(draft.data) and not draft["reply_to"]:
        draft.refuse("reply_to", FIELDS["reply_to"].problem)


def _somebody_can_receive(draft: DraftCheck) -> None:
    chosen, reachable = draft.good("recipients"), draft.known.reachable
    if chosen and reachable is not None and not set(chosen) & set(reachable):
        draft.refuse("recipients", FIELDS["recipients"].problem)


def _police_handle_it(draft: DraftCheck) -> None:
    if draft["lane"] in POLICE_LANES and draft["handling"] in EMPTY:
        draft.refuse("handling", problem_text(FIELDS["handling"]))


def _review_is_near_or_reasoned(draft: DraftCheck) -> None:
    day = read_day(draft.good("review_date"))
    if day is None:
        return
    latest = years_after(draft.known.today, REVIEW_YEARS_AT_MOST)
    least = draft.known.today if draft["status"] != "actual" else draft.known.today + KEPT_AT_LEAST
    if (day - draft.known.today).days > KEPT_DAYS_AT_MOST:
        draft.refuse("review_date", _("Kept until: choose a day within ten years."))
    elif day <= least or (day > latest and draft["review_reason"] in EMPTY):
        draft.refuse("review_date", FIELDS["review_date"].problem)


def _expiry_is_between(draft: DraftCheck) -> None:
    day, review = read_day(draft.good("expiry")), read_day(draft.good("review_date"))
    if day is not None and (day <= draft.known.today or (review is not None and day > review)):
        draft.refuse("expiry", FIELDS["expiry"].problem)


def _document_fits(draft: DraftCheck) -> None:
    try:
        size = len(canonical(build_document(draft.data)))
    except EnvelopeError:
        # A value that is not valid JSON text has an error of its own already.
        return
    size += BYTES_PER_RECIPIENT * len(draft["recipients"] or ())
    if draft["tlp"] == RED:
        size += sum(BYTES_PER_NAME + len(str(line)) for line in draft["named_officers"] or ())
    if size > DOCUMENT_BYTES_AT_MOST:
        draft.refuse("narrative", _("What happened: too long for one alert; move text into a file."))


RULES: Final[tuple[Callable[[DraftCheck], None], ...]] = (
    _members_agree,
    *SUBSTANCE_RULES,
    *IDENTITY_RULES,
    _another_time_is_later,
    _attention_is_of_some,
    _red_stays_with_own_keys,
    _red_names_officers,
    _red_question_has_readers,
    _somebody_can_receive,
    _police_handle_it,
    _review_is_near_or_reasoned,
    _expiry_is_between,
    _document_fits,
)

# SPDX-License-Identifier: Apache-2.0
"""Rules over several fields of a draft: each refuses a field with the sentence that says what to do."""

import datetime as dt
from collections.abc import Callable
from typing import Final

from django.utils.translation import gettext as _

from accord.envelope.encoding import canonical
from accord.envelope.errors import EnvelopeError
from accord.envelope.manifest import LEAST_KEEP_SECS
from alerts.document.building import build_document
from alerts.document.chemistry import differs_from_structure
from alerts.document.circumstances import Circumstances
from alerts.document.defaults import KEPT_DAYS_AT_MOST, years_after
from alerts.document.drafted import Draft
from alerts.document.fields import EMPTY, FIELDS, Field, is_asked
from alerts.document.identity import IDENTITY_RULES
from alerts.document.inchikeys import inchikey_of
from alerts.document.shapes import MAX_GRAMS, grams, read_day, read_moment
from alerts.document.substance_checks import SUBSTANCE_RULES

__all__ = ["RULES", "Circumstances", "Draft", "problem_text"]

NAMED_IDENTITIES: Final = frozenset({"tentative", "confirmed"})
REVIEW_YEARS_AT_MOST: Final = 5
KEPT_AT_LEAST: Final = dt.timedelta(seconds=LEAST_KEEP_SECS)
"""For what is no exercise; the author's day may be a day behind that of UTC, so that the day itself is one too few."""
DOCUMENT_BYTES_AT_MOST: Final = 46 * 1024
"""An inner payload holds 64 KiB; this leaves room for its own members and for 32 listed files."""

BYTES_PER_RECIPIENT: Final = 26
LICENCE_RESULTS: Final = frozenset({"fail", "conditional"})


def problem_text(entry: Field) -> str:
    """The sentence for a bad value of this field."""
    return str(entry.problem) or _("%(label)s: choose one.") % {"label": entry.label}


def _event_day_is_past(draft: Draft) -> None:
    day = read_day(draft.good("event_date"))
    if day is not None and day > draft.known.today:
        draft.refuse("event_date", FIELDS["event_date"].problem)


def _named_substance_has_a_name(draft: Draft) -> None:
    if draft["identity_state"] in NAMED_IDENTITIES and draft["preferred_name"] in EMPTY:
        draft.refuse("preferred_name", _("Substance: enter a name or lower Identity."))


def _formula_is_the_structure(draft: Draft) -> None:
    """Where a structure was read, that decides and not its InChI."""
    if draft.known.structure is not None and draft.known.structure.is_read:
        return
    formula, inchi = draft.good("formula"), draft.good("inchi")
    if formula and inchi and differs_from_structure(formula, inchi):
        draft.refuse("formula", _("Formula: differs from the structure; correct one."))


def _key_is_of_the_structure(draft: Draft) -> None:
    if draft.known.structure is not None and draft.known.structure.is_read:
        return
    key, inchi = draft.good("inchikey"), draft.good("inchi")
    derived = inchikey_of(inchi) if key and inchi else None
    if derived is not None and derived != key:
        draft.refuse("inchikey", _("InChIKey: differs from the InChI; correct one."))


def _licence_decides(draft: Draft) -> None:
    if "licence_ended" in (draft.good("red_flags") or []) and draft.good("kyc_result") not in LICENCE_RESULTS:
        draft.refuse("kyc_result", _("Customer check: a licence ended; choose fail or conditional."))


def _another_time_is_later_and_reasoned(draft: Draft) -> None:
    """Only a request asks for an answer; the other times are counted from sending."""
    if draft["request_priority"] != "custom" or not is_asked(FIELDS["due_at"], draft.data):
        return
    due, expiry = read_moment(draft.good("due_at")), read_day(draft.good("expiry"))
    if due is None or not _is_later(due, draft.known):
        draft.refuse("due_at", FIELDS["due_at"].problem)
    elif expiry is not None and due.date() > expiry:
        draft.refuse("due_at", _("Answer by: not past the day it expires."))
    if draft["due_reason"] in EMPTY:
        draft.refuse("due_reason", _("Reason for another time: write why these times do not fit."))


def _is_later(due: dt.datetime, known: Circumstances) -> bool:
    return due.date() > known.today if known.now is None else due > known.now


def _amount_is_sane(draft: Draft) -> None:
    quantity = draft.good("quantity")
    if quantity is None:
        return
    if draft["unit"] in EMPTY:
        draft.refuse("unit", problem_text(FIELDS["unit"]))
    if grams(quantity, draft["unit"]) > MAX_GRAMS:
        draft.refuse("quantity", FIELDS["quantity"].problem)


def _red_stays_with_own_keys(draft: Draft) -> None:
    if draft["tlp"] == "RED" and draft.known.custody != "agency":
        draft.refuse("tlp", _("TLP: RED needs keys held by the agency; choose AMBER+STRICT."))


def _h0_stands_alone(draft: Draft) -> None:
    handling = draft.good("handling") or []
    if "H0" in handling and len(handling) > 1:
        draft.refuse("handling", _("Handling: untick H0 or the others."))


def _h3_has_a_condition(draft: Draft) -> None:
    if "H3" in (draft.good("handling") or []) and draft["handling_condition"] in EMPTY:
        draft.refuse("handling", _("Handling: write the H3 condition."))


def _somebody_can_receive(draft: Draft) -> None:
    chosen, reachable = draft.good("recipients"), draft.known.reachable
    if chosen and reachable is not None and not set(chosen) & set(reachable):
        draft.refuse("recipients", FIELDS["recipients"].problem)


def _review_is_near_or_reasoned(draft: Draft) -> None:
    day = read_day(draft.good("review_date"))
    if day is None:
        return
    latest = years_after(draft.known.today, REVIEW_YEARS_AT_MOST)
    least = draft.known.today if draft["status"] != "actual" else draft.known.today + KEPT_AT_LEAST
    if (day - draft.known.today).days > KEPT_DAYS_AT_MOST:
        draft.refuse("review_date", _("Kept until: choose a day within ten years."))
    elif day <= least or (day > latest and draft["review_reason"] in EMPTY):
        draft.refuse("review_date", FIELDS["review_date"].problem)


def _expiry_is_between(draft: Draft) -> None:
    day, review = read_day(draft.good("expiry")), read_day(draft.good("review_date"))
    if day is not None and (day <= draft.known.today or (review is not None and day > review)):
        draft.refuse("expiry", FIELDS["expiry"].problem)


def _document_fits(draft: Draft) -> None:
    try:
        size = len(canonical(build_document(draft.data)))
    except EnvelopeError:
        # A value that is no JSON text has a sentence of its own by now.
        return
    if size + BYTES_PER_RECIPIENT * len(draft["recipients"] or ()) > DOCUMENT_BYTES_AT_MOST:
        draft.refuse("narrative", _("What happened: too long for one alert; move text into a file."))


RULES: Final[tuple[Callable[[Draft], None], ...]] = (
    _event_day_is_past,
    _named_substance_has_a_name,
    _formula_is_the_structure,
    _key_is_of_the_structure,
    *SUBSTANCE_RULES,
    *IDENTITY_RULES,
    _amount_is_sane,
    _licence_decides,
    _another_time_is_later_and_reasoned,
    _red_stays_with_own_keys,
    _h0_stands_alone,
    _h3_has_a_condition,
    _somebody_can_receive,
    _review_is_near_or_reasoned,
    _expiry_is_between,
    _document_fits,
)

# SPDX-License-Identifier: Apache-2.0
"""Checks a draft's fields: what blocks, what is asked, what is only hinted at.

Life-safety rule: an alert at speed flash on the public-health lane is stopped by its title, its TLP and its
recipients only; any other bad value is left out and named, and no question holds it up.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _

from accord.envelope.encoding import canonical
from accord.envelope.errors import EnvelopeError
from alerts.document.building import build_document
from alerts.document.defaults import years_after
from alerts.document.fields import ALL, EMPTY, FIELDS, LIFE_SAFETY_FIELDS, Field
from alerts.document.findings import Findings, Question
from alerts.document.shapes import ASK_GRAMS, MAX_GRAMS, grams, is_acceptable, mixes_scripts, read_day

NAMED_IDENTITIES: Final = frozenset({"tentative", "confirmed"})
REVIEW_YEARS_AT_MOST: Final = 5
DOCUMENT_BYTES_AT_MOST: Final = 46 * 1024
"""An inner payload holds 64 KiB; this leaves room for its own members and for 32 listed files."""

BYTES_PER_RECIPIENT: Final = 26


@dataclass(frozen=True)
class Circumstances:
    """What the check knows besides the fields. `reachable` None means the preview was not asked."""

    today: dt.date
    reachable: Collection[str] | None = None
    custody: str = "hub"


@dataclass
class _Draft:
    data: Mapping[str, Any]
    known: Circumstances
    errors: dict[str, list[str]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.data.get(name)

    def good(self, name: str) -> Any:
        """The value if it is there and acceptable, else None."""
        return None if name in self.errors or self[name] in EMPTY else self[name]

    def refuse(self, name: str, text: object) -> None:
        texts = self.errors.setdefault(name, [])
        if str(text) not in texts:
            texts.append(str(text))


def check_document(data: Mapping[str, Any], *, known: Circumstances, kept: Iterable[str] = ()) -> Findings:
    """Findings over the fields of a draft. `kept` are codes of questions the author answered with "Keep it"."""
    draft = _Draft(data, known)
    for entry in FIELDS.values():
        _check_alone(draft, entry)
    for rule in _RULES:
        rule(draft)
    return _findings(draft, frozenset(kept))


def is_life_safety(data: Mapping[str, Any]) -> bool:
    """Whether this is about life in danger: speed flash on the public-health lane."""
    return data.get("pri") == "flash" and data.get("lane") == "public_health"


def _findings(draft: _Draft, kept: frozenset[str]) -> Findings:
    questions = tuple(
        Question(code, name, str(text), kept=code in kept)
        for code, name, ask in _QUESTIONS
        if (text := ask(draft))
    )
    hints = _hints(draft)
    errors = {name: tuple(draft.errors[name]) for name in FIELDS if name in draft.errors}
    if not is_life_safety(draft.data):
        return Findings(errors, questions, hints)
    left_out = [name for name in errors if name not in LIFE_SAFETY_FIELDS]
    return Findings(
        {name: texts for name, texts in errors.items() if name in LIFE_SAFETY_FIELDS},
        questions,
        hints,
        left_out=tuple(dict.fromkeys(str(FIELDS[name].label) for name in left_out)),
        left_out_fields=frozenset(left_out),
        life_safety=True,
    )


def _check_alone(draft: _Draft, entry: Field) -> None:
    value = draft[entry.name]
    if value in EMPTY:
        if draft["alert_type"] in entry.required_for or entry.required_for == ALL:
            draft.refuse(entry.name, problem_text(entry))
    elif not is_acceptable(entry, value):
        draft.refuse(entry.name, problem_text(entry))


def problem_text(entry: Field) -> str:
    """The sentence for a bad value of this field."""
    return str(entry.problem) or _("%(label)s: choose one.") % {"label": entry.label}


def _hints(draft: _Draft) -> tuple[str, ...]:
    """The first field of every hinted group of which nothing is filled in."""
    groups: dict[str, list[str]] = {}
    for entry in FIELDS.values():
        if entry.hint_group:
            groups.setdefault(entry.hint_group, []).append(entry.name)
    return tuple(names[0] for names in groups.values() if all(draft[name] in EMPTY for name in names))


# --- rules over several fields ------------------------------------------------------------------------------


def _event_day_is_past(draft: _Draft) -> None:
    day = read_day(draft.good("event_date"))
    if day is not None and day > draft.known.today:
        draft.refuse("event_date", FIELDS["event_date"].problem)


def _named_substance_has_a_name(draft: _Draft) -> None:
    if draft["identity_state"] in NAMED_IDENTITIES and draft["preferred_name"] in EMPTY:
        draft.refuse("preferred_name", _("Substance: enter a name or lower Identity."))


def _amount_is_sane(draft: _Draft) -> None:
    quantity = draft.good("quantity")
    if quantity is None:
        return
    if draft["unit"] in EMPTY:
        draft.refuse("unit", problem_text(FIELDS["unit"]))
    if grams(quantity, draft["unit"]) > MAX_GRAMS:
        draft.refuse("quantity", FIELDS["quantity"].problem)


def _red_stays_with_own_keys(draft: _Draft) -> None:
    if draft["tlp"] == "RED" and draft.known.custody != "agency":
        draft.refuse("tlp", _("TLP: RED needs keys held by the agency; choose AMBER+STRICT."))


def _h0_stands_alone(draft: _Draft) -> None:
    handling = draft.good("handling") or []
    if "H0" in handling and len(handling) > 1:
        draft.refuse("handling", _("Handling: untick H0 or the others."))


def _h3_has_a_condition(draft: _Draft) -> None:
    if "H3" in (draft.good("handling") or []) and draft["handling_condition"] in EMPTY:
        draft.refuse("handling", _("Handling: write the H3 condition."))


def _somebody_can_receive(draft: _Draft) -> None:
    chosen, reachable = draft.good("recipients"), draft.known.reachable
    if chosen and reachable is not None and not set(chosen) & set(reachable):
        draft.refuse("recipients", FIELDS["recipients"].problem)


def _review_is_near_or_reasoned(draft: _Draft) -> None:
    day = read_day(draft.good("review_date"))
    if day is None:
        return
    latest = years_after(draft.known.today, REVIEW_YEARS_AT_MOST)
    if day <= draft.known.today or (day > latest and draft["review_reason"] in EMPTY):
        draft.refuse("review_date", FIELDS["review_date"].problem)


def _expiry_is_between(draft: _Draft) -> None:
    day, review = read_day(draft.good("expiry")), read_day(draft.good("review_date"))
    if day is not None and (day <= draft.known.today or (review is not None and day > review)):
        draft.refuse("expiry", FIELDS["expiry"].problem)


def _document_fits(draft: _Draft) -> None:
    try:
        size = len(canonical(build_document(draft.data)))
    except EnvelopeError:
        # A value that is no JSON text has a sentence of its own by now.
        return
    if size + BYTES_PER_RECIPIENT * len(draft["recipients"] or ()) > DOCUMENT_BYTES_AT_MOST:
        draft.refuse("narrative", _("What happened: too long for one alert; move text into a file."))


_RULES: Final[tuple[Callable[[_Draft], None], ...]] = (
    _event_day_is_past,
    _named_substance_has_a_name,
    _amount_is_sane,
    _red_stays_with_own_keys,
    _h0_stands_alone,
    _h3_has_a_condition,
    _somebody_can_receive,
    _review_is_near_or_reasoned,
    _expiry_is_between,
    _document_fits,
)


# --- questions ----------------------------------------------------------------------------------------------


def _ask_reference(draft: _Draft) -> str | None:
    if draft["identity_state"] == "confirmed" and draft["reference"] in (*EMPTY, "none"):
        return _("Identity: confirmed needs a reference; add it or choose tentative.")
    return None


def _ask_scripts(draft: _Draft) -> str | None:
    name = draft.good("preferred_name")
    return _("Substance: two scripts are mixed; retype it.") if name and mixes_scripts(name) else None


def _ask_harm(draft: _Draft) -> str | None:
    cases = [draft[name] for name in ("cases_non_fatal", "cases_fatal")]
    if draft["harm_evidence"] == "none_yet" and any(type(count) is int and count > 0 for count in cases):
        return _("Harm: you report cases; choose suspected or more.")
    return None


def _ask_unit(draft: _Draft) -> str | None:
    quantity = draft.good("quantity")
    if quantity is not None and grams(quantity, draft["unit"]) > ASK_GRAMS:
        return _("Amount: over 10 t; check the unit.")
    return None


_QUESTIONS: Final[tuple[tuple[str, str, Callable[[_Draft], str | None]], ...]] = (
    ("confirmed-without-reference", "identity_state", _ask_reference),
    ("mixed-scripts", "preferred_name", _ask_scripts),
    ("cases-without-harm", "harm_evidence", _ask_harm),
    ("amount-over-10-t", "quantity", _ask_unit),
)
QUESTION_CODES: Final = frozenset(question[0] for question in _QUESTIONS)

# SPDX-License-Identifier: Apache-2.0
"""Conflict of two officers on one draft: both texts side by side, and the two choices."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from alerts.document import choices as c
from alerts.document.countries import COUNTRIES
from alerts.document.display import choice_text, rows_of
from alerts.document.fields import FIELDS
from alerts.document.kinds import Kind
from alerts.document.science_validators import PROFILE_MEMBERS
from alerts.document.science_words import ISOTOPE_WORDS, SCIENCE_WORDS
from alerts.document.validators import is_acceptable
from alerts.errors import RevisionConflictError
from alerts.models import Alert
from desk.alerts.compose.page import step_address
from desk.web.frame import render_page


def conflict_page(
    request: HttpRequest, alert: Alert, step: int, conflict: RevisionConflictError
) -> HttpResponse:
    """Answer 409 with the fields that differ; an autosave only learns that it was second."""
    if request.headers.get("Accept") == "application/json":
        text = _("This draft was saved in another window. Press Save to compare both texts.")
        return JsonResponse({"text": text}, status=409)
    return render_page(
        request,
        "conflict",
        _("Draft"),
        status=409,
        alert=alert,
        current=step,
        number=conflict.number,
        differing=list(_differing(conflict)),
        mine_json=json.dumps(conflict.mine),
        step_address=step_address(alert, step),
    )


def _differing(conflict: RevisionConflictError) -> Iterator[Mapping[str, Any]]:
    for name in conflict.differing:
        yield {
            "label": FIELDS[name].label,
            "theirs": _shown(name, conflict.theirs),
            "mine": _shown(name, conflict.mine),
        }


def _shown(name: str, data: Mapping[str, Any]) -> str:
    """Return a value in words where it is well formed, else part by part as it was typed."""
    value, entry = data.get(name), FIELDS[name]
    if value in (None, "", [], {}):
        return _("(empty)")
    if entry.kind in _IN_WORDS and is_acceptable(entry, value):
        return next(words for _label, words in rows_of([name], data))
    if entry.kind is Kind.REASONS and isinstance(value, Mapping):
        return "; ".join(f"{agency}: {text}" for agency, text in value.items())
    if entry.kind is Kind.PROFILE and isinstance(value, Mapping):
        value = {part: value.get(part) for part in PROFILE_MEMBERS}
    return _as_typed(name, value) or _("(empty)")


def _as_typed(name: str, value: Any) -> str:
    """Return in words what was typed, complete or not."""
    if isinstance(value, Mapping):
        return ", ".join(filter(None, (_part(part, text) for part, text in value.items())))
    if isinstance(value, list):
        return "; ".join(filter(None, (_as_typed(name, item) for item in value)))
    return choice_text(name, value) if name in FIELDS else str(value)


def _part(name: str, value: Any) -> str:
    """Return one part of a value with several; an absent number is below detection."""
    if isinstance(value, list):
        return "; ".join(_as_typed(name, item) if item else "\N{EN DASH}" for item in value)
    return "" if value in (None, "") else str(_PART_WORDS.get(name, {}).get(value, value))


_IN_WORDS: Final = {*SCIENCE_WORDS, Kind.ROUTE, Kind.PARTIES, Kind.COUNTRY, Kind.DATE} - {Kind.PROFILE}
"""Kinds that are compared in words; of a profile the numbers are shown, since the texts may differ in only one."""
_PART_WORDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "certainty": dict(c.REGION_CERTAINTIES),
    "isotope": ISOTOPE_WORDS,
    "technique": dict(c.TECHNIQUES),
    "reference": dict(c.REFERENCES),
    "conclusion": dict(c.CONCLUSIONS),
    "role": dict(c.PARTY_ROLES),
    "category": dict(c.PERSON_CATEGORIES),
    "part": dict(c.ROUTE_PARTS),
    "basis": dict(c.ROUTE_BASES),
    "country": COUNTRIES,
}
"""Words for the codes in parts of a value."""

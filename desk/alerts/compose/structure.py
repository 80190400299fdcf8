# SPDX-License-Identifier: Apache-2.0
"""The structure of a draft while it is typed: read, drawn, and its identifiers returned. Nothing is saved here."""

import uuid
from typing import Any, Final

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string

from alerts.access import find_alert
from alerts.document.science_values import STRUCTURE_TYPED_AT_MOST, read_structure_text
from alerts.document.structures import StructureReading, own_identifiers, read_typed, too_long_sentence
from desk.alerts.display.structure import shown_reading
from desk.web.frame import signed_in

FILE_FIELD: Final = "structure-file"


def draft_structure(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Return drawing and facts of what was pasted or chosen, and the values for empty identifiers."""
    find_alert(signed_in(request), alert_id)
    reading = read_typed_or_file(request)
    shown = None if reading is None else shown_reading(reading)
    structure = None if reading is None else reading.structure
    fills: dict[str, Any] = {} if structure is None else own_identifiers(structure)
    if structure is not None:
        fills["structure"] = structure.smiles
    html = render_to_string("accord/parts/structure.html", {"shown": shown})
    return JsonResponse({"html": html, "fills": fills})


def read_typed_or_file(request: HttpRequest) -> StructureReading | None:
    """Read the chosen file, or else the typed text; None for neither."""
    text = structure_of_file(request)
    if text is None:
        return StructureReading(problem=too_long_sentence())
    try:
        typed = read_structure_text(text or request.POST.get("structure", ""))
    except ValueError:
        return StructureReading(problem=too_long_sentence())
    return None if typed is None else read_typed(typed)


def structure_of_file(request: HttpRequest) -> str | None:
    """Return the text of a chosen file, empty without one; None for one that is longer than any structure.

    Octets that are not UTF-8 are read as Latin-1: old drawing programs write names so, and only ASCII counts.
    """
    chosen = request.FILES.get(FILE_FIELD)
    if chosen is None:
        return ""
    if (chosen.size or 0) > STRUCTURE_TYPED_AT_MOST:
        return None
    chosen.seek(0)
    octets: bytes = chosen.read()
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        return octets.decode("latin-1")

# SPDX-License-Identifier: Apache-2.0
"""Two officers on one draft: both texts side by side, and the two ways on."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from alerts.document.display import choice_text
from alerts.document.fields import FIELDS
from alerts.errors import RevisionConflictError
from alerts.models import Alert
from alerts.pages.compose.page import step_address
from alerts.pages.frame import render_page


def conflict_page(
    request: HttpRequest, alert: Alert, number: int, conflict: RevisionConflictError
) -> HttpResponse:
    """409 with the fields that differ; an autosave hears only that it came second."""
    if request.headers.get("Accept") == "application/json":
        text = _("Somebody else saved this draft. Press Save to compare both texts.")
        return JsonResponse({"text": text}, status=409)
    return render_page(
        request,
        "conflict",
        _("Draft"),
        status=409,
        alert=alert,
        current=number,
        number=conflict.number,
        differing=list(_differing(conflict)),
        mine_json=json.dumps(conflict.mine),
        step_address=step_address(alert, number),
    )


def _differing(conflict: RevisionConflictError) -> Iterator[Mapping[str, Any]]:
    for name in conflict.differing:
        yield {
            "label": FIELDS[name].label,
            "theirs": _shown(name, conflict.theirs.get(name)),
            "mine": _shown(name, conflict.mine.get(name)),
        }


def _shown(name: str, value: Any) -> str:
    if value in (None, "", [], {}):
        return _("(empty)")
    if isinstance(value, dict):
        return "; ".join(f"{key}: {text}" for key, text in value.items())
    items = value if isinstance(value, list) else [value]
    texts = (
        " ".join(str(part) for part in item.values() if part)
        if isinstance(item, dict)
        else choice_text(name, item)
        for item in items
    )
    return ", ".join(texts)

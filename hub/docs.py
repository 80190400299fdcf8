# SPDX-License-Identifier: Apache-2.0
"""Page of the API description: plain HTML under the same strict policy as every other page, without script."""

import json
from importlib.resources import files
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from hub.description import operations, problem_types
from hub.generator import KeptDescription
from hub.kept_answers import answer_kept

SHOWN_CHARACTERS: Final = 120


@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """Show every operation by its group, with who may call it, examples, and the problems it can answer."""
    return answer_kept(request, ("docs", get_language()), "text/html; charset=utf-8", _page)


def _page() -> bytes:
    """Render the page without the request, since the answer is kept for everybody."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for method, address, operation in operations(_description()):
        groups.setdefault(operation["tags"][0], []).append(_shown(method, address, operation))
    context = {"groups": sorted(groups.items()), "problems": problem_types()}
    return render_to_string("hub/api_docs.html", context).encode()


@require_safe
def alert_schema(request: HttpRequest) -> HttpResponse:
    """Serve the alert document's JSON Schema at a permanent address; the checks of the forms decide besides."""
    return answer_kept(request, "alert schema", "application/schema+json", _schema)


def _schema() -> bytes:
    """Read the file that is shipped with the client: the exchange serves it, too, and has no module that reads alerts."""
    shipped = files("accord").joinpath("document", "alert.json")
    return JsonResponse(json.loads(shipped.read_text(encoding="utf-8"))).content


def _description() -> dict[str, Any]:
    generator: Any = KeptDescription
    described: dict[str, Any] = generator().get_schema(request=None, public=True)
    return described


def _shown(method: str, address: str, operation: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": operation["operationId"],
        "method": method,
        "address": f"/api/v1/{address}",
        "summary": operation["summary"],
        "description": operation["description"].split("\n\n"),
        "deprecated": operation.get("deprecated", False),
        "parameters": operation.get("parameters", []),
        "request": [
            (media_type, _pretty(body.get("example")))
            for media_type, body in operation.get("requestBody", {}).get("content", {}).items()
        ],
        "answers": [_answer(status, answer) for status, answer in operation["responses"].items()],
    }


def _answer(status: str, answer: dict[str, Any]) -> dict[str, Any]:
    examples = [
        (media_type, _pretty(body["example"]))
        for media_type, body in answer.get("content", {}).items()
        if "example" in body
    ]
    return {"status": status, "description": answer.get("description", ""), "examples": examples}


def _pretty(example: Any) -> str:
    short = _shortened(example)
    return short if isinstance(short, str) else json.dumps(short, indent=2, ensure_ascii=False)


def _shortened(value: Any) -> Any:
    """Shorten signatures and ciphertext for people; the description has them in full."""
    if isinstance(value, dict):
        return {name: _shortened(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_shortened(part) for part in value]
    is_long = isinstance(value, str) and len(value) > SHOWN_CHARACTERS and "\n" not in value
    return f"{value[:SHOWN_CHARACTERS]}…" if is_long else value

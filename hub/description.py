# SPDX-License-Identifier: Apache-2.0
"""Completion of the API description: examples of every request and answer, headers, problem types, links.

It is a hook of drf-spectacular, run over the whole description once the operations are in it.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from callers.problems import PROBLEM_TYPE, TYPE_PREFIX
from hub import cross_field
from hub.examples import BODIES, example_of
from hub.problems import ROWS

Operation = dict[str, Any]

REQUEST_ID: Final = {
    "description": "The request's id: the caller's own `X-Request-Id`, else one of the hub's.",
    "schema": {"type": "string"},
}
ETAG: Final = {
    "description": "For If-None-Match, and of an alert for If-Match.",
    "schema": {"type": "string"},
}
RETRY_AFTER: Final = {"description": "Seconds to wait before sending it again.", "schema": {"type": "string"}}
WAITS: Final = frozenset({"409", "429", "503"})

_ALERT_ID: Final = {"alert_id": "$response.body#/id"}
_TAGGED: Final = _ALERT_ID | {"header.If-Match": "$response.header.ETag"}
_FIRST_OFFICER: Final = {"public_id": "$response.body#/items/0/id"}
_FIRST_AGENCY: Final = {"agency_id": "$response.body#/items/0/agency/id"}
_TAKEN_IN: Final = {"agency_id": "$response.body#/agency/id"}
_RECEIVED_ID: Final = {"received_id": "$response.body#/items/0/received/id"}
LINKS: Final[Mapping[tuple[str, str], Mapping[str, Mapping[str, str]]]] = {
    ("POST", "alerts"): {
        "alerts_retrieve": _ALERT_ID,
        "alerts_partial_update": _TAGGED,
        "alerts_destroy": _TAGGED,
        "alerts_submit_create": _TAGGED,
        "alerts_attachments_create": _TAGGED,
    },
    ("PATCH", "alerts/{alert_id}"): {
        "alerts_retrieve": _ALERT_ID,
        "alerts_submit_create": _TAGGED,
        "alerts_partial_update": _TAGGED,
    },
    ("POST", "alerts/{alert_id}/attachments"): {
        "alerts_attachments_retrieve": _ALERT_ID | {"n": "$response.body#/attachments/0/n"},
        "alerts_attachments_destroy": _TAGGED | {"n": "$response.body#/attachments/0/n"},
    },
    ("POST", "alerts/{alert_id}/submit"): {
        "alerts_return_create": _ALERT_ID,
        "alerts_validate_create": _TAGGED,
        "alerts_retrieve": _ALERT_ID,
    },
    ("POST", "alerts/{alert_id}/validate"): {"alerts_release_create": _TAGGED},
    ("POST", "alerts/{alert_id}/release"): {
        "alerts_cancel_create": _ALERT_ID,
        "alerts_withdraw_create": _ALERT_ID,
        "alerts_amend_create": _ALERT_ID,
        "alerts_retrieve": _ALERT_ID,
    },
    ("GET", "alerts"): {
        "alerts_received_retrieve": _RECEIVED_ID,
        "alerts_received_open_create": _RECEIVED_ID,
        "alerts_received_acknowledge_create": _RECEIVED_ID,
    },
    ("GET", "officers"): {
        "officers_retrieve": _FIRST_OFFICER,
        "officers_partial_update": _FIRST_OFFICER,
        "duty_move": _FIRST_OFFICER,
    },
    ("POST", "officers"): {
        "officers_retrieve": {"public_id": "$response.body#/id"},
        "officers_invite_again": {"public_id": "$response.body#/id"},
    },
    ("POST", "api-keys"): {
        "apikeys_rotate": {"prefix": "$response.body#/prefix"},
        "apikeys_revoke": {"prefix": "$response.body#/prefix"},
    },
    ("GET", "exchange-keys"): {"exchange_keys_end": {"prefix": "$response.body#/items/0/prefix"}},
    ("POST", "exchange-keys"): {"exchange_keys_end": {"prefix": "$response.body#/prefix"}},
    ("POST", "instances"): {"instances_release": {"instance_id": "$response.body#/id"}},
    ("GET", "credentials"): {"credentials_end": {"prefix": "$response.body#/items/0/prefix"}},
    ("POST", "credentials"): {"credentials_end": {"prefix": "$response.body#/prefix"}},
    ("POST", "views"): {
        "views_partial_update": {"view_id": "$response.body#/id"},
        "views_destroy": {"view_id": "$response.body#/id"},
    },
    ("GET", "policy"): {"policy_partial_update": {"header.If-Match": "$response.header.ETag"}},
    ("GET", "notifications"): {"notifications_resend": {"notice_id": "$response.body#/items/0/id"}},
    ("GET", "keys"): {"keys_impact": {"kid": "$response.body#/keys/0/kid"}},
    ("GET", "agreements"): {
        "agreements_suspend": {"ref": "$response.body#/items/0/ref"},
        "agreements_resume": {"ref": "$response.body#/items/0/ref"},
        "agreements_leave": {"ref": "$response.body#/items/0/ref"},
    },
    ("GET", "agreements/versions"): {
        "agreement_versions_accept": {"od": "$response.body#/items/0/od"},
        "agreement_versions_refuse": {"od": "$response.body#/items/0/od"},
    },
    ("GET", "desk/agencies"): {"desk_agencies_retrieve": _FIRST_AGENCY},
    ("POST", "desk/agencies"): {
        "desk_agencies_invite_admin": _TAKEN_IN,
        "desk_agencies_entry_key": _TAKEN_IN,
        "desk_agencies_create_keys": _TAKEN_IN,
    },
    ("POST", "envelopes"): {
        "submissions_retrieve": {"digest": "$response.body#/md"},
        "envelopes_retrieve": {"md": "$response.body#/md"},
        "envelopes_statements_retrieve": {"md": "$response.body#/md"},
        "envelopes_remind": {"md": "$response.body#/md"},
    },
    ("POST", "statements"): {"statements_retrieve": {"od": "$response.body#/od"}},
    ("GET", "inbox"): {"envelopes_retrieve": {"md": "$response.body#/items/0/digest"}},
}
"""Links of an answer: operations, and their parameters taken from the answer."""


OPEN: Final = frozenset({"EnvelopePartsRequest"})
"""Components that are sent with further parts: `blob-0`, `blob-1` and so on."""


def finish(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Complete the description with what no single view can state."""
    components = result["components"]["schemas"]
    components["Problem"] = PROBLEM
    for name, component in components.items():
        _tidy_component(name, component)
    known = {operation["operationId"] for _, _, operation in operations(result)}
    for method, address, operation in operations(result):
        own = BODIES.get((method, address), {})
        _example_request(operation, components, own)
        for status, answer in operation["responses"].items():
            _finish_answer(status, answer, components, own, is_read=method == "GET")
        _link(operation, LINKS.get((method, address), {}), known)
    # After the examples, which are made from the members only.
    for name, component in components.items():
        cross_field.apply_to(name, component)
    result["x-problem-types"] = problem_types()
    return result


def _tidy_component(name: str, component: dict[str, Any]) -> None:
    """Close request objects, which are read strictly; let an answer match several shapes, as an empty one may."""
    if name.endswith("Request") and name not in OPEN and component.get("type") == "object":
        component.setdefault("additionalProperties", False)
    if "oneOf" in component:
        component["anyOf"] = component.pop("oneOf")


def operations(result: Mapping[str, Any]) -> Iterator[tuple[str, str, Operation]]:
    """Yield method, address below `/api/v1/`, and operation."""
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            if isinstance(operation, dict):
                yield method.upper(), path.removeprefix("/api/v1/"), operation


def problem_types() -> list[dict[str, Any]]:
    """Return every type of problem once, by its name."""
    return [{**ROWS[slug].as_json(), "remedy": ROWS[slug].for_systems} for slug in sorted(ROWS)]


PROBLEM: Final = {
    "type": "object",
    "description": "RFC 9457. Some types carry further members, which their remedies name.",
    "properties": {
        "type": {"type": "string", "pattern": f"^{TYPE_PREFIX}[a-z-]+$"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "instance": {"type": "string", "description": "The caller's own X-Request-Id, where one was given."},
    },
    "required": ["type", "title", "status"],
}


def _example_request(operation: Operation, components: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    for body in operation.get("requestBody", {}).get("content", {}).values():
        body.setdefault("example", own.get("request") or example_of(body["schema"], components))


def _finish_answer(
    status: str,
    answer: dict[str, Any],
    components: Mapping[str, Any],
    own: Mapping[str, Any],
    *,
    is_read: bool,
) -> None:
    answer["headers"] = {"X-Request-Id": REQUEST_ID}
    if status < "400" and is_read:
        answer["headers"]["ETag"] = ETAG
    if status in WAITS:
        answer["headers"]["Retry-After"] = RETRY_AFTER
    slugs = answer.pop("x-problems", None)
    for media_type, body in answer.get("content", {}).items():
        if slugs and media_type == PROBLEM_TYPE:
            # One component for all, since an inline schema for each answer becomes a class for each in generated
            # clients.
            body["schema"] = {"$ref": "#/components/schemas/Problem"}
            answer["x-problem-types"] = [TYPE_PREFIX + slug for slug in slugs]
            body["examples"] = {
                slug: {"value": ROWS[slug].as_json(), "summary": ROWS[slug].for_systems} for slug in slugs
            }
        elif status < "300":
            body.setdefault("example", own.get(status) or example_of(body["schema"], components))


def _link(operation: Operation, links: Mapping[str, Mapping[str, str]], known: set[str]) -> None:
    made = {
        name: {"operationId": name, "parameters": dict(taken)}
        for name, taken in links.items()
        if name in known
    }
    for status, answer in operation["responses"].items():
        if made and status < "300":
            answer["links"] = made

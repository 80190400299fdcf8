# SPDX-License-Identifier: Apache-2.0
"""Rules of request bodies between several members, or the items of a list, as JSON Schema.

The views refuse what breaks them; no single field of the description could state them.
"""

from collections.abc import Mapping
from typing import Any, Final

_SAID: Final = {"minLength": 1}


def _given(*names: str) -> dict[str, Any]:
    """Require each of these texts to be present and not empty."""
    return {"required": list(names), "properties": dict.fromkeys(names, _SAID)}


def _when(name: str, value: str, then: Mapping[str, Any]) -> dict[str, Any]:
    return {"if": {"required": [name], "properties": {name: {"const": value}}}, "then": dict(then)}


_CASE: Final = _when("reason", "case_number", _given("reference"))

RULES: Final[Mapping[str, list[dict[str, Any]]]] = {
    # A structure, or a name or number to be compared with lists.
    "AskedInRequest": [{"anyOf": [_given("structure"), _given("name"), _given("cas")]}],
    # A case number is needed for several substances.
    "ScreenInRequest": [
        {"if": {"properties": {"structures": {"minItems": 2}}}, "then": _given("reference")},
        _CASE,
    ],
    "SimilarInRequest": [_CASE],
    "TimelineInRequest": [_CASE],
    "ReplyInRequest": [
        _when("kind", "peer_review", {"required": ["opinion"]}),
        _when("kind", "answer", {"required": ["answer_code"]}),
        _when("kind", "clarification", {"required": ["question"]}),
    ],
    "KeyChangeInRequest": [
        _when("verb", "rotate", {"required": ["uses"], "properties": {"uses": {"minItems": 1}}}),
        {"properties": {"suites": {"uniqueItems": True}}},
    ],
}
"""Rules by the name of the component."""


def apply_to(name: str, component: dict[str, Any]) -> None:
    """Add the rules of a component to it."""
    if name in RULES:
        component["allOf"] = [*component.get("allOf", ()), *RULES[name]]

# SPDX-License-Identifier: Apache-2.0
"""Rules between members of a request stand in the description as the views judge them."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from hub.cross_field import RULES
from hub.generator import KeptDescription

WHY = {"reason": "other"}
TAKEN: dict[str, tuple[str, dict[str, Any]]] = {
    "a structure": ("AskedInRequest", {"structure": "CCO"}),
    "a name": ("AskedInRequest", {"name": "ethanol", "structure": ""}),
    "one substance": ("ScreenInRequest", WHY | {"structures": [{"structure": "CCO"}]}),
    "two for a case": (
        "ScreenInRequest",
        {"reason": "case_number", "reference": "C-1", "structures": [{"cas": "64-17-5"}] * 2},
    ),
    "a stored one": ("TimelineInRequest", WHY | {"stored": "00000000-0000-0000-0000-000000000001"}),
    "a review": ("ReplyInRequest", WHY | {"kind": "peer_review", "opinion": "x"}),
    "a reply": ("ReplyInRequest", WHY | {"kind": "reply"}),
    "a rotation": ("KeyChangeInRequest", {"verb": "rotate", "version": 1, "uses": ["sig"]}),
}
REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "neither structure nor name": ("AskedInRequest", {"structure": "", "form": "auto"}),
    "two without a case": ("ScreenInRequest", WHY | {"structures": [{"structure": "CCO"}] * 2}),
    "a case without its number": ("SimilarInRequest", {"reason": "case_number", "structure": "CCO"}),
    "a case over time without its number": (
        "TimelineInRequest",
        {"reason": "case_number", "name": "ethanol"},
    ),
    "a review without an opinion": ("ReplyInRequest", WHY | {"kind": "peer_review"}),
    "a rotation of nothing": ("KeyChangeInRequest", {"verb": "rotate", "version": 1}),
    "a suite twice": ("KeyChangeInRequest", {"verb": "create", "version": 0, "suites": ["PQ1", "PQ1"]}),
}


@pytest.fixture(scope="module")
def components() -> dict[str, Any]:
    generator: Any = KeptDescription
    described: dict[str, Any] = generator().get_schema(request=None, public=True)
    schemas: dict[str, Any] = described["components"]["schemas"]
    return schemas


def holds(components: dict[str, Any], name: str, body: dict[str, Any]) -> bool:
    """Tell whether a body keeps the rules between members; rules for a single member have other tests."""
    assert components[name]["allOf"][-len(RULES[name]) :] == RULES[name]
    return bool(Draft202012Validator({"allOf": RULES[name]}).is_valid(body))


@pytest.mark.parametrize(("name", "body"), TAKEN.values(), ids=TAKEN.keys())
def test_takes(components: dict[str, Any], name: str, body: dict[str, Any]) -> None:
    assert holds(components, name, body)


@pytest.mark.parametrize(("name", "body"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses(components: dict[str, Any], name: str, body: dict[str, Any]) -> None:
    assert not holds(components, name, body)


def test_every_rule_is_of_a_component_and_seen_to_refuse(components: dict[str, Any]) -> None:
    assert set(RULES) <= set(components)
    assert set(RULES) == {name for name, _ in REFUSED.values()}

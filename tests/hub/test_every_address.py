# SPDX-License-Identifier: Apache-2.0
"""Every address is declared: a view states its capability, and the description covers the API."""

import json
from collections.abc import Iterator
from importlib.resources import files
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver
from jsonschema import Draft202012Validator, ValidationError
from referencing import Registry
from referencing.jsonschema import DRAFT202012
from rest_framework.views import APIView

from callers.capabilities import Capability
from callers.permissions import ACCESSION, PUBLIC
from callers.problems import TYPE_PREFIX
from hub.deprecations import DEPRECATIONS
from hub.operation_problems import OWN, SAFE
from hub.problems import ROWS

SERVED_TO_ANYBODY = {"api/schema/"}
HALVES = ("hub.urls.exchange", "hub.urls.desk")


def _views(urlconf: str) -> Iterator[tuple[str, Any]]:
    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[tuple[str, Any]]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            else:
                yield route, pattern.callback

    yield from walk(get_resolver(urlconf).url_patterns, "")


def _rest(urlconf: str) -> dict[str, type[APIView]]:
    return {
        route: view.view_class
        for route, view in _views(urlconf)
        if hasattr(view, "view_class") and issubclass(view.view_class, APIView)
    }


def _declared(view: type[APIView]) -> list[Any]:
    declared = getattr(view, "capability", None)
    return list(declared.values()) if isinstance(declared, dict) else [declared]


@pytest.mark.parametrize("urlconf", ["hub.urls.desk", "hub.urls.exchange"])
def test_every_rest_view_declares_its_capability(urlconf: str) -> None:
    rest = _rest(urlconf)
    assert len(rest) > 15
    for route, view in rest.items():
        if route in SERVED_TO_ANYBODY:
            continue
        for declared in _declared(view):
            assert isinstance(declared, Capability | frozenset) or declared in (PUBLIC, ACCESSION), route


def test_the_exchange_serves_no_page_and_no_alert() -> None:
    routes = [route for route, _ in _views("hub.urls.exchange")]
    assert not [route for route in routes if "alerts" in route or "login" in route]
    assert len(routes) < len(list(_views("hub.urls.desk")))


@pytest.fixture(scope="module")
def written() -> tuple[str, ...]:
    """The description of each half as the command writes it, which takes a second or two."""
    return tuple(_written(urlconf) for urlconf in HALVES)


def _written(urlconf: str) -> str:
    said = StringIO()
    options = ("--fail-on-warn", "--format", "openapi-json", "--urlconf", urlconf)
    call_command("spectacular", *options, stdout=said)
    return said.getvalue()


@pytest.fixture(scope="module")
def openapi() -> Draft202012Validator:
    """OpenAPI's own schema, as the command's `--validate` takes it, with its anchors found beforehand.

    The command finds all of them anew at each reference, which takes half a minute.
    """
    schema = json.loads(files("drf_spectacular.validation").joinpath("openapi_3_1_schema.json").read_text())
    known = Registry().with_resource(schema["$id"], DRAFT202012.create_resource(schema)).crawl()
    return Draft202012Validator(schema, registry=known)


@pytest.fixture
def description(written: tuple[str, ...]) -> dict[str, Any]:
    """Both halves' descriptions merged: paths and schemas of the desk, and those that only the exchange has."""
    exchange, described = map(json.loads, written)
    described["paths"] = {**exchange["paths"], **described["paths"]}
    shapes = described["components"]["schemas"]
    described["components"]["schemas"] = {**exchange["components"]["schemas"], **shapes}
    return dict(described)


def _operations(description: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path.removeprefix("/api/v1/")): operation
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    }


def _headers(operation: dict[str, Any]) -> set[str]:
    return {row["name"] for row in operation.get("parameters", ()) if row["in"] == "header"}


def test_each_half_s_description_is_valid(written: tuple[str, ...], openapi: Draft202012Validator) -> None:
    for half in map(json.loads, written):
        openapi.validate(half)
        del next(iter(half["paths"].values()))["get"]["responses"]["200"]["description"]
        with pytest.raises(ValidationError, match="'description' is a required property"):
            openapi.validate(half)


def test_the_description_is_complete(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.1")
    operations = _operations(description)
    assert {path for _, path in operations} >= {"caller", "envelopes", "inbox", "alerts", "ledger/checkpoint"}
    assert set(OWN) <= set(operations), "operations that no view has any more"


def test_every_operation_says_what_it_is_and_who_may_call_it(description: dict[str, Any]) -> None:
    for name, operation in _operations(description).items():
        assert operation["summary"].strip(), name
        said = ("API key with", "Key for the desk with", "Officer: ")
        assert any(who in operation["description"] for who in said), name
        scopes = [scope for way in operation["security"] for given in way.values() for scope in given]
        assert scopes and set(scopes) <= set(Capability), name


def test_every_operation_says_which_problems_it_answers(description: dict[str, Any]) -> None:
    for (method, path), operation in _operations(description).items():
        answers = operation["responses"]
        expected = {"400", "401", "403", "404", "406"} | (
            {"409", "415", "422"} if method not in SAFE else set()
        )
        assert expected <= set(answers), (method, path)
        for status, answer in answers.items():
            if int(status) >= 400:
                assert set(answer["content"]) == {"application/problem+json"}, (method, path, status)
                shape = answer["content"]["application/problem+json"]["schema"]
                assert shape == {"$ref": "#/components/schemas/Problem"}, (method, path, status)
                assert answer["x-problem-types"], (method, path, status)
                assert answer["content"]["application/problem+json"]["examples"], (method, path, status)


def test_every_operation_names_its_headers(description: dict[str, Any]) -> None:
    operations = _operations(description)
    for (method, path), operation in operations.items():
        own = "Idempotency-Key" if method not in SAFE else "If-None-Match"
        assert own in _headers(operation), (method, path)
        assert ("304" in operation["responses"]) == (method in SAFE), (method, path)
    change = operations["PATCH", "alerts/{alert_id}"]
    assert _headers(change) == {"If-Match", "Idempotency-Key"}
    assert {"412", "428"} <= set(change["responses"])


def _examples(description: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any], Any]]:
    """Yield the place of each example, its schema, and the example."""
    for name, operation in _operations(description).items():
        places = [("request", operation.get("requestBody", {})), *operation["responses"].items()]
        for place, content in places:
            for media_type, body in content.get("content", {}).items():
                given = [body["example"]] if "example" in body else []
                given += [example["value"] for example in body.get("examples", {}).values()]
                assert given, (name, place, media_type)
                yield from (((*name, place), body["schema"], example) for example in given)


def test_every_example_is_what_its_schema_says(description: dict[str, Any]) -> None:
    seen = 0
    for place, schema, example in _examples(description):
        whole = {**schema, "components": description["components"]}
        found = [error.message for error in Draft202012Validator(whole).iter_errors(example)]
        assert not found, (place, found)
        seen += 1
    assert seen > 500


def test_every_type_of_problem_is_listed_once_with_its_remedy(description: dict[str, Any]) -> None:
    listed = description["x-problem-types"]
    assert [row["type"] for row in listed] == sorted(TYPE_PREFIX + slug for slug in ROWS)


def test_an_address_that_will_end_is_marked(description: dict[str, Any]) -> None:
    marked = {
        path for (_, path), operation in _operations(description).items() if operation.get("deprecated")
    }
    assert marked == set(DEPRECATIONS)


COUNTED = {"created", "digest", "head", "next", "refused"}
"""Members that may stand beside the list in an answer that is a list."""


def test_every_list_stands_under_one_name(description: dict[str, Any]) -> None:
    components = description["components"]["schemas"]
    listed = {}
    for name, component in components.items():
        members = {
            name: part for name, part in component.get("properties", {}).items() if name not in COUNTED
        }
        rows = [part for part in members.values() if part.get("type") == "array" and "$ref" in part["items"]]
        if len(members) == len(rows) == 1 and not name.endswith("Request"):
            listed[name] = next(iter(members))
    assert len(listed) > 15
    assert {name for name, member in listed.items() if member != "items"} == set()

# SPDX-License-Identifier: Apache-2.0
"""Every address is declared: a view says which capability it asks for, and the description covers the API."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

from agencies.capabilities import Capability
from agencies.login.permissions import ACCESSION, PUBLIC
from hub.schema import BEYOND, CONDITIONAL, SAFE, WITHOUT_KEY

SERVED_TO_ANYBODY = {"api/schema/", "api/docs/"}


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


@pytest.fixture
def description(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    call_command(
        "spectacular", "--validate", "--fail-on-warn", "--api-version", "1.0.0", "--format", "openapi-json"
    )
    described: dict[str, Any] = json.loads(capsys.readouterr().out)
    return described


def _operations(description: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path.removeprefix("/api/v1/")): operation
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    }


def _headers(operation: dict[str, Any]) -> set[str]:
    return {row["name"] for row in operation.get("parameters", ()) if row["in"] == "header"}


def test_the_description_is_complete_and_valid(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.1")
    paths = {path for _, path in _operations(description)}
    assert paths >= {"envelopes", "inbox", "alerts", "ledger/checkpoint"}
    named = WITHOUT_KEY | CONDITIONAL | {path for _, path in BEYOND}
    assert named <= paths, "addresses that no view has any more"


def test_every_operation_says_which_problems_it_answers(description: dict[str, Any]) -> None:
    for (method, path), operation in _operations(description).items():
        answers = operation["responses"]
        expected = {"401", "403", "404"} | ({"400", "409", "415", "422"} if method not in SAFE else set())
        assert expected <= set(answers), (method, path)
        for status, answer in answers.items():
            if int(status) >= 400:
                assert set(answer["content"]) == {"application/problem+json"}, (method, path, status)
                assert answer["description"], (method, path, status)


def test_every_operation_names_its_headers(description: dict[str, Any]) -> None:
    operations = _operations(description)
    for (method, path), operation in operations.items():
        takes_key = method not in SAFE and path not in WITHOUT_KEY
        assert ("Idempotency-Key" in _headers(operation)) == takes_key, (method, path)
        is_conditional = method == "GET" and path in CONDITIONAL
        assert ("If-None-Match" in _headers(operation)) == is_conditional, (method, path)
        assert ("304" in operation["responses"]) == is_conditional, (method, path)
    change = operations["PATCH", "alerts/{alert_id}"]
    assert _headers(change) == {"If-Match", "Idempotency-Key"}
    assert {"412", "428"} <= set(change["responses"])

# SPDX-License-Identifier: Apache-2.0
"""The API description shows objects that its own readers accept: signed, sealed and logged ones from the test kit."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accord.envelope.encoding import canonical, unb64u
from accord.envelope.statements.form import parse_statement
from accord.envelope.tree.receipts import Receipt
from hub.generator import KeptDescription
from tests.hub.example_objects import FILE, written

JWE = {"protected", "aad", "iv", "ciphertext", "tag", "recipients"}
JWS = {"payload", "signatures"}


def _descriptions() -> Iterator[dict[str, Any]]:
    """Yield the description of each half."""
    generator: Any = KeptDescription
    for urlconf in ("hub.urls.exchange", "hub.urls.desk"):
        yield generator(urlconf=urlconf).get_schema(public=True)


@pytest.fixture(scope="module")
def shown() -> dict[tuple[str, str, str], Any]:
    """Return every example by method, address and status ("request" for a request's body)."""
    return {
        (method.upper(), path.removeprefix("/api/v1/"), place): body["example"]
        for described in _descriptions()
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        for place, said in [("request", operation.get("requestBody", {})), *operation["responses"].items()]
        for body in said.get("content", {}).values()
        if "example" in body
    }


def members(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield every member at every depth."""
    if isinstance(value, dict):
        yield from value.items()
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from members(part)


def test_the_objects_are_those_of_the_kit() -> None:
    """Write them anew with `.venv/bin/python -m tests.hub.example_objects` if this fails."""
    assert Path(FILE).read_text("utf-8") == written()


def test_every_receipt_statement_and_sealed_key_that_is_shown_is_a_real_one(shown: dict[Any, Any]) -> None:
    found = {"receipt": 0, "statement": 0, "jwe": 0}
    for place, example in shown.items():
        for name, value in members(example):
            if name == "receipt" and value is not None:
                Receipt.parse(value)
            elif name == "statement":
                parse_statement(canonical(value))
            elif name == "jwe" and isinstance(value, dict):
                assert set(value) == JWE, place
            else:
                continue
            found[name] += 1
    assert all(found.values()), found


def test_a_receipt_is_about_the_object_beside_it(shown: dict[Any, Any]) -> None:
    keyset, statement = (
        shown["GET", "agencies/{agency_id}/keyset", "200"],
        shown["GET", "statements/{od}", "200"],
    )
    for signed, receipt in (
        (keyset["keyset"], keyset["receipt"]),
        (statement["statement"], statement["receipt"]),
    ):
        assert receipt["leaf"]["d"] == parse_statement(canonical(signed)).od
    submitted = shown["POST", "envelopes", "202"]
    assert submitted["receipt"]["leaf"]["d"] == submitted["md"]


def test_what_has_no_component_is_shown_too(shown: dict[Any, Any]) -> None:
    given = shown["GET", "envelopes/{md}", "200"]
    assert set(given) == {"v", "manifest", "jwe", "via", "path", "index", "receipts"}
    assert json.loads(shown["POST", "slices", "200"]["items"][0]["slice"]) == given
    assert set(shown["POST", "statements", "request"]) == JWS
    assert json.loads(unb64u(shown["POST", "keys/proposals/{od}", "request"]["payload"]))["k"] == "keyset"
    assert shown["GET", "ledger/checkpoint", "200"].startswith("ledger.example/log\n")
    assert shown["GET", "ledger/proof/{index}", "200"].startswith("c2sp.org/tlog-proof@v1\n")
    empty = {place for place, example in shown.items() if example in ({}, "")}
    assert empty == {("POST", "alerts/export", "200"), ("POST", "audit/export", "200")}


def test_closed_choices_are_listed() -> None:
    shapes = {
        name: shape for said in _descriptions() for name, shape in said["components"]["schemas"].items()
    }
    what = shapes["FeedItem"]["properties"]["what"]["enum"]
    assert what == ["envelope", "statement", "repudiated", "reminder"]
    for component, member in (
        ("Delivery", "state"),
        ("AlertOut", "state"),
        ("PublishedKeyset", "custody"),
    ):
        assert shapes[component]["properties"][member]["enum"], (component, member)

# SPDX-License-Identifier: Apache-2.0
"""The API description says the same in every notation, and a cached answer is the one asked for."""

import gzip
import json
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from hub import kept_answers

MEDIA_TYPES = ("application/yaml", "application/vnd.oai.openapi", "application/json")


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_a_notation_says_the_same_each_time(media_type: str) -> None:
    first, again = (asked(media_type) for _ in range(2))
    assert first.status_code == 200
    assert first["Content-Type"].startswith(media_type)
    assert again.content == first.content
    described = json.loads(text(asked("application/vnd.oai.openapi+json")))
    assert read(text(first), media_type) == described
    assert len(described["paths"]) > 50


def test_it_is_compressed_cached_and_answered_by_its_tag() -> None:
    first = asked("application/json")
    assert first["Content-Encoding"] == "gzip"
    assert first["Cache-Control"] == "public, max-age=3600"
    assert {"Accept-Encoding", "Accept-Language"} <= set(first["Vary"].split(", "))
    again = asked("application/json", if_none_match=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert asked("application/yaml")["ETag"] != first["ETag"]


@pytest.mark.parametrize("coding", ["", "identity", "br", "gzip;q=0"])
def test_it_is_not_sent_uncompressed(coding: str) -> None:
    answer = asked("application/json", accept_encoding=coding)
    assert answer.status_code == 406
    assert answer.json()["type"] == "urn:accord:problem:compressed-only"
    assert len(answer.content) < 1024


def read(served: bytes, media_type: str) -> Any:
    """Parse the answer, YAML by libyaml: PyYAML's own loader takes ten seconds."""
    return json.loads(served) if media_type.endswith("json") else yaml.load(served, yaml.CSafeLoader)


NOTHING_MORE_KEPT = ("?version=7", "?lang=de", "?lang=xx-1", "?format=json&lang=fr-CA")


def test_what_a_stranger_asks_for_decides_no_more_than_notation_and_language() -> None:
    asked("application/json")
    before = set(kept_answers._kept)
    for query in NOTHING_MORE_KEPT:
        assert asked("*/*", query=query).status_code == 200
    known = {("description", language) for language, _ in settings.LANGUAGES}
    assert {(key[0], key[-1]) for key in set(kept_answers._kept) - before} <= known  # type: ignore[index]
    indented = asked("application/json; indent=1")
    assert text(indented) == text(asked("application/json"))


def test_the_exchange_serves_the_document_s_schema_too(settings: Settings) -> None:
    settings.ROOT_URLCONF = "hub.urls.exchange"
    first, headers = Client().get("/api/schema/alert.json"), {"accept-encoding": "gzip"}
    assert first.status_code == 200
    assert first.json()["title"].startswith("Accord alert document")
    again = Client().get("/api/schema/alert.json", headers={**headers, "if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def asked(media_type: str, *, query: str = "", accept_encoding: str = "gzip", if_none_match: str = "") -> Any:
    headers = {"accept": media_type, "accept-encoding": accept_encoding, "if-none-match": if_none_match}
    return Client().get(
        f"/api/schema/{query}", headers={name: value for name, value in headers.items() if value}
    )


def text(answer: Any) -> bytes:
    return gzip.decompress(answer.content)

# SPDX-License-Identifier: Apache-2.0
"""The API description says the same in every notation, and an answer that is kept is the one asked for."""

import json

import pytest
import yaml
from django.test import Client

MEDIA_TYPES = ("application/yaml", "application/vnd.oai.openapi", "application/json")


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_a_notation_says_the_same_each_time(media_type: str) -> None:
    first, again = (Client().get("/api/schema/", headers={"accept": media_type}) for _ in range(2))
    assert first.status_code == 200
    assert first["Content-Type"].startswith(media_type)
    assert again.content == first.content
    read = json.loads if media_type.endswith("json") else yaml.safe_load
    described = Client().get("/api/schema/", headers={"accept": "application/vnd.oai.openapi+json"}).json()
    assert read(first.content) == described
    assert len(described["paths"]) > 50


def test_a_parameter_beside_the_notation_is_heeded_and_not_kept() -> None:
    plain = Client().get("/api/schema/", headers={"accept": "application/json"})
    indented = Client().get("/api/schema/", headers={"accept": "application/json; indent=1"})
    assert indented.json() == plain.json()
    assert indented.content != plain.content
    assert Client().get("/api/schema/", headers={"accept": "application/json"}).content == plain.content

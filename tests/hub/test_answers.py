# SPDX-License-Identifier: Apache-2.0
"""Replies outside the views: problem+json at addresses of the API, an error page at all others."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_an_unknown_api_address_answers_problem_json(client: Client) -> None:
    answer = client.get("/api/v1/nothing-here")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def test_an_unknown_page_answers_a_page(client: Client) -> None:
    answer = client.get("/nothing-here/")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")
    assert "There is nothing here for you." in answer.content.decode()

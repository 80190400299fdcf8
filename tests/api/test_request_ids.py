# SPDX-License-Identifier: Apache-2.0
"""A caller may give its request an id: it comes back, is in problems and logs, and is trusted no further."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from structlog.contextvars import get_contextvars

from hub.middleware import RequestIdMiddleware

pytestmark = pytest.mark.django_db

HOSTILE = (
    "short",
    "x" * 65,
    "with space in it",
    "line\nbreak-in-it",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    '"quoted-name"',
    "ünïcode-request",
    "-begins-with-a-hyphen",
)


def test_the_callers_own_id_comes_back_in_header_and_problem() -> None:
    answer = Client().get("/api/v1/alerts", headers={"x-request-id": "case-system-0001"})
    assert answer["X-Request-Id"] == "case-system-0001"
    assert answer.json()["instance"] == "urn:accord:request:case-system-0001"


def test_without_one_the_hub_names_it_in_the_header_alone() -> None:
    one, other = Client().get("/api/v1/alerts"), Client().get("/api/v1/alerts")
    assert one["X-Request-Id"] != other["X-Request-Id"] and len(one["X-Request-Id"]) == 32
    assert one.content == other.content and "instance" not in one.json()


@pytest.mark.parametrize("given", HOSTILE)
def test_a_hostile_id_is_replaced(given: str) -> None:
    answer = Client().get("/api/v1/alerts", headers={"x-request-id": given})
    assert answer["X-Request-Id"] != given and len(answer["X-Request-Id"]) == 32
    assert "instance" not in answer.json()


def test_it_is_bound_to_every_log_line_of_the_request_and_to_none_after_it() -> None:
    bound: list[object] = []

    def answer(request: HttpRequest) -> HttpResponse:
        bound.append(get_contextvars()["request_id"])
        return HttpResponse()

    named = RequestFactory().get("/", headers={"x-request-id": "case-system-0002"})
    RequestIdMiddleware(answer)(named)
    assert bound == ["case-system-0002"]
    assert "request_id" not in get_contextvars()


def test_it_names_a_request_that_no_view_saw() -> None:
    named = {"x-request-id": "case-system-0003"}
    absent = Client().get("/api/v1/nothing-here", headers=named)
    twice = Client().get("/api/v1/alerts?box=inbox&box=outbox", headers=named)
    assert (absent.status_code, twice.status_code) == (404, 400)
    for answer in (absent, twice):
        assert answer.json()["instance"] == "urn:accord:request:case-system-0003"

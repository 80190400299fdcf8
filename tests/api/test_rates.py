# SPDX-License-Identifier: Apache-2.0
"""Rate limits: a caller above its rate gets 429 with the seconds to wait, and no other caller does."""

import pytest
from django.test import Client
from pytest_django import Settings

from callers.rates import Buckets
from tests.alerts.conftest import Desks
from tests.api.sessions import Session


def test_a_bucket_empties_fills_again_and_never_overflows() -> None:
    buckets = Buckets(rate=2, burst=4)
    assert [buckets.take("one", 100.0) for _ in range(4)] == [0, 0, 0, 0]
    assert buckets.take("one", 100.0) == pytest.approx(0.5)
    assert buckets.take("one", 100.0) == pytest.approx(0.5), "a refused request takes nothing"
    assert buckets.take("two", 100.0) == 0
    assert buckets.take("one", 100.5) == 0
    assert buckets.take("one", 100.5) == pytest.approx(0.5)
    assert [buckets.take("one", 9000.0) for _ in range(5)] == [0, 0, 0, 0, pytest.approx(0.5)]


def test_a_clock_that_stands_still_or_goes_back_gives_nothing_away() -> None:
    buckets = Buckets(rate=1, burst=1)
    assert buckets.take("one", 50.0) == 0
    assert buckets.take("one", 40.0) > 0
    assert buckets.take("one", 40.5) > 0


def test_callers_beyond_number_do_not_fill_the_memory() -> None:
    buckets = Buckets(rate=1, burst=1, most=100)
    for number in range(1000):
        assert buckets.take(f"caller-{number}", 1.0) == 0
    assert len(buckets._kept) == 100


def test_who_is_over_the_rate_waits_and_nobody_else(desks: Desks, settings: Settings) -> None:
    settings.API_RATE_PER_SECOND = 0.2
    author, reader = Session(desks.lab.author), Session(desks.lab.reader)
    key = {"authorization": desks.hub.api_key(desks.own)}
    ask = Client().get
    assert [author("GET", "directory").status_code for _ in range(2)] == [200, 200]
    assert [ask("/api/v1/agencies", headers=key).status_code for _ in range(2)] == [200, 200]
    for refused in (author("POST", "alerts", {"data": {}}), ask("/api/v1/inbox", headers=key)):
        assert (refused.status_code, refused["Content-Type"]) == (429, "application/problem+json")
        assert refused.json()["type"] == "urn:accord:problem:too-many-requests"
        assert 1 <= int(refused["Retry-After"]) <= 5
    assert reader("GET", "directory").status_code == 200
    assert ask("/api/v1/agencies").status_code == 401

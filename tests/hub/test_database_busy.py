# SPDX-License-Identifier: Apache-2.0
"""The hub answers 503 with `Retry-After` when the database does not answer in time; no thread waits without end."""

import json
from collections.abc import Generator

import psycopg
import pytest
from django.db import OperationalError, connection
from django.test import Client, RequestFactory

from callers.problems import DATABASE_BUSY
from hub import desk_fallback as answers
from hub.database_timeouts import PATIENCE
from hub.problems import problem_for
from hub.roles import DESK, LOGINS
from tests.agencies.world import api_key, hosted_agency
from tests.services import surroundings

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def somebody_elses() -> Generator[psycopg.Connection]:
    """A transaction of somebody else that keeps rows locked for as long as the test."""
    owner = surroundings().world_on(connection.settings_dict["NAME"]).owner_urls[DESK]
    with psycopg.connect(owner) as opened:
        yield opened
        opened.rollback()


@pytest.fixture
def _impatient() -> Generator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
        yield
        cursor.execute("RESET lock_timeout")


def test_a_locked_row_is_a_problem_with_a_time_to_come_back(
    somebody_elses: psycopg.Connection, _impatient: None
) -> None:
    _, text = api_key(hosted_agency("xa-lab"), scopes=["directory:read"])
    somebody_elses.execute("SELECT 1 FROM agencies_apikey FOR UPDATE")
    client = Client(headers={"authorization": f"Api-Key {text}"}, raise_request_exception=False)
    answer = client.get("/api/v1/caller")
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert answer.json()["type"] == "urn:accord:problem:database-busy"
    somebody_elses.rollback()
    assert client.get("/api/v1/caller").status_code == 200


def test_a_statement_that_takes_too_long_is_the_same() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '10ms'")
        with pytest.raises(OperationalError) as late:
            cursor.execute("SELECT pg_sleep(60)")
        cursor.execute("RESET statement_timeout")
    assert problem_for(late.value) is DATABASE_BUSY


def test_a_page_says_that_the_database_is_busy(
    somebody_elses: psycopg.Connection, _impatient: None, rf: RequestFactory
) -> None:
    """The answer after an error in a view or a middleware; it needs no query."""
    somebody_elses.execute("LOCK TABLE django_migrations")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM django_migrations")
    except OperationalError:
        page, api = (answers.broken(rf.get(path)) for path in ("/inbox/", "/api/v1/caller"))
    assert (page.status_code, page["Retry-After"]) == (503, "2")
    assert DATABASE_BUSY.sentence in page.content.decode()
    assert api.status_code == 503 and json.loads(api.content)["type"].endswith("database-busy")
    assert answers.broken(rf.get("/inbox/")).status_code == 500


@pytest.mark.parametrize("role", LOGINS)
def test_a_role_waits_so_long_and_no_longer(role: str) -> None:
    url = surroundings().world_on(connection.settings_dict["NAME"]).database_urls[role]
    with psycopg.connect(url, options=PATIENCE[role].options) as opened:
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            row = opened.execute("SELECT setting::int FROM pg_settings WHERE name = %s", [name]).fetchone()
            assert row is not None
            assert 1000 <= row[0] <= 120_000, name

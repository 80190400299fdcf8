# SPDX-License-Identifier: Apache-2.0
"""A missing database or a full disk is answered as temporary: 503 with the time to come again."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from hub import faults
from hub.faults import REMEMBERED_SECS, StorageFaults
from officers.expiring_rows import LoginAttempts

pytestmark = pytest.mark.django_db(transaction=True)
GUESS = {"username": "olga@xa-lab.example", "password": "wrong and long enough 77"}


@pytest.fixture
def cut_off() -> Iterator[None]:
    """Have the database server end our connection at the first statement of a request."""
    connection.ensure_connection()
    pid, owner = connection.connection.info.backend_pid, connection.copy()

    def end(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        with owner.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(end):
        yield
    owner.close()
    connection.close()


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the database server refuse to store counters, for want of room."""
    monkeypatch.setattr(faults, "STORAGE", StorageFaults())
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION is_full() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END$$"
        )
        cursor.execute(
            "CREATE TRIGGER is_full BEFORE INSERT ON officers_loginattempts EXECUTE FUNCTION is_full()"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION is_full CASCADE")


def test_a_call_is_told_to_come_again_while_the_database_is_away(cut_off: None) -> None:
    client = Client(raise_request_exception=False)
    answer = client.get("/api/v1/caller", headers={"authorization": f"Api-Key {'0' * 12}.{'A' * 43}"})
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
    assert answer.json()["type"] == "urn:accord:problem:database-busy"
    assert answer["Retry-After"] == "2"


def test_a_page_says_so_while_the_database_is_away(cut_off: None) -> None:
    answer = Client(raise_request_exception=False).post("/login/", GUESS)
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")


def test_a_process_whose_database_is_away_is_not_ready(cut_off: None) -> None:
    answer = Client(raise_request_exception=False).get("/readyz")
    assert (answer.status_code, answer.json()["failing"]) == (503, ["database"])


def test_a_full_disk_is_answered_so_and_makes_the_process_unready(full_disk: None) -> None:
    client = Client(raise_request_exception=False)
    assert client.get("/readyz").json() == {"ready": True, "failing": []}
    answer = client.post("/login/", GUESS)
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert client.get("/readyz").json() == {"ready": False, "failing": ["storage"]}
    assert not LoginAttempts.objects.exists()


def test_a_full_disk_is_forgotten_unless_it_is_met_again() -> None:
    at = [100.0]
    storage = StorageFaults(lambda: at[0])
    error = OperationalError()
    error.__cause__ = type("Full", (Exception,), {"sqlstate": "53100"})()
    storage.note(error)
    at[0] += REMEMBERED_SECS - 1
    assert storage.is_lately()
    at[0] += 1
    assert not storage.is_lately()
    storage.note(OperationalError())
    assert not storage.is_lately(), "another fault than a full disk"

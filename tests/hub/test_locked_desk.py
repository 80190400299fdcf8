# SPDX-License-Identifier: Apache-2.0
"""While a desk is locked, its API and its readiness say so, and its worker does nothing."""

import logging
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from celery import shared_task
from django.test import Client

from alerts import tasks
from hub.locked_worker import NOTICED
from tests.locked_desk import PASSPHRASE, LockedDesk, locked_desk, unmade_desk
from vault.kek import held_ring, lock_desk, open_desk

pytestmark = pytest.mark.django_db
DONE: list[str] = []


@shared_task(name="tests.reads_the_ring")
def reads_the_ring() -> str:
    """A task of the desk that needs the ring."""
    DONE.append(held_ring().current)
    return DONE[-1]


@shared_task(name="tests.locked_on_the_way")
def locked_on_the_way() -> None:
    """A task during which somebody locks the desk."""
    lock_desk()
    held_ring()


@shared_task(name="tests.breaks")
def breaks() -> None:
    """A task with a fault of its own."""
    raise ValueError("a fault")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[LockedDesk]:
    DONE.clear()
    NOTICED.note(False)
    with locked_desk(tmp_path) as made:
        yield made
    NOTICED.note(False)


def test_the_api_says_that_the_desk_is_locked(desk: LockedDesk, client: Client) -> None:
    addresses = ("/api/v1/alerts", "/api/v1/no/such", "/api/docs/")
    for method, address in product((client.get, client.post, client.delete), addresses):
        answer = method(address, headers={"x-request-id": "a-name-of-ours"})
        assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
        assert answer.json() == {
            "type": "urn:accord:problem:desk-locked",
            "title": "The desk is locked until somebody opens it.",
            "status": 503,
            "instance": "urn:accord:request:a-name-of-ours",
        }
        assert answer["Retry-After"] == "60"
        assert answer["X-Request-Id"] == "a-name-of-ours"


def test_it_lives_is_not_ready_and_says_why(desk: LockedDesk, client: Client) -> None:
    assert client.get("/livez").status_code == 200
    for address in ("/readyz", "/healthz"):
        answer = client.get(address)
        assert (answer.status_code, answer.json()["failing"]) == (503, ["locked"])
    open_desk(PASSPHRASE)
    assert client.get("/readyz").json() == {"ready": True, "failing": []}


def test_what_needs_no_key_goes_through(desk: LockedDesk, client: Client) -> None:
    assert client.get("/.well-known/security.txt").status_code == 404, "no contact is set"
    look = client.post("/appearance/", {"theme": "dark", "next": "/unlock/"})
    assert look["Location"] == "/unlock/"
    look = client.get("/static/accord/accord.css")
    assert look.status_code == 200
    look.close()


def test_a_desk_without_a_ring_answers_alike(client: Client, tmp_path: Path) -> None:
    with unmade_desk(tmp_path):
        assert client.get("/api/v1/alerts").json()["type"] == "urn:accord:problem:desk-locked"
        assert client.get("/readyz").json()["failing"] == ["locked"]


# The worker.


def test_tasks_do_nothing_while_it_is_locked_and_go_on_once_it_is_open(
    desk: LockedDesk, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="hub.locked_worker"):
        assert [reads_the_ring(), reads_the_ring(), tasks.follow_feed(), tasks.send()] == [None] * 4
        assert DONE == []
        open_desk(PASSPHRASE)
        assert reads_the_ring() == reads_the_ring() == held_ring().current
        lock_desk()
        assert reads_the_ring() is None
    assert len(DONE) == 2
    assert [record.getMessage() for record in caplog.records if record.name == "hub.locked_worker"] == [
        "the desk is locked: its tasks wait",
        "the desk is open: its tasks go on",
        "the desk is locked: its tasks wait",
    ]


def test_the_worker_itself_runs_them_so(desk: LockedDesk) -> None:
    assert reads_the_ring.apply().get() is None
    open_desk(PASSPHRASE)
    assert reads_the_ring.apply().get() == held_ring().current


def test_a_task_that_is_locked_on_the_way_ends_quietly(desk: LockedDesk) -> None:
    open_desk(PASSPHRASE)
    assert locked_on_the_way() is None


def test_a_fault_of_a_task_is_still_heard(desk: LockedDesk) -> None:
    open_desk(PASSPHRASE)
    with pytest.raises(ValueError, match="a fault"):
        breaks()

# SPDX-License-Identifier: Apache-2.0
"""Pages neither skip nor repeat a row while others write; a cursor that no page gave is refused as such."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from alerts.drafting.drafts import create_draft
from alerts.models import Alert, ReceivedAlert
from callers.cursors import LIVES, list_name, open_cursor, seal_cursor
from callers.errors import CursorExpiredError
from officers.models import Officer
from tests.alerts.conftest import Desk, Desks, make_desks
from tests.api.sessions import Session
from tests.builders import Hub

LISTS = ("inbox", "outbox", "drafts", "queue", "on_the_way")


def copies_of(first: Any, count: int, **changes: Any) -> list[Any]:
    """Make unsaved copies of a row; each change is a function of the copy's number."""
    kept = [field.attname for field in first._meta.concrete_fields if field.attname not in {"id", "card"}]
    values = {name: getattr(first, name) for name in kept}
    return [type(first)(**values | {name: make(at) for name, make in changes.items()}) for at in range(count)]


def received_copies(first: ReceivedAlert, numbers: range) -> list[ReceivedAlert]:
    return copies_of(
        first,
        len(numbers),
        number=lambda at: numbers[at],
        jti=lambda at: f"copy-{numbers[at]}",
        reference=lambda at: f"ref-{numbers[at]}",
    )


def pages(session: Session, address: str, row_id: str) -> Iterator[list[str]]:
    """Yield the ids of one page after the other."""
    cursor = ""
    while True:
        answer = session("GET", f"{address}&cursor={cursor}").json()
        yield [row[row_id]["id"] for row in answer["items"]]
        if answer["next"] is None:
            return
        cursor = answer["next"]


def test_forged_changed_and_foreign_cursors_are_refused_alike(desks: Desks) -> None:
    for box in LISTS:
        own_officer, session = caller_of(desks.lab, box)
        _, other = caller_of(desks.health, box)
        own = seal_cursor(own_officer, list_name(box, {}), "1", now=timezone.now())
        elsewhere = seal_cursor(own_officer, "another list", "1", now=timezone.now())
        assert own is not None and elsewhere is not None
        changed = own[:20] + ("A" if own[20] != "A" else "B") + own[21:]
        forged = ["1", "1.1", "a.b.c", changed, own + "A", f"x{own}", elsewhere]
        answers = [session("GET", f"alerts?box={box}&cursor={cursor}") for cursor in forged]
        answers += [other("GET", f"alerts?box={box}&cursor={own}")]
        answers += [session("GET", f"alerts?box={box}&cursor={'9' * 500}")]
        slugs = {answer.json()["type"].rpartition(":")[2] for answer in answers[:-1]}
        assert {answer.status_code for answer in answers} == {422}
        assert slugs == {"cursor-refused"}
        assert answers[-1].json()["field"] == "cursor"


def caller_of(desk: Desk, box: str) -> tuple[Officer, Session]:
    """Return an officer who may read the list, and a session of that officer."""
    officer = desk.releaser if box == "queue" else desk.author
    return officer, Session(officer)


def test_a_cursor_does_not_serve_other_filters(desks: Desks) -> None:
    session = Session(desks.lab.author)
    own = seal_cursor(desks.lab.author, list_name("drafts", {}), "1", now=timezone.now())
    assert session("GET", f"alerts?box=drafts&mine=1&cursor={own}").status_code == 422


def test_a_cursor_lives_a_day_to_the_second(desks: Desks) -> None:
    actor, made = desks.lab.author, timezone.now().replace(microsecond=0)
    cursor = seal_cursor(actor, "drafts", "place", now=made)
    assert cursor is not None
    assert open_cursor(actor, "drafts", cursor, now=made + LIVES - timedelta(seconds=1)) == "place"
    with pytest.raises(CursorExpiredError):
        open_cursor(actor, "drafts", cursor, now=made + LIVES)
    old = seal_cursor(actor, list_name("drafts", {}), "place", now=timezone.now() - LIVES)
    answer = Session(actor)("GET", f"alerts?box=drafts&cursor={old}")
    assert (answer.status_code, answer.json()["type"]) == (410, "urn:accord:problem:cursor-expired")


def test_a_limit_out_of_range_is_named(desks: Desks) -> None:
    for box in LISTS:
        _, session = caller_of(desks.lab, box)
        for limit in ("0", "1000000000", "-1", "ten", "", "1e2"):
            answer = session("GET", f"alerts?box={box}&limit={limit}")
            assert (answer.status_code, answer.json().get("field")) == (422, "limit"), (box, limit)


def test_a_filter_that_a_box_does_not_have_is_refused_by_name(desks: Desks) -> None:
    author = Session(desks.lab.author)
    for query, named in (
        ("order=title", "order"),
        ("ordering=-agency__key", "ordering"),
        ("author__password__startswith=a", "author__password__startswith"),
        ("box=inbox&mine=1", "mine"),
        ("box=drafts&lane=science", "lane"),
        ("box=elsewhere", "box"),
        ("unread=yes", "unread"),
        ("unread=", "unread"),
        ("lane=nowhere", "lane"),
        ("sender=XA", "sender"),
    ):
        answer = author("GET", f"alerts?{query}")
        assert (answer.status_code, answer.json()["field"]) == (422, named), query


def test_the_exchange_refuses_the_same(desks: Desks) -> None:
    headers = {"HTTP_AUTHORIZATION": desks.hub.api_key(desks.own)}
    client = Client()
    for address, named in (
        ("inbox?limit=0", "limit"),
        ("inbox?limit=1000000000", "limit"),
        ("inbox?after=-1", "after"),
        ("inbox?since=1", "since"),
        ("submissions?limit=0", "limit"),
        ("submissions?limit=1000000000", "limit"),
    ):
        answer = client.get(f"/api/v1/{address}", **headers)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json().get("field")) == (422, named), address
    forged = client.get("/api/v1/submissions?after=MTox", **headers)  # type: ignore[arg-type]
    assert (forged.status_code, forged.json()["type"]) == (422, "urn:accord:problem:cursor-refused")


class Writers:
    """Threads that write rows over their own connections until they are told to stop."""

    def __init__(self, write: Any) -> None:
        self._write = write
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(at,)) for at in range(2)]

    def _run(self, at: int) -> None:
        try:
            step = 0
            while not self._stop.is_set() and step < 200:
                self._write(at, step)
                step += 1
        finally:
            connection.close()

    def __enter__(self) -> "Writers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def shared_desks(transactional_db: None, tmp_path: Path) -> Desks:
    """Desks whose rows the writers' connections see too."""
    return make_desks(Hub(tmp_path / "ledger", now=timezone.now().replace(microsecond=0)))


def test_the_inbox_neither_skips_nor_repeats_while_alerts_come_in(shared_desks: Desks) -> None:
    first = shared_desks.received()
    ReceivedAlert.objects.bulk_create(received_copies(first, range(2, 61)))
    before = {str(pk) for pk in ReceivedAlert.objects.values_list("pk", flat=True)}

    def write(at: int, step: int) -> None:
        number = 1000 + 2 * step + at
        ReceivedAlert.objects.bulk_create(received_copies(first, range(number, number + 1)))

    with Writers(write):
        seen = [
            pk
            for page in pages(Session(shared_desks.health.reader), "alerts?box=inbox&limit=7", "received")
            for pk in page
        ]
    assert len(seen) == len(set(seen)), "a row came twice"
    assert before <= set(seen), "a row was skipped"


def test_drafts_neither_skip_nor_repeat_while_others_are_written_and_saved(shared_desks: Desks) -> None:
    author = shared_desks.lab.author
    first = shared_desks.draft()
    made = timezone.now() - timedelta(hours=1)
    Alert.objects.bulk_create(
        copies_of(
            first,
            40,
            created_at=lambda at: made + timedelta(seconds=at),
            changed_at=lambda at: made + timedelta(seconds=at),
        )
    )
    before = sorted(str(pk) for pk in Alert.objects.values_list("pk", flat=True))

    def write(at: int, step: int) -> None:
        if at:
            create_draft(author, data={"title": f"Draft {step}"}, now=timezone.now())
        else:
            Alert.objects.filter(pk=before[step % len(before)]).update(changed_at=timezone.now())

    with Writers(write):
        seen = [pk for page in pages(Session(author), "alerts?box=drafts&limit=7", "alert") for pk in page]
    assert len(seen) == len(set(seen)), "a row came twice"
    assert set(before) <= set(seen), "a row was skipped"

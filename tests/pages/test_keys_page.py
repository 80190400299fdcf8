# SPDX-License-Identifier: Apache-2.0
"""The key page: custody in plain words, the keyset, endings that come soon; and the same on the start page."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callers import clock
from officers.keyfacts import key_facts
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld
from tests.pages.key_desks import Customs, key_of


def text_of(client: Client, address: str = "/keys/") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_custody_is_said_as_what_it_is(desk: DeskWorld, as_officer: SignIn) -> None:
    customs = Customs.build(desk)
    for officer, label, note in (
        (desk.ilka, "This desk can act as your agency", "proves nothing against whoever runs the desk"),
        (
            customs.officer,
            "Operational keys held by its desk, root with the agency&#x27;s head",
            "is signed by your agency&#x27;s head, offline",
        ),
    ):
        page = text_of(as_officer(officer))
        assert f"<b>{label}</b>" in page and note in page
        assert page.count(label) == 1, "not once more with each key"


def test_the_keyset_and_its_roots_are_shown_to_be_compared(desk: DeskWorld, as_officer: SignIn) -> None:
    facts = key_facts(desk.ilka, now=timezone.now()).keyset
    assert facts is not None
    page = text_of(as_officer(desk.ilka))
    assert f">{facts.root}</code>" in page and f">{facts.next_root}</code>" in page
    assert len(facts.root.split()) == 16, "in groups of four"
    assert "UTC+1</time>" in page or "UTC+2</time>" in page, "with the reader's zone"
    assert "in 89 days" in page and "Logged</span>" in page
    assert "PQ1: only post-quantum and classical together" in page


def test_a_new_keyset_is_shown_as_being_logged(desk: DeskWorld, as_officer: SignIn) -> None:
    client = as_officer(desk.benno)
    client.post("/keys/renew/", {"version": 1})
    assert "Being logged</span>" in text_of(client)
    desk.hub.now = timezone.now()
    desk.hub.sequence()
    assert "Being logged" not in text_of(client)


def test_each_key_stands_with_what_may_be_done_to_it(desk: DeskWorld, as_officer: SignIn) -> None:
    page, key = text_of(as_officer(desk.benno)), key_of(desk.benno)
    assert f"<span>{key.kid[22:]}</span></code></td>" in page
    assert "post-quantum and classical together (PQ1)" in page
    for verb in ("retire", "suspend", "revoke"):
        assert f'href="/keys/key/{key.kid}/{verb}/"' in page
    assert f'href="/keys/key/{key.kid}/resume/"' not in page


def test_filters_stay_in_the_address(desk: DeskWorld, as_officer: SignIn) -> None:
    client = as_officer(desk.benno)
    client.post("/keys/rotate/", {"version": 1, "uses": ["enc"]})
    assert text_of(client, "/keys/?state=retiring").count("<tr>") == 1 + 2
    assert "Nothing matches." in text_of(client, "/keys/?state=revoked")
    assert text_of(client, "/keys/?state=bogus").count("<tr>") == 1 + 6


ENDINGS = (
    (50, None, ""),
    (65, "The keyset ends in 24 days", "info"),
    (78, "The keyset ends in 11 days", "warn"),
    (84, "The keyset ends in 5 days", "warn"),
    (89.5, "The keyset ends in 11 hours", "danger"),
    (91, "The keyset has ended on", "danger"),
)


def test_an_ending_keyset_is_said_ahead(
    desk: DeskWorld, as_officer: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, keeper, reader = desk.hub.now, as_officer(desk.benno), as_officer(desk.ilka)
    for days, said, tone in ENDINGS:
        moment = began + timedelta(days=days, minutes=1)
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        page, start = text_of(keeper), text_of(keeper, "/")
        if said is None:
            assert "The keyset ends" not in page and "Ending keys" not in start
            continue
        assert said in page
        assert f'<div class="note is-{tone}" role="status">' in page
        assert '<a href="/keys/renew/">Renew it</a>' in page
        assert "The keyset: afterwards nothing can be sent" in start
    seen = text_of(reader)
    assert "The keyset has ended on" in seen and "Renew it" not in seen
    assert "Ending keys" not in text_of(reader, "/"), "for those who can do something"


def test_ending_keys_are_said_together(
    desk: DeskWorld, as_officer: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, key = as_officer(desk.benno), key_of(desk.benno)
    moment = desk.hub.now + timedelta(days=354)
    monkeypatch.setattr(clock, "now", lambda: moment)
    page = text_of(client)
    assert "4 keys end in 10 days" in page and '<a href="/keys/rotate/">Rotate the keys</a>' in page
    assert f"Signing key …{key.short}, EC1, PQ1" in text_of(client, "/")


def test_the_queries_do_not_grow_with_the_keys(desk: DeskWorld, as_officer: SignIn) -> None:
    client = as_officer(desk.benno)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            text_of(client)
        return len(queries)

    few = count()
    for version in (1, 2):
        client.post("/keys/rotate/", {"version": version, "uses": ["sign", "enc"]})
    text_of(client)
    assert count() <= few and few <= 20

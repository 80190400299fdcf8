# SPDX-License-Identifier: Apache-2.0
"""A locked desk shows one page, which opens it for everybody; guesses are limited and recorded."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from callers import clock
from ledger.models import AuditEvent
from tests.agencies.key_rings import ring_text
from tests.locked_desk import PASSPHRASE, RECOVERY_KEY, LockedDesk, locked_desk, unmade_desk
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld
from vault.kek import KekRing, Lock, held_ring, lock_desk, lock_state, open_desk
from vault.locking import lock_ring
from vault.unlocking import GUESSES, MOST_A_MINUTE, MOST_AN_HOUR, Guesses

WRONG = "eine andere tasse tee um acht"
NEITHER = "This is neither the passphrase nor the recovery key."


@pytest.fixture
def locked(desk: DeskWorld, tmp_path: Path) -> Iterator[LockedDesk]:
    """The small hub after a restart of its machine."""
    with locked_desk(tmp_path) as made:
        yield made


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The time that the page reads, as the only item of a list that a test may change."""
    now = [timezone.now()]
    monkeypatch.setattr(clock, "now", lambda: now[0])
    return now


def try_secret(secret: str, client: Client | None = None) -> Any:
    return (client or Client()).post("/unlock/", {"secret": secret})


def text(answer: Any) -> str:
    return str(answer.content.decode())


def opened_events() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(act="vault.opened"))


def test_every_page_leads_to_the_one_that_opens_the_desk(locked: LockedDesk, client: Client) -> None:
    for address in ("/", "/login/", "/inbox/", "/reset/", "/no/such/page/", "/unlock"):
        for answer in (client.get(address), client.post(address, {"username": "ilka@xa-lab.example"})):
            assert (answer.status_code, answer["Location"]) == (303, "/unlock/"), address


def test_the_page_asks_for_one_secret_and_keeps_none(locked: LockedDesk, client: Client) -> None:
    page = client.get("/unlock/")
    assert page.status_code == 200
    assert 'type="password" autocomplete="off"' in text(page)
    assert "no-store" in page["Cache-Control"]
    assert django_settings.SESSION_COOKIE_NAME not in page.cookies
    assert django_settings.CSRF_COOKIE_NAME in page.cookies


@pytest.mark.parametrize("secret", [PASSPHRASE, RECOVERY_KEY.lower().replace("-", " ")])
def test_either_secret_opens_it_and_it_is_recorded(locked: LockedDesk, client: Client, secret: str) -> None:
    answer = try_secret(secret, client)
    assert (answer.status_code, answer["Location"]) == (303, "/login/")
    assert lock_state() is Lock.OPEN
    assert client.get("/login/").status_code == 200
    (event,) = opened_events()
    assert (event.actor, event.agency, event.subject) == ("system:desk", "", "desk")
    assert event.detail == {"refused_guesses": 0}


def test_a_form_without_its_token_opens_nothing(locked: LockedDesk) -> None:
    assert try_secret(PASSPHRASE, Client(enforce_csrf_checks=True)).status_code == 403
    assert lock_state() is Lock.LOCKED


def test_a_form_with_its_token_does(locked: LockedDesk) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/unlock/")
    token = client.cookies[django_settings.CSRF_COOKIE_NAME].value
    answer = client.post("/unlock/", {"secret": PASSPHRASE, "csrfmiddlewaretoken": token})
    assert answer.status_code == 303


def test_a_wrong_secret_is_told_in_one_sentence_and_not_repeated(locked: LockedDesk) -> None:
    answer = try_secret(WRONG)
    assert answer.status_code == 422
    assert NEITHER in text(answer)
    assert WRONG not in text(answer)
    empty = try_secret("")
    assert (empty.status_code, lock_state()) == (422, Lock.LOCKED)
    assert "type one of them" in text(empty)
    assert opened_events() == []


def test_a_slip_in_the_recovery_key_is_told_as_one(locked: LockedDesk) -> None:
    answer = try_secret(RECOVERY_KEY[:-1] + ("2" if RECOVERY_KEY[-1] != "2" else "3"))
    assert answer.status_code == 422
    assert "A letter of the recovery key is wrong or missing." in text(answer)


def test_guesses_are_few_and_counted_in_the_record(locked: LockedDesk, at: list[datetime]) -> None:
    for _ in range(MOST_A_MINUTE):
        assert try_secret(WRONG).status_code == 422
    closed = try_secret(PASSPHRASE)
    assert closed.status_code == 429
    assert closed["Retry-After"] == "61"
    again = (at[0] + timedelta(seconds=61)).astimezone(timezone.get_current_timezone())
    assert f"Too many guesses. Try again at {again:%H:%M:%S} (UTC)." in text(closed)
    assert lock_state() is Lock.LOCKED
    at[0] += timedelta(seconds=61)
    assert try_secret(PASSPHRASE).status_code == 303
    (event,) = opened_events()
    assert event.detail == {"refused_guesses": MOST_A_MINUTE + 1}
    assert GUESSES.refused == 0


def test_an_hour_has_twenty_guesses_and_a_clock_put_back_gives_no_more() -> None:
    guesses, now = Guesses(), timezone.now()
    for number in range(MOST_AN_HOUR):
        assert guesses.count(now=now + timedelta(minutes=number)) is None
    later = now + timedelta(minutes=MOST_AN_HOUR)
    assert guesses.count(now=later) == timedelta(hours=1) - timedelta(minutes=MOST_AN_HOUR)
    assert guesses.count(now=now - timedelta(days=1)) is not None
    assert guesses.count(now=now + timedelta(hours=1)) is None


def test_once_it_is_open_the_page_leads_away(locked: LockedDesk, client: Client) -> None:
    open_desk(PASSPHRASE)
    for answer in (client.get("/unlock/"), try_secret(WRONG, client)):
        assert (answer.status_code, answer["Location"]) == (303, "/")
    assert GUESSES.refused == 0


def test_where_nothing_is_locked_the_page_leads_away_too(db: None, client: Client) -> None:
    assert client.get("/unlock/")["Location"] == "/"


def test_a_session_of_before_is_not_looked_at_and_goes_on_afterwards(
    desk: DeskWorld, as_officer: SignIn, tmp_path: Path
) -> None:
    client = as_officer(desk.ilka)
    with locked_desk(tmp_path):
        assert client.get("/inbox/")["Location"] == "/unlock/"
        assert client.get("/unlock/").status_code == 200
        assert try_secret(PASSPHRASE, client).status_code == 303
        assert client.get("/inbox/").status_code == 200
        lock_desk()
        assert client.get("/inbox/")["Location"] == "/unlock/"


def test_keys_of_another_desk_open_nothing(locked: LockedDesk, desk: DeskWorld) -> None:
    open_desk(PASSPHRASE)
    current = held_ring().current
    lock_desk()
    another = ring_text(KekRing(current, {current: b"another key of 32 octets, of old"}))
    locked.locked.write_bytes(lock_ring(another, passphrase=PASSPHRASE, recovery_key=RECOVERY_KEY))
    answer = try_secret(PASSPHRASE)
    assert answer.status_code == 409
    assert "This opens the keys of another desk" in text(answer)
    assert (lock_state(), opened_events()) == (Lock.LOCKED, [])


def test_a_damaged_file_is_told_as_one(locked: LockedDesk) -> None:
    locked.locked.write_bytes(b"{}")
    answer = try_secret(PASSPHRASE)
    assert answer.status_code == 503
    assert "The locked keys of this desk cannot be read." in text(answer)


@pytest.mark.django_db
def test_a_desk_of_ones_own_without_keys_leads_to_its_first_start(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    with unmade_desk(tmp_path):
        assert client.get("/")["Location"] == "/unlock/"
        assert "It has no keys yet." in text(client.get("/unlock/"))
        settings.OWN_DESK = True
        answer = client.get("/login/")
        assert (answer.status_code, answer["Location"]) == (303, "/first-start/")
        assert client.get("/unlock/")["Location"] == "/first-start/"

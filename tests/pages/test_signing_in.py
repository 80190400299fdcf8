# SPDX-License-Identifier: Apache-2.0
"""Signing in and out, changing the password, choosing the look: texts, lock-out, addresses that lead elsewhere."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from officers.accounts import disable_officer
from officers.login.attempts import LIMIT_PER_ADDRESS
from tests.pages.desk_world import PASSWORD, DeskWorld

NEW_PASSWORD = "kalter kaffee am gleis 9"
EMAIL = "ilka@xa-lab.example"


@pytest.fixture
def desk(db: None, tmp_path: Path) -> DeskWorld:
    """The small hub, with passwords."""
    return DeskWorld.kept(tmp_path / "ledger", passwords=True)


def sign_in(client: Client, email: str = EMAIL, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/login/", {"username": email, "password": password, **more})


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_signing_in_leads_to_the_start_page_or_to_where_one_was_going(
    client: Client, desk: DeskWorld
) -> None:
    assert sign_in(client).headers["Location"] == "/"
    client.logout()
    assert (
        sign_in(client, EMAIL.upper(), next="/inbox/?lane=trade").headers["Location"] == "/inbox/?lane=trade"
    )


def test_signing_in_never_leads_elsewhere(client: Client, desk: DeskWorld) -> None:
    for elsewhere in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        assert sign_in(client, next=elsewhere).headers["Location"] == "/", elsewhere
        client.logout()


def test_every_wrong_pair_is_answered_alike(client: Client, desk: DeskWorld) -> None:
    disable_officer(desk.sunniva, desk.benno, now=desk.tick())
    pairs = {EMAIL: "wrong", "nobody@xa-lab.example": PASSWORD, "benno@xa-lab.example": PASSWORD}
    for email, password in pairs.items():
        page = text(sign_in(client, email, password))
        assert "E-mail or password is not right." in page
        assert "Please enter a correct" not in page
        assert password not in page


def test_after_too_many_guesses_sign_in_is_closed_for_known_and_unknown_alike(
    client: Client, desk: DeskWorld
) -> None:
    for email in (EMAIL, "nobody@xa-lab.example"):
        for _ in range(LIMIT_PER_ADDRESS):
            sign_in(client, email, "wrong")
        page = text(sign_in(client, email, PASSWORD))
        assert "Sign-in is closed for 15 minutes. Wait or ask your agency admin." in page


def test_a_session_that_timed_out_says_so_and_that_the_draft_is_saved(
    client: Client, desk: DeskWorld
) -> None:
    for address, sentence in {
        "/drafts/": "You were signed out. Your draft is saved.",
        "/inbox/": "You were signed out.<",
    }.items():
        sign_in(client)
        client.session.flush()
        answer = client.get(address)
        assert answer.headers["Location"].endswith("&ended=1")
        assert sentence in text(client.get(answer.headers["Location"]))
    assert "You were signed out" not in text(client.get("/login/?next=/inbox/"))


WRONG_PASSWORDS = {
    "a wrong old one": {"old": "wrong"},
    "a short new one": {"new": "short", "again": "short"},
    "two that differ": {"again": "another thing altogether"},
    "a common one": {"new": "password123456", "again": "password123456"},
}


def test_a_password_that_is_not_accepted_changes_nothing(client: Client, desk: DeskWorld) -> None:
    sign_in(client)
    for name, changed in WRONG_PASSWORDS.items():
        form = {"old": PASSWORD, "new": NEW_PASSWORD, "again": NEW_PASSWORD} | changed
        answer = client.post("/password/", form)
        assert answer.status_code in {200, 422}, name
        assert 'class="problem"' in text(answer) or 'role="alert"' in text(answer), name
        assert NEW_PASSWORD not in text(answer)
    assert sign_in(Client()).status_code == 302


def test_the_look_is_kept_in_a_cookie_and_nothing_else_is_taken(client: Client, db: None) -> None:
    for theme in ("light", "dark", "auto"):
        answer = client.post("/appearance/", {"theme": theme, "next": "/login/"})
        assert answer.headers["Location"] == "/login/"
        assert f'data-theme="{theme}"' in text(client.get("/login/"))
    client.post("/appearance/", {"theme": "javascript", "next": "/login/"})
    assert client.cookies["accord_theme"].value == "auto"
    client.cookies["accord_theme"] = '"><script>'
    assert 'data-theme="auto"' in text(client.get("/login/"))
    assert client.post("/appearance/", {"next": "https://evil.example/"}).headers["Location"] == "/"


def test_the_sign_in_page_asks_the_database_little(
    client: Client, db: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(6):
        client.get("/login/")


def test_session_cookies_are_closed_to_scripts_and_other_sites(client: Client, desk: DeskWorld) -> None:
    sign_in(client)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"

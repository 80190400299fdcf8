# SPDX-License-Identifier: Apache-2.0
"""Guesses from elsewhere lock out nobody who signed in before from the own browser, and are limited all the same."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as configured
from django.core import signing
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from officers.login import attempts
from officers.login.devices import LIVES, known_device
from officers.login.factors import add_totp, draw_totp_secret
from officers.models import Officer
from tests.agencies.world import PASSWORD, admit, enrol
from tests.pages.one_time_codes import code_of

pytestmark = pytest.mark.django_db
EMAIL = "olga@xa-lab.example"
WRONG = "wrong and long enough 77"


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small limits: the height of each is tested elsewhere, here only the people whom it locks out."""
    monkeypatch.setattr(attempts, "LIMIT_PER_ACCOUNT_A_DAY", 4)
    monkeypatch.setattr(attempts, "LIMIT_PER_SENDER", 5)
    monkeypatch.setattr(attempts, "LIMIT_PER_FACTOR", 2)


@pytest.fixture
def officer(settings: Settings) -> Officer:
    settings.MFA_DEMANDED = False
    return enrol(admit("xa-lab"), "author", "releaser", email=EMAIL, password=PASSWORD)


@pytest.fixture
def known(officer: Officer) -> Client:
    """The officer's own browser, which has signed in once and out again."""
    browser = Client(REMOTE_ADDR="192.0.2.1")
    assert guess(browser, password=PASSWORD).status_code == 302
    browser.post("/logout/")
    return browser


def guess(client: Client, email: str = EMAIL, password: str = WRONG) -> Any:
    return client.post("/login/", {"username": email, "password": password})


def strangers() -> Iterator[Client]:
    """Yield six callers, each from a network of its own."""
    for number in range(1, 7):
        yield Client(REMOTE_ADDR=f"198.51.{number}.7")


def test_guesses_from_elsewhere_do_not_close_a_known_device(known: Client) -> None:
    answers = [guess(stranger).status_code for stranger in strangers()]
    assert answers[-1] == 429, "guessing goes on for ever"
    assert guess(known, password=PASSWORD).status_code == 302


def test_guesses_at_invented_accounts_do_not_close_a_known_device_behind_the_same_address(
    known: Client,
) -> None:
    stranger = Client(REMOTE_ADDR="192.0.2.1")
    answers = [guess(stranger, f"o{number}@invented.example").status_code for number in range(6)]
    assert answers[-1] == 429
    assert guess(known, password=PASSWORD).status_code == 302


def test_guesses_from_elsewhere_do_not_close_the_step_up_of_who_is_signed_in(known: Client) -> None:
    assert guess(known, password=PASSWORD).status_code == 302
    for stranger in strangers():
        guess(stranger)
    answer = known.post("/confirm/", {"proof_password": PASSWORD, "next": "/inbox/"})
    assert answer.headers.get("Location") == "/inbox/"


def test_guesses_at_codes_do_not_close_a_known_device(known: Client, officer: Officer) -> None:
    secret = draw_totp_secret()
    add_totp(officer, secret=secret, code=code_of(secret, timezone.now()), now=timezone.now())
    for stranger in list(strangers())[:3]:
        guess(stranger, password=PASSWORD)
        stranger.post("/login/second/", {"proof_code": "000000"})
    assert guess(known, password=PASSWORD).headers["Location"] == "/login/second/"
    answer = known.post("/login/second/", {"proof_code": code_of(secret, timezone.now(), steps=1)})
    assert answer.status_code == 302
    assert known.get("/inbox/").status_code == 200


def test_a_known_device_is_not_closed_by_the_other_officer_who_uses_it(
    known: Client, officer: Officer
) -> None:
    assert officer.agency is not None
    enrol(officer.agency, "author", email="fay@xa-lab.example", password=PASSWORD)
    assert guess(known, "fay@xa-lab.example", PASSWORD).status_code == 302
    known.post("/logout/")
    for stranger in strangers():
        guess(stranger)
        guess(stranger, "fay@xa-lab.example")
    for email in (EMAIL, "fay@xa-lab.example"):
        assert guess(known, email, PASSWORD).status_code == 302
        known.post("/logout/")


FORGED = {
    "altered": lambda cookie: cookie[:-1] + ("A" if cookie[-1] != "A" else "B"),
    "made up": lambda cookie: "WzFd:abc",
    "empty": lambda cookie: "",
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_a_cookie_that_we_did_not_sign_makes_no_device_known(known: Client, forged: Any) -> None:
    cookie = known.cookies[configured.DEVICE_COOKIE_NAME].value
    for stranger in strangers():
        guess(stranger)
    thief = Client(REMOTE_ADDR="203.0.113.5")
    thief.cookies[configured.DEVICE_COOKIE_NAME] = forged(cookie)
    assert guess(thief, password=PASSWORD).status_code == 429
    thief.cookies[configured.DEVICE_COOKIE_NAME] = cookie
    assert guess(thief, password=PASSWORD).status_code == 302


def test_a_device_of_one_officer_is_not_known_for_another(known: Client, officer: Officer) -> None:
    assert officer.agency is not None
    enrol(officer.agency, "author", email="fay@xa-lab.example", password=PASSWORD)
    for stranger in strangers():
        guess(stranger, "fay@xa-lab.example")
    assert guess(known, "fay@xa-lab.example", PASSWORD).status_code == 429


def test_a_device_is_known_for_half_a_year_and_the_cookie_names_nobody(known: Client) -> None:
    cookie = known.cookies[configured.DEVICE_COOKIE_NAME]
    assert cookie["httponly"] and cookie["samesite"] == "Strict" and cookie["path"] == "/"
    assert EMAIL not in cookie.value and EMAIL not in str(
        signing.b64_decode(cookie.value.split(":")[0].encode())
    )
    request = RequestFactory().get("/")
    request.COOKIES[configured.DEVICE_COOKIE_NAME] = cookie.value
    now = timezone.now()
    assert known_device(request, EMAIL, now=now)
    assert not known_device(request, EMAIL, now=now + LIVES)


def test_the_password_alone_makes_no_device_known_where_a_code_is_asked_for(officer: Officer) -> None:
    secret = draw_totp_secret()
    add_totp(officer, secret=secret, code=code_of(secret, timezone.now()), now=timezone.now())
    browser = Client()
    guess(browser, password=PASSWORD)
    assert configured.DEVICE_COOKIE_NAME not in browser.cookies
    browser.post("/login/second/", {"proof_code": code_of(secret, timezone.now(), steps=1)})
    assert configured.DEVICE_COOKIE_NAME in browser.cookies

# SPDX-License-Identifier: Apache-2.0
"""Guesses at a password are limited for every way of guessing and every source; nothing is stored in clear."""

import logging
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from callers.addresses import client_address, network_of
from callers.errors import AbsentError, InputError, NotPermittedError
from ledger.models import AuditEvent
from officers.expiring_rows import LoginAttempts
from officers.login.attempts import LIMIT_PER_ACCOUNT_A_DAY, LIMIT_PER_ADDRESS, LoginSource, count_attempt
from officers.login.reopening import reopen_sign_in
from officers.models import Officer
from tests.agencies.world import PASSWORD, admit, enrol

pytestmark = pytest.mark.django_db
EMAIL = "olga@xa-lab.example"
WRONG = "wrong and long enough 77"
CLOSED = "Sign-in is closed for 15 minutes. Wait or ask your agency admin."


@pytest.fixture
def officer() -> Officer:
    return enrol(admit("xa-lab"), "reader", email=EMAIL, password=PASSWORD)


def guess(client: Client, email: str = EMAIL, password: str = WRONG, **extra: Any) -> Any:
    return client.post("/login/", {"username": email, "password": password}, **extra)


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.parametrize("email", [EMAIL, "nobody@xa-lab.example"], ids=["known", "unknown"])
def test_closed_is_answered_with_the_remedy_for_known_and_unknown_alike(
    client: Client, officer: Officer, email: str
) -> None:
    for _ in range(LIMIT_PER_ADDRESS - 1):
        assert guess(client, email).status_code == 200
    assert guess(client, email).status_code == 429, "the last one that is looked at says that it was"
    answer = guess(client, email, PASSWORD)
    assert answer.status_code == 429
    assert CLOSED in text(answer)
    assert answer.headers.get("Access-Control-Allow-Origin") is None


VARIANTS: dict[str, dict[str, Any]] = {
    "letter case": {"email": EMAIL.upper()},
    "spaces": {"email": f"  {EMAIL} "},
    "another browser": {"headers": {"user-agent": "x"}},
    "as a script": {"headers": {"x-requested-with": "XMLHttpRequest", "accept": "application/json"}},
    "a claimed address": {"headers": {"x-forwarded-for": "203.0.113.9", "x-real-ip": "203.0.113.9"}},
    "a claimed forwarding": {"headers": {"forwarded": "for=203.0.113.9"}},
}


def test_no_variant_gets_round_the_count(client: Client, officer: Officer, subtests: pytest.Subtests) -> None:
    for _ in range(LIMIT_PER_ADDRESS):
        guess(client)
    for sentence, variant in VARIANTS.items():
        with subtests.test(sentence):
            answer = guess(client, variant.get("email", EMAIL), PASSWORD, headers=variant.get("headers"))
            assert answer.status_code == 429
            assert client.get("/inbox/").status_code == 302


def test_only_a_posted_form_is_a_guess(client: Client, officer: Officer) -> None:
    json_body = f'{{"username": "{EMAIL}", "password": "{PASSWORD}"}}'
    form = f"username={EMAIL}&password={PASSWORD.replace(' ', '+')}"
    for content_type, body in (("application/json", json_body), ("application/x-www-form-urlencoded", form)):
        for method in ("put", "patch", "delete", "options"):
            assert getattr(client, method)("/login/", body, content_type=content_type).status_code == 405
            assert client.get("/inbox/").status_code == 302
    assert client.post("/login/", json_body, content_type="application/json").status_code == 200
    assert client.get("/inbox/").status_code == 302


def test_a_guesser_with_many_addresses_is_stopped_until_tomorrow(officer: Officer) -> None:
    for number in range(LIMIT_PER_ACCOUNT_A_DAY - 1):
        count_attempt(LoginSource(EMAIL, f"192.0.2.{number}"), now=timezone.now())
    guess(Client(REMOTE_ADDR="198.51.100.8"))
    answer = guess(Client(REMOTE_ADDR="198.51.100.9"), password=PASSWORD)
    assert answer.status_code == 429
    assert "Sign-in is closed until tomorrow for browsers that you have not signed in with before." in text(
        answer
    )


def test_a_guesser_behind_our_proxy_does_not_lock_out_the_others_behind_it(
    officer: Officer, settings: Settings
) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    proxied = Client(REMOTE_ADDR="10.0.0.2")
    for _ in range(LIMIT_PER_ADDRESS + 1):
        guess(proxied, headers={"x-forwarded-for": "203.0.113.9"})
    assert guess(proxied, password=PASSWORD, headers={"x-forwarded-for": "203.0.113.9"}).status_code == 429
    assert guess(proxied, password=PASSWORD, headers={"x-forwarded-for": "203.0.113.8"}).status_code == 302


CHAINS = {
    "no proxy of ours": ("198.51.100.7", "203.0.113.9", "198.51.100.7"),
    "one proxy": ("10.0.0.2", "203.0.113.9", "203.0.113.9"),
    "two proxies": ("10.0.0.2", "203.0.113.9, 10.0.0.3", "203.0.113.9"),
    "a lie before the truth": ("10.0.0.2", "192.0.2.1, 203.0.113.9", "203.0.113.9"),
    "no header": ("10.0.0.2", "", "10.0.0.2"),
    "no address in it": ("10.0.0.2", "unknown", "10.0.0.2"),
    "only proxies": ("10.0.0.2", "10.0.0.3", "10.0.0.2"),
    "IPv6": ("::1", "2001:db8::5", "2001:db8::5"),
    "no peer": ("", "203.0.113.9", ""),
}


@pytest.mark.parametrize(("peer", "header", "found"), CHAINS.values(), ids=CHAINS.keys())
def test_whose_word_about_an_address_counts(settings: Settings, peer: str, header: str, found: str) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8", "::1/128"]
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=header)
    assert client_address(request) == found


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:7:8::9", "2001:db8:7::/48"), ("", ""), ("unknown", "")],
)
def test_people_see_a_network_and_no_address(address: str, network: str) -> None:
    assert network_of(address) == network


def test_an_agency_admin_opens_it_again_for_a_colleague_from_everywhere(
    client: Client, officer: Officer
) -> None:
    admin = Officer.objects.get(agency="xa-lab", roles__contains=["agency_admin"])
    for number in range(LIMIT_PER_ACCOUNT_A_DAY):
        count_attempt(LoginSource(EMAIL, f"192.0.2.{number}"), now=timezone.now())
    assert guess(client, password=PASSWORD).status_code == 429
    reopen_sign_in(admin, officer, now=timezone.now())
    for _ in range(LIMIT_PER_ADDRESS - 1):
        assert guess(client).status_code == 200
    assert guess(client, password=PASSWORD).status_code == 302
    event = AuditEvent.objects.get(act="officer.sign_in_reopened")
    assert (event.actor, event.subject) == (admin.audit_name, officer.audit_name)


def test_the_admin_does_so_on_the_colleagues_page(client: Client, officer: Officer) -> None:
    for _ in range(LIMIT_PER_ADDRESS):
        guess(client)
    admin, desk = Officer.objects.get(agency="xa-lab", roles__contains=["agency_admin"]), Client()
    desk.force_login(admin, "officers.login.backends.EmailBackend")
    address = f"/officers/{officer.public_id}/reopen/"
    assert address in text(desk.get(f"/officers/{officer.public_id}/"))
    assert "Open sign-in again" in text(desk.get(address))
    assert desk.post(address).status_code == 302
    assert guess(client, password=PASSWORD).status_code == 302


def test_guesses_after_it_was_opened_again_are_counted(client: Client, officer: Officer) -> None:
    admin = Officer.objects.get(agency="xa-lab", roles__contains=["agency_admin"])
    reopen_sign_in(admin, officer, now=timezone.now())
    for _ in range(LIMIT_PER_ADDRESS):
        guess(client)
    assert guess(client, password=PASSWORD).status_code == 429


def test_nobody_else_opens_it_and_nobody_the_own(officer: Officer) -> None:
    admin = Officer.objects.get(agency="xa-lab", roles__contains=["agency_admin"])
    enrol(admit("xb-health"), "reader", email="fay@xb-health.example")
    foreign = Officer.objects.get(agency="xb-health", roles__contains=["agency_admin"])
    for actor, person, refusal in (
        (officer, officer, NotPermittedError),
        (foreign, officer, AbsentError),
        (admin, admin, InputError),
    ):
        with pytest.raises(refusal):
            reopen_sign_in(actor, person, now=timezone.now())


def test_neither_tables_nor_log_hold_address_or_password(
    client: Client, officer: Officer, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    for _ in range(LIMIT_PER_ADDRESS + 2):
        guess(client, REMOTE_ADDR="192.0.2.77")
    guess(Client(REMOTE_ADDR="198.51.100.9"), password=PASSWORD)
    stored = _dump("officers_loginattempts", "django_session", "officers_officersession", "ledger_auditevent")
    written = " ".join(
        record.getMessage() for record in caplog.records if record.name != "django.db.backends"
    )
    assert LoginAttempts.objects.exists()
    for secret in (EMAIL, WRONG, PASSWORD, "192.0.2.77", "198.51.100.9"):
        assert secret not in stored and secret not in written


def test_without_the_counters_nobody_signs_in(client: Client, officer: Officer) -> None:
    """A guess that cannot be counted is not checked."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE officers_loginattempts RENAME TO gone")
    client.raise_request_exception = False
    assert guess(client, password=PASSWORD).status_code == 500


def test_a_guess_without_a_request_is_refused(officer: Officer) -> None:
    with pytest.raises(ValueError, match="counted by the request"):
        authenticate(None, username=EMAIL, password=PASSWORD)


def _dump(*tables: str) -> str:
    rows = []
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT row_to_json(t)::text FROM {table} t")  # noqa: S608
            rows += [row[0] for row in cursor.fetchall()]
    assert rows
    return " ".join(rows)

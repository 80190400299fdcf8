# SPDX-License-Identifier: Apache-2.0
"""A passkey alone lets an operator in; a challenge works once, on one site; sessions end."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from callers.passkeys import sign_challenge
from callers.problems import FORM_TOKEN_REFUSED
from ledger.models import AuditEvent, Restore
from operators.models import Operator, OperatorSession, Passkey
from operators.sessions import IDLE_FOR, SEEN_EVERY, SESSION_LIVES
from tests.operators.authenticator import Device
from tests.operators.conftest import make_operator, sign_in, text

Noor = tuple[Operator, Device]
REFUSED = "That did not let you in."


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def refused(answer: Any) -> bool:
    return answer.status_code == 403 and REFUSED in text(answer)


def test_a_passkey_signs_in_and_out(client: Client, noor: Noor) -> None:
    answer = sign_in(noor[1], client)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert is_in(client)
    assert Passkey.objects.get().last_used_at is not None
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert not is_in(client)
    assert list(
        AuditEvent.objects.filter(act__contains="signed").order_by("seq").values_list("act", flat=True)
    ) == [
        "operator.signed_in",
        "operator.signed_out",
    ]


def test_a_session_signed_out_is_over_whoever_has_its_cookie(operator: Client) -> None:
    thief = Client()
    name = settings.OPERATOR_COOKIE_NAME
    thief.cookies[name] = operator.cookies[name].value
    assert is_in(thief)
    operator.post("/sign-out/")
    assert not is_in(thief)


@pytest.mark.parametrize(
    "origin", ["http://localhost:8000", "https://evil.example", "http://localhost:8002.evil.example"]
)
def test_a_passkey_asked_for_by_another_page_is_refused(noor: Noor, origin: str) -> None:
    noor[1].origin = origin
    assert refused(sign_in(noor[1]))


def test_a_passkey_of_whom_nobody_was_recognised_is_refused(noor: Noor) -> None:
    noor[1].is_verified = False
    assert refused(sign_in(noor[1]))


def test_a_passkey_that_nobody_made_here_is_refused(noor: Noor) -> None:
    assert refused(sign_in(Device()))


def test_another_device_that_says_it_is_this_one_is_refused(noor: Noor) -> None:
    assert refused(sign_in(Device(name=noor[1].name)))


def test_a_challenge_serves_once(client: Client, noor: Noor) -> None:
    options = client.get("/sign-in/options/").json()
    proof = {"proof_passkey": noor[1].prove(options)}
    replayed = Client()
    replayed.cookies[settings.PASSKEY_COOKIE_NAME] = client.cookies[settings.PASSKEY_COOKIE_NAME].value
    assert client.post("/sign-in/", proof).status_code == 302
    assert refused(replayed.post("/sign-in/", proof))
    assert OperatorSession.objects.count() == 1


def test_the_challenge_of_another_browser_is_refused(client: Client, noor: Noor) -> None:
    options = Client().get("/sign-in/options/").json()
    client.get("/sign-in/options/")
    assert refused(client.post("/sign-in/", {"proof_passkey": noor[1].prove(options)}))


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "no challenge",
        pytest.param(
            sign_challenge({"challenge": "AA"}, purpose="officers.login.passkeys"), id="signed for officers"
        ),
    ],
)
def test_a_challenge_that_we_did_not_sign_for_this_is_refused(
    client: Client, noor: Noor, cookie: str
) -> None:
    options = client.get("/sign-in/options/").json()
    client.cookies[settings.PASSKEY_COOKIE_NAME] = cookie
    assert refused(client.post("/sign-in/", {"proof_passkey": noor[1].prove(options)}))


@pytest.mark.parametrize("wrong", ["", "null", "[]", "{}", '{"rawId": "!"}', '{"rawId": []}', "x" * 20_000])
def test_what_no_browser_sends_is_refused(client: Client, noor: Noor, wrong: str) -> None:
    client.get("/sign-in/options/")
    assert refused(client.post("/sign-in/", {"proof_passkey": wrong}))


@pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature"])
def test_a_changed_answer_is_refused(client: Client, noor: Noor, part: str) -> None:
    credential = json.loads(noor[1].prove(client.get("/sign-in/options/").json()))
    said = credential["response"][part]
    credential["response"][part] = said[:20] + ("A" if said[20] != "A" else "B") + said[21:]
    assert refused(client.post("/sign-in/", {"proof_passkey": json.dumps(credential)}))


def test_who_only_looks_at_the_sign_in_page_leaves_nothing_behind(client: Client) -> None:
    assert client.get("/sign-in/").status_code == 200
    assert client.get("/sign-in/options/").status_code == 200
    assert not OperatorSession.objects.exists()


def _long_ago() -> None:
    OperatorSession.objects.update(signed_in_at=timezone.now() - SESSION_LIVES)


def _idle() -> None:
    OperatorSession.objects.update(seen_at=timezone.now() - IDLE_FOR)


def _restored() -> None:
    Restore.objects.create(restored_at=timezone.now() + timedelta(seconds=1))


def _inactive() -> None:
    Operator.objects.update(is_active=False)


@pytest.mark.parametrize("what", [_long_ago, _idle, _restored, _inactive])
def test_a_session_ends(operator: Client, what: Any) -> None:
    assert is_in(operator)
    what()
    assert operator.get("/")["Location"] == "/sign-in/"


def test_a_session_in_use_goes_on(operator: Client) -> None:
    OperatorSession.objects.update(seen_at=timezone.now() - IDLE_FOR + SEEN_EVERY)
    assert is_in(operator)
    assert OperatorSession.objects.get().seen_at > timezone.now() - SEEN_EVERY


def test_the_cookies_are_for_this_site_alone_and_no_script(client: Client, noor: Noor) -> None:
    answer = sign_in(noor[1], client)
    cookie = answer.cookies[settings.OPERATOR_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
    assert OperatorSession.objects.get().digest not in cookie.value


def test_a_form_from_elsewhere_is_refused(noor: Noor) -> None:
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post("/sign-in/", {"proof_passkey": "{}"})
    assert (answer.status_code, FORM_TOKEN_REFUSED.sentence in text(answer)) == (403, True)


def test_the_policy_of_the_pages_lets_in_no_script_but_ours(client: Client) -> None:
    answer = client.get("/sign-in/")
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert text(answer).count("<script") == 1
    assert answer["X-Frame-Options"] == "DENY"


def test_two_operators_have_each_their_own_session() -> None:
    (noor, first), (benno, second) = make_operator("Noor"), make_operator("Benno")
    one, other = Client(), Client()
    sign_in(first, one)
    sign_in(second, other)
    assert f"<bdi>{noor.name}</bdi>" in text(one.get("/"))
    assert f"<bdi>{benno.name}</bdi>" in text(other.get("/"))

# SPDX-License-Identifier: Apache-2.0
"""One-time and recovery codes: set up, asked for, valid once, limited; demanded by policy; never shown or stored in clear."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from ledger.models import AuditEvent
from officers.login.attempts import LIMIT_PER_FACTOR
from officers.login.factors import add_totp, draw_totp_secret
from officers.models import AgencyPolicy, Officer
from officers.session_rows import OfficerSession
from tests.bound_rows import rewrite
from tests.pages.conftest import SignIn
from tests.pages.desk_world import PASSWORD, DeskWorld
from tests.pages.one_time_codes import code_of

EMAIL = "benno@xa-lab.example"
SECOND = "/login/second/"


@pytest.fixture
def desk(db: None, tmp_path: Path) -> DeskWorld:
    """The small hub, with passwords."""
    return DeskWorld.kept(tmp_path / "ledger", passwords=True)


class Telephone:
    """The secret of an officer's one-time codes; `codes` are the recovery codes on paper."""

    def __init__(self, officer: Officer, *, now: datetime) -> None:
        self.secret = draw_totp_secret()
        self.codes = add_totp(officer, secret=self.secret, code=code_of(self.secret, now, steps=-1), now=now)

    def code(self, *, steps: int = 0) -> str:
        return code_of(self.secret, timezone.now(), steps=steps)


@pytest.fixture
def telephone(desk: DeskWorld) -> Telephone:
    return Telephone(desk.benno, now=timezone.now())


def by_password(client: Client, **more: str) -> Any:
    return client.post("/login/", {"username": EMAIL, "password": PASSWORD, **more})


def text(answer: Any) -> str:
    return str(answer.content.decode())


def is_in(client: Client) -> bool:
    return client.get("/inbox/").status_code == 200


def test_the_password_alone_no_longer_opens_anything(
    client: Client, desk: DeskWorld, telephone: Telephone
) -> None:
    assert by_password(client, next="/queue/").headers["Location"] == SECOND
    assert not is_in(client)
    assert client.get("/api/v1/alerts").status_code == 401
    answer = client.post(SECOND, {"proof_code": telephone.code()})
    assert answer.headers["Location"] == "/queue/"
    assert is_in(client)
    assert AuditEvent.objects.filter(act="officer.signed_in").latest("at").detail == {"proof": "code"}


def test_another_code_is_refused(client: Client, desk: DeskWorld, telephone: Telephone) -> None:
    by_password(client)
    for wrong in ("", "000", "abcdef", "1" * 3000, "\u0661\u0662\u0663\u0664\u0665\u0666"):
        assert "That was not right." in text(client.post(SECOND, {"proof_code": wrong})), wrong
    assert not is_in(client)


def test_a_code_is_good_once_and_an_older_one_is_not_good_after_it(
    client: Client, desk: DeskWorld, telephone: Telephone
) -> None:
    used, older = telephone.code(), telephone.code(steps=-1)
    by_password(client)
    assert client.post(SECOND, {"proof_code": used}).status_code == 302
    for code in (used, older):
        other = Client()
        by_password(other)
        assert other.post(SECOND, {"proof_code": code}).status_code == 200
        assert not is_in(other)


def test_a_recovery_code_is_good_once(client: Client, desk: DeskWorld, telephone: Telephone) -> None:
    code = f" {telephone.codes[3][:5]} {telephone.codes[3][5:]} "
    by_password(client)
    assert client.post(SECOND, {"proof_code": code}).status_code == 302
    other = Client()
    by_password(other)
    assert other.post(SECOND, {"proof_code": code}).status_code == 200
    assert "9 left" in text(client.get("/security/"))
    assert AuditEvent.objects.filter(act="officer.recovery_code_used").count() == 1


def test_guesses_at_a_code_are_limited_wherever_they_come_from(
    client: Client, desk: DeskWorld, telephone: Telephone
) -> None:
    for number in range(LIMIT_PER_FACTOR):
        guesser = Client(REMOTE_ADDR=f"192.0.2.{number}")
        by_password(guesser)
        guesser.post(SECOND, {"proof_code": "000000"})
    by_password(client)
    answer = client.post(SECOND, {"proof_code": telephone.code()})
    assert answer.status_code == 429
    assert "Sign-in is closed for 15 minutes. Wait or ask your agency admin." in text(answer)
    assert not is_in(client)


def test_the_second_step_waits_ten_minutes_and_ends_with_the_password(
    client: Client, desk: DeskWorld, telephone: Telephone
) -> None:
    by_password(client)
    session = client.session
    session["second_step"] |= {"until": (timezone.now() - timedelta(seconds=1)).timestamp()}
    session.save()
    assert client.post(SECOND, {"proof_code": telephone.code()}).headers["Location"] == "/login/"
    by_password(client)
    desk.benno.set_password("ein anderes kennwort 9")
    desk.benno.save()
    assert client.post(SECOND, {"proof_code": telephone.code()}).headers["Location"] == "/login/"
    assert not is_in(client)


def test_nobody_comes_to_the_second_step_without_the_first(client: Client, desk: DeskWorld) -> None:
    for method in ("get", "post"):
        assert getattr(client, method)(SECOND).headers["Location"] == "/login/"


def test_a_passkey_that_nobody_made_signs_nobody_in(client: Client, desk: DeskWorld) -> None:
    for credential in ("", "[]", "{", '{"response": {"userHandle": "AAAA"}}', '{"response": 7}', "{}"):
        client.get("/login/passkey/")
        answer = client.post("/login/passkey/", {"proof_passkey": credential})
        assert answer.headers["Location"] == "/login/?passkey=refused", credential
        assert not is_in(client)


def test_what_is_no_passkey_is_not_kept(desk: DeskWorld, as_officer: SignIn) -> None:
    client, address = as_officer(desk.benno), "/security/passkeys/add/"
    for credential in ("", "[]", "{}", '{"response": {}}', '{"id": "x", "rawId": "x"}'):
        assert client.get(address).status_code == 200
        page = text(client.post(address, {"name": "Key", "passkey": credential}))
        assert "This passkey was not taken." in page, credential
    for name in ("x" * 41, "a\u202eb", "a\x00b"):
        page = text(client.post(address, {"name": name, "passkey": "{}"}))
        assert "Name: use up to 40 characters on one line." in page
    assert not Authenticator.objects.exists()


def test_one_time_codes_are_set_up_with_a_first_code_and_the_secret_is_shown_once(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    client = as_officer(desk.benno)
    page = text(client.post("/security/totp/"))
    assert "totp-secret" not in text(client.get("/security/totp/")), "a link draws and shows no secret"
    found = re.search(r'id="totp-secret">([A-Z2-7 ]+)<', page)
    assert found is not None
    secret = found[1].replace(" ", "")
    again = text(client.post("/security/totp/", {"code": "000000"}))
    assert found[1] in again and "That was not right." in again
    kept = "".join(Session.objects.values_list("session_data", flat=True))
    assert secret not in kept and secret not in str(client.session.items())
    page = text(client.post("/security/totp/", {"code": code_of(secret, timezone.now())}))
    codes = re.findall(r"<li>(\d{5}) (\d{5})</li>", page)
    assert len(codes) == 10
    stored = str(list(Authenticator.objects.values("type", "data")))
    assert secret not in stored and not any("".join(code) in stored for code in codes)
    for address in ("/security/", "/security/totp/"):
        assert secret not in text(client.get(address)).replace(" ", "")
    assert OfficerSession.objects.get(officer=desk.benno).proof == "code"


def test_new_recovery_codes_end_the_old_ones(
    client: Client, desk: DeskWorld, telephone: Telephone, as_officer: SignIn
) -> None:
    page = text(as_officer(desk.benno).post("/security/codes/"))
    new = ["".join(code) for code in re.findall(r"<li>(\d{5}) (\d{5})</li>", page)]
    assert len(new) == 10 and not set(new) & set(telephone.codes)
    by_password(client)
    assert client.post(SECOND, {"proof_code": telephone.codes[0]}).status_code == 200
    assert client.post(SECOND, {"proof_code": new[0]}).status_code == 302


def test_without_a_factor_there_are_no_recovery_codes(desk: DeskWorld, as_officer: SignIn) -> None:
    assert as_officer(desk.ilka).post("/security/codes/").status_code == 422
    assert not Authenticator.objects.filter(user=desk.ilka).exists()


def test_a_factor_is_removed_by_its_owner_only_and_takes_the_recovery_codes_along(
    desk: DeskWorld, telephone: Telephone, as_officer: SignIn
) -> None:
    row = Authenticator.objects.get(user=desk.benno, type="totp")
    codes = Authenticator.objects.get(user=desk.benno, type="recovery_codes")
    assert as_officer(desk.sunniva).post(f"/security/factors/{row.pk}/remove/").status_code == 404
    assert as_officer(desk.benno).post(f"/security/factors/{codes.pk}/remove/").status_code == 404
    assert as_officer(desk.benno).post(f"/security/factors/{row.pk}/remove/").status_code == 302
    assert not Authenticator.objects.filter(user=desk.benno).exists()


# --- demanded by policy -------------------------------------------------------------------------------------


@pytest.fixture
def demanded(settings: Settings) -> None:
    settings.MFA_DEMANDED = True


def test_who_must_have_a_factor_can_do_nothing_but_set_it_up(
    demanded: None, client: Client, desk: DeskWorld
) -> None:
    by_password(client)
    for address in ("/", "/inbox/", "/queue/", "/keys/", "/password/"):
        assert client.get(address).headers["Location"] == "/security/", address
    assert client.post("/keys/create/").headers["Location"] == "/security/"
    page = text(client.get("/security/"))
    assert "Your role demands a second factor." in page
    assert "/inbox/" not in page
    answer = client.get("/api/v1/alerts", headers={"accept": "application/json"})
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:accord:problem:factor-needed"
    secret = re.search(r'id="totp-secret">([A-Z2-7 ]+)<', text(client.post("/security/totp/")))
    assert secret is not None
    client.post("/security/totp/", {"code": code_of(secret[1], timezone.now())})
    assert is_in(client)
    assert client.get("/api/v1/alerts").status_code == 200


def test_policy_names_the_roles_and_the_keeper_always_needs_one(
    demanded: None, desk: DeskWorld, as_officer: SignIn
) -> None:
    assert as_officer(desk.ilka).get("/inbox/").status_code == 200
    assert as_officer(desk.benno).get("/inbox/").status_code == 302
    assert as_officer(desk.noor).get("/").headers["Location"] == "/security/"
    rewrite(AgencyPolicy.objects.filter(pk="xa-lab"), mfa_required_roles=["author"])
    assert as_officer(desk.ilka).get("/inbox/").status_code == 302
    assert as_officer(desk.benno).get("/inbox/").status_code == 200


def test_a_role_given_meanwhile_is_demanded_of_the_running_session(
    demanded: None, desk: DeskWorld, as_officer: SignIn
) -> None:
    client = as_officer(desk.ilka)
    assert is_in(client)
    rewrite(Officer.objects.filter(pk=desk.ilka.pk), roles=["author", "releaser"])
    assert not is_in(client)


def test_the_last_factor_stays_where_one_is_demanded(
    demanded: None, client: Client, desk: DeskWorld, telephone: Telephone
) -> None:
    by_password(client)
    client.post(SECOND, {"proof_code": telephone.code()})
    row = Authenticator.objects.get(user=desk.benno, type="totp")
    answer = client.post(f"/security/factors/{row.pk}/remove/")
    assert answer.status_code == 422
    assert "add another one first" in text(answer)
    assert Authenticator.objects.filter(pk=row.pk).exists()

# SPDX-License-Identifier: Apache-2.0
"""Operators enrol by a link that works once, for a first passkey or in place of a lost one; the last operator stays."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from ledger.models import AuditEvent, Restore
from operators.enrolling import INSTALLER, LINK_LIVES, end_operator, invite_operator
from operators.models import Enrolment, Operator, OperatorSession, Passkey
from tests.operators.authenticator import Device
from tests.operators.conftest import follow, link_for, make_operator, sign_in, text

OVER = "This link is over"


def acts() -> list[str]:
    return list(
        AuditEvent.objects.filter(act__startswith="operator.").order_by("seq").values_list("act", flat=True)
    )


def test_a_link_makes_one_passkey_and_serves_once(client: Client) -> None:
    link, device = link_for("Noor Ashdene"), Device()
    assert not Operator.objects.get().is_active
    assert "Your passkey is made." in text(follow(link, device, client))
    operator = Operator.objects.get()
    assert (operator.is_active, operator.passkeys.count()) == (True, 1)
    answer = follow(link, Device())
    assert (answer.status_code, OVER in text(answer)) == (404, True)
    assert client.get("/enrol/").status_code == 404
    assert sign_in(device).status_code == 302
    assert acts() == ["operator.invited", "operator.enrolled", "operator.signed_in"]


def test_looking_at_a_link_uses_nothing_up(client: Client) -> None:
    link = link_for("Noor Ashdene")
    for _ in range(3):
        assert client.get(link, follow=True).status_code == 200
    assert Enrolment.objects.get().used_at is None
    # The page has another address, so that no browser history keeps the token.
    assert client.get(link)["Location"] == "/enrol/"


def test_an_enrolled_operator_is_not_signed_in_by_the_link(client: Client) -> None:
    follow(link_for("Noor Ashdene"), Device(), client)
    assert client.get("/")["Location"] == "/sign-in/"


def test_what_stands_in_the_database_opens_no_link() -> None:
    link_for("Noor Ashdene")
    digest = Enrolment.objects.get().digest
    assert follow(f"/enrol/{digest}/", Device()).status_code == 404


def _late() -> None:
    Enrolment.objects.update(expires_at=timezone.now())


def _replaced() -> None:
    link_for("Noor Ashdene")


def _restored() -> None:
    Restore.objects.create(restored_at=timezone.now() + timedelta(seconds=1))


def _ended() -> None:
    make_operator("Somebody else")
    end_operator(INSTALLER, Operator.objects.get(name="Noor Ashdene").public_id, now=timezone.now())


@pytest.mark.parametrize("what", [_late, _replaced, _restored, _ended])
def test_a_link_is_over(what: Any) -> None:
    link = link_for("Noor Ashdene")
    what()
    assert OVER in text(follow(link, Device()))
    assert not Operator.objects.get(name="Noor Ashdene").is_active


def test_a_link_that_is_over_while_its_page_is_open_makes_nothing(client: Client) -> None:
    link, device = link_for("Noor Ashdene"), Device()
    page = client.get(link, follow=True)
    assert page.status_code == 200
    follow(link, Device())
    answer = client.post(
        "/enrol/", {"passkey": device.make({"publicKey": {"rp": {"id": "localhost"}, "challenge": "AA"}})}
    )
    assert (answer.status_code, Passkey.objects.count()) == (404, 1)


def test_a_new_link_replaces_a_lost_passkey_and_ends_the_sessions() -> None:
    operator, lost = make_operator()
    browser = Client()
    sign_in(lost, browser)
    found = Device()
    assert follow(link_for(operator.name), found).status_code == 200
    assert browser.get("/")["Location"] == "/sign-in/"
    assert sign_in(lost).status_code == 403
    assert sign_in(found).status_code == 302
    assert Operator.objects.count() == 1


@pytest.mark.parametrize(
    "device",
    [
        Device(origin="http://localhost:8001"),
        Device(origin="https://localhost:8002"),
        Device(is_verified=False),
    ],
    ids=["another address", "another scheme", "nobody recognised"],
)
def test_a_passkey_made_otherwise_is_refused(device: Device) -> None:
    answer = follow(link_for("Noor Ashdene"), device)
    assert (answer.status_code, "No passkey was made." in text(answer)) == (403, True)
    assert not Operator.objects.get().is_active


def test_a_passkey_under_the_name_of_another_operators_is_refused() -> None:
    noor, device = make_operator()
    assert follow(link_for("Benno Lind"), Device(name=device.name)).status_code == 403
    assert sign_in(device).status_code == 302
    assert not Operator.objects.exclude(pk=noor.pk).get().is_active


def test_a_passkey_for_another_challenge_is_refused(client: Client) -> None:
    client.get(link_for("Noor Ashdene"), follow=True)
    # A challenge for signing in does not serve to make a passkey.
    options = client.get("/sign-in/options/").json()
    made = Device().make(
        {"publicKey": {"rp": {"id": "localhost"}, "challenge": options["publicKey"]["challenge"]}}
    )
    assert client.post("/enrol/", {"passkey": made}).status_code == 403


@pytest.mark.parametrize(
    "wrong",
    ["", "{", "[]", "{}", '{"rawId": 7}', '{"response": {"attestationObject": "AAAA"}}', "x" * 20_000],
)
def test_what_no_browser_sends_is_refused(client: Client, wrong: str) -> None:
    client.get(link_for("Noor Ashdene"), follow=True)
    assert client.post("/enrol/", {"passkey": wrong}).status_code == 403


def test_the_command_prints_a_link_on_the_operators_address() -> None:
    out, aside = io.StringIO(), io.StringIO()
    call_command("invite_operator", "Noor Ashdene", stdout=out, stderr=aside)
    address = out.getvalue().strip()
    assert address.startswith("http://localhost:8002/enrol/")
    assert "it ends on" in aside.getvalue()
    assert follow(address.removeprefix("http://localhost:8002"), Device()).status_code == 200
    assert AuditEvent.objects.get(act="operator.invited").actor == "system:install"


@pytest.mark.parametrize("name", ["", "  ", "a\u202eb", "x" * 61])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(CommandError, match="Name: use 1 to 60 letters"):
        call_command("invite_operator", name)
    assert not Operator.objects.exists()


def test_another_operator_is_invited_on_the_page_and_comes_in(operator: Client) -> None:
    assert operator.get("/operators/invite/?name=Benno").status_code == 200
    answer = operator.post("/operators/invite/", {"name": "Benno Lind"})
    assert answer.status_code == 200
    token = text(answer).split("/enrol/")[1].split("/<")[0].split("<")[0].strip("/")
    assert "no-store" in answer["Cache-Control"]
    other = Device()
    assert follow(f"/enrol/{token}/", other).status_code == 200
    assert sign_in(other).status_code == 302
    invited = AuditEvent.objects.filter(act="operator.invited").latest("seq")
    assert invited.actor == Operator.objects.get(name="Noor Ashdene").audit_name
    assert "Benno Lind" in text(operator.get("/operators/"))


def test_an_invitation_without_a_name_says_so(operator: Client) -> None:
    answer = operator.post("/operators/invite/", {"name": ""})
    assert (answer.status_code, "Name: enter the name" in text(answer)) == (422, True)
    answer = operator.post("/operators/invite/", {"name": "a\u202eb"})
    assert (answer.status_code, "Name: use 1 to 60 letters" in text(answer)) == (422, True)


def test_an_operator_is_ended_by_another_one(operator: Client) -> None:
    benno, device = make_operator("Benno Lind")
    browser = Client()
    sign_in(device, browser)
    address = f"/operators/{benno.public_id}/end/"
    assert "End Benno Lind?" in text(operator.get(address))
    assert operator.post(address)["Location"] == "/operators/"
    assert browser.get("/")["Location"] == "/sign-in/"
    assert sign_in(device).status_code == 403
    assert not Passkey.objects.filter(operator=benno).exists()
    assert not OperatorSession.objects.filter(operator=benno, ended_at=None).exists()
    assert "Ended" in text(operator.get("/operators/"))
    assert operator.post(address).status_code == 404
    assert AuditEvent.objects.get(act="operator.ended").subject == benno.audit_name


def test_the_last_active_operator_is_ended_by_nobody(operator: Client) -> None:
    noor = Operator.objects.get()
    # An invited person without a passkey does not count as an operator.
    invite_operator(INSTALLER, "Benno Lind", now=timezone.now())
    address = f"/operators/{noor.public_id}/end/"
    assert address not in operator.get("/operators/").content.decode()
    assert "That is you: you are signed out" in text(operator.get(address))
    answer = operator.post(address)
    assert (answer.status_code, "This is the last operator." in text(answer)) == (409, True)
    assert operator.get("/").status_code == 200


def test_who_was_invited_and_did_not_come_can_be_ended(operator: Client) -> None:
    link, _token = invite_operator(INSTALLER, "Benno Lind", now=timezone.now())
    assert operator.post(f"/operators/{link.operator.public_id}/end/").status_code == 302


def test_an_ended_operator_comes_back_by_a_new_link_alone() -> None:
    make_operator("Somebody else")
    noor, device = make_operator()
    end_operator(INSTALLER, noor.public_id, now=timezone.now())
    assert sign_in(device).status_code == 403
    assert follow(link_for(noor.name), Device()).status_code == 200
    noor.refresh_from_db()
    assert (noor.is_active, noor.ended_at) == (True, None)


def test_a_link_lives_for_hours_and_not_for_days() -> None:
    assert timedelta(hours=1) <= LINK_LIVES <= timedelta(hours=12)

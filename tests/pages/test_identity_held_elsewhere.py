# SPDX-License-Identifier: Apache-2.0
"""Pages of an agency whose identity another desk holds: they name the holder, say that nothing is sent, and the way out."""

import re
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from agencies.instances import announce_instance
from agencies.models import Instance
from alerts.models import Alert
from callers.actors import ApiClient
from callers.capabilities import EXCHANGE_SCOPES
from ledger.audit import record_event
from ledger.models import AuditEvent
from officers.models import Officer
from peers.models import Outgoing
from tests.desk_calls import ViewsInPlaceOfSockets, answer_as_of, give_exchange_keys
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld
from tests.role_logins import under_login_of
from vault.instances import announce_held, own_instance
from vault.models import Announcement

OTHER, NAME = str(uuid4()), "Accord desk 0.1.0 old.desk.example"
PAGE = "/keys/holder/"


@pytest.fixture(autouse=True)
def _held(desk: DeskWorld, exchange_as_asked: ViewsInPlaceOfSockets) -> None:
    """Have another desk hold the laboratory's identity."""
    now = timezone.now()
    answer_as_of(now)
    give_exchange_keys()
    system = ApiClient("xa-lab", "system", "prefix", EXCHANGE_SCOPES)
    announce_instance(system, OTHER, software=NAME, now=now)
    with under_login_of("desk-worker"):
        announce_held(now=now)


def text_of(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_every_page_of_the_agency_says_who_holds_it_and_no_other_agencys_page_does(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    said = f"{NAME} holds your agency&#x27;s identity at the exchange. Nothing is sent from here"
    for officer in (desk.ilka, desk.benno, desk.sunniva):
        for address in ("/", "/keys/", "/outbox/"):
            assert said in text_of(as_officer(officer), address)
    assert NAME not in text_of(as_officer(desk.aroha), "/")


def test_the_desk_of_before_a_restore_is_told_apart_from_this_one(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    with transaction.atomic():
        record_event(
            "instance.announced", actor="system:desk-worker", agency="xa-lab", subject=f"instance:{OTHER}", now=desk.hub.now
        )  # fmt: skip
    page = text_of(as_officer(desk.benno), "/keys/")
    assert "This desk as it was before it was restored holds your agency&#x27;s identity" in page
    assert "this desk as it was before it was restored, announced on" in page
    assert "Make sure that the machine of before has stopped for good" in page
    assert "xa-lab: this desk as it was before it was restored" in text_of(as_officer(desk.noor), "/")


def test_it_is_said_in_the_language_of_the_reader(desk: DeskWorld, as_officer: SignIn) -> None:
    Officer.objects.filter(pk=desk.benno.pk).update(language="fr")
    page = text_of(as_officer(desk.benno), "/keys/")
    assert f"{NAME} détient l’identité de votre agence" in page and "Reprendre l’identité" in page


def test_the_keeper_sees_whose_identity_is_held_by_whom(desk: DeskWorld, as_officer: SignIn) -> None:
    page = text_of(as_officer(desk.noor), "/")
    assert f"nothing is sent for it: xa-lab: {NAME} {OTHER}" in page
    Announcement.objects.all().delete()
    assert "Identities" not in text_of(as_officer(desk.noor), "/")


def test_a_release_is_refused_and_the_page_says_why(
    desk: DeskWorld, as_officer: SignIn, checked: Alert
) -> None:
    answer = as_officer(desk.benno).post(f"/queue/{checked.pk}/release/", {"revision": checked.current})
    assert answer.status_code == 409 and NAME in answer.content.decode()
    assert not Outgoing.objects.exists()


def test_a_key_officer_takes_it_over_after_a_question(desk: DeskWorld, as_officer: SignIn) -> None:
    client = as_officer(desk.benno)
    page = text_of(client, "/keys/")
    assert OTHER in page and f'href="{PAGE}"' in page
    question = text_of(client, PAGE)
    assert "Make sure first" in question and NAME in question
    found = re.search(r'name="holder" value="([^"]+)"', question)
    assert found is not None and found[1] == OTHER
    assert client.post(PAGE, {"holder": found[1]}).status_code == 302
    page = text_of(client, "/keys/")
    assert "This desk holds your agency&#x27;s identity." in page and NAME not in page
    assert Instance.objects.get(agency_id="xa-lab").instance_id == own_instance()
    assert AuditEvent.objects.filter(act="instance.taken_over", actor=desk.benno.audit_name).exists()
    assert client.get(PAGE).headers["Location"] == "/keys/"


def test_one_that_was_not_shown_is_not_let_go_of(desk: DeskWorld, as_officer: SignIn) -> None:
    client = as_officer(desk.benno)
    assert client.post(PAGE, {"holder": str(uuid4())}).status_code == 404
    assert client.post(PAGE, {"holder": "all"}).status_code == 422
    assert Instance.objects.get(agency_id="xa-lab").instance_id == OTHER


def test_while_the_exchange_is_away_nothing_changes(
    desk: DeskWorld, as_officer: SignIn, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    exchange_as_asked.is_away = True
    assert as_officer(desk.benno).post(PAGE, {"holder": OTHER}).status_code == 503
    assert NAME in text_of(as_officer(desk.benno), "/")


def test_others_see_it_and_have_no_button(desk: DeskWorld, as_officer: SignIn) -> None:
    client = as_officer(desk.ilka)
    page = text_of(client, "/keys/")
    assert OTHER in page and PAGE not in page
    assert client.post(PAGE, {"holder": OTHER}).status_code == 403

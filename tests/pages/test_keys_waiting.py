# SPDX-License-Identifier: Apache-2.0
"""The keys page lists keysets that the root has signed and the exchange has not logged; a key officer resends or gives up."""

import pytest
from django.test import Client

from agencies.models import Agency as Entry
from agencies.models import Revocation
from callers.capabilities import usual_scopes
from tests.desk_calls import ViewsInPlaceOfSockets, give_exchange_keys
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld
from tests.pages.key_desks import key_of, states_of, version_of
from tests.pages.test_keys_wizard import revocation_form
from vault.models import KeyStatement

DO = {"version": 1, "go": "do"}


@pytest.fixture
def keeper(desk: DeskWorld, as_officer: SignIn) -> Client:
    """Benno, key officer of the laboratory."""
    return as_officer(desk.benno)


@pytest.fixture
def away(exchange_as_asked: ViewsInPlaceOfSockets) -> ViewsInPlaceOfSockets:
    exchange_as_asked.is_away = True
    return exchange_as_asked


def text_of(client: Client, address: str = "/keys/") -> str:
    return client.get(address).content.decode()


def waiting() -> KeyStatement:
    return KeyStatement.objects.get(taken_at=None)


def test_a_change_that_waits_is_said_and_sent_again(
    keeper: Client, desk: DeskWorld, away: ViewsInPlaceOfSockets
) -> None:
    keeper.post("/keys/rotate/", {**DO, "uses": ["sign"]})
    page = text_of(keeper)
    assert "Signed and kept. The exchange does not take it now" in page
    assert "Rotate the keys: waits for the exchange since " in page and "does not answer" in page
    assert version_of(desk.benno) == 1
    again = keeper.post("/keys/renew/", DO)
    assert again.status_code == 422 and "waits for the exchange. Send it again" in again.content.decode()
    keeper.post(f"/keys/waiting/{waiting().od}/send/")
    assert "The exchange does not answer." in text_of(keeper)
    away.is_away = False
    keeper.post(f"/keys/waiting/{waiting().od}/send/")
    page = text_of(keeper)
    assert "The exchange has taken it." in page and "waits for the exchange since" not in page
    assert version_of(desk.benno) == 2


def test_what_waits_is_given_up_once_the_exchange_says_that_it_has_not_got_it(
    keeper: Client, desk: DeskWorld, away: ViewsInPlaceOfSockets
) -> None:
    keeper.post("/keys/renew/", DO)
    od = waiting().od
    keeper.post(f"/keys/waiting/{od}/give-up/")
    assert "It can be given up once the exchange says that it has not." in text_of(keeper)
    away.is_away = False
    keeper.post(f"/keys/waiting/{od}/give-up/")
    assert "It no longer waits." in text_of(keeper)
    assert version_of(desk.benno) == 1
    assert keeper.post(f"/keys/waiting/{od}/send/").status_code == 404
    keeper.post("/keys/renew/", DO)
    assert version_of(desk.benno) == 2


def test_a_revocation_that_waits_is_said_and_the_key_counts_as_revoked(
    keeper: Client, desk: DeskWorld, away: ViewsInPlaceOfSockets
) -> None:
    key = key_of(desk.benno)
    address = f"/keys/key/{key.kid}/revoke/"
    keeper.post(address, revocation_form(text_of(keeper, address), typed=key.short))
    assert f"Revoke key …{key.short}: waits for the exchange since" in text_of(keeper)
    assert states_of(desk.benno).count("revoked") == 1 and not Revocation.objects.exists()
    away.is_away = False
    keeper.post(f"/keys/waiting/{waiting().od}/send/")
    assert Revocation.objects.get().key_id == key.kid


def test_a_suspension_that_the_exchange_has_not_heard_holds_here(
    keeper: Client, desk: DeskWorld, away: ViewsInPlaceOfSockets
) -> None:
    key = key_of(desk.benno)
    keeper.post(f"/keys/key/{key.kid}/suspend/", DO)
    assert "Suspended here. The exchange does not answer" in text_of(keeper)
    assert key_of(desk.benno, state="suspended").kid == key.kid


def test_a_suspension_that_the_exchange_refuses_for_want_of_a_right_says_who_mends_it(
    keeper: Client, desk: DeskWorld, as_officer: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_exchange_keys()
    monkeypatch.setattr("tests.desk_calls.SCOPES", sorted(usual_scopes()))
    key = key_of(desk.benno)
    keeper.post(f"/keys/key/{key.kid}/suspend/", DO)
    page = text_of(keeper)
    assert "Suspended here. The exchange was not told" in page
    assert "The exchange has not been told of a suspended key" in page
    assert "An agency admin replaces it under API keys" in page
    assert "/api-keys/exchange/own/" not in page
    health = as_officer(desk.noor).get("/").content.decode()
    assert "may not do all that a desk does, for 1 agency: xa-lab" in health


def test_a_suspension_that_the_exchange_refuses_otherwise_is_shown_to_both(
    keeper: Client, desk: DeskWorld, as_officer: SignIn, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    absent = b'{"type": "urn:accord:problem:absent", "title": "There is nothing."}'
    exchange_as_asked.answers = lambda path: (404, absent) if path.endswith("/suspension") else None
    keeper.post(f"/keys/key/{key_of(desk.benno).kid}/suspend/", DO)
    page = text_of(keeper)
    assert (
        "Suspended here. The exchange refuses to note it." in page and "It is told again each hour." in page
    )
    health = as_officer(desk.noor).get("/").content.decode()
    assert "The exchange refuses to note a suspended key of: xa-lab" in health


def test_a_refusal_is_said_in_words_and_put_away(keeper: Client, desk: DeskWorld) -> None:
    Entry.objects.filter(pk="xa-lab").update(root_fingerprint="a" * 64, custody="agency")
    answer = keeper.post("/keys/renew/", DO)
    assert answer.status_code == 409
    page = text_of(keeper)
    assert "Renew the keyset: refused by the exchange" in page and "Send it again" not in page
    keeper.post(f"/keys/waiting/{KeyStatement.objects.get(cause='custody-refused').od}/give-up/")
    assert "refused by the exchange" not in text_of(keeper)


def test_one_that_was_changed_is_never_sent(
    keeper: Client, desk: DeskWorld, away: ViewsInPlaceOfSockets
) -> None:
    keeper.post("/keys/renew/", DO)
    away.is_away = False
    KeyStatement.objects.filter(taken_at=None).update(act="agency.keys_rotated")
    page = text_of(keeper)
    assert "It was changed outside the program and is never sent." in page and ">Send it again<" not in page
    keeper.post(f"/keys/waiting/{waiting().od}/send/")
    assert version_of(desk.benno) == 1
    keeper.post(f"/keys/waiting/{waiting().od}/give-up/")
    assert not KeyStatement.objects.filter(taken_at=None).exists()


def test_others_see_that_it_waits_and_do_nothing(
    keeper: Client, desk: DeskWorld, as_officer: SignIn, away: ViewsInPlaceOfSockets
) -> None:
    keeper.post("/keys/renew/", DO)
    reader = as_officer(desk.ilka)
    page = text_of(reader)
    assert "waits for the exchange since" in page and ">Send it again<" not in page
    for verb in ("send", "give-up"):
        assert reader.post(f"/keys/waiting/{waiting().od}/{verb}/").status_code == 403

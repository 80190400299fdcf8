# SPDX-License-Identifier: Apache-2.0
"""An agency moves home by pages alone: those of the hosted desk, its own desk, and the exchange's operator."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from agencies.models import Agency as Entry
from agencies.moving import allow_move
from alerts.errors import UnopenableError
from alerts.models import ReceivedAlert
from alerts.receiving.following import follow_feed
from alerts.receiving.opening import open_alert
from callers.capabilities import Role
from callers.directory import Custody
from officers.models import Officer
from tests.builders import OPERATOR
from tests.entries import make_keeper
from tests.exchange_keys import give_api_key
from tests.moving import OWN, Moving, build_moving, whole_hosted
from vault.instances import announce_held
from vault.models import Departure, ExchangeKey, VaultKey
from vault.outgoing import send_waiting


def client_of(officer: Officer) -> Client:
    client = Client()
    client.force_login(officer, "officers.login.backends.EmailBackend")
    return client


def pressed(client: Client, address: str, **data: Any) -> Any:
    answer = client.post(address, data)
    assert answer.status_code == 302, answer.content.decode()
    return answer.headers["Location"]


def done_of(client: Client) -> int:
    """Return how many steps of leaving are done."""
    return int(client.get("/keys/leaving/").content.decode().count("Done"))


@pytest.fixture
def moving(db: None, tmp_path: Path, settings: Settings) -> Moving:
    made = build_moving(tmp_path, settings, whole_hosted)
    made.next_root = made.root
    return made


def test_an_agency_goes_home_by_its_pages(moving: Moving) -> None:
    moving.receive()
    follow_feed(moving.agency, now=moving.now)
    allow_move(OPERATOR, OWN, now=moving.now)
    first, second = client_of(moving.keys), client_of(moving.second)
    pressed(first, "/keys/leaving/root/", announce=moving.root.fingerprint)
    moving.hub.sequence()
    pressed(first, "/keys/leaving/ask/")
    assert "it waits for your agreement" in second.get("/").content.decode()
    assert "it waits for your agreement" not in first.get("/").content.decode(), "who asked has done it"
    assert first.post("/keys/leaving/agree/").status_code == 403
    pressed(second, "/keys/leaving/agree/")
    assert "Rotate" not in first.get("/keys/").content.decode(), (
        "no change of keys is offered that would wait"
    )
    again = first.post("/keys/leaving/root/", {"announce": moving.announced_root})
    assert again.status_code == 409
    assert first.post("/keys/leaving/history/").headers["Location"] == "/keys/leaving/"

    with moving.home.entered():
        keeper = client_of(make_keeper())
        wrong = keeper.post("/desk/agencies/come/", {"api_key": "secret", "fingerprint": "ab" * 32})
        assert wrong.status_code == 422 and b"secret" not in wrong.content
        key = give_api_key(OWN, now=moving.now)[1]
        facts = {"api_key": key, "fingerprint": moving.agency.root_fingerprint}
        assert pressed(keeper, "/desk/agencies/come/", **facts) == f"/desk/agencies/{OWN}/"
        row = keeper.get(f"/desk/agencies/{OWN}/").content.decode()
        assert (
            "API key from the other desk" in row and "the exchange&#x27;s operator issues another" not in row
        )
        officer = moving.hub.make_officer(moving.here(), Role.KEY_OFFICER, Role.READER)
        home = client_of(officer)
        keys = home.get("/keys/").content.decode()
        assert "Make the keys here…" in keys and "Your agency comes here from another desk" in keys
        assert "Take the identity over" not in keys and "holds your agency&#x27;s identity" not in keys
        start = keeper.get("/").content.decode()
        assert "Stop one of the two desks" not in start
        assert not {step.step.name: step.step.is_done for step in keeper.get("/").context["steps"]}["active"]
        card = SimpleUploadedFile("root.public.json", moving.card_file())
        data = {"version": 2, "go": "do", "root": card, "announce": moving.announced_root}
        proposal = pressed(home, "/keys/move/", **data)
        half_name = f"{OWN}-move-{proposal.strip('/').rpartition('/')[2][:8]}.half"
        assert f"accord sign {half_name} " in home.get(proposal).content.decode()
        payload = home.get(f"{proposal}file/").content

    wrong = first.post("/keys/leaving/sign/", {"proposal": SimpleUploadedFile("x", b"{}")})
    assert wrong.status_code == 422
    half = first.post("/keys/leaving/sign/", {"proposal": SimpleUploadedFile("x", payload)})
    assert f'"{half_name}"' in half.headers["Content-Disposition"]
    signed = moving.sign(half.content)

    with moving.home.entered():
        pressed(home, proposal, signed=SimpleUploadedFile("a.signed", signed))
        announce_held(now=moving.now)
        send_waiting(now=moving.now)
        moving.hub.sequence()
        entry = Entry.objects.get(pk=OWN)
        assert (entry.custody, entry.root_fingerprint) == (Custody.AGENCY, moving.root.fingerprint)

    moving.hosted_follows()
    assert done_of(first) == 6, "all but the history and the keys"
    history = b"".join(first.post("/keys/leaving/history/"))
    assert first.post("/keys/leaving/destroy/", {"receipt": "0" * 16}).status_code == 422
    with moving.home.entered():
        cut = home.post("/keys/history/", {"history": SimpleUploadedFile("h", history[:-9])})
        assert cut.status_code == 422
        taken = home.post("/keys/history/", {"history": SimpleUploadedFile("h", history)})
        assert taken.status_code == 200
        receipt = taken.context["taken"].receipt
        assert "history of it was taken in" in home.get("/keys/").content.decode()
    pressed(second, "/keys/leaving/destroy/", receipt=receipt)
    assert not VaultKey.objects.filter(agency_id=OWN).exists()
    assert "no working key" in first.get("/keys/").content.decode()
    assert done_of(first) == 8
    gone = first.get("/keys/leaving/").content.decode()
    assert "Your agency leaves this desk" not in gone and "Your agency has left this desk" in gone
    assert first.post("/keys/leaving/stay/").status_code == 409


def test_what_was_received_is_not_offered_to_be_opened_where_the_keys_were_destroyed(moving: Moving) -> None:
    md = moving.receive()
    follow_feed(moving.agency, now=moving.now)
    row = ReceivedAlert.objects.get(md=md)
    reader = client_of(moving.hub.make_officer(moving.agency, Role.READER))
    address = f"/inbox/{row.pk}/"
    assert "Why do you open this?" in reader.get(address).content.decode()
    moving.leave()
    departure = Departure.objects.get(pk=OWN)
    departure.destroyed_at = moving.now
    departure.save()
    VaultKey.objects.filter(agency_id=OWN).delete()
    ExchangeKey.objects.filter(pk=OWN).delete()
    for answer in (reader.get(address), reader.post(address, {"reason": "on_duty"})):
        page = answer.content.decode()
        assert answer.status_code == 200 and "Why do you open this?" not in page
        assert "Read and send at the desk where your agency is now." in page
    with pytest.raises(UnopenableError) as stopped:
        open_alert(moving.keys, row, reason="on_duty", now=moving.now)
    assert "were destroyed here" in stopped.value.text

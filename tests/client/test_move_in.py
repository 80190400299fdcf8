# SPDX-License-Identifier: Apache-2.0
"""An agency moves from the `accord` command to its own desk: keys, received alerts, one holder; and each refusal."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import Settings

from accord.client.client import Client
from accord.client.enrolment import OwnRoot
from accord.client.errors import HeldElsewhereError
from accord.client.holder import ANNOUNCED_EVERY_SECS
from accord.client.home import create_operational, create_root
from accord.envelope.private import Root
from accord.keyfile import KeyFile
from accord.keyring import VERSION
from agencies.models import Instance
from alerts.drafting.drafts import create_draft
from alerts.models import ReceivedAlert
from alerts.peers.pins import read_book
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.following import follow_feed
from alerts.receiving.opening import open_alert
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.release import release_alert
from callers.capabilities import Role
from callers.errors import AbsentError, InputError, NotPermittedError
from ledger.models import AuditEvent
from officers.entering import entry_of
from officers.errors import TakenInError
from officers.models import Officer
from officers.moving_in import Moving, move_in
from peers import exchange
from peers.models import Agency, PeerKeyset
from tests.client.conftest import CHEAP, DOCUMENT, PASSPHRASE, PartnerWorld, alert_to
from tests.desk_calls import real_transport_by, real_transport_of
from tests.entries import make_keeper
from tests.own_desk import DRAFT, compare_by_hand
from vault.instances import announce_held
from vault.models import ExchangeKey, VaultKey, VaultSecret
from vault.wrapped_keys import private_keys

OWN, PARTNER = "xa-alpha", "xb-bravo"
PAGE = "/desk/agencies/move-in/"


@dataclass
class House:
    """An own desk without an agency, and the home of the agency that will move in."""

    world: PartnerWorld
    command: Client
    partner: Client
    keeper: Officer

    @property
    def moving(self) -> Moving:
        """The files and facts that a person hands over."""
        place = self.world.place(OWN)
        return Moving(
            key_file=place.key_file.read_bytes(),
            passphrase=PASSPHRASE,
            fingerprint=self.command.fingerprint,
            is_stopped=True,
            state_file=place.state_file.read_bytes(),
        )

    def move(self, **changes: Any) -> Agency:
        return move_in(self.keeper, replace(self.moving, **changes), now=timezone.now()).agency

    def follow(self, agency: Agency) -> None:
        self.world.sequence()
        follow_feed(agency, now=self.world.hub.now)

    def rotated(self) -> None:
        """Rotate the command's keys; the retired ones open what was sealed to them before."""
        self.command.keys.rotate(wait_secs=10)


@pytest.fixture
def house(world: PartnerWorld, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    command, partner = world.partners(OWN, PARTNER)
    settings.OWN_DESK, settings.EXCHANGE_URL = True, world.address
    monkeypatch.setattr(exchange, "transport_of", real_transport_of)
    monkeypatch.setattr(exchange, "transport_by", real_transport_by)
    keeper = make_keeper()
    yield House(world, command, partner, keeper)


def is_empty() -> bool:
    """Tell whether the desk has no agency and no keys."""
    kept = (
        VaultKey.objects.exists(),
        VaultSecret.objects.exclude(agency_id=None).exists(),
        ExchangeKey.objects.exists(),
        PeerKeyset.objects.exists(),
        Agency.objects.filter(is_hosted=True).exists(),
    )
    return not any(kept)


def test_what_was_received_before_opens_by_old_keys_and_the_command_is_refused_by_name(house: House) -> None:
    got = house.partner.submit(alert_to(OWN), wait_secs=10)
    opened = house.command.open(got.md)
    house.command.acknowledge(got.md, officer="officer-7", wait_secs=10)
    house.rotated()
    instance = house.command.state().instance
    assert Instance.objects.get(agency_id=OWN).instance_id == instance
    moved = move_in(house.keeper, house.moving, now=timezone.now())
    agency = moved.agency
    assert (moved.had_root, moved.lost) == (True, 0)
    assert entry_of(house.keeper, OWN, now=timezone.now()).has_keys
    holder = Instance.objects.get(agency_id=OWN)
    assert holder.software.startswith("Accord desk") and holder.instance_id != instance
    recorded = list(AuditEvent.objects.filter(agency=OWN).values_list("act", "subject", "actor"))
    by = house.keeper.audit_name
    assert ("agency.moved_in", OWN, by) in recorded
    assert ("instance.taken_over", f"instance:{instance}", by) in recorded

    house.follow(agency)
    row = ReceivedAlert.objects.get(agency=agency, md=got.md)
    reader = house.world.hub.make_officer(agency, Role.READER)
    view = open_alert(reader, row, reason="on_duty", now=house.world.hub.now)
    assert view.title == opened.alert["title"] == DOCUMENT["title"]

    later = house.world.client_with(OWN, off_by=ANNOUNCED_EVERY_SECS)
    with pytest.raises(HeldElsewhereError, match="Accord desk"):
        later.submit(alert_to(PARTNER))
    assert house.command.open(got.md).md == got.md, "reading goes on"
    acknowledge_alert(reader, row, now=house.world.hub.now)
    row.refresh_from_db()
    assert row.acknowledged_at is not None


def test_the_root_stays_out_and_the_keys_lie_wrapped(house: House) -> None:
    ring = house.command._session.ring
    house.move()
    kids = {key.public.kid for key in ring.keys}
    assert set(VaultKey.objects.values_list("kid", flat=True)) == kids
    assert set(VaultKey.objects.values_list("use", flat=True)) == {"sign", "enc"}
    held = private_keys(OWN, kids)
    for key in ring.keys:
        assert held[key.public.kid].to_bytes() == key.to_bytes()
        assert all(key.to_bytes() not in bytes(row.wrapped) for row in VaultKey.objects.all())
    api_key = house.command.state().api_key
    assert api_key.encode() not in bytes(ExchangeKey.objects.get(pk=OWN).sealed)


def test_nothing_is_sent_before_two_have_compared_and_then_it_goes_out(house: House) -> None:
    agency = house.move()
    house.follow(agency)
    pins = read_book(OWN).pins
    assert not any(pin.may_seal for peer, pin in pins.items() if peer != OWN), (
        "pins of the home are not taken"
    )
    compare_by_hand(agency, PARTNER, now=house.world.hub.now)
    hub = house.world.hub
    author, releaser = (hub.make_officer(agency, role) for role in (Role.AUTHOR, Role.RELEASER))
    draft = create_draft(author, data={**DRAFT, "tlp": "GREEN", "recipients": [PARTNER]}, now=hub.now)
    submit_alert(author, draft, revision=1, now=hub.now)
    draft.refresh_from_db()
    validate_alert(releaser, draft, revision=draft.current, now=hub.now)
    sent = release_alert(releaser, draft, revision=draft.current, now=hub.now)
    house.world.sequence()
    assert house.partner.open(sent.md).alert["title"] == DRAFT["title"]


def test_an_api_key_may_come_in_place_of_the_state(house: House) -> None:
    key = house.world.another_api_key(OWN)
    assert house.move(state_file=b"", api_key=key).pk == OWN


def another_home(house: House) -> dict[str, Any]:
    return {
        "key_file": house.world.place(PARTNER).key_file.read_bytes(),
        "state_file": b"",
        "api_key": key_of(house),
    }


def key_of(house: House) -> str:
    return house.world.another_api_key(OWN)


def root_file(house: House) -> dict[str, Any]:
    folder = house.world.folder / "offline"
    create_root(folder, PASSPHRASE, now=int(time.time()), cost=CHEAP)
    return {"key_file": (folder / "root.accord").read_bytes()}


def newer_file(house: House) -> dict[str, Any]:
    written = house.moving.key_file
    return {"key_file": written.replace(b'"v":%d' % VERSION, b'"v":%d' % (VERSION + 1), 1)}


def older_file(house: House) -> dict[str, Any]:
    before = house.moving
    house.rotated()
    return {"key_file": before.key_file}


REFUSALS: dict[str, tuple[Callable[[House], dict[str, Any]], str, str]] = {
    # the replaced parts, the field that is named, a phrase of the remedy
    "wrong passphrase": (lambda _: {"passphrase": "another staple battery"}, "passphrase", "does not open"),
    "no key file": (lambda _: {"key_file": b"Dear colleagues,\n"}, "key_file", "no key file"),
    "too large": (lambda _: {"key_file": b"x" * (2 * 1024 * 1024 + 1)}, "key_file", "too large"),
    "a root alone": (root_file, "key_file", "stays offline"),
    "a newer file": (newer_file, "key_file", "Update this desk"),
    "another agency's file": (another_home, "key_file", "none of its keys"),
    "keys from before": (older_file, "key_file", "newest keys.accord"),
    "another home's state": (
        lambda house: {"state_file": house.world.place(PARTNER).state_file.read_bytes()},
        "state_file",
        "same home",
    ),
    "no API key": (lambda _: {"state_file": b""}, "state_file", "state.accord"),
    "no form of an API key": (lambda _: {"api_key": "secret"}, "api_key", "12 characters"),
    "an API key that is refused": (
        lambda _: {"api_key": "0" * 12 + "." + "A" * 43},
        "api_key",
        "does not take",
    ),
    "another agency's API key": (
        lambda house: {"api_key": house.world.another_api_key(PARTNER)},
        "state_file",
        "one agency",
    ),
    "no fingerprint": (lambda _: {"fingerprint": "ab" * 31}, "fingerprint", "64 digits"),
    "another root": (
        lambda _: {"fingerprint": Root.generate().fingerprint},
        "fingerprint",
        "do not come from this root",
    ),
    "not stopped": (lambda _: {"is_stopped": False}, "is_stopped", "Stop it"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_each_refusal_names_its_field_and_stores_nothing(house: House, refusal: str) -> None:
    changes, field, remedy = REFUSALS[refusal]
    changed = changes(house)
    before = list(Instance.objects.values_list("agency_id", "instance_id"))
    with pytest.raises(InputError, match=remedy) as refused:
        house.move(**changed)
    assert refused.value.field == field
    assert is_empty()
    assert list(Instance.objects.values_list("agency_id", "instance_id")) == before
    assert PASSPHRASE not in str(refused.value)


def test_another_desk_that_holds_the_identity_is_named_and_not_pushed_aside(house: House) -> None:
    now = house.world.hub.now
    other = Instance.objects.create(
        agency_id=OWN,
        instance_id="7b6c1d0e-8f0a-4a52-9a3e-0c7d3e5b1f42",
        software="Accord desk 0.2.0 old.example",
        since=now,
        seen_at=now,
    )
    with pytest.raises(InputError, match=r"old\.example") as refused:
        house.move()
    assert refused.value.field == "is_stopped"
    assert is_empty() and Instance.objects.get(agency_id=OWN).instance_id == other.instance_id


def test_a_second_agency_a_hosted_desk_and_other_roles_are_refused(house: House, settings: Settings) -> None:
    agency = house.move()
    with pytest.raises(TakenInError):
        house.move()
    reader = house.world.hub.make_officer(agency, Role.READER)
    with pytest.raises(NotPermittedError):
        move_in(reader, house.moving, now=timezone.now())
    settings.OWN_DESK = False
    with pytest.raises(AbsentError):
        house.move()


def signed_in(officer: Officer) -> Browser:
    browser = Browser()
    browser.force_login(officer, "officers.login.backends.EmailBackend")
    return browser


def posted(house: House, **changes: Any) -> dict[str, Any]:
    moving = house.moving
    return {
        "key_file": SimpleUploadedFile("keys.accord", moving.key_file),
        "state_file": SimpleUploadedFile("state.accord", moving.state_file),
        "passphrase": moving.passphrase,
        "fingerprint": " ".join(moving.fingerprint[n : n + 4] for n in range(0, 64, 4)),
        "is_stopped": "on",
    } | changes


def test_the_page_offers_it_beside_taking_in_and_does_it(house: House, settings: Settings) -> None:
    browser = signed_in(house.keeper)
    assert PAGE in browser.get("/").content.decode()
    shown = browser.get(PAGE).content.decode()
    assert 'enctype="multipart/form-data"' in shown
    for field in ("key_file", "passphrase", "state_file", "api_key", "fingerprint", "is_stopped"):
        assert f'name="{field}"' in shown
    wrong = browser.post(PAGE, posted(house, passphrase="another staple battery"))
    text = wrong.content.decode()
    assert wrong.status_code == 422 and "does not open this key file" in text
    assert "another staple battery" not in text and is_empty()
    done = browser.post(PAGE, posted(house))
    assert done.headers["Location"] == f"/desk/agencies/{OWN}/"
    assert "root in the key file was not taken" in browser.get(done.headers["Location"]).content.decode()
    assert PAGE not in browser.get("/").content.decode()
    assert browser.post(PAGE, posted(house)).status_code == 409
    settings.OWN_DESK = False
    assert browser.get(PAGE).status_code == 404


def test_a_home_without_the_root_moves_in_alike(world: PartnerWorld, house: House, tmp_path: Path) -> None:
    place = world.place(OWN)
    opened = KeyFile.open(place.key_file, PASSPHRASE)
    opened.replace(replace(opened.ring, held_root=None))
    moved = move_in(house.keeper, house.moving, now=timezone.now())
    assert not moved.had_root


def test_a_home_that_has_not_entered_has_no_state_to_move_by(house: House) -> None:
    folder = house.world.folder / "new"
    create_operational(folder, PASSPHRASE, now=int(time.time()), cost=CHEAP)
    with pytest.raises(InputError) as refused:
        house.move(key_file=(folder / "keys.accord").read_bytes(), state_file=b"")
    assert refused.value.field == "state_file"


def test_back_to_the_command_by_new_keys_that_the_root_signs(house: House, tmp_path: Path) -> None:
    root, fingerprint = house.command._session.ring.root, house.command.fingerprint
    house.move()
    folder = tmp_path / "back"
    create_operational(folder, PASSPHRASE, now=int(time.time()), cost=CHEAP)
    back = house.world.client_with(folder)
    back.enrol(
        OWN,
        hub=house.world.address,
        ledger_vkey=house.world.hub.key.vkey,
        api_key=key_of(house),
        own=OwnRoot(fingerprint=fingerprint),
    )
    with pytest.raises(HeldElsewhereError, match="Accord desk"):
        back.keys.rotate(root=root, wait_secs=10)
    back.take_over()
    back.keys.rotate(root=root, wait_secs=10)
    got = house.partner.submit(alert_to(OWN), wait_secs=10)
    back.inbox()
    back.pin(PARTNER, house.partner.fingerprint)
    assert back.open(got.md).alert["title"] == DOCUMENT["title"]
    assert not announce_held(now=timezone.now() + timedelta(hours=2)), "the desk is refused by name"

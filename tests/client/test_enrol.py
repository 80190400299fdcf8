# SPDX-License-Identifier: Apache-2.0
"""Enrolment proves the keys, pins the fingerprints from paper, and can be resumed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accord.calls.answers import KeysetTaken
from accord.client.client import Client
from accord.client.errors import (
    AnswerError,
    ApiKeyRefusedError,
    HubAddressError,
    NotLoggedYetError,
    PinChangedError,
    RefusedError,
    RequestError,
    UnreachableError,
)
from accord.envelope.credentials import seal_credential
from accord.envelope.errors import Failure, NoteError, OpeningError, VerificationError
from accord.envelope.keysets import read_keyset
from accord.envelope.private import DecryptionKey, LedgerKey, Root
from accord.state import StateAbsentError
from agencies.entrykeys import issue_return_key
from agencies.models import ApiKey, Keyset
from callers.directory import AgencyStatus
from tests.builders import OPERATOR
from tests.client.altered_answers import cut_off
from tests.client.conftest import PartnerWorld


def enrol(client: Client, world: PartnerWorld, secret: str, agency: str = "xa-alpha", **changes: str) -> None:
    """Enrol with existing keys, otherwise as `PartnerWorld.enrol`."""
    terms = {"hub": world.address, "ledger_vkey": world.hub.key.vkey, "api_key": secret} | changes
    client.enrol(agency, **terms)  # type: ignore[arg-type]


@pytest.fixture
def secret(world: PartnerWorld) -> str:
    """The key for entering of an agency that has made its keys and was admitted."""
    return world.restored(
        "admitted", lambda: world.admit("xa-alpha", world.make_keys("xa-alpha").fingerprint)
    )


def test_an_agency_enrols_with_its_own_keys(world: PartnerWorld) -> None:
    client = world.enrol("xa-alpha", "PQ1", "EC1")

    row = world.row("xa-alpha")
    keyset = read_keyset(bytes(Keyset.objects.get(agency_id=row.pk).jws))
    assert row.status == AgencyStatus.ACTIVE
    assert keyset.root_fingerprint == client.fingerprint
    assert (keyset.version, keyset.custody, keyset.low) == (1, "agency", "EC1")
    assert [row.key.alg for row in keyset.rows] == ["Ed25519", "ML-DSA-65", "HPKE-9-KE", "ECDH-ES+A256KW"]
    state = client.state()
    assert state.enrolled
    assert state.checkpoint is not None
    assert client.pins() == {"xa-alpha": client.fingerprint}


def test_the_lowest_suite_may_be_raised_but_not_beyond_the_keys(world: PartnerWorld) -> None:
    made = world.make_keys("xa-alpha", "PQ1", "EC1")
    secret = world.admit("xa-alpha", made.fingerprint)
    client = world.client("xa-alpha")
    client.enrol("xa-alpha", hub=world.address, ledger_vkey=world.hub.key.vkey, api_key=secret, lowest="PQ1")
    assert Keyset.objects.get(agency_id="xa-alpha").low == "PQ1"

    world.make_keys("xb-bravo", "PQ1")
    with pytest.raises(RequestError, match="no keys of the suite EC1"):
        world.client("xb-bravo").enrol(
            "xb-bravo", hub=world.address, ledger_vkey=world.hub.key.vkey, api_key="k", lowest="EC1"
        )


def test_at_the_desk_nobody_enrols_and_nothing_is_bound_to_it(
    world: PartnerWorld, secret: str, settings: Settings
) -> None:
    client = world.client("xa-alpha")
    settings.EXCHANGE_URL = "https://exchange.example"
    with pytest.raises(RequestError, match=r"is the desk.*--hub https://exchange.example"):
        enrol(client, world, secret)
    assert not world.place("xa-alpha").state_file.exists()

    settings.EXCHANGE_URL = settings.HUB_URL
    enrol(client, world, secret)
    world.place("xa-alpha").state_file.unlink()
    settings.EXCHANGE_URL = "https://exchange.example"
    with pytest.raises(RequestError, match="is the desk"):
        enrol(client, world, world.another_api_key("xa-alpha"))
    assert not world.place("xa-alpha").state_file.exists()


def test_a_wrong_api_key_is_refused_and_the_right_one_goes_on(world: PartnerWorld, secret: str) -> None:
    client = world.client("xa-alpha")
    with pytest.raises(ApiKeyRefusedError):
        enrol(client, world, "0123456789ab." + "A" * 43)

    enrol(client, world, secret)
    assert client.state().enrolled


def test_without_a_receipt_it_is_not_complete_and_is_taken_up_later(world: PartnerWorld, secret: str) -> None:
    client = world.client_with("xa-alpha", sleep=lambda seconds: None)
    with pytest.raises(NotLoggedYetError):
        enrol(client, world, secret)
    assert not client.state().enrolled
    with pytest.raises(StateAbsentError, match="accord enrol"):
        client.inbox()

    world.sequence()
    enrol(client, world, secret)
    assert client.state().enrolled
    assert Keyset.objects.filter(agency_id="xa-alpha").count() == 1


def test_the_agency_s_own_api_key_takes_the_place_of_the_one_for_entering(world: PartnerWorld) -> None:
    made = world.make_keys("xa-alpha", "PQ1", "EC1")
    secret = world.admit("xa-alpha", made.fingerprint)
    client = world.client("xa-alpha")
    enrol(client, world, secret)
    state = client.state()
    assert state.api_key != secret
    row = ApiKey.objects.get(prefix=state.api_key.split(".")[0])
    assert (row.agency_id, row.is_entry, row.created_by) == ("xa-alpha", False, "client:xa-alpha/accord")
    assert state.api_key_until == int(row.expires_at.timestamp())
    enrol(client, world, secret)
    assert client.state().api_key == state.api_key
    assert client.inbox() == []


@pytest.mark.parametrize("suites", [("PQ1",), ("EC1",)], ids=["PQ1", "EC1"])
def test_an_answer_that_got_lost_is_asked_for_again(world: PartnerWorld, suites: tuple[str, ...]) -> None:
    made = world.make_keys("xa-alpha", *suites)
    secret = world.admit("xa-alpha", made.fingerprint)

    with pytest.raises(UnreachableError):
        enrol(world.lied_to("xa-alpha", post_keyset=lambda answer, *asked: cut_off()), world, secret)
    assert Keyset.objects.filter(agency_id="xa-alpha").exists()

    client = world.client("xa-alpha")
    enrol(client, world, secret)
    assert client.inbox() == []
    assert Keyset.objects.filter(agency_id="xa-alpha").count() == 1


def test_a_key_sealed_for_somebody_else_is_not_taken(world: PartnerWorld, secret: str) -> None:
    other = seal_credential("xa-alpha", "A" * 43, DecryptionKey.generate().public, secret.encode())
    liar = world.lied_to("xa-alpha", post_keyset=lambda answer, *asked: KeysetTaken(other, 0))
    with pytest.raises(AnswerError, match="not one of this home"):
        enrol(liar, world, secret)
    own = Keyset.objects.get(agency_id="xa-alpha")
    key = next(row.key for row in read_keyset(bytes(own.jws)).rows if row.use == "enc")
    foreign = seal_credential("xa-alpha", "A" * 43, key, secret.encode())
    liar = world.lied_to("xa-alpha", post_keyset=lambda answer, *asked: KeysetTaken(foreign, 0))
    with pytest.raises(OpeningError):
        enrol(liar, world, secret)


def test_a_keyset_that_another_home_brought_in_gives_no_key_here(world: PartnerWorld, secret: str) -> None:
    enrol(world.client("xa-alpha"), world, secret)
    home = world.place("xa-alpha")
    home.state_file.unlink()
    with pytest.raises(RequestError, match="your agency's admin"):
        enrol(world.client("xa-alpha"), world, secret)


def test_the_api_key_replaces_itself_and_every_verb_warns_before(world: PartnerWorld) -> None:
    client = world.enrol("xa-alpha")
    first = client.api_key()
    assert first.until is not None
    day = 24 * 3600
    assert first.warned_days(first.until - 30 * day - 1) is None
    assert [first.warned_days(first.until - days * day) for days in (30, 14, 7, 1, 0)] == [30, 14, 7, 1, 1]
    with pytest.raises(RefusedError):
        client.rotate_api_key()
    ending = timezone.now() + timedelta(days=20)
    ApiKey.objects.filter(pk=first.prefix).update(expires_at=ending, created_at=ending - timedelta(days=90))
    second = client.rotate_api_key()
    assert second.prefix != first.prefix
    assert second.until is not None and second.until > ending.timestamp()
    assert client.inbox() == []
    assert ApiKey.objects.get(pk=second.prefix).last_used_at is not None


def test_where_no_api_key_serves_the_own_keys_ask_for_another(world: PartnerWorld) -> None:
    client = world.enrol("xa-alpha")
    ApiKey.objects.filter(agency="xa-alpha").update(revoked_at=timezone.now())
    with pytest.raises(ApiKeyRefusedError):
        client.inbox()
    _, return_key = issue_return_key(OPERATOR, "xa-alpha", client="accord", now=timezone.now())
    facts = client.come_back(return_key)
    assert client.inbox() == [] and client.state().api_key.startswith(facts.prefix)
    with pytest.raises(ApiKeyRefusedError):
        client.come_back(return_key)
    assert client.inbox() == []


def test_enrolling_again_replaces_the_api_key_by_one_that_works_and_follows_the_hub(
    world: PartnerWorld,
) -> None:
    client = world.enrol("xa-alpha")
    kept = client.state().api_key
    with pytest.raises(ApiKeyRefusedError):
        enrol(client, world, "0123456789ab." + "A" * 43)
    assert client.state().api_key == kept

    fresh = world.another_api_key("xa-alpha")
    moved = world.address.replace("localhost", "127.0.0.1")
    assert moved != world.address
    client.enrol("xa-alpha", hub=moved, ledger_vkey=world.hub.key.vkey, api_key=fresh)
    assert (client.state().api_key, client.state().hub) == (fresh, moved)
    assert client.inbox() == []
    assert Keyset.objects.filter(agency_id="xa-alpha").count() == 1


def test_a_home_serves_one_agency(world: PartnerWorld) -> None:
    client = world.enrol("xa-alpha")
    with pytest.raises(RequestError, match="belongs to xa-alpha"):
        enrol(client, world, "key", agency="xb-bravo")


def test_what_was_copied_wrongly_from_paper_is_named(world: PartnerWorld) -> None:
    world.make_keys("xa-alpha")
    client = world.client("xa-alpha")
    wrong = [{"ledger_vkey": "nonsense"}, {"agency": "Not An Agency"}, {"hub": "http://hub.example"}]
    for changes in wrong:
        with pytest.raises((RequestError, HubAddressError)):
            enrol(client, world, "key", **changes)
    with pytest.raises(RequestError, match="API key"):
        enrol(client, world, "")
    with pytest.raises(StateAbsentError):
        client.state()


def test_the_receipt_of_another_ledger_is_refused(world: PartnerWorld, secret: str) -> None:
    client = world.client("xa-alpha")
    with pytest.raises(NoteError):
        enrol(client, world, secret, ledger_vkey=LedgerKey.generate(world.hub.key.name).vkey)
    assert not client.state().enrolled


def test_a_hub_that_shows_another_root_for_this_agency_is_refused(world: PartnerWorld, secret: str) -> None:
    world.enrol("xb-bravo")
    foreign = bytes(Keyset.objects.get(agency_id="xb-bravo").jws)
    client = world.lied_to(
        "xa-alpha", keyset=lambda answer, *asked: answer and replace(answer, keyset=foreign)
    )
    with pytest.raises(VerificationError) as caught:
        enrol(client, world, secret)
    assert caught.value.failure is Failure.KEYSET_ROOT
    assert not client.state().enrolled


def test_a_challenge_about_other_keys_is_not_answered(world: PartnerWorld, secret: str) -> None:
    client = world.lied_to("xa-alpha", challenge=lambda answer, *asked: replace(answer, sealed=()))
    with pytest.raises(AnswerError):
        enrol(client, world, secret)
    assert not Keyset.objects.filter(agency_id="xa-alpha").exists()


def test_a_pin_is_not_replaced_silently_and_never_the_own_one(world: PartnerWorld) -> None:
    client = world.enrol("xa-alpha")
    first, second = Root.generate().fingerprint, Root.generate().fingerprint
    client.pin("xb-bravo", " ".join(first[n : n + 4] for n in range(0, 64, 4)).upper())
    client.pin("xb-bravo", first)
    with pytest.raises(PinChangedError):
        client.pin("xb-bravo", second)
    client.pin("xb-bravo", second, replace=True)
    assert client.pins()["xb-bravo"] == second
    with pytest.raises(PinChangedError):
        client.pin("xa-alpha", second, replace=True)
    for fingerprint in ("", "ab", "g" * 64, "a" * 65):
        with pytest.raises(RequestError):
            client.pin("xc-charlie", fingerprint)

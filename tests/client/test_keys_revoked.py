# SPDX-License-Identifier: Apache-2.0
"""Revoking an own key: the agency sees first which of its objects that reaches, and the revocation is final."""

import time

import pytest
from django.utils import timezone

from accord.client.client import Client
from accord.client.errors import LastKeyError, NotLoggedYetError, RequestError
from accord.client.session import connect_http
from accord.envelope.errors import SealingError
from accord.envelope.keysets import read_keyset
from accord.envelope.private import SignerSet
from accord.envelope.seal import SealedEnvelope
from accord.envelope.statements.form import parse_statement
from agencies.models import Keyset, Revocation
from tests.builders import HeldAgency
from tests.client.altered_answers import Instead, lying_connection
from tests.client.conftest import PASSPHRASE, PartnerWorld, alert_to

HOUR = 3600


def kid_of(client: Client, alg: str) -> str:
    (found,) = (
        fact.kid
        for fact in client.keys.overview(online=False).keys
        if fact.alg == alg and fact.st == "current"
    )
    return found


def held(world: PartnerWorld, agency: str) -> HeldAgency:
    """The agency with the private keys of its home, as a thief of the key file has them."""
    ring = world.place(agency).unlock(PASSPHRASE)
    signing = {"PQ1": SignerSet(ring.signing)}
    return HeldAgency(world.row(agency), ring.root, ring.root, signing, {"PQ1": ring.decryption[0]})


def forged_alert(world: PartnerWorld) -> SealedEnvelope:
    """An alert that a thief sends with alpha's keys from elsewhere."""
    world.hub.now = timezone.now()
    return world.hub.deliver(held(world, "xa-alpha"), held(world, "xb-bravo"))


def test_a_plan_lists_what_was_logged_since_and_what_was_not_sent_from_here(world: PartnerWorld) -> None:
    own = world.deliver("xa-alpha", "xb-bravo")
    alpha, bravo = world.partners("xa-alpha", "xb-bravo")
    forged = forged_alert(world)
    received = bravo.submit(alert_to("xa-alpha"), wait_secs=10)
    stated = alpha.acknowledge(received.md, officer="officer-7", wait_secs=10)

    kid = kid_of(alpha, "Ed25519")
    plan = alpha.keys.plan_revocation(kid, since=int(time.time()) - HOUR)
    assert [(item.d, item.here) for item in plan.concerned] == [
        (stated.od, True),
        (forged.md, False),
        (own.md, True),
    ]
    assert all(item.is_certain and item.log_time is not None for item in plan.concerned)
    assert plan.loses == (("sign", "EC1"), ("sign", "PQ1"))
    since = int(time.time())
    now = alpha.keys.plan_revocation(kid, since=since)
    assert {item.d for item in now.concerned} == {
        item.d for item in plan.concerned if item.log_time is not None and item.log_time >= since
    }
    assert not Revocation.objects.exists()


def test_only_what_the_key_has_signed_is_listed(world: PartnerWorld, pair: tuple[Client, Client]) -> None:
    alpha, _ = pair
    old = kid_of(alpha, "Ed25519")
    before = alpha.submit(alert_to("xb-bravo"), wait_secs=10)
    alpha.keys.rotate(uses=("sign",))
    after = alpha.submit(alert_to("xb-bravo"), wait_secs=10)

    since = int(time.time()) - HOUR
    assert [item.d for item in alpha.keys.plan_revocation(old, since=since).concerned] == [before.md]
    new = kid_of(alpha, "Ed25519")
    assert [item.d for item in alpha.keys.plan_revocation(new, since=since).concerned] == [after.md]

    # The hub's list names the signing keys, so no object is fetched alone.
    asked: list[str] = []
    connect = lying_connection(slice=Instead(asked.append), statement=Instead(asked.append))
    thrifty = world.client_with("xa-alpha", connect=connect)
    assert [item.d for item in thrifty.keys.plan_revocation(old, since=since).concerned] == [before.md]
    assert asked == []


def test_the_only_signing_key_is_revoked_with_a_rotation_or_not_at_all(world: PartnerWorld) -> None:
    sent = world.deliver("xa-alpha", "xb-bravo")
    alpha, bravo = world.partners("xa-alpha", "xb-bravo")
    kid, since = kid_of(alpha, "Ed25519"), int(time.time()) - HOUR
    with pytest.raises(LastKeyError, match="no longer sign"):
        alpha.keys.revoke(kid, code="stolen", since=since)
    assert not Revocation.objects.exists()

    revoked, rotated = alpha.keys.revoke(kid, code="stolen", since=since, rotate=True)
    assert (revoked.kind, revoked.kids, rotated.kind) == (f"revoke {kid}", (kid,), "rotate sign")
    row = read_keyset(bytes(Keyset.objects.get(agency_id="xa-alpha", version=2).jws)).row(kid)
    assert row is not None
    assert (row.st, row.since) == ("revoked", since)
    assert Revocation.objects.get().code == "stolen"
    assert bravo.open(sent.md).marks == ("repudiated",)
    again = alpha.submit(alert_to("xb-bravo"), wait_secs=10)
    assert bravo.open(again.md).marks == ()


def test_a_key_that_was_rotated_out_is_revoked_alone(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    alpha, bravo = pair
    old = kid_of(alpha, "ML-DSA-65")
    sent = alpha.submit(alert_to("xb-bravo"), wait_secs=10)
    alpha.keys.rotate()
    (revoked,) = alpha.keys.revoke(old, code="lost", since=int(time.time()) - HOUR)

    assert revoked.version is None
    assert bravo.open(sent.md).marks == ("repudiated",)
    (fact,) = (fact for fact in alpha.keys.overview().keys if fact.kid == old)
    assert fact.st == "revoked"
    alpha.keys.renew()
    row = read_keyset(bytes(Keyset.objects.get(agency_id="xa-alpha", version=3).jws)).row(old)
    assert row is not None
    assert row.st == "revoked"


def test_a_revoked_signing_key_signs_nothing_more(world: PartnerWorld, pair: tuple[Client, Client]) -> None:
    """A colleague's root has revoked the key; this program checks before it signs."""
    alpha, _ = pair
    kid = kid_of(alpha, "Ed25519")
    world.hub.now = timezone.now()
    jws = world.hub.statement(
        held(world, "xa-alpha"),
        "revoke",
        None,
        suite="PQ1",
        signer=held(world, "xa-alpha").root.signer,
        body={"kid": kid, "since": int(world.hub.now.timestamp()), "code": "stolen"},
    )
    state = alpha.state()
    exchange = connect_http(state.hub, state.api_key)
    exchange.post_statement(parse_statement(jws).statement.id, jws)
    exchange.close()
    world.sequence()

    with pytest.raises(SealingError):
        alpha.submit(alert_to("xb-bravo"))


def test_the_time_is_never_in_the_future_and_later_words_only_move_it_earlier(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    alpha, _ = pair
    old, now = kid_of(alpha, "Ed25519"), int(time.time())
    alpha.keys.rotate()
    with pytest.raises(RequestError, match="future"):
        alpha.keys.revoke(old, code="stolen", since=now + HOUR)
    alpha.keys.revoke(old, code="stolen", since=now - HOUR)
    for since in (None, now, now - HOUR):
        with pytest.raises(RequestError, match="earlier"):
            alpha.keys.revoke(old, code="stolen", since=since)
    alpha.keys.revoke(old, code="stolen", since=now - 2 * HOUR)

    (fact,) = (fact for fact in alpha.keys.overview().keys if fact.kid == old)
    assert fact.since == now - 2 * HOUR
    assert Revocation.objects.count() == 2


def test_an_agency_that_has_no_key_left_is_told_what_to_do(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    """The revocation was sent, and the new keys that belong to it were not."""
    alpha, _ = pair
    idle = world.client_with("xa-alpha", sleep=lambda seconds: None)
    with pytest.raises(NotLoggedYetError):
        idle.keys.revoke(kid_of(alpha, "Ed25519"), code="stolen", rotate=True, wait_secs=1)
    world.sequence()
    alpha.keys.resume()
    (warning,) = alpha.keys.warnings()
    assert (warning.what, warning.remedy) == ("sign", "accord keys rotate")
    alpha.keys.rotate(uses=("sign",))
    assert alpha.keys.warnings() == ()


def test_a_word_outside_the_list_is_refused(world: PartnerWorld) -> None:
    alpha = world.enrol("xa-alpha")
    with pytest.raises(RequestError, match="stolen"):
        alpha.keys.revoke(kid_of(alpha, "Ed25519"), code="bored")


def test_the_only_encryption_key_is_revoked_with_a_rotation(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    alpha, bravo = pair
    old = kid_of(alpha, "HPKE-9-KE")
    received = bravo.submit(alert_to("xa-alpha"), wait_secs=10)
    plan = alpha.keys.plan_revocation(old[-6:])
    assert (plan.kid, plan.concerned, plan.loses) == (old, (), (("enc", "PQ1"),))
    with pytest.raises(LastKeyError, match="no longer receive"):
        alpha.keys.revoke(old, code="stolen")
    alpha.keys.revoke(old, code="stolen", rotate=True)

    after = bravo.submit(alert_to("xa-alpha"), wait_secs=10)
    assert alpha.open(received.md).marks == alpha.open(after.md).marks == ()


def test_a_revocation_is_over_only_with_its_receipt(world: PartnerWorld, pair: tuple[Client, Client]) -> None:
    alpha, _ = pair
    old = kid_of(alpha, "Ed25519")
    alpha.keys.rotate()
    idle = world.client_with("xa-alpha", sleep=lambda seconds: None)
    with pytest.raises(NotLoggedYetError, match="accord keys resume"):
        idle.keys.revoke(old, code="ended", wait_secs=1)
    assert alpha.keys.overview(online=False).pending == f"revoke {old}"

    (done,) = alpha.keys.revoke(old, code="ended")
    assert done.resumed
    assert Revocation.objects.count() == 1
    assert alpha.keys.overview().pending is None

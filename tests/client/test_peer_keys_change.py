# SPDX-License-Identifier: Apache-2.0
"""The keys of a peer change: new versions, revocations, a new root; each is followed and shown as such."""

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accord.cli.showing import opened_as_json, print_alert
from accord.client.client import Client
from accord.client.session import connect_http
from accord.envelope.errors import SealRefusal
from accord.envelope.keyrule import Repudiated
from accord.envelope.keys import ENC, PQ1
from accord.envelope.keysets import KeyRow, build_keyset_body, read_keyset
from accord.envelope.private import Root, SignerSet
from accord.envelope.seal import SealedEnvelope
from accord.envelope.statements.form import make_statement
from agencies.accession import accept_revoke
from agencies.models import Agency as Entry
from agencies.models import Keyset
from agencies.registry import register_keyset, verify_newcomer
from tests.builders import DAY_SECS, OPERATOR, HeldAgency, new_uuid7, seconds
from tests.client.conftest import PASSPHRASE, PartnerWorld, alert_to


@pytest.fixture
def charlie(world: PartnerWorld) -> HeldAgency:
    """A peer whose private keys the test holds; bravo has pinned it and shares an agreement with it."""
    held = world.restored("charlie", lambda: beside_bravo(world))
    world.hub.now = timezone.now()
    return held


@pytest.fixture
def bravo(world: PartnerWorld, charlie: HeldAgency) -> Client:
    return world.client("xb-bravo")


def beside_bravo(world: PartnerWorld) -> HeldAgency:
    bravo = world.enrol("xb-bravo")
    world.hub.now = timezone.now()
    held = world.hub.make_agency("xc-charlie", suites=(PQ1,), low=PQ1)
    bravo.pin("xc-charlie", held.root.fingerprint)
    world.hub.make_agreement("G1", "xb-bravo", "xc-charlie")
    return held


def alert_to_bravo(world: PartnerWorld, charlie: HeldAgency) -> SealedEnvelope:
    """Deliver an alert of charlie's to bravo, logged."""
    ring = world.place("xb-bravo").unlock(PASSPHRASE)
    bravo = HeldAgency(world.row("xb-bravo"), ring.root, ring.root, {}, {})
    return world.hub.deliver(charlie, bravo)


def revoke(world: PartnerWorld, charlie: HeldAgency, kid: str, *, ago: timedelta) -> None:
    """Let charlie's root revoke a key as stolen some time ago; the revocation is logged five seconds from now."""
    since = seconds(world.hub.now - ago)
    jws = world.hub.statement(
        charlie,
        "revoke",
        None,
        suite=PQ1,
        signer=charlie.root.signer,
        body={"kid": kid, "since": since, "code": "stolen"},
    )
    accept_revoke(charlie.client, jws, now=world.hub.now)
    world.hub.later(seconds=5)
    world.hub.sequence()


def test_what_was_signed_with_stolen_keys_is_shown_as_repudiated(
    world: PartnerWorld, bravo: Client, charlie: HeldAgency, capsys: pytest.CaptureFixture[str]
) -> None:
    sealed = alert_to_bravo(world, charlie)
    assert bravo.open(sealed.md).marks == ()

    revoke(world, charlie, charlie.signing[PQ1].signers[0].kid, ago=timedelta(hours=1))

    opened = bravo.open(sealed.md)
    assert opened.marks == ("repudiated",)
    assert isinstance(opened.content.standing, Repudiated)
    assert opened_as_json(opened)["standing"]["since"] == opened.content.standing.since
    print_alert(opened)
    assert (
        "! REPUDIATED: Signed by a key that xc-charlie says was in other hands since"
        in capsys.readouterr().out
    )
    assert len(bravo.state().revocations["xc-charlie"]) == 1


def test_nothing_is_sealed_to_a_revoked_key(world: PartnerWorld, bravo: Client, charlie: HeldAgency) -> None:
    assert bravo.plan(alert_to("xc-charlie")).will == ("xc-charlie",)
    revoke(world, charlie, charlie.decryption[PQ1].public.kid, ago=timedelta(0))
    (left_out,) = bravo.plan(alert_to("xc-charlie")).left_out
    assert left_out.reason is SealRefusal.NO_KEY


def test_a_new_key_is_sealed_to_once_its_keyset_is_logged(
    world: PartnerWorld, bravo: Client, charlie: HeldAgency
) -> None:
    bravo.plan(alert_to("xc-charlie"))
    world.rotate(charlie)
    sent = bravo.submit(alert_to("xc-charlie"), wait_secs=10)
    assert sent.log_time is not None
    kids = {
        row.kid
        for row in read_keyset(bytes(Keyset.objects.get(agency_id="xc-charlie", version=2).jws)).rows
        if row.use == ENC
    }
    assert charlie.decryption["new"].public.kid in kids


def publish(
    world: PartnerWorld,
    charlie: HeldAgency,
    root: Root,
    signer: SignerSet,
    *,
    rows: Iterable[KeyRow],
    nroot: str,
) -> None:
    """Publish charlie's second keyset with this root and these signers, and log it."""
    first = read_keyset(bytes(Keyset.objects.get(agency_id=charlie.row.pk, version=1).jws))
    body = build_keyset_body(
        version=2, prev=first.od, root=root.public, nroot=nroot, custody="agency", low=PQ1, rows=rows
    )
    jws = make_statement(
        "keyset",
        iss=charlie.id,
        signer=signer,
        suite=PQ1,
        id=new_uuid7(world.hub.now),
        iat=seconds(world.hub.now),
        exp=seconds(world.hub.now) + 90 * DAY_SECS,
        nonce=os.urandom(16),
        body=body,
    )
    entry = Entry.objects.get(pk=charlie.id)
    newcomer = verify_newcomer(entry, jws, now=world.hub.now)
    with transaction.atomic():
        register_keyset(OPERATOR, entry, newcomer, now=world.hub.now)
    world.hub.sequence()


def first_rows(charlie: HeldAgency) -> tuple[KeyRow, ...]:
    return read_keyset(bytes(Keyset.objects.get(agency_id=charlie.row.pk, version=1).jws)).rows


def change_root(world: PartnerWorld, charlie: HeldAgency) -> None:
    """Move charlie to the successor that its first keyset announced."""
    both = charlie.root.change_signer(charlie.next_root)
    publish(world, charlie, charlie.next_root, both, rows=first_rows(charlie), nroot="ab" * 32)


def recover_root(world: PartnerWorld, charlie: HeldAgency) -> None:
    """Recover by the announced root alone, and mark every key of charlie's as stolen an hour ago."""
    since = seconds(world.hub.now - timedelta(hours=1))
    stolen = [replace(row, st="revoked", since=since) for row in first_rows(charlie)]
    publish(world, charlie, charlie.next_root, charlie.next_root.signer, rows=stolen, nroot="ab" * 32)


def cancel_recovery(world: PartnerWorld, charlie: HeldAgency) -> None:
    """Cancel the recovery by charlie's own root within the 72 hours."""
    nroot = charlie.next_root.fingerprint
    publish(world, charlie, charlie.root, charlie.root.signer, rows=first_rows(charlie), nroot=nroot)


def test_a_root_change_that_was_announced_is_followed_from_the_pinned_root(
    world: PartnerWorld, bravo: Client, charlie: HeldAgency
) -> None:
    change_root(world, charlie)

    assert bravo.plan(alert_to("xc-charlie")).will == ("xc-charlie",)
    assert [record.succession for record in bravo.state().keysets["xc-charlie"]] == ["same", "changed"]
    bravo.pin("xc-charlie", charlie.next_root.fingerprint, replace=True)
    assert bravo.plan(alert_to("xc-charlie")).will == ("xc-charlie",)


@pytest.mark.parametrize("met_before", [True, False], ids=["met before", "met now"])
def test_a_revoke_by_the_root_of_its_time_is_followed_after_the_root_changed(
    world: PartnerWorld, bravo: Client, charlie: HeldAgency, met_before: bool
) -> None:
    if met_before:
        assert bravo.plan(alert_to("xc-charlie")).will == ("xc-charlie",)
    revoke(world, charlie, charlie.decryption[PQ1].public.kid, ago=timedelta(0))
    world.hub.later(days=2)
    change_root(world, charlie)

    later = world.client_with("xb-bravo", off_by=2 * DAY_SECS)
    (left_out,) = later.plan(alert_to("xc-charlie")).left_out
    assert left_out.reason is SealRefusal.NO_KEY
    assert len(bravo.state().revocations["xc-charlie"]) == 1


def test_a_recovery_that_waits_or_was_cancelled_revokes_nothing(
    world: PartnerWorld, bravo: Client, charlie: HeldAgency
) -> None:
    """The lying exchange shows the thief's keyset as the newest; its rows mark every key as stolen."""
    state = bravo.state()
    honest = connect_http(state.hub, state.api_key)
    recover_root(world, charlie)

    def show_recovery(answer: object, agency: str, version: int | None = None) -> object:
        return honest.keyset(agency, 2) if (agency, version) == ("xc-charlie", None) else answer

    sealed = alert_to_bravo(world, charlie)
    for _ in range(2):
        lied_to = world.lied_to("xb-bravo", keyset=show_recovery)
        assert lied_to.plan(alert_to("xc-charlie")).will == ("xc-charlie",)
        assert lied_to.open(sealed.md).marks == ()
    assert [record.succession for record in bravo.state().keysets["xc-charlie"]] == ["same", "recovered"]
    assert bravo.plan(alert_to("xc-charlie")).will == ("xc-charlie",)

    cancel_recovery(world, charlie)
    for ahead in (timedelta(0), timedelta(days=4)):
        later = world.client_with("xb-bravo", off_by=ahead.total_seconds())
        assert later.plan(alert_to("xc-charlie")).will == ("xc-charlie",)
        assert later.open(sealed.md).marks == ()
    honest.close()
    kept = [(record.version, record.succession) for record in bravo.state().keysets["xc-charlie"]]
    assert kept == [(1, "same"), (2, "recovered"), (2, "same")]

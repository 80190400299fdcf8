# SPDX-License-Identifier: Apache-2.0
"""A peer's keysets count only if they lead on from the pinned root and are signed as succession demands."""

import os
from dataclasses import replace

import pytest
from django.db import connection, transaction

from accord.envelope.errors import SealingError
from accord.envelope.jws import JwsSigner
from accord.envelope.keys import PQ1
from accord.envelope.keysets import build_keyset_body, read_keyset
from accord.envelope.private import Root
from accord.envelope.statements.form import make_statement
from agencies.models import Agency as Entry
from agencies.models import Keyset
from agencies.registry import register_keyset, verify_newcomer
from alerts.errors import SendingStoppedError
from alerts.models import Alert
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.pins import Pin, read_book
from peers.models import PeerKeyset
from sharing.models import Envelope
from tests.alerts.conftest import Desks
from tests.builders import DAY_SECS, OPERATOR, new_uuid7, seconds
from tests.stages import act


@pytest.fixture
@act
def sender(desks: Desks) -> Desks:
    """Desks whose laboratory has compared the partner's first root and has sent to it once."""
    send(desks)
    desks.hub.later(hours=1)
    return desks


@act
def send(desks: Desks, title: str = "Impregnated paper") -> Alert:
    return desks.released(title=title, recipients=[desks.own.id])


def pin(desks: Desks) -> Pin:
    return read_book(desks.lab.id).pins[desks.own.id]


def change_root(desks: Desks, *, recovered: bool = False) -> None:
    """Put the partner's next root in force: signed by both roots, or by the next one alone where the old one was lost."""
    old, new, coming = desks.own.root, desks.own.next_root, Root.generate()
    signer = new.signer if recovered else old.change_signer(new)
    publish(desks, signer, new, coming.fingerprint)
    desks.own = replace(desks.own, root=new, next_root=coming)
    desks.sequence()


def publish(desks: Desks, signer: JwsSigner, root: Root, nroot: str) -> None:
    hub, row = desks.hub, desks.own.row
    last = Keyset.objects.filter(agency_id=row.pk).order_by("-version")[0]
    newest = read_keyset(bytes(last.jws))
    jws = make_statement(
        "keyset",
        iss=desks.own.id,
        signer=signer,
        suite=PQ1,
        id=new_uuid7(hub.now),
        iat=seconds(hub.now),
        exp=seconds(hub.now) + 90 * DAY_SECS,
        nonce=os.urandom(16),
        body=build_keyset_body(
            version=newest.version + 1,
            prev=newest.od,
            root=root.public,
            nroot=nroot,
            custody=newest.custody,
            low=newest.low,
            rows=newest.rows,
        ),
    )
    entry = Entry.objects.get(pk=row.pk)
    with transaction.atomic():
        register_keyset(OPERATOR, entry, verify_newcomer(entry, jws, now=hub.now), now=hub.now)


def test_a_root_change_signed_by_both_roots_is_followed(sender: Desks) -> None:
    first = sender.own.root.fingerprint
    change_root(sender)
    send(sender, "After the change")
    assert Envelope.objects.count() == 2
    assert (pin(sender).root, pin(sender).version) == (first, 2)


def test_several_changes_between_two_sendings_are_followed(sender: Desks) -> None:
    for _ in range(3):
        change_root(sender)
        sender.hub.later(hours=1)
    send(sender, "After three changes")
    assert pin(sender).version == 4


def test_a_recovered_root_counts_once_its_public_delay_is_over(sender: Desks) -> None:
    change_root(sender, recovered=True)
    send(sender, "In the delay")
    assert pin(sender).version == 1
    sender.hub.later(hours=73)
    send(sender, "After the delay")
    assert pin(sender).version == 2


def test_a_recovered_root_that_the_old_one_cancels_never_counts(sender: Desks) -> None:
    own, first = sender.own, Keyset.objects.get(agency_id=sender.own.row.pk)
    change_root(sender, recovered=True)
    sender.hub.later(hours=60)
    sender.hub.publish_keyset(own, version=2, prev=first.od, rows=read_keyset(bytes(first.jws)).rows)
    sender.sequence()
    sender.hub.later(hours=24)
    send(sender, "After the recovery was cancelled")
    keyset = VerifiedDirectory(sender.lab.id, sender.hub.now).keyset(own.id)
    assert keyset is not None and keyset.root_fingerprint == own.root.fingerprint
    assert (pin(sender).root, pin(sender).version) == (own.root.fingerprint, 2)


def test_a_root_to_which_the_pinned_one_does_not_lead_stops_sending_and_is_named(sender: Desks) -> None:
    change_root(sender)
    PeerKeyset.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE agencies_keyset SET jws = set_byte(jws, 60, get_byte(jws, 60) # 1)"
            " WHERE agency_id = 'xe-drugs' AND version = 1"
        )
    before = pin(sender)
    with pytest.raises(SendingStoppedError) as stopped:
        send(sender, "After the change")
    assert isinstance(stopped.value.__cause__, SealingError) and sender.own.id in stopped.value.text
    assert pin(sender) == before and Envelope.objects.count() == 1

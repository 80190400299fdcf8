# SPDX-License-Identifier: Apache-2.0
"""The desk believes no row about a peer's keys: it verifies from the agency's own pin, at sealing and at opening."""

import json
import os
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accord.envelope.encoding import b64u
from accord.envelope.keys import PQ1
from accord.envelope.keysets import KeyRow, build_keyset_body, read_keyset
from accord.envelope.private import Root, generate_decryption_key
from accord.envelope.statements.form import make_statement, parse_statement
from agencies.models import Key, Keyset, Revocation
from alerts.errors import AlertIncompleteError, SendingStoppedError, UnopenableError
from alerts.models import AwaitedEnvelope, ReceivedAlert
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.pins import read_book
from alerts.receiving.opening import open_alert
from alerts.receiving.signature_state import SignatureState
from alerts.rows.pins import PinBook
from ledger.entries import append_entry
from ledger.models import AuditEvent
from notices.models import Notification
from peers.models import PeerKeyset, PeerRevocation
from sharing.models import Envelope
from tests.alerts.conftest import Desks
from tests.builders import DAY_SECS, HeldAgency, new_uuid7, seconds
from tests.key_changes import signing_keys_of
from tests.peers import sealed_for
from tests.stages import act


def sql(statement: str, *values: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def forged_keyset(desks: Desks, root: Root, rows: list[KeyRow], *, prev: str | None, version: int) -> bytes:
    now = seconds(desks.hub.now)
    return make_statement(
        "keyset",
        iss=desks.own.id,
        signer=root.signer,
        suite=PQ1,
        id=new_uuid7(desks.hub.now),
        iat=now,
        exp=now + 90 * DAY_SECS,
        nonce=os.urandom(16),
        body=build_keyset_body(
            version=version,
            prev=prev,
            root=desks.own.root.public if root is desks.own.root else root.public,
            nroot=desks.own.next_root.fingerprint,
            custody="agency",
            low="EC1",
            rows=rows,
        ),
    )


def with_random_signatures(jws: bytes) -> bytes:
    said = json.loads(jws)
    for signature in said["signatures"]:
        signature["signature"] = b64u(os.urandom(len(signature["signature"]) * 3 // 4))
    return json.dumps(said, separators=(",", ":")).encode()


def plant(desks: Desks, jws: bytes) -> None:
    """Write a keyset into the register and the ledger, as an attacker who holds the exchange could."""
    said, keyset = parse_statement(jws), read_keyset(jws)
    last = Keyset.objects.filter(agency_id=desks.own.row.pk).order_by("-version")[0]
    rows = [
        {
            "kid": row.kid, "use": row.use, "alg": row.key.alg, "crv": row.key.jwk.get("crv"),
            "suites": sorted(row.key.suites), "nbf": row.nbf, "exp": row.exp, "st": row.st, "since": None,
        }
        for row in keyset.rows
    ]  # fmt: skip
    Keyset.objects.create(
        agency_id=desks.own.id,
        version=keyset.version,
        od=said.od,
        prev=keyset.prev,
        succession="same",
        jws=jws,
        root_fingerprint=keyset.root_fingerprint,
        custody="agency",
        low="EC1",
        iat=keyset.iat,
        exp=keyset.exp,
        rows=rows,
        accepted_at=desks.hub.now,
    )
    assert last.version + 1 == keyset.version
    for row in keyset.rows:
        Key.objects.get_or_create(
            kid=row.kid,
            defaults={
                "agency_id": desks.own.id, "use": row.use, "alg": row.key.alg, "suites": sorted(row.key.suites),
                "jwk": row.key.jwk, "nbf": row.nbf, "exp": row.exp, "st": row.st,
            },
        )  # fmt: skip
    append_entry(said.od, kind="keyset", agency=desks.own.id, now=desks.hub.now)
    desks.sequence()


def mallory(desks: Desks) -> tuple[HeldAgency, list[KeyRow]]:
    """The own-key partner as an attacker imitates it: new signing and encryption keys beside the true ones."""
    signing = signing_keys_of((PQ1,))
    opening = {PQ1: generate_decryption_key(PQ1)}
    forged = replace(desks.own, signing=signing, decryption=opening)
    newest = read_keyset(bytes(Keyset.objects.filter(agency_id=desks.own.row.pk).order_by("-version")[0].jws))
    nbf = seconds(desks.hub.now) - 60
    keys = [key for signer in signing.values() for key in signer.signers] + [opening[PQ1].public]
    return forged, [*newest.rows, *(KeyRow(key, nbf, nbf + 300 * DAY_SECS) for key in keys)]


@pytest.fixture(
    params=[
        "random octets as signatures",
        "another root's signatures",
        "signatures of another root under its own",
    ]
)
def planted(request: pytest.FixtureRequest, desks: Desks) -> HeldAgency:
    """A keyset of the partner with an attacker's keys, put into the database and logged."""
    return plant_forged(desks, request.param)


@act
def plant_forged(desks: Desks, how: str) -> HeldAgency:
    desks.hub.later(hours=1)
    forged, rows = mallory(desks)
    prev = Keyset.objects.get(agency_id=desks.own.row.pk).od
    if how == "another root's signatures":
        jws = forged_keyset(desks, Root.generate(), rows, prev=prev, version=2)
    else:
        jws = forged_keyset(desks, desks.own.root, rows, prev=prev, version=2)
    if how == "random octets as signatures":
        jws = with_random_signatures(jws)
    if how == "signatures of another root under its own":
        jws = swapped_signatures(jws, forged_keyset(desks, Root.generate(), rows, prev=prev, version=2))
    plant(desks, jws)
    return forged


def swapped_signatures(jws: bytes, foreign: bytes) -> bytes:
    """Put the well-formed signatures of `foreign` under the payload of `jws`."""
    said, other = json.loads(jws), json.loads(foreign)
    for mine, theirs in zip(said["signatures"], other["signatures"], strict=True):
        mine["signature"] = theirs["signature"]
    return json.dumps(said, separators=(",", ":")).encode()


def alarms(agency: str) -> list[str]:
    return list(
        AuditEvent.objects.filter(act="peer.refused", agency=agency).values_list("subject", flat=True)
    )


def test_nothing_is_sealed_to_a_planted_key(desks: Desks, planted: HeldAgency) -> None:
    keeper = desks.hub.make_officer(desks.lab.agency, "key_officer", name="Kaja Keeper")
    with pytest.raises(SendingStoppedError) as stopped:
        desks.released(recipients=[desks.own.id])
    assert desks.own.id in stopped.value.text
    assert not Envelope.objects.exists()
    assert alarms(desks.lab.id) == [desks.own.id]
    told = Notification.objects.filter(occasion="peer-refused").values_list("officer", flat=True)
    assert list(told) == [keeper.pk]


def test_what_a_forged_own_key_sender_signed_is_filed_for_nobody(desks: Desks, planted: HeldAgency) -> None:
    sealed = sealed_for(desks.hub, planted, desks.health.id)
    desks.hub.carry(planted, sealed)
    desks.settle()
    assert not ReceivedAlert.objects.filter(md=sealed.md).exists()
    assert AwaitedEnvelope.objects.filter(agency=desks.health.agency, md=sealed.md).exists()
    assert desks.own.id in alarms(desks.health.id)


# --- the agency's own pins ----------------------------------------------------------------------------------------


PINS = {
    "changed": "UPDATE alerts_pinbook SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) WHERE agency_id = %s",
    "of another agency": (
        "UPDATE alerts_pinbook SET sealed = other.sealed FROM alerts_pinbook AS other"
        " WHERE alerts_pinbook.agency_id = %s AND other.agency_id = 'xb-health'"
    ),
    "deleted": "DELETE FROM alerts_pinbook WHERE agency_id = %s",
}


@pytest.mark.parametrize("how", PINS)
def test_pins_changed_by_sql_trust_nobody(desks: Desks, how: str) -> None:
    desks.released(title="While the pins stood", recipients=[desks.own.id])
    assert PinBook.objects.filter(pk=desks.lab.id).exists()
    validated = desks.validated(title="Afterwards", recipients=[desks.own.id])
    sql(PINS[how], desks.lab.id)
    directory = VerifiedDirectory(desks.lab.id, desks.hub.now)
    assert directory.keyset(desks.own.id) is None
    assert directory.refused == {desks.own.id: "pins-altered"}
    with pytest.raises(Exception):  # noqa: B017 - held in the preview, or stopped at sealing
        from alerts.sending.release import release_alert

        release_alert(desks.lab.releaser, validated, revision=1, now=desks.hub.now)
    assert Envelope.objects.count() == 1


@act
def publish_second(desks: Desks) -> None:
    """Publish the partner's next keyset, signed as it should be."""
    first = Keyset.objects.get(agency_id=desks.own.row.pk)
    rows = read_keyset(bytes(first.jws)).rows
    desks.hub.publish_keyset(desks.own, version=2, prev=first.od, rows=rows)


def test_a_keyset_that_the_exchange_takes_back_goes_on_counting(desks: Desks) -> None:
    desks.hub.later(hours=1)
    publish_second(desks)
    desks.sequence()
    past_the_triggers("DELETE FROM agencies_keyset WHERE version = 2")
    directory = VerifiedDirectory(desks.lab.id, desks.hub.now)
    directory.refresh([desks.own.id])
    newest = directory.keyset(desks.own.id)
    assert newest is not None and newest.version == 2
    assert directory.alarms == {}


def test_a_keyset_seen_before_and_deleted_here_since_is_missed(desks: Desks) -> None:
    desks.released(recipients=[desks.own.id])
    desks.hub.later(hours=1)
    publish_second(desks)
    desks.sequence()
    desks.released(title="Under the second", recipients=[desks.own.id])
    PeerKeyset.objects.filter(reader=desks.lab.id, peer=desks.own.id, version=2).delete()
    directory = VerifiedDirectory(desks.lab.id, desks.hub.now)
    assert directory.keyset(desks.own.id) is None
    assert directory.refused == {desks.own.id: "keyset-does-not-follow"}


def test_a_receipt_under_a_checkpoint_that_the_ledger_did_not_sign_proves_nothing(desks: Desks) -> None:
    past_the_triggers(
        "UPDATE ledger_checkpoint SET note = left(note, length(note) - 10) || repeat('A', 9) || chr(10)"
    )
    PeerKeyset.objects.all().delete()
    directory = VerifiedDirectory(desks.lab.id, desks.hub.now)
    directory.refresh([desks.own.id])
    assert directory.keyset(desks.own.id) is None
    assert directory.refused == {desks.own.id: "note-refused"}


ALTERED = {
    "of another agency": "UPDATE peers_peerkeyset SET reader = 'xa-lab' WHERE reader = 'xb-health'",
    "of another peer": "UPDATE peers_peerkeyset SET peer = 'xe-drugs' WHERE peer = 'xb-health'",
    "another time": "UPDATE peers_peerkeyset SET log_time = log_time - 1 WHERE reader = 'xa-lab'",
    "another receipt": "UPDATE peers_peerkeyset SET receipt = '{}' WHERE reader = 'xa-lab'",
    "no code": "UPDATE peers_peerkeyset SET mac = '' WHERE reader = 'xa-lab'",
}


@pytest.mark.parametrize("how", ALTERED)
def test_a_kept_row_that_was_changed_by_sql_is_refused_and_named(desks: Desks, how: str) -> None:
    if how == "of another agency":
        PeerKeyset.objects.filter(reader="xa-lab").delete()
    if how == "of another peer":
        PeerKeyset.objects.filter(peer="xe-drugs").delete()
    sql(ALTERED[how])
    with pytest.raises(SendingStoppedError) as stopped:
        desks.released(recipients=[desks.own.id])
    assert desks.own.id in stopped.value.text
    assert AuditEvent.objects.filter(act="peer.refused", detail={"cause": "keysets-altered"}).exists()
    assert not Envelope.objects.exists()


def test_reading_what_is_kept_asks_nobody_and_verifies_nothing_again(
    desks: Desks, django_assert_max_num_queries: object
) -> None:
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        VerifiedDirectory(desks.lab.id, desks.hub.now).preload([desks.own.id, desks.health.id])


def test_a_deleted_book_is_begun_empty_by_name_alone_and_nobody_is_sealed_to_before_a_comparison(
    desks: Desks,
) -> None:
    desks.released(recipients=[desks.own.id])
    with pytest.raises(CommandError, match="no hosted agency whose book is missing"):
        call_command("begin_pin_book", desks.lab.id)
    PinBook.objects.filter(pk=desks.lab.id).delete()
    listed = StringIO()
    call_command("begin_pin_book", stdout=listed)
    assert listed.getvalue().split() == [desks.lab.id] and not PinBook.objects.filter(pk=desks.lab.id)
    call_command("begin_pin_book", desks.lab.id, stdout=StringIO())
    assert read_book(desks.lab.id).pins == {}
    with pytest.raises(AlertIncompleteError):
        desks.released(title="After the deletion", recipients=[desks.own.id])
    assert Envelope.objects.count() == 1


# --- revocations known to the agency --------------------------------------------------------------------------------


@pytest.fixture
@act
def repudiated(desks: Desks) -> ReceivedAlert:
    """An alert from the partner, opened again after its key was revoked from before the alert on."""
    sealed = sealed_for(desks.hub, desks.own, desks.health.id)
    desks.hub.carry(desks.own, sealed)
    desks.settle()
    row = ReceivedAlert.objects.get(agency=desks.health.agency, md=sealed.md)
    assert standing(desks, row) is SignatureState.VALID
    desks.hub.revoke(desks.own, since=desks.hub.now - timedelta(hours=1))
    desks.hub.later(seconds=1)
    desks.sequence()
    assert standing(desks, row) is SignatureState.REPUDIATED
    return row


def standing(desks: Desks, row: ReceivedAlert) -> SignatureState:
    return open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now).standing.state


def past_the_triggers(statement: str, *values: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement, values or None)
        cursor.execute("SET session_replication_role = origin")


HIDING = {
    "row": "DELETE FROM agencies_revocation",
    "leaf": "DELETE FROM ledger_leaf WHERE od IN (SELECT od FROM agencies_revocation)",
    "since": "UPDATE agencies_revocation SET since = since + 86400",
}


@pytest.mark.parametrize("how", HIDING)
def test_a_revocation_seen_once_counts_whatever_the_exchange_does_to_it(
    desks: Desks, repudiated: ReceivedAlert, how: str
) -> None:
    past_the_triggers(HIDING[how])
    assert standing(desks, repudiated) is SignatureState.REPUDIATED
    assert alarms(desks.health.id) == []


def test_a_revocation_seen_once_and_deleted_here_since_counts_and_is_missed(
    desks: Desks, repudiated: ReceivedAlert
) -> None:
    keeper = desks.hub.make_officer(desks.health.agency, "key_officer", name="Kaja Keeper")
    past_the_triggers(HIDING["row"])
    PeerRevocation.objects.all().delete()
    assert standing(desks, repudiated) is SignatureState.REPUDIATED
    assert alarms(desks.health.id) == [desks.own.id]
    assert AuditEvent.objects.get(act="peer.refused").detail == {"cause": "revocation-missing"}
    assert Notification.objects.get(occasion="peer-refused").officer == keeper


def test_a_revocation_is_kept_from_an_opening_that_it_refused(desks: Desks) -> None:
    first = sealed_for(desks.hub, desks.own, desks.health.id)
    desks.hub.carry(desks.own, first)
    desks.settle()
    row = ReceivedAlert.objects.get(agency=desks.health.agency, md=first.md)
    standing(desks, row)
    desks.hub.later(hours=1)
    second = sealed_for(desks.hub, desks.own, desks.health.id)
    desks.hub.carry(desks.own, second)
    desks.hub.let_overtake(desks.hub.revoke(desks.own, since=desks.hub.now).od)
    desks.settle()
    late = ReceivedAlert.objects.get(agency=desks.health.agency, md=second.md)
    with pytest.raises(UnopenableError):
        standing(desks, late)
    PeerRevocation.objects.all().delete()
    directory = VerifiedDirectory(desks.health.id, desks.hub.now)
    assert [word.kid for word in directory.revocations(desks.own.id)] == [
        desks.own.signing[PQ1].signers[0].kid
    ]
    assert directory.alarms == {desks.own.id: "revocation-missing"}


def test_a_revocation_that_its_root_did_not_sign_is_an_alarm_and_trusts_nobody(
    desks: Desks, repudiated: ReceivedAlert
) -> None:
    PeerRevocation.objects.all().delete()
    revocation = Revocation.objects.get()
    past_the_triggers(
        "UPDATE agencies_revocation SET jws = %s", with_random_signatures(bytes(revocation.jws))
    )
    with pytest.raises(UnopenableError):
        standing(desks, repudiated)
    assert alarms(desks.health.id) == [desks.own.id]

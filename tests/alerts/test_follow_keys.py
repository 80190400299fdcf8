# SPDX-License-Identifier: Apache-2.0
"""The desk learns the keys of peers over the exchange's public API alone, and uses those it has while that is away."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accord.calls.errors import ApiKeyRefusedError, UnreachableError
from accord.following.records import CheckpointRecord
from agencies.entrykeys import issue_return_key
from agencies.models import ApiKey
from alerts.agency.credentials import replace_own_credential
from alerts.errors import ExchangeAwayError, SendingStoppedError
from alerts.models import ReceivedAlert
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.pins import Book, Origin, Pin, change_book
from alerts.receiving.following import follow_feeds, follow_peers
from alerts.receiving.opening import open_alert
from callers.binding import bound_tables
from callers.capabilities import Role
from callers.clock import now as clock_now
from callers.errors import InputError, NotBoundError
from ledger.models import AuditEvent
from peers.exchange import exchange_of, own_prefix
from peers.memory import PeerMemory
from peers.models import PeerKeyset, SeenLedger
from sharing.models import Envelope, Statement
from tests.alerts.conftest import Desks
from tests.alerts.test_verify_peers import publish_second
from tests.builders import OPERATOR, HeldAgency
from tests.desk_calls import ViewsInPlaceOfSockets, the_exchange
from tests.peers import sealed_for
from tests.role_logins import under_login_of
from tests.stages import act
from vault.exchangekeys import RENEWED_BEFORE, SCOPES, renew_exchange_keys
from vault.models import ExchangeKey


def reading(desks: Desks) -> VerifiedDirectory:
    return VerifiedDirectory(desks.health.id, desks.hub.now)


@act
def from_newcomer(desks: Desks) -> str:
    """Send an alert of an agency that the health authority has never seen; return its md. It is not taken in yet."""
    newcomer: HeldAgency = desks.hub.make_agency("xn-new", name="Newcomer")
    desks.hub.make_agreement("G9", newcomer, desks.health.id)
    PeerKeyset.objects.filter(reader=desks.health.id, peer=newcomer.id).delete()
    sealed = sealed_for(desks.hub, newcomer, desks.health.id)
    desks.hub.carry(newcomer, sealed)
    desks.sequence()
    return sealed.md


def in_items(change: Callable[[dict[str, Any]], object]) -> Callable[[str, bytes], bytes]:
    """Change each item of an answer about keysets."""

    def lie(path: str, octets: bytes) -> bytes:
        if path != "/api/v1/keysets/query":
            return octets
        answer = json.loads(octets)
        for item in answer["items"]:
            change(item)
        return json.dumps(answer).encode()

    return lie


def alter_newest_keys_on_their_way(desks: Desks) -> None:
    """Publish the partner's next keyset, and have the exchange give its two signatures in the other order."""
    desks.hub.later(hours=1)
    publish_second(desks)
    the_exchange.is_away = True
    with pytest.raises(UnreachableError):
        desks.sequence()
    the_exchange.is_away = False
    the_exchange.lies = in_items(lambda item: item["keyset"]["signatures"].reverse())


def test_one_question_brings_the_keys_of_everybody(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    PeerKeyset.objects.all().delete()
    follow_peers(desks.health.agency, now=desks.hub.now)
    kept = PeerKeyset.objects.filter(reader=desks.health.id).values_list("peer", flat=True)
    assert set(kept) == {desks.lab.id, desks.health.id, desks.stranger.id, desks.own.id}
    assert exchange_as_asked.asked.count("/api/v1/keysets/query") == 1


def test_nothing_is_sealed_while_the_newest_keys_cannot_be_asked_for(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    exchange_as_asked.lies = lambda path, octets: b"{}" if path.endswith("/keysets/query") else octets
    with pytest.raises(SendingStoppedError) as stopped:
        desks.released()
    assert "try again" in stopped.value.text
    assert not Envelope.objects.exists()


def test_what_is_here_is_read_while_the_exchange_is_away(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    row = desks.received()
    exchange_as_asked.is_away = True
    assert open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now).title


def test_a_log_that_could_not_be_compared_is_said_and_compared_later(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    row = desks.received()
    desks.received(title="A second alert")
    exchange_as_asked.is_away = True
    view = open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now)
    assert view.marks == ("The log could not be compared with what your agency saw of it before.",)
    assert len(SeenLedger.objects.get(reader=desks.health.id).uncompared) == 1
    exchange_as_asked.behave()
    follow_peers(desks.health.agency, now=desks.hub.now)
    assert SeenLedger.objects.get(reader=desks.health.id).uncompared == []


def test_nothing_is_concluded_of_a_sender_whose_keys_could_not_be_asked_for(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    """The desk-worker settles nothing, and takes the alert in when the exchange is back."""
    md = from_newcomer(desks)
    exchange_as_asked.is_away = True
    with pytest.raises(ExceptionGroup):
        follow_feeds(now=desks.hub.now)
    assert not ReceivedAlert.objects.filter(md=md).exists()
    assert not Statement.objects.filter(k="ack").exists()
    exchange_as_asked.behave()
    assert follow_feeds(now=desks.hub.now) == 1
    row = ReceivedAlert.objects.get(md=md)
    PeerKeyset.objects.filter(reader=desks.health.id, peer="xn-new").delete()
    change_book(desks.health.id, lambda book: book.with_pin("xn-new", Pin()), now=desks.hub.now)
    exchange_as_asked.is_away = True
    with pytest.raises(ExchangeAwayError):
        open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now)


def test_an_answer_that_was_changed_on_its_way_brings_nothing_in(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    """A peer with a failing item is refused until the item verifies; the page says so, and the alarm comes once."""
    alter_newest_keys_on_their_way(desks)
    follow_peers(desks.health.agency, now=desks.hub.now)
    follow_peers(desks.health.agency, now=desks.hub.now)
    assert reading(desks).keyset(desks.own.id) is None
    assert SeenLedger.objects.get(reader=desks.health.id).troubles.keys() == {desks.own.id}
    assert AuditEvent.objects.filter(act="peer.refused").count() == 1
    exchange_as_asked.behave()
    follow_peers(desks.health.agency, now=desks.hub.now)
    newest = reading(desks).keyset(desks.own.id)
    assert newest is not None and newest.version == 2
    assert SeenLedger.objects.get(reader=desks.health.id).troubles == {}


def test_an_answer_about_another_agency_is_refused(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    PeerKeyset.objects.filter(reader=desks.health.id).delete()
    other = {desks.own.id: desks.lab.id, desks.lab.id: desks.own.id}
    exchange_as_asked.lies = in_items(lambda item: item.update(agency=other[item["agency"]]))
    directory = reading(desks)
    directory.refresh([desks.own.id, desks.lab.id])
    assert directory.keyset(desks.own.id) is None and directory.keyset(desks.lab.id) is None
    assert directory.refused.keys() == {desks.own.id, desks.lab.id}


def test_a_root_that_two_officers_compared_takes_the_place_of_the_one_first_shown(desks: Desks) -> None:
    """An attacker who held the exchange when an agency was first shown has no hold on it after the paper was read."""
    other = desks.hub.make_agency("xn-new", name="Newcomer")
    follow_peers(desks.health.agency, now=desks.hub.now)
    mine = PeerKeyset.objects.filter(reader=desks.health.id)
    foreign = mine.get(peer=desks.own.id)
    mine.filter(peer=other.id).delete()
    shown_first = PeerKeyset(
        **{name: getattr(foreign, name) for name in PeerKeyset.BOUND} | {"peer": other.id}
    )
    shown_first.save()
    assert reading(desks).keyset(other.id) is not None

    def compared(book: Book) -> Book:
        return book.with_pin(other.id, Pin(other.root.fingerprint, 0, Origin.COMPARED))

    change_book(desks.health.id, compared, now=desks.hub.now)
    assert reading(desks).keyset(other.id) is None
    directory = reading(desks)
    directory.refresh([other.id])
    newest = directory.keyset(other.id)
    assert newest is not None and newest.root_fingerprint == other.root.fingerprint


def test_a_seen_ledger_that_was_changed_by_sql_opens_nothing(desks: Desks) -> None:
    row = desks.received()
    SeenLedger.objects.filter(reader=desks.health.id).update(size=0, checkpoint="")
    with pytest.raises(NotBoundError):
        open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now)


# --- the desk's own API keys -------------------------------------------------------------------------------------


def test_the_desk_has_a_key_of_its_own_for_each_agency_and_renews_it(served: Desks) -> None:
    follow_peers(served.health.agency, now=timezone.now())
    key = ApiKey.objects.get(agency_id=served.health.id, client="desk")
    assert key.scopes == SCOPES
    held = ExchangeKey.objects.get(pk=served.health.id)
    assert held.expires_at == key.expires_at
    assert renew_exchange_keys(now=clock_now()) == 0
    held.expires_at = key.expires_at = clock_now() + RENEWED_BEFORE - timedelta(minutes=1)
    held.save()
    key.save()
    assert renew_exchange_keys(now=clock_now()) == 1
    follow_peers(served.health.agency, now=timezone.now())
    follower = ApiKey.objects.get(follows=key)
    assert follower.client == "desk"
    event = AuditEvent.objects.get(act="credential.replaced")
    assert (event.actor, event.subject) == ("system:desk-worker", f"apikey:{follower.pk}")
    assert ExchangeKey.objects.get(pk=served.health.id).revision == 2


def test_a_key_that_the_exchange_takes_no_more_is_used_no_more(served: Desks) -> None:
    follow_peers(served.health.agency, now=timezone.now())
    ApiKey.objects.filter(agency_id=served.health.id, client="desk").update(revoked_at=timezone.now())
    with pytest.raises(SendingStoppedError):
        _release_by_health(served)
    assert ExchangeKey.objects.get(pk=served.health.id).is_refused
    with pytest.raises(UnreachableError):
        exchange_of(served.health.id)
    admin = served.hub.make_officer(served.health.agency, Role.AGENCY_ADMIN)
    _, return_key = issue_return_key(OPERATOR, served.health.id, client="desk", now=timezone.now())
    replace_own_credential(admin, return_key=return_key, now=timezone.now())
    _release_by_health(served)
    with pytest.raises(InputError) as refused:
        replace_own_credential(admin, return_key=return_key, now=timezone.now())
    assert refused.value.field == "return_key"


def test_whichever_call_meets_the_refusal_the_key_is_used_no_more(served: Desks) -> None:
    follow_peers(served.health.agency, now=timezone.now())
    ApiKey.objects.filter(agency_id=served.health.id, client="desk").update(revoked_at=timezone.now())
    with pytest.raises(ApiKeyRefusedError):
        exchange_of(served.health.id).inbox(after="0", limit=1)
    assert ExchangeKey.objects.get(pk=served.health.id).is_refused


def _release_by_health(served: Desks) -> None:
    from alerts.sending.release import _refresh

    now = timezone.now()
    _refresh(VerifiedDirectory(served.health.id, now), [served.lab.id], now)


def test_no_key_of_the_desk_stands_in_the_open(served: Desks) -> None:
    follow_peers(served.health.agency, now=timezone.now())
    sealed = bytes(ExchangeKey.objects.get(pk=served.health.id).sealed)
    prefix = ApiKey.objects.get(agency_id=served.health.id, client="desk").prefix
    assert prefix.encode() not in sealed


def test_an_api_key_put_into_another_agencys_row_serves_nobody(served: Desks) -> None:
    for desk in (served.health, served.lab):
        follow_peers(desk.agency, now=timezone.now())
    lab = ExchangeKey.objects.get(pk=served.lab.id)
    ExchangeKey.objects.filter(pk=served.health.id).update(sealed=lab.sealed, revision=lab.revision)
    with pytest.raises(UnreachableError):
        exchange_of(served.health.id)
    assert own_prefix(served.health.id) == "" and own_prefix(served.lab.id)


def test_what_is_kept_can_be_dropped_and_is_fetched_anew(desks: Desks) -> None:
    SeenLedger.objects.filter(reader=desks.health.id).update(size=1)
    out = StringIO()
    call_command("drop_kept_keys", desks.health.id, stdout=out)
    assert f"{desks.own.id}: seen-ledger-altered" in out.getvalue()
    assert PeerKeyset.objects.filter(reader=desks.health.id).exists()
    call_command("drop_kept_keys", desks.health.id, "--yes", stdout=out)
    assert not PeerKeyset.objects.filter(reader=desks.health.id).exists()
    follow_peers(desks.health.agency, now=desks.hub.now)
    assert reading(desks).keyset(desks.own.id) is not None
    assert AuditEvent.objects.filter(act="peer.keys_dropped", agency=desks.health.id).count() == 1


def test_a_ledger_that_is_gone_beside_what_was_verified_under_it_trusts_nobody(desks: Desks) -> None:
    SeenLedger.objects.filter(reader=desks.health.id).delete()
    directory = reading(desks)
    assert directory.keyset(desks.own.id) is None
    assert directory.refused == {desks.own.id: "seen-ledger-altered"}


def test_a_version_taken_out_of_a_chain_is_missed(desks: Desks) -> None:
    desks.hub.later(hours=1)
    publish_second(desks)
    desks.sequence()
    PeerKeyset.objects.filter(reader=desks.health.id, peer=desks.own.id, version=1).delete()
    directory = reading(desks)
    assert directory.keyset(desks.own.id) is None
    assert directory.refused == {desks.own.id: "keyset-does-not-follow"}


def test_of_two_acts_that_learn_of_one_peer_the_first_counts(desks: Desks) -> None:
    """A keyset verified before another act wrote might not follow the keyset in force now."""
    late = PeerMemory(desks.health.id, lambda peer: "")
    late.preload([desks.own.id])
    record = late.keysets(desks.own.id)[0]
    desks.hub.later(hours=1)
    publish_second(desks)
    desks.sequence()
    late.keep_keyset(desks.own.id, replace(record, jws=record.jws.replace('"', '"', 1), log_time=1))
    PeerKeyset.objects.filter(reader=desks.health.id, peer=desks.own.id, version=1).delete()
    late.write()
    stand = PeerKeyset.objects.filter(reader=desks.health.id, peer=desks.own.id)
    assert [row.version for row in stand] == [2]


def test_of_two_checkpoints_seen_at_the_same_time_none_is_forgotten(desks: Desks) -> None:
    one, other = (PeerMemory(desks.health.id, lambda peer: "") for _ in range(2))
    known = one.newest_checkpoint()
    assert known is not None and other.newest_checkpoint() == known
    one.keep_checkpoint(CheckpointRecord("a larger one", known.size + 2, 0))
    other.keep_checkpoint(CheckpointRecord("a large one", known.size + 1, 0))
    one.write()
    other.write()
    seen = SeenLedger.objects.get(reader=desks.health.id)
    assert (seen.checkpoint, seen.uncompared) == ("a larger one", ["a large one"])


def test_a_revocation_that_does_not_verify_keeps_the_keyset_out_that_it_came_with(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    desks.hub.later(hours=1)
    publish_second(desks)
    desks.hub.revoke(desks.own, since=desks.hub.now)
    PeerKeyset.objects.filter(reader=desks.health.id, peer=desks.own.id).delete()
    exchange_as_asked.is_away = True
    with pytest.raises(UnreachableError):
        desks.sequence()
    exchange_as_asked.is_away = False

    def spoil(item: dict[str, Any]) -> None:
        for revoke in item["revokes"]:
            revoke["statement"]["signatures"].reverse()

    exchange_as_asked.lies = in_items(spoil)
    directory = reading(desks)
    directory.refresh([desks.own.id])
    assert not PeerKeyset.objects.filter(reader=desks.health.id, peer=desks.own.id).exists()
    exchange_as_asked.behave()
    directory = reading(desks)
    directory.refresh([desks.own.id])
    assert len(directory.revocations(desks.own.id)) == 1 and directory.alarms == {}


def test_a_ledger_that_was_taken_away_is_not_begun_anew_by_whoever_writes(desks: Desks) -> None:
    memory = PeerMemory(desks.health.id, lambda peer: "f" * 64)
    SeenLedger.objects.filter(reader=desks.health.id).delete()
    with pytest.raises(NotBoundError):
        memory.drop_other_roots(desks.own.id)
    assert not SeenLedger.objects.filter(reader=desks.health.id).exists()


def test_the_desks_login_binds_kept_rows_to_the_next_key(desks: Desks) -> None:
    """Rotation of the key-encryption key runs under this login, and renews the code of every row."""
    with under_login_of("desk"):
        for table in bound_tables():
            for entry in table.entries():
                assert table.swap(entry.pk, entry.mac, entry.mac) == 1, table.name
    assert {"peers_peerkeyset", "peers_seenledger"} <= {table.name for table in bound_tables()}

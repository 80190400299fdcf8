# SPDX-License-Identifier: Apache-2.0
"""Lies of an exchange about a feed, its statements and its manifests, which the desk does not believe."""

import json
from collections.abc import Callable

import pytest

from accord.envelope.encoding import b64u, unb64u
from alerts.errors import ExchangeAwayError
from alerts.models import AwaitedEnvelope, ReceivedAlert
from alerts.receiving.opening import open_alert
from alerts.receiving.retractions import judge_for_display
from ledger.models import SetAside
from notices.models import Notification
from peers.models import FeedCursor, HeldStatement
from sharing.models import Delivery, Statement
from tests.alerts.conftest import Desks
from tests.alerts.test_follow_feed import received_by, retract, send_from_partner
from tests.desk_calls import ViewsInPlaceOfSockets

Lie = Callable[[str, bytes], bytes]


def with_other_signature(octets: bytes) -> bytes:
    """Change one octet of each signature in the answer."""
    answer = json.loads(octets)
    jws = answer.get("statement") or answer["manifest"]
    for one in jws["signatures"]:
        signature = bytearray(unb64u(one["signature"]))
        signature[40] ^= 1
        one["signature"] = b64u(bytes(signature))
    return json.dumps(answer).encode()


class TestPlace:
    def test_a_place_that_was_moved_past_the_program_skips_nothing(self, desks: Desks) -> None:
        first = send_from_partner(desks)
        desks.follow()
        second = send_from_partner(desks)
        FeedCursor.objects.filter(reader=desks.health.id).update(number=2)
        desks.follow()
        assert {row.md for row in ReceivedAlert.objects.all()} == {first, second}
        assert FeedCursor.objects.get(reader=desks.health.id).is_bound
        assert Notification.objects.filter(about=first).count() == 3, "nobody is told twice"

    def test_a_feed_with_a_gap_is_not_taken(
        self, desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
    ) -> None:
        for _ in range(2):
            send_from_partner(desks)

        def leave_one_out(path: str, octets: bytes) -> bytes:
            page = json.loads(octets) if path.endswith("/inbox") else {}
            return json.dumps({**page, "items": page["items"][1:]}).encode() if page else octets

        exchange_as_asked.lies = leave_one_out
        with pytest.raises(ExchangeAwayError):
            desks.follow()
        assert not ReceivedAlert.objects.exists()
        exchange_as_asked.behave()
        desks.follow()
        assert ReceivedAlert.objects.count() == 2


class TestStatements:
    def lie(self, desks: Desks, exchange: ViewsInPlaceOfSockets, lie: Lie) -> ReceivedAlert:
        """Receive a withdrawal while the exchange lies about it."""
        md = send_from_partner(desks)
        desks.follow()
        row = received_by(desks, md)
        retract(desks, row, follow=False)
        exchange.lies = lambda path, octets: lie(path, octets) if "/statements/" in path else octets
        desks.follow()
        return received_by(desks, md)

    def test_a_withdrawal_that_its_sender_did_not_sign_withdraws_nothing_and_is_set_aside(
        self, desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
    ) -> None:
        row = self.lie(desks, exchange_as_asked, lambda _path, octets: with_other_signature(octets))
        assert row.withdrawn_at is None and not HeldStatement.objects.filter(k="retract").exists()
        aside = SetAside.objects.get()
        assert (aside.loop, aside.subject, aside.distrusts) == ("desk.feed", row.md, "alert")
        assert "Do not rely" in judge_for_display(row, now=desks.hub.now).retract_doubt

    def test_another_statement_is_not_taken_for_the_one_that_the_feed_named(
        self, desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
    ) -> None:
        other = send_from_partner(desks)
        desks.follow()
        retract(desks, received_by(desks, other))
        said = Statement.objects.get(k="retract")
        octets = json.dumps({"statement": json.loads(bytes(said.jws)), "receipt": None}).encode()
        row = self.lie(desks, exchange_as_asked, lambda _path, _octets: octets)
        assert row.withdrawn_at is None and row.retract_od == ""

    def test_what_was_taken_stays_taken_when_the_exchange_denies_it(
        self, desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
    ) -> None:
        md = send_from_partner(desks)
        desks.follow()
        row = received_by(desks, md)
        retract(desks, row)
        exchange_as_asked.lies = lambda path, octets: b"{}" if "/statements/" in path else octets
        desks.hub.later(minutes=1)
        desks.follow()
        assert judge_for_display(received_by(desks, md), now=desks.hub.now).withdrawn_at is not None

    def test_own_words_get_their_place_once_the_ledger_has_them(self, desks: Desks) -> None:
        row = desks.acknowledged()
        own = HeldStatement.objects.get(reader=desks.health.id, k="ack")
        assert (own.iss, own.sub_d, own.place) == (desks.health.id, row.md, None)
        desks.settle()
        own.refresh_from_db()
        assert own.place is not None and own.is_bound
        heard = HeldStatement.objects.get(reader=desks.lab.id, k="ack")
        assert (heard.od, heard.place) == (own.od, own.place)


class TestManifests:
    def test_what_is_kept_closed_is_filed_by_a_manifest_that_verifies_and_by_no_other(
        self, desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
    ) -> None:
        md = send_from_partner(desks)
        desks.hub.suspend(desks.own, "G1")
        exchange_as_asked.lies = lambda path, octets: (
            with_other_signature(octets) if path.endswith("/manifest") else octets
        )
        desks.follow()
        assert not ReceivedAlert.objects.exists() and AwaitedEnvelope.objects.get().md == md
        exchange_as_asked.behave()
        desks.hub.later(minutes=1)
        desks.follow()
        row = received_by(desks, md)
        assert (row.issuer_id, row.lane, row.card) == (desks.own.id, "science", None)
        assert not AwaitedEnvelope.objects.exists() and not Notification.objects.exists()


class TestReports:
    def test_an_opening_is_reported_at_once_and_by_the_worker_where_nobody_answered(
        self, desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
    ) -> None:
        first, second = desks.received(), desks.received()
        open_alert(desks.health.reader, first, reason="on_duty", now=desks.hub.now)
        assert Delivery.objects.get(envelope_id=first.md).opened_at == desks.hub.now
        exchange_as_asked.is_away = True
        open_alert(desks.health.reader, second, reason="on_duty", now=desks.hub.now)
        opened_at = desks.hub.now
        exchange_as_asked.behave()
        assert Delivery.objects.get(envelope_id=second.md).opened_at is None
        desks.hub.later(minutes=5)
        desks.follow()
        assert Delivery.objects.get(envelope_id=second.md).opened_at == opened_at

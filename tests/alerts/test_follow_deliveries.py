# SPDX-License-Identifier: Apache-2.0
"""Deliveries of an agency's alerts: its desk asks the exchange, keeps the answers, and shows what it keeps."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from accord.calls.errors import AnswerError, UnreachableError
from alerts.boxes.outbox import list_sent, read_sent
from alerts.boxes.start import read_start
from alerts.models import Alert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.altered_deliveries import altered_deliveries
from alerts.receiving.following import follow_feed
from alerts.receiving.opening import open_alert
from alerts.sending.withdrawal import withdraw_alert
from callers.errors import NotBoundError
from ledger.models import AuditEvent
from peers.deliveries import LONGEST_WAIT, follow_deliveries, follow_deliveries_in_turn
from peers.models import DeliveriesPlace, SentDelivery, SentEnvelope
from peers.sent import claimed_of, sent_by
from sharing.feed import begin_epoch
from sharing.models import Delivery
from tests.alerts.conftest import Desks
from tests.desk_calls import ViewsInPlaceOfSockets
from tests.stages import act

CHANGES = "/api/v1/deliveries"


@pytest.fixture(autouse=True)
def nobody_follows_by_itself(exchange_as_asked: ViewsInPlaceOfSockets) -> ViewsInPlaceOfSockets:
    exchange_as_asked.is_followed = False
    return exchange_as_asked


@pytest.fixture
def sent(desks: Desks, nobody_follows_by_itself: ViewsInPlaceOfSockets) -> Alert:
    """An alert that is numbered and whose deliveries the laboratory's desk has fetched."""
    # What the exchange does is put back only while it behaves as ever.
    nobody_follows_by_itself.is_followed = True
    alert = sent_and_fetched(desks)
    nobody_follows_by_itself.is_followed = False
    return alert


@act
def sent_and_fetched(desks: Desks) -> Alert:
    alert = desks.released()
    desks.sequence()
    follow_deliveries(desks.lab.id)
    return alert


def states(desks: Desks, alert: Alert) -> list[str]:
    return [fact.state for fact in sent_by(desks.lab.id, [alert.md])[alert.md].facts]


def place(desks: Desks) -> str:
    return DeliveriesPlace.objects.get(reader=desks.lab.id).place


def have_told(alert: Alert, desks: Desks) -> None:
    Delivery.objects.filter(envelope_id=alert.md).update(told_at=desks.hub.now)


class TestFollowing:
    def test_what_leaves_has_its_recipients_before_anybody_asked(
        self, desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
    ) -> None:
        alert = desks.released()
        (row,) = read_sent(desks.lab.author, alert, now=desks.hub.now).recipients
        assert (row.agency, row.text) == (desks.health.id, "Being logged")
        assert CHANGES not in exchange_as_asked.asked

    def test_a_change_is_taken_and_moves_the_place(self, desks: Desks, sent: Alert) -> None:
        before = place(desks)
        assert states(desks, sent) == ["available"]
        have_told(sent, desks)
        assert follow_deliveries(desks.lab.id) == 1
        assert sent_by(desks.lab.id, [sent.md])[sent.md].facts[0].told_at == desks.hub.now
        assert place(desks)
        assert before

    def test_what_a_recipient_does_reaches_the_senders_pages(self, desks: Desks) -> None:
        received = desks.received()
        alert = Alert.objects.get(md=received.md)
        open_alert(desks.health.reader, received, reason="on_duty", now=desks.hub.now)
        acknowledge_alert(desks.health.reader, received, answer="opened", now=desks.hub.now)
        follow_feed(desks.lab.agency, now=desks.hub.now)
        assert read_sent(desks.lab.author, alert, now=desks.hub.now).recipients[0].text == "Acknowledged"
        assert list_sent(desks.lab.author, now=desks.hub.now).rows[0].acknowledged == 1

    def test_a_withdrawal_shows_at_once(self, desks: Desks, sent: Alert) -> None:
        withdraw_alert(desks.lab.releaser, sent, code="error", now=desks.hub.later(minutes=1))
        assert read_sent(desks.lab.author, sent, now=desks.hub.now).recipients[0].text == "Withdrawn"

    def test_who_has_not_answered_in_time_is_counted_from_what_is_kept(
        self, desks: Desks, sent: Alert
    ) -> None:
        late = SentEnvelope.objects.get(md=sent.md).ack_by
        assert late is not None
        assert not read_start(desks.lab.author, now=late - timedelta(seconds=1)).late.rows
        (row,) = read_start(desks.lab.author, now=late).late.rows
        assert (row.agency.pk, row.alerts, row.due) == ("xb-health", (sent,), late)

    def test_a_place_that_the_exchange_does_not_know_begins_anew_and_loses_nothing(
        self, desks: Desks, sent: Alert
    ) -> None:
        other = desks.released()
        follow_deliveries(desks.lab.id)
        before = place(desks)
        Delivery.objects.filter(envelope_id=other.md).delete()
        begin_epoch("restored", now=desks.hub.now)
        have_told(sent, desks)
        assert follow_deliveries(desks.lab.id) == 1
        assert place(desks) != before
        assert sent_by(desks.lab.id, [sent.md])[sent.md].facts[0].told_at == desks.hub.now
        assert states(desks, other) == ["pending"]

    def test_a_place_that_the_exchange_never_gave_begins_anew(self, desks: Desks, sent: Alert) -> None:
        follow_deliveries(desks.health.id)
        row = DeliveriesPlace.objects.get(reader=desks.lab.id)
        row.place = "YQ.Yg"
        row.save()
        assert follow_deliveries(desks.lab.id) == 1

    def test_of_two_at_once_the_later_one_leaves_what_the_first_has_written(
        self, desks: Desks, sent: Alert, exchange_as_asked: ViewsInPlaceOfSockets
    ) -> None:
        have_told(sent, desks)

        def lies(path: str, octets: bytes) -> bytes:
            exchange_as_asked.lies = None
            row = DeliveriesPlace.objects.get(reader=desks.lab.id)
            row.place = "newer"
            row.save()
            return octets

        exchange_as_asked.lies = lies
        follow_deliveries(desks.lab.id)
        assert place(desks) == "newer"
        assert sent_by(desks.lab.id, [sent.md])[sent.md].facts[0].told_at is None


class TestAway:
    def test_what_is_kept_is_shown(
        self, desks: Desks, sent: Alert, exchange_as_asked: ViewsInPlaceOfSockets
    ) -> None:
        exchange_as_asked.is_away = True
        with pytest.raises(UnreachableError):
            follow_deliveries(desks.lab.id)
        assert read_sent(desks.lab.author, sent, now=desks.hub.now).recipients[0].text == "On its way"

    def test_the_worker_asks_again_later_each_time(
        self, desks: Desks, sent: Alert, exchange_as_asked: ViewsInPlaceOfSockets
    ) -> None:
        exchange_as_asked.is_away = True
        asked = []
        for _second in range(40):
            exchange_as_asked.asked.clear()
            follow_deliveries_in_turn(desks.lab.id, now=desks.hub.later(seconds=1))
            asked.append(bool(exchange_as_asked.asked))
        assert [n for n, is_asked in enumerate(asked) if is_asked] == [0, 2, 6, 14, 30]
        exchange_as_asked.is_away = False
        have_told(sent, desks)
        follow_deliveries_in_turn(desks.lab.id, now=desks.hub.later(seconds=LONGEST_WAIT.seconds))
        assert sent_by(desks.lab.id, [sent.md])[sent.md].facts[0].told_at is not None
        assert DeliveriesPlace.objects.get(reader=desks.lab.id).failures == 0


class TestLies:
    def test_an_answer_that_says_what_nobody_knows_is_not_taken(
        self, desks: Desks, sent: Alert, exchange_as_asked: ViewsInPlaceOfSockets
    ) -> None:
        before = place(desks)
        have_told(sent, desks)
        for member, value in [
            ("state", "lost"),
            ("answer", "maybe"),
            ("told_at", "yesterday"),
            ("told_at", "2026-03-02T12:00:00"),
        ]:
            exchange_as_asked.lies = changed(member, value)
            with pytest.raises(AnswerError):
                follow_deliveries(desks.lab.id)
            assert place(desks) == before

    def test_the_exchange_makes_nobody_a_recipient(
        self, desks: Desks, sent: Alert, exchange_as_asked: ViewsInPlaceOfSockets
    ) -> None:
        have_told(sent, desks)
        exchange_as_asked.lies = changed("recipient", desks.stranger.id)
        follow_deliveries(desks.lab.id)
        assert set(claimed_of(desks.lab.id, [sent.md])[sent.md]) == {desks.health.id}

    def test_an_answer_without_end_is_left(
        self, desks: Desks, sent: Alert, exchange_as_asked: ViewsInPlaceOfSockets
    ) -> None:
        exchange_as_asked.lies = lambda path, octets: json.dumps(json.loads(octets) | {"more": True}).encode()
        follow_deliveries(desks.lab.id)
        assert exchange_as_asked.asked.count(CHANGES) < 30


class TestWrittenPastTheProgram:
    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE peers_sentdelivery SET acknowledged_at = now(), state = 'acknowledged'",
            "UPDATE peers_sentdelivery SET recipient = 'xd-stranger'",
            "DELETE FROM peers_sentdelivery",
            "UPDATE peers_sentenvelope SET ack_by = NULL",
            "UPDATE peers_sentenvelope SET recipients = '[]'",
            "DELETE FROM peers_sentenvelope",
        ],
    )
    def test_it_is_refused_and_named(self, desks: Desks, sent: Alert, change: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(change)
        with pytest.raises(NotBoundError) as refused:
            list_sent(desks.lab.author, now=desks.hub.now)
        assert refused.value.table == change.removeprefix("DELETE FROM ").removeprefix("UPDATE ").split()[0]

    def test_rows_of_another_agency_count_for_nothing(self, desks: Desks, sent: Alert) -> None:
        SentDelivery.objects.update(reader=desks.health.id)
        SentEnvelope.objects.update(reader=desks.health.id)
        with pytest.raises(NotBoundError):
            sent_by(desks.health.id, [sent.md])

    def test_an_altered_row_stays_refused_and_keeps_no_other_waiting(self, desks: Desks, sent: Alert) -> None:
        other = desks.released()
        SentDelivery.objects.filter(md=sent.md).update(state="acknowledged")
        have_told(sent, desks)
        have_told(other, desks)
        follow_deliveries(desks.lab.id)
        assert sent_by(desks.lab.id, [other.md])[other.md].facts[0].told_at is not None
        with pytest.raises(NotBoundError):
            sent_by(desks.lab.id, [sent.md])

    def test_a_person_has_what_was_altered_asked_for_anew(self, desks: Desks, sent: Alert) -> None:
        altered, deleted = sent, desks.released()
        desks.sequence()
        follow_deliveries(desks.lab.id)
        SentDelivery.objects.filter(md=altered.md).update(state="acknowledged")
        SentDelivery.objects.filter(md=deleted.md).delete()
        DeliveriesPlace.objects.update(place="elsewhere")
        out = StringIO()
        call_command("drop_altered_deliveries", desks.lab.id, stdout=out)
        assert f"{altered.md}: what became of it at {desks.health.id} was changed" in out.getvalue()
        assert f"{deleted.md}: what became of it at {desks.health.id} was deleted" in out.getvalue()
        call_command("drop_altered_deliveries", desks.lab.id, "--yes", stdout=out)
        assert states(desks, deleted) == ["pending"]
        follow_deliveries(desks.lab.id)
        assert states(desks, altered) == states(desks, deleted) == ["available"]
        assert AuditEvent.objects.filter(act="deliveries.dropped", agency=desks.lab.id).count() == 1

    def test_recipients_that_were_changed_are_named(self, desks: Desks, sent: Alert) -> None:
        other = desks.released()
        SentEnvelope.objects.filter(md=sent.md).update(recipients=[])
        SentEnvelope.objects.filter(md=other.md).delete()
        assert set(altered_deliveries(desks.lab.id).envelopes) == {sent.md, other.md}

    def test_an_altered_place_is_not_asked_from(self, desks: Desks, sent: Alert) -> None:
        DeliveriesPlace.objects.update(place="")
        with pytest.raises(NotBoundError):
            follow_deliveries(desks.lab.id)


def changed(member: str, value: str) -> Any:
    """Replace one member in each item of the answer."""

    def lie(path: str, octets: bytes) -> bytes:
        if path != CHANGES:
            return octets
        answer = json.loads(octets)
        for item in answer["items"]:
            item[member] = value
        return json.dumps(answer).encode()

    return lie

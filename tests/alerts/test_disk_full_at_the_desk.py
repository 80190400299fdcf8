# SPDX-License-Identifier: Apache-2.0
"""A desk with a full disk: nothing is sent before it is kept, nothing is sent twice, nothing received is lost."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from alerts.models import Alert, ReceivedAlert
from alerts.sending.hand_in import send_waiting
from alerts.sending.release import release_alert
from alerts.states import AlertState
from peers.models import Outgoing
from peers.outgoing_rows import OutgoingState
from sharing.models import Envelope
from tests.alerts.conftest import Desks
from tests.desk_calls import answer_as_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("exchange_as_asked")]


@contextmanager
def full_disk(table: str, write: str, when: str = "true") -> Generator[None]:
    """Let the database server find no room for such writes to a table within the block; `when` is SQL."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION is_full() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END$$"
        )
        cursor.execute(
            f"CREATE TRIGGER is_full BEFORE {write} ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION is_full()"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION is_full CASCADE")


def release(desks: Desks, alert: Alert) -> Alert:
    return release_alert(desks.lab.releaser, alert, revision=alert.current, now=desks.hub.now)


def test_what_cannot_be_queued_is_not_sent_and_the_alert_stays_as_it_was(committed_desks: Desks) -> None:
    desks, alert = committed_desks, committed_desks.validated()
    with full_disk("peers_outgoing", "INSERT"), pytest.raises(OperationalError):
        release(desks, alert)
    assert not Envelope.objects.exists() and not Outgoing.objects.exists()
    assert Alert.objects.get(pk=alert.pk).state == AlertState.VALIDATED
    assert release(desks, alert).state == AlertState.RELEASED
    assert Envelope.objects.count() == 1


def test_what_was_handed_in_and_could_not_be_noted_is_out_once(committed_desks: Desks) -> None:
    desks, alert = committed_desks, committed_desks.validated()
    with full_disk("peers_outgoing", "UPDATE", "NEW.state = 'sent'"), pytest.raises(OperationalError):
        release(desks, alert)
    assert Envelope.objects.count() == 1 and Outgoing.objects.get().state == OutgoingState.QUEUED
    desks.hub.now += timedelta(minutes=10)
    answer_as_of(desks.hub.now)
    send_waiting(now=desks.hub.now)
    assert Envelope.objects.count() == 1 and Outgoing.objects.get().state == OutgoingState.SENT
    assert Alert.objects.get(pk=alert.pk).state == AlertState.RELEASED


def test_what_comes_is_taken_in_order_once_there_is_room(committed_desks: Desks) -> None:
    desks = committed_desks
    sent = [desks.released() for _ in range(3)]
    desks.sequence()

    for table in ("alerts_heldenvelope", "alerts_receivedalert"):
        with full_disk(table, "INSERT"), pytest.raises(OperationalError):
            desks.follow()
        assert not ReceivedAlert.objects.filter(agency=desks.health.agency).exists(), table

    desks.follow()
    received = ReceivedAlert.objects.filter(agency=desks.health.agency).order_by("number")
    assert [row.md for row in received] == [alert.md for alert in sent]

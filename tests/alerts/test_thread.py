# SPDX-License-Identifier: Apache-2.0
"""The thread of an alert: the sender sees every answer, each recipient its own exchange with the sender."""

import pytest

from accord.envelope.statements.form import SubjectRef
from alerts.boxes.thread import read_thread
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import open_alert
from alerts.sending.withdrawal import confirm_withdrawal, withdraw_alert
from sharing.slices import slice_for
from tests.alerts.conftest import Desks
from tests.alerts.test_amend_alert import settle
from tests.stages import act


@pytest.fixture
@act
def sent(desks: Desks) -> Alert:
    """An alert opened and acknowledged by the health authority, and by the agency with keys of its own."""
    alert = desks.released(recipients=[desks.health.id, desks.own.id])
    settle(desks)
    row = ReceivedAlert.objects.get(agency=desks.health.agency, md=alert.md)
    open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now)
    acknowledge_alert(desks.health.reader, row, now=desks.hub.now)
    settle(desks)
    slice_for(desks.own.client, alert.md, now=desks.hub.now)
    subject = SubjectRef("manifest", alert.jti, alert.md)
    body = {"st": "refused", "code": "malformed"}
    desks.hub.submit(desks.own, desks.hub.statement(desks.own, "ack", subject, body=body, act="officer-1"))
    settle(desks)
    return alert


def told(desks: Desks, officer: object, alert: Alert) -> list[tuple[str, str, str]]:
    entries = read_thread(officer, {alert.md: 1}, now=desks.hub.now)  # type: ignore[arg-type]
    assert [entry.index for entry in entries] == sorted(entry.index or 0 for entry in entries)
    return [(entry.agency, entry.text, entry.officer) for entry in entries]


def test_the_sender_sees_every_answer_in_the_order_of_the_log(desks: Desks, sent: Alert) -> None:
    assert told(desks, desks.lab.reader, sent) == [
        (desks.lab.id, "sent it", ""),
        (desks.health.id, "acknowledged it", ""),
        (desks.own.id, "did not accept it: not usable as it stands", ""),
    ], "officers of other agencies have no names here"


def test_a_recipient_sees_its_own_answers_and_not_those_of_others(desks: Desks, sent: Alert) -> None:
    assert told(desks, desks.health.reader, sent) == [
        (desks.lab.id, "sent it", ""),
        (desks.health.id, "acknowledged it", desks.health.reader.full_name),
    ]


def test_a_withdrawal_and_its_confirmations_are_told(desks: Desks, sent: Alert) -> None:
    withdraw_alert(desks.lab.releaser, sent, code="legal", now=desks.hub.later(seconds=1))
    unlogged = read_thread(desks.lab.reader, {sent.md: 1}, now=desks.hub.now)[-1]
    assert (unlogged.what, unlogged.index) == ("retract", None)
    settle(desks)
    row = ReceivedAlert.objects.get(agency=desks.health.agency, md=sent.md)
    confirm_withdrawal(desks.health.reader, row, now=desks.hub.now)
    settle(desks)
    assert told(desks, desks.lab.reader, sent)[-2:] == [
        (desks.lab.id, "withdrew it: Legal reason", desks.lab.releaser.full_name),
        (desks.health.id, "confirmed that it stopped using it", ""),
    ]


def test_what_a_stolen_key_said_does_not_count(desks: Desks, sent: Alert) -> None:
    desks.hub.later(minutes=5)
    desks.hub.revoke(desks.own, since=desks.hub.now.replace(hour=0))
    settle(desks)
    entries = {
        entry.agency: entry.counts for entry in read_thread(desks.lab.reader, {sent.md: 1}, now=desks.hub.now)
    }
    assert entries == {desks.lab.id: True, desks.health.id: True, desks.own.id: False}


def test_strangers_are_told_nothing(desks: Desks, sent: Alert) -> None:
    assert read_thread(desks.stranger.reader, {sent.md: 1}, now=desks.hub.now) == []

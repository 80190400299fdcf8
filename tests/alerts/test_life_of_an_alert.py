# SPDX-License-Identifier: Apache-2.0
"""An alert's whole life in one process: draft, submit, validate, release, receive, open, acknowledge, withdraw, confirm."""

from alerts.boxes.outbox import list_sent, read_sent
from alerts.models import ReceivedAlert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import open_alert
from alerts.receiving.verification import Proof
from alerts.sending.withdrawal import confirm_withdrawal, withdraw_alert
from alerts.states import AlertState
from tests.alerts.conftest import GOOD, Desks


def test_an_alert_lives_from_draft_to_confirmed_withdrawal(desks: Desks) -> None:
    hub, lab, health = desks.hub, desks.lab, desks.health
    received = desks.received()
    assert received.card is not None and received.first_opened_at is None

    view = open_alert(health.reader, received, reason="on_duty", now=hub.later(minutes=5))
    assert view.title == GOOD["title"]
    assert view.verification.state is Proof.VERIFIED

    acknowledge_alert(health.reader, received, now=hub.later(minutes=1))
    hub.sequence()
    row = list_sent(lab.reader, now=hub.now).rows[0]
    assert (row.opened, row.acknowledged, row.total) == (1, 1, 1)

    withdraw_alert(lab.releaser, row.alert, code="contaminated", now=hub.later(hours=1))
    hub.sequence()
    desks.follow()
    marked = ReceivedAlert.objects.get(pk=received.pk)
    assert marked.withdrawn_at is not None and marked.retract_code == "contaminated"

    confirm_withdrawal(health.reader, marked, now=hub.later(minutes=1))
    sent = read_sent(lab.reader, row.alert, now=hub.now)
    assert sent.alert.state == AlertState.WITHDRAWN
    assert [recipient.text for recipient in sent.recipients] == ["Withdrawal confirmed"]

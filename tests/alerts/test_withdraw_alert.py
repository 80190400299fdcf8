# SPDX-License-Identifier: Apache-2.0
"""Withdrawing: an officer signs a retract, and a person at each recipient confirms it."""

import pytest

from agencies.accession import suspend_agency
from alerts.boxes.outbox import list_sent
from alerts.errors import MoveRefusedError, RecalledError
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import open_alert
from alerts.sending.withdrawal import (
    confirm_withdrawal,
    void_withdrawal_text,
    withdraw_alert,
    withdrawal_preview,
)
from callers.errors import AbsentError, InputError, NotPermittedError
from sharing.models import Delivery, Statement
from tests.alerts.conftest import Desks
from tests.alerts.test_reaffirm_alert import tell
from tests.builders import OPERATOR
from tests.stolen_vault_keys import replace_signing_keys, revoke_hosted_key


def test_the_retract_is_signed_and_names_the_officer(desks: Desks) -> None:
    alert = desks.released()
    withdrawn = withdraw_alert(desks.lab.releaser, alert, code="error", now=desks.hub.later(hours=1))
    statement = Statement.objects.get(k="retract")
    assert (statement.sub_d, statement.act) == (alert.md, desks.lab.releaser.public_id)
    assert statement.body == {"code": "error", "by": None}
    assert (withdrawn.state, withdrawn.withdrawn_by) == ("withdrawn", desks.lab.releaser)


def test_it_is_said_beforehand_whom_it_reaches_and_who_has_read_it(desks: Desks) -> None:
    row = desks.opened(recipients=[desks.health.id, desks.own.id])
    alert = Alert.objects.get(md=row.md)
    assert withdrawal_preview(desks.lab.releaser, alert) == (2, 1)


def test_what_is_withdrawn_leaves_no_more_and_is_not_withdrawn_twice(desks: Desks) -> None:
    alert = desks.released()
    withdraw_alert(desks.lab.releaser, alert, code="error", now=desks.hub.now)
    with pytest.raises(MoveRefusedError):
        withdraw_alert(desks.lab.releaser, alert, code="error", now=desks.hub.now)
    assert Statement.objects.filter(k="retract").count() == 1


def test_a_draft_is_not_withdrawn(desks: Desks) -> None:
    with pytest.raises(MoveRefusedError):
        withdraw_alert(desks.lab.releaser, desks.submitted(), code="error", now=desks.hub.now)


@pytest.mark.parametrize("code", ["", "because"])
def test_a_reason_of_the_closed_list_is_needed(desks: Desks, code: str) -> None:
    alert = desks.released()
    with pytest.raises(InputError):
        withdraw_alert(desks.lab.releaser, alert, code=code, now=desks.hub.now)
    assert Alert.objects.get(pk=alert.pk).state == "released"


def test_only_releasers_of_the_agency_withdraw(desks: Desks) -> None:
    alert = desks.released()
    with pytest.raises(NotPermittedError):
        withdraw_alert(desks.lab.author, alert, code="error", now=desks.hub.now)
    with pytest.raises(AbsentError):
        withdraw_alert(desks.stranger.releaser, alert, code="error", now=desks.hub.now)


def test_new_reading_stops_before_the_first_fetch(desks: Desks) -> None:
    """The desk has not fetched the envelope yet: the row is there, marked, and nothing opens."""
    alert = desks.released()
    desks.sequence()
    withdraw_alert(desks.lab.releaser, alert, code="error", now=desks.hub.later(minutes=1))
    desks.settle()
    row = ReceivedAlert.objects.get(md=alert.md)
    assert row.card is None and row.withdrawn_at is not None and not row.unopenable
    with pytest.raises(RecalledError):
        open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now)


def test_a_person_confirms_once_and_only_what_was_withdrawn(desks: Desks) -> None:
    row = desks.received()
    with pytest.raises(InputError):
        confirm_withdrawal(desks.health.reader, row, now=desks.hub.now)
    alert = Alert.objects.get(md=row.md)
    withdraw_alert(desks.lab.releaser, alert, code="legal", now=desks.hub.later(minutes=1))
    desks.settle()
    for _ in range(2):
        confirm_withdrawal(desks.health.reader, row, now=desks.hub.later(minutes=1))
    assert Statement.objects.filter(k="confirm").count() == 1
    assert Delivery.objects.get(envelope_id=row.md).recall_confirmed_at is not None


def test_suspended_agencies_still_withdraw_acknowledge_and_confirm(desks: Desks) -> None:
    """A wrong alert must be withdrawable; its recipients must be able to answer."""
    row = desks.opened()
    for desk in (desks.lab, desks.health):
        suspend_agency(OPERATOR, desk.agency.pk, now=desks.hub.now)
    acknowledge_alert(desks.health.reader, row, now=desks.hub.later(minutes=1))
    withdraw_alert(desks.lab.releaser, Alert.objects.get(md=row.md), code="error", now=desks.hub.now)
    desks.settle()
    confirm_withdrawal(desks.health.reader, row, now=desks.hub.later(minutes=1))
    delivery = Delivery.objects.get(envelope_id=row.md)
    assert delivery.acknowledged_at is not None and delivery.recall_confirmed_at == desks.hub.now


def test_the_outbox_shows_it_as_withdrawn(desks: Desks) -> None:
    withdraw_alert(desks.lab.releaser, desks.released(), code="error", now=desks.hub.now)
    desks.released(title="Another one")
    rows = list_sent(desks.lab.reader, state="withdrawn", now=desks.hub.now).rows
    assert [row.state_text for row in rows] == ["Withdrawn"]


def test_a_withdrawal_that_was_logged_with_its_keys_revocation_is_signed_again(desks: Desks) -> None:
    """The withdrawal waited for the log while the revocation was logged: no recipient counts it, and the desk can sign again."""
    row, releaser = desks.received(), desks.lab.releaser
    alert = Alert.objects.get(md=row.md)
    withdraw_alert(releaser, alert, code="error", now=desks.hub.later(minutes=1))
    revoked = revoke_hosted_key(desks.hub, desks.lab.agency, since=desks.hub.now)
    desks.hub.let_overtake(revoked.od)
    desks.hub.later(seconds=1)
    replace_signing_keys(desks.hub, desks.lab.agency)
    tell(desks)
    row.refresh_from_db()
    alert.refresh_from_db()
    assert (alert.state, row.withdrawn_at) == ("withdrawn", None)
    assert void_withdrawal_text(releaser, alert, now=desks.hub.now).startswith("Refused by every recipient.")
    (listed,) = list_sent(desks.lab.reader, now=desks.hub.now).rows
    assert listed.state_text == "Withdrawal does not count"

    withdraw_alert(releaser, alert, code="error", now=desks.hub.later(minutes=1))
    tell(desks)
    row.refresh_from_db()
    assert row.withdrawn_at is not None
    assert void_withdrawal_text(releaser, alert, now=desks.hub.now) == ""
    with pytest.raises(MoveRefusedError):
        withdraw_alert(releaser, alert, code="error", now=desks.hub.now)
    assert Statement.objects.filter(k="retract").count() == 2

# SPDX-License-Identifier: Apache-2.0
"""An originator reminds recipients who have not confirmed a withdrawal: by the same mail, not more often than allowed."""

import pytest

from alerts.errors import ExchangeAwayError
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.opening import open_alert
from alerts.sending.reminders import remind_recipients
from alerts.sending.withdrawal import confirm_withdrawal, withdraw_alert
from callers.errors import AbsentError, NotPermittedError, ReminderTooSoonError
from ledger.models import AuditEvent
from notices.models import Notification
from notices.sending import send_notifications
from notices.states import NotificationState, Occasion
from tests.alerts.conftest import Desks
from tests.desk_calls import ViewsInPlaceOfSockets, answer_as_of
from tests.mail_server import MailServer


@pytest.fixture
def withdrawn(desks: Desks) -> Alert:
    """An alert that a reader of the health authority opened, and was told is withdrawn."""
    row = desks.received()
    open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now)
    alert = withdraw_alert(desks.lab.releaser, Alert.objects.get(md=row.md), code="error", now=desks.hub.now)
    desks.hub.sequence()
    desks.follow()
    return alert


def remind(desks: Desks, alert: Alert) -> list[str]:
    answer_as_of(desks.hub.now)
    return remind_recipients(desks.lab.releaser, alert, now=desks.hub.now)


def reminders() -> list[Notification]:
    return list(Notification.objects.filter(occasion=Occasion.WITHDRAWN, subject__startswith="again/"))


def test_the_readers_are_told_once_more(desks: Desks, withdrawn: Alert) -> None:
    assert remind(desks, withdrawn) == [desks.health.id]
    desks.hub.sequence()
    for _ in range(2):
        desks.follow()
    told = {row.officer.public_id for row in reminders()}
    assert told == {row.officer.public_id for row in Notification.objects.filter(occasion=Occasion.WITHDRAWN)}
    assert len(reminders()) == len(told)
    assert AuditEvent.objects.get(act="withdrawal.reminded").detail == {"agencies": [desks.health.id]}
    withdrawn.refresh_from_db()
    assert withdrawn.reminded_at == desks.hub.now


def test_again_only_after_an_hour(desks: Desks, withdrawn: Alert) -> None:
    remind(desks, withdrawn)
    desks.hub.later(minutes=59)
    with pytest.raises(ReminderTooSoonError):
        remind(desks, withdrawn)
    desks.hub.later(minutes=2)
    assert remind(desks, withdrawn)


def test_a_reminder_that_still_waits_is_needless_once_it_was_confirmed(
    desks: Desks, withdrawn: Alert, mail_server: MailServer
) -> None:
    remind(desks, withdrawn)
    desks.hub.sequence()
    desks.follow()
    received = ReceivedAlert.objects.get(md=withdrawn.md)
    confirm_withdrawal(desks.health.releaser, received, now=desks.hub.now)
    send_notifications(clock=lambda: desks.hub.now, jitter=lambda: 0.5)
    assert {row.state for row in reminders()} == {NotificationState.SUPPRESSED}
    desks.hub.later(hours=2)
    with pytest.raises(AbsentError):
        remind(desks, withdrawn)


def test_nobody_is_reminded_of_what_is_not_withdrawn_or_by_whoever_may_not(desks: Desks) -> None:
    row = desks.received()
    alert = Alert.objects.get(md=row.md)
    with pytest.raises(AbsentError):
        remind_recipients(desks.lab.releaser, alert, now=desks.hub.now)
    with pytest.raises(NotPermittedError):
        remind_recipients(desks.lab.reader, alert, now=desks.hub.now)


def test_while_the_exchange_is_away_nobody_is_reminded(
    desks: Desks, withdrawn: Alert, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    exchange_as_asked.is_away = True
    with pytest.raises(ExchangeAwayError):
        remind(desks, withdrawn)
    assert not AuditEvent.objects.filter(act="withdrawal.reminded").exists()

# SPDX-License-Identifier: Apache-2.0
"""Every officer who was told of an alert is told of its withdrawal; one who was not told yet hears of neither."""

from datetime import timedelta

from alerts.models import ReceivedAlert
from notices.models import Notification
from notices.states import NotificationState, Occasion
from tests.notices.conftest import Telling
from tests.outside_world import OutsideWorld


def withdraw(telling: Telling, received: ReceivedAlert) -> None:
    sealed = telling.sent[received.md]
    telling.hub.submit(telling.alpha, telling.hub.retraction(telling.alpha, sealed))
    telling.hub.sequence()
    telling.follow()


def test_every_reader_who_was_told_is_told_again(telling: Telling, outside_world: OutsideWorld) -> None:
    received = telling.queue()
    telling.send()
    withdraw(telling, received)
    assert telling.send().sent == 3
    subjects = {str(mail.message["Subject"]) for mail in outside_world.mails[3:]}
    assert subjects == {f"[Accord] ROUTINE WITHDRAWN {received.reference}"}


def test_a_notice_that_still_waits_is_suppressed_and_nothing_replaces_it(
    telling: Telling, outside_world: OutsideWorld
) -> None:
    received = telling.queue()
    withdraw(telling, received)
    assert telling.send().sent == 0
    assert set(telling.states().values()) == {NotificationState.SUPPRESSED}
    assert not Notification.objects.filter(occasion=Occasion.WITHDRAWN).exists()
    assert not outside_world.mails


def test_a_second_withdrawal_where_the_first_counts_no_more_is_told_again(
    telling: Telling, outside_world: OutsideWorld
) -> None:
    received = telling.queue()
    telling.send()
    withdraw(telling, received)
    hub = telling.hub
    hub.later(seconds=5)
    hub.revoke(telling.alpha, since=hub.now - timedelta(hours=1))
    hub.sequence()
    hub.later(seconds=5)
    hub.renew_signing_keys(telling.alpha)
    withdraw(telling, received)
    assert Notification.objects.filter(occasion=Occasion.WITHDRAWN).count() == 6

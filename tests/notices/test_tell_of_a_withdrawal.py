# SPDX-License-Identifier: Apache-2.0
"""Who was told of an alert is told that it was withdrawn; who was not yet is told neither."""

from datetime import timedelta

from notices.expansion import expand_deliveries
from notices.models import Notification
from notices.states import NotificationState, Occasion
from sharing.models import Delivery
from tests.notices.conftest import Telling
from tests.outside_world import OutsideWorld


def _withdraw(telling: Telling, delivery: Delivery) -> None:
    sealed = telling.sent[delivery.envelope_id]
    telling.hub.submit(telling.alpha, telling.hub.retraction(telling.alpha, sealed))
    telling.hub.sequence()
    expand_deliveries(now=telling.hub.now)


def test_every_reader_who_was_told_is_told_again(telling: Telling, outside_world: OutsideWorld) -> None:
    delivery = telling.queue()
    telling.send()
    _withdraw(telling, delivery)
    assert telling.send().sent == 3
    subjects = {str(mail.message["Subject"]) for mail in outside_world.mails[3:]}
    assert subjects == {f"[Accord] ROUTINE WITHDRAWN {delivery.reference}"}


def test_a_notice_that_still_waits_is_suppressed_and_nothing_replaces_it(
    telling: Telling, outside_world: OutsideWorld
) -> None:
    delivery = telling.queue()
    _withdraw(telling, delivery)
    assert telling.send().sent == 0
    assert set(telling.states().values()) == {NotificationState.SUPPRESSED}
    assert not Notification.objects.filter(occasion=Occasion.WITHDRAWN).exists()
    assert not outside_world.mails


def test_other_statements_tell_nobody(telling: Telling, outside_world: OutsideWorld) -> None:
    delivery = telling.queue()
    telling.send()
    telling.hub.fetch(telling.bravo, telling.sent[delivery.envelope_id])
    acknowledgement = telling.hub.acknowledgement(telling.bravo, telling.sent[delivery.envelope_id])
    telling.hub.submit(telling.bravo, acknowledgement)
    telling.hub.sequence()
    assert expand_deliveries(now=telling.hub.now) == 1
    assert expand_deliveries(now=telling.hub.now) == 0
    assert telling.send().sent == 0


def test_a_second_withdrawal_where_the_first_counts_no_more_is_told_again(
    telling: Telling, outside_world: OutsideWorld
) -> None:
    delivery = telling.queue()
    telling.send()
    _withdraw(telling, delivery)
    hub = telling.hub
    hub.later(seconds=5)
    hub.revoke(telling.alpha, since=hub.now - timedelta(hours=1))
    hub.sequence()
    hub.later(seconds=5)
    hub.renew_signing_keys(telling.alpha)
    _withdraw(telling, delivery)
    assert Notification.objects.filter(occasion=Occasion.WITHDRAWN).count() == 6

# SPDX-License-Identifier: Apache-2.0
"""Officers hear of a new alert once its page can be shown, or after a while regardless, and are told which it is."""

import pytest
from django.test import Client

from notices.desk_first import FLASH_WAITS, WAITS
from notices.expansion import expand_deliveries
from notices.models import Notification
from sharing.desk_progress import desk_depth, reached
from sharing.feed import begin_epoch
from tests.builders import desk_reaches_the_heads
from tests.notices.conftest import Telling
from tests.outside_world import OutsideWorld

FOLLOWS = "not ready yet"


def _deliver_beside_the_desk(telling: Telling, **terms: str) -> None:
    telling.hub.deliver(telling.alpha, telling.bravo, **terms)
    expand_deliveries(now=telling.hub.now)


def test_a_new_alert_is_told_when_the_desk_can_show_it(telling: Telling, outside_world: OutsideWorld) -> None:
    _deliver_beside_the_desk(telling)
    assert telling.send().sent == 0
    desk_reaches_the_heads(now=telling.hub.now)
    assert telling.send().sent == len(telling.readers)
    assert not any(FOLLOWS in mail.text for mail in outside_world.mails)


@pytest.mark.parametrize(("pri", "seconds"), [("routine", WAITS.seconds), ("flash", FLASH_WAITS.seconds)])
def test_without_the_desk_it_is_told_after_a_while_and_says_that_its_page_follows(
    telling: Telling, outside_world: OutsideWorld, pri: str, seconds: int
) -> None:
    _deliver_beside_the_desk(telling, pri=pri)
    telling.hub.later(seconds=seconds - 1)
    assert telling.send().sent == 0
    telling.hub.later(seconds=1)
    assert telling.send().sent == len(telling.readers)
    assert all(FOLLOWS in mail.text for mail in outside_world.mails)


def test_a_withdrawal_waits_for_no_desk(telling: Telling, outside_world: OutsideWorld) -> None:
    delivery = telling.queue()
    telling.send()
    telling.hub.deliver(telling.alpha, telling.bravo)
    telling.hub.submit(
        telling.alpha, telling.hub.retraction(telling.alpha, telling.sent[delivery.envelope_id])
    )
    telling.hub.sequence()
    expand_deliveries(now=telling.hub.now)
    assert telling.send().sent == len(telling.readers)
    assert Notification.objects.filter(occasion="withdrawn", state="sent").count() == len(telling.readers)


def test_a_feed_that_waits_two_minutes_for_the_desk_is_no_health(telling: Telling, client: Client) -> None:
    telling.hub.deliver(telling.alpha, telling.bravo)
    assert "desk" in client.get("/healthz").json()["failing"]
    desk_reaches_the_heads(now=telling.hub.now)
    assert "desk" not in client.get("/healthz").json()["failing"]


def test_a_place_in_the_feed_before_a_restore_shows_nothing_of_the_feed_after_it(telling: Telling) -> None:
    telling.hub.deliver(telling.alpha, telling.bravo)
    desk_reaches_the_heads(now=telling.hub.now)
    begin_epoch("after", now=telling.hub.now)
    assert reached([telling.bravo.id]) == {}
    assert desk_depth().items == 1
    expand_deliveries(now=telling.hub.now)
    assert telling.send().sent == 0

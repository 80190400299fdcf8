# SPDX-License-Identifier: Apache-2.0
"""An alert that the desk takes in becomes one notice, once, for each officer with the right to read it."""

import pytest

from callers.capabilities import Role
from notices.models import Notification
from peers.models import FeedCursor
from tests.alerts.conftest import Desks
from tests.notices.conftest import NoticeWorld


def test_every_active_reader_of_the_recipient_is_told(notice_world: NoticeWorld) -> None:
    notice_world.queue()
    told = set(Notification.objects.values_list("officer_id", flat=True))
    assert told == {officer.pk for officer in notice_world.readers}


@pytest.mark.parametrize("roles", [[Role.AUDITOR], []])
def test_an_officer_without_the_right_to_read_is_not_told(
    notice_world: NoticeWorld, roles: list[Role]
) -> None:
    other = notice_world.readers[0]
    other.roles = roles
    other.save(update_fields=["roles"])
    notice_world.queue()
    assert other.pk not in set(Notification.objects.values_list("officer_id", flat=True))


def test_a_disabled_officer_is_not_told(notice_world: NoticeWorld) -> None:
    notice_world.readers[0].is_active = False
    notice_world.readers[0].save(update_fields=["is_active"])
    notice_world.queue()
    assert Notification.objects.count() == 2


def test_taking_it_in_again_queues_nothing_twice(notice_world: NoticeWorld) -> None:
    notice_world.queue()
    FeedCursor.objects.all().delete()
    notice_world.follow()
    assert Notification.objects.count() == 3


def test_the_originator_is_not_told_of_its_own_alert(desks: Desks) -> None:
    desks.received()
    assert set(Notification.objects.values_list("recipient", flat=True)) == {desks.health.id}

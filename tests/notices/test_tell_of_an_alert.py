# SPDX-License-Identifier: Apache-2.0
"""An alert that the desk takes in becomes one notice, once, for each officer with the right to read it."""

import pytest

from callers.capabilities import Role
from notices.models import Notification
from peers.models import FeedCursor
from tests.alerts.conftest import Desks
from tests.notices.conftest import Telling


def test_every_active_reader_of_the_recipient_is_told(telling: Telling) -> None:
    telling.queue()
    told = set(Notification.objects.values_list("officer_id", flat=True))
    assert told == {officer.pk for officer in telling.readers}


@pytest.mark.parametrize("roles", [[Role.AUDITOR], []])
def test_an_officer_without_the_right_to_read_is_not_told(telling: Telling, roles: list[Role]) -> None:
    other = telling.readers[0]
    other.roles = roles
    other.save(update_fields=["roles"])
    telling.queue()
    assert other.pk not in set(Notification.objects.values_list("officer_id", flat=True))


def test_a_disabled_officer_is_not_told(telling: Telling) -> None:
    telling.readers[0].is_active = False
    telling.readers[0].save(update_fields=["is_active"])
    telling.queue()
    assert Notification.objects.count() == 2


def test_taking_it_in_again_queues_nothing_twice(telling: Telling) -> None:
    telling.queue()
    FeedCursor.objects.all().delete()
    telling.follow()
    assert Notification.objects.count() == 3


def test_the_originator_is_not_told_of_its_own_alert(desks: Desks) -> None:
    desks.received()
    assert set(Notification.objects.values_list("recipient", flat=True)) == {desks.health.id}

# SPDX-License-Identifier: Apache-2.0
"""An originator reminds those who have not confirmed a withdrawal: by the same mail, and not every minute."""

import pytest

from callers.capabilities import Role
from callers.errors import AbsentError, NotPermittedError
from ledger.models import AuditEvent
from notices.reminding import REMINDED_EVERY, recall_reach, remind_unconfirmed
from officers.models import Officer
from sharing.errors import ReminderTooSoonError
from sharing.models import Delivery, Statement
from tests.notices.conftest import Telling
from tests.notices.test_tell_of_a_withdrawal import _withdraw
from tests.outside_world import OutsideWorld


@pytest.fixture
def withdrawn(telling: Telling, outside_world: OutsideWorld) -> Delivery:
    """Its three readers were told of the alert and of its withdrawal."""
    delivery = telling.queue()
    telling.send()
    _withdraw(telling, delivery)
    telling.send()
    return delivery


@pytest.fixture
def releaser(telling: Telling) -> Officer:
    return telling.hub.make_officer(telling.alpha, Role.RELEASER)


def test_the_readers_are_told_once_more_without_content(
    telling: Telling, withdrawn: Delivery, releaser: Officer, outside_world: OutsideWorld
) -> None:
    reminded = remind_unconfirmed(releaser, [withdrawn.envelope_id], now=telling.hub.now)
    assert reminded == [telling.bravo.id]
    assert telling.send().sent == 3
    assert {str(mail.message["Subject"]) for mail in outside_world.mails[6:]} == {
        f"[Accord] ROUTINE WITHDRAWN {withdrawn.reference}"
    }
    assert not any("Blue tablets" in str(mail.message) for mail in outside_world.mails)
    event = AuditEvent.objects.get(act="withdrawal.reminded")
    assert event.detail == {"agencies": [telling.bravo.id]}
    reach = recall_reach(releaser, [withdrawn.envelope_id])[telling.bravo.id]
    assert (reach.reached, reach.reminded_at) == (True, telling.hub.now)


def test_again_only_after_an_hour(telling: Telling, withdrawn: Delivery, releaser: Officer) -> None:
    remind_unconfirmed(releaser, [withdrawn.envelope_id], now=telling.hub.now)
    telling.hub.later(minutes=59)
    with pytest.raises(ReminderTooSoonError):
        remind_unconfirmed(releaser, [withdrawn.envelope_id], now=telling.hub.now)
    telling.hub.later(seconds=REMINDED_EVERY.seconds)
    assert remind_unconfirmed(releaser, [withdrawn.envelope_id], now=telling.hub.now)


def test_whoever_has_confirmed_is_not_reminded(
    telling: Telling, withdrawn: Delivery, releaser: Officer
) -> None:
    remind_unconfirmed(releaser, [withdrawn.envelope_id], now=telling.hub.now)
    hub, retract = telling.hub, Statement.objects.get(k="retract")
    hub.submit(telling.bravo, hub.confirmation(telling.bravo, retract))
    assert telling.send().sent == 0, "a reminder that was still waiting is needless now"
    hub.later(hours=2)
    with pytest.raises(AbsentError):
        remind_unconfirmed(releaser, [withdrawn.envelope_id], now=hub.now)


def test_nobody_is_reminded_of_what_is_not_withdrawn_or_not_ones_own(
    telling: Telling, releaser: Officer
) -> None:
    delivery = telling.queue()
    with pytest.raises(AbsentError):
        remind_unconfirmed(releaser, [delivery.envelope_id], now=telling.hub.now)
    _withdraw(telling, delivery)
    stranger = telling.hub.make_officer(telling.bravo, Role.RELEASER)
    with pytest.raises(AbsentError):
        remind_unconfirmed(stranger, [delivery.envelope_id], now=telling.hub.now)
    with pytest.raises(NotPermittedError):
        remind_unconfirmed(telling.readers[0], [delivery.envelope_id], now=telling.hub.now)

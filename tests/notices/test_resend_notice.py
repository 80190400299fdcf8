# SPDX-License-Identifier: Apache-2.0
"""An officer has notices sent again to those who missed them: within the agency, and only missed ones."""

import pytest

from callers.capabilities import Role
from callers.errors import AbsentError, MoveError, NotPermittedError
from ledger.models import AuditEvent
from notices.models import Notification
from notices.resending import resend_notice
from notices.states import NotificationState
from tests.builders import make_hosted_agency
from tests.notices.conftest import Telling
from tests.outside_world import Misbehaviour, OutsideWorld


@pytest.fixture
def missed(telling: Telling, outside_world: OutsideWorld) -> Notification:
    telling.queue()
    outside_world.misbehaviour = Misbehaviour(permanent_for=frozenset({telling.readers[0].email}))
    telling.send()
    outside_world.behave()
    return Notification.objects.get(state=NotificationState.HELD)


def test_a_releaser_of_the_agency_sends_it_again(
    telling: Telling, missed: Notification, outside_world: OutsideWorld
) -> None:
    releaser = telling.hub.make_officer(telling.bravo, Role.RELEASER)
    resend_notice(releaser, missed.pk, now=telling.hub.now)
    assert telling.send().sent == 1
    assert outside_world.mails_to(missed.officer.email)
    assert AuditEvent.objects.filter(act="notice.resent", agency="xb-bravo").count() == 1


def test_what_was_told_is_not_sent_again(telling: Telling, missed: Notification) -> None:
    releaser = telling.hub.make_officer(telling.bravo, Role.RELEASER)
    told = Notification.objects.filter(state=NotificationState.SENT).first()
    assert told is not None
    with pytest.raises(MoveError):
        resend_notice(releaser, told.pk, now=telling.hub.now)


def test_another_agency_finds_nothing(telling: Telling, missed: Notification) -> None:
    other = make_hosted_agency(telling.hub, "xc-charlie", "Agency xc-charlie")
    stranger = telling.hub.make_officer(other, Role.RELEASER)
    with pytest.raises(AbsentError):
        resend_notice(stranger, missed.pk, now=telling.hub.now)


def test_a_reader_may_not(telling: Telling, missed: Notification) -> None:
    with pytest.raises(NotPermittedError):
        resend_notice(telling.readers[1], missed.pk, now=telling.hub.now)

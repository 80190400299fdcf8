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
from tests.mail_server import MailServer, Misbehaviour
from tests.notices.conftest import NoticeWorld


@pytest.fixture
def missed(notice_world: NoticeWorld, mail_server: MailServer) -> Notification:
    notice_world.queue()
    mail_server.misbehaviour = Misbehaviour(permanent_for=frozenset({notice_world.readers[0].email}))
    notice_world.send()
    mail_server.behave()
    return Notification.objects.get(state=NotificationState.HELD)


def test_a_releaser_of_the_agency_sends_it_again(
    notice_world: NoticeWorld, missed: Notification, mail_server: MailServer
) -> None:
    releaser = notice_world.hub.make_officer(notice_world.bravo, Role.RELEASER)
    resend_notice(releaser, missed.pk, now=notice_world.hub.now)
    assert notice_world.send().sent == 1
    assert mail_server.mails_to(missed.officer.email)
    assert AuditEvent.objects.filter(act="notice.resent", agency="xb-bravo").count() == 1


def test_what_was_told_is_not_sent_again(notice_world: NoticeWorld, missed: Notification) -> None:
    releaser = notice_world.hub.make_officer(notice_world.bravo, Role.RELEASER)
    told = Notification.objects.filter(state=NotificationState.SENT).first()
    assert told is not None
    with pytest.raises(MoveError):
        resend_notice(releaser, told.pk, now=notice_world.hub.now)


def test_another_agency_finds_nothing(notice_world: NoticeWorld, missed: Notification) -> None:
    other = make_hosted_agency(notice_world.hub, "xc-charlie", "Agency xc-charlie")
    stranger = notice_world.hub.make_officer(other, Role.RELEASER)
    with pytest.raises(AbsentError):
        resend_notice(stranger, missed.pk, now=notice_world.hub.now)


def test_a_reader_may_not(notice_world: NoticeWorld, missed: Notification) -> None:
    with pytest.raises(NotPermittedError):
        resend_notice(notice_world.readers[1], missed.pk, now=notice_world.hub.now)

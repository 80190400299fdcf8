# SPDX-License-Identifier: Apache-2.0
"""Every officer who was told of an alert is told of its withdrawal; one who was not told yet hears of neither."""

from datetime import timedelta

from alerts.models import ReceivedAlert
from notices.models import Notification
from notices.states import NotificationState, Occasion
from tests.mail_server import MailServer
from tests.notices.conftest import NoticeWorld


def withdraw(notice_world: NoticeWorld, received: ReceivedAlert) -> None:
    sealed = notice_world.sent[received.md]
    notice_world.hub.submit(notice_world.alpha, notice_world.hub.retraction(notice_world.alpha, sealed))
    notice_world.hub.sequence()
    notice_world.follow()


def test_every_reader_who_was_told_is_told_again(notice_world: NoticeWorld, mail_server: MailServer) -> None:
    received = notice_world.queue()
    notice_world.send()
    withdraw(notice_world, received)
    assert notice_world.send().sent == 3
    subjects = {str(mail.message["Subject"]) for mail in mail_server.mails[3:]}
    assert subjects == {f"[Accord] ROUTINE WITHDRAWN {received.reference}"}


def test_a_notice_that_still_waits_is_suppressed_and_nothing_replaces_it(
    notice_world: NoticeWorld, mail_server: MailServer
) -> None:
    received = notice_world.queue()
    withdraw(notice_world, received)
    assert notice_world.send().sent == 0
    assert set(notice_world.states().values()) == {NotificationState.SUPPRESSED}
    assert not Notification.objects.filter(occasion=Occasion.WITHDRAWN).exists()
    assert not mail_server.mails


def test_a_second_withdrawal_where_the_first_counts_no_more_is_told_again(
    notice_world: NoticeWorld, mail_server: MailServer
) -> None:
    received = notice_world.queue()
    notice_world.send()
    withdraw(notice_world, received)
    hub = notice_world.hub
    hub.later(seconds=5)
    hub.revoke(notice_world.alpha, since=hub.now - timedelta(hours=1))
    hub.sequence()
    hub.later(seconds=5)
    hub.renew_signing_keys(notice_world.alpha)
    withdraw(notice_world, received)
    assert Notification.objects.filter(occasion=Occasion.WITHDRAWN).count() == 6

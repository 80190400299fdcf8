# SPDX-License-Identifier: Apache-2.0
"""The outcomes of a notice: sent, put off, held, failed, suppressed or in doubt; each is committed alone."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.receiving.reporting import report_told
from callers.backoff import MOST_ATTEMPTS
from callers.capabilities import Role
from notices.models import Notification
from notices.queueing import build_notices, save_notices
from notices.states import Cause, NotificationState, Occasion
from sharing.models import Delivery
from tests.mail_server import MailServer, Misbehaviour
from tests.notices.conftest import NoticeWorld


def test_all_are_sent_over_one_connection(notice_world: NoticeWorld, mail_server: MailServer) -> None:
    received = notice_world.queue()
    before = mail_server.connections
    assert notice_world.send().sent == 3
    assert mail_server.connections == before + 1
    assert set(notice_world.states().values()) == {NotificationState.SENT}
    report_told(notice_world.bravo.id, now=notice_world.hub.now)
    assert Delivery.objects.get(envelope_id=received.md).told_at == notice_world.hub.now


def test_a_mail_costs_little_more_than_the_statement_that_records_it(
    notice_world: NoticeWorld, mail_server: MailServer
) -> None:
    (officer, *_), about = notice_world.readers, notice_world.queue().about
    notice_world.send()
    statements = []
    for mails in (10, 40):
        for number in range(mails):
            notices = build_notices(
                about, Occasion.ALERT, [officer], subject=f"{mails}-{number}", now=notice_world.hub.now
            )
            save_notices(notices)
        with CaptureQueriesContext(connection) as asked:
            assert notice_world.send().sent == mails
        statements.append(len(asked))
    fewer, more = statements
    assert more - fewer <= 1.5 * 30


def test_a_sent_notice_is_not_sent_again(notice_world: NoticeWorld, mail_server: MailServer) -> None:
    notice_world.queue()
    notice_world.send()
    assert notice_world.send().sent == 0
    assert len(mail_server.mails) == 3


def test_a_temporary_refusal_is_tried_again_later(notice_world: NoticeWorld, mail_server: MailServer) -> None:
    notice_world.queue()
    mail_server.misbehaviour = Misbehaviour(temporary_replies=1)
    assert notice_world.send().sent == 2
    put_off = Notification.objects.get(state=NotificationState.DEFERRED)
    assert put_off.not_before > notice_world.hub.now
    assert put_off.reply.startswith("451")
    notice_world.hub.later(hours=1)
    assert notice_world.send().sent == 1


def test_a_refused_address_is_held_for_a_person(notice_world: NoticeWorld, mail_server: MailServer) -> None:
    notice_world.queue()
    address = notice_world.readers[1].email
    mail_server.misbehaviour = Misbehaviour(permanent_for=frozenset({address}))
    assert notice_world.send().sent == 2
    held = Notification.objects.get(officer__email=address)
    assert (held.state, held.cause) == (NotificationState.HELD, Cause.ADDRESS)


def test_a_server_that_refuses_everything_fails_each_mail_once_and_says_why(
    notice_world: NoticeWorld, mail_server: MailServer
) -> None:
    notice_world.queue()
    mail_server.misbehaviour = Misbehaviour(refuses_everything=True)
    assert notice_world.send().sent == notice_world.send().sent == 0
    failed = Notification.objects.filter(state=NotificationState.FAILED, cause=Cause.REFUSED)
    assert [row.attempts for row in failed] == [1, 1, 1]
    assert {row.reply for row in failed} == {"554 5.7.1 not from you"}


def test_a_server_that_is_away_puts_all_off_and_loses_none(
    notice_world: NoticeWorld, mail_server: MailServer
) -> None:
    notice_world.queue()
    with mail_server.down():
        assert notice_world.send().sent == 0
    assert set(notice_world.states().values()) == {NotificationState.DEFERRED}
    notice_world.hub.later(hours=1)
    assert notice_world.send().sent == 3


def test_after_a_day_of_refusals_the_hub_says_that_mail_failed(
    notice_world: NoticeWorld, mail_server: MailServer
) -> None:
    notice_world.queue()
    mail_server.misbehaviour = Misbehaviour(temporary_replies=1000)
    for _ in range(MOST_ATTEMPTS):
        notice_world.send()
        notice_world.hub.later(hours=2)
    failed = Notification.objects.filter(state=NotificationState.FAILED, cause=Cause.GAVE_UP)
    assert failed.count() == 3


def test_a_connection_cut_before_the_answer_leaves_one_in_doubt(
    notice_world: NoticeWorld, mail_server: MailServer
) -> None:
    notice_world.queue()
    mail_server.misbehaviour = Misbehaviour(hang_up_before_reply_at=frozenset({2}))
    notice_world.send()
    in_doubt = Notification.objects.get(state=NotificationState.UNCERTAIN)
    assert in_doubt.uncertain
    assert Notification.objects.filter(state=NotificationState.QUEUED).count() == 1
    notice_world.hub.later(hours=1)
    notice_world.send()
    copies = mail_server.mails_to(in_doubt.officer.email)
    assert {mail.message["Message-ID"] for mail in copies} == {in_doubt.message_id}
    assert set(notice_world.states().values()) == {NotificationState.SENT}
    in_doubt.refresh_from_db()
    assert in_doubt.uncertain


def _disable(notice_world: NoticeWorld) -> None:
    notice_world.readers[0].is_active = False
    notice_world.readers[0].save(update_fields=["is_active"])


def _take_the_role_away(notice_world: NoticeWorld) -> None:
    notice_world.readers[0].roles = [Role.AUDITOR]
    notice_world.readers[0].save(update_fields=["roles"])


@pytest.mark.parametrize("lose_right", [_disable, _take_the_role_away])
def test_a_right_lost_after_queueing_suppresses_the_mail(
    notice_world: NoticeWorld, mail_server: MailServer, lose_right: Callable[[NoticeWorld], None]
) -> None:
    notice_world.queue()
    lose_right(notice_world)
    assert notice_world.send().sent == 2
    assert notice_world.states()[notice_world.readers[0].email] == NotificationState.SUPPRESSED
    assert not mail_server.mails_to(notice_world.readers[0].email)


def test_a_withdrawn_alert_is_no_longer_announced(notice_world: NoticeWorld, mail_server: MailServer) -> None:
    received = notice_world.queue()
    retraction = notice_world.hub.retraction(notice_world.alpha, notice_world.sent[received.md])
    notice_world.hub.submit(notice_world.alpha, retraction)
    notice_world.hub.sequence()
    notice_world.follow()
    assert notice_world.send().sent == 0
    assert set(Notification.objects.values_list("cause", flat=True)) == {Cause.RECALLED}

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
from tests.notices.conftest import Telling
from tests.outside_world import Misbehaviour, OutsideWorld


def test_all_are_sent_over_one_connection(telling: Telling, outside_world: OutsideWorld) -> None:
    received = telling.queue()
    before = outside_world.connections
    assert telling.send().sent == 3
    assert outside_world.connections == before + 1
    assert set(telling.states().values()) == {NotificationState.SENT}
    report_told(telling.bravo.id, now=telling.hub.now)
    assert Delivery.objects.get(envelope_id=received.md).told_at == telling.hub.now


def test_a_mail_costs_little_more_than_the_statement_that_records_it(
    telling: Telling, outside_world: OutsideWorld
) -> None:
    (officer, *_), about = telling.readers, telling.queue().about
    telling.send()
    statements = []
    for mails in (10, 40):
        for number in range(mails):
            notices = build_notices(
                about, Occasion.ALERT, [officer], subject=f"{mails}-{number}", now=telling.hub.now
            )
            save_notices(notices)
        with CaptureQueriesContext(connection) as asked:
            assert telling.send().sent == mails
        statements.append(len(asked))
    fewer, more = statements
    assert more - fewer <= 1.5 * 30


def test_a_sent_notice_is_not_sent_again(telling: Telling, outside_world: OutsideWorld) -> None:
    telling.queue()
    telling.send()
    assert telling.send().sent == 0
    assert len(outside_world.mails) == 3


def test_a_temporary_refusal_is_tried_again_later(telling: Telling, outside_world: OutsideWorld) -> None:
    telling.queue()
    outside_world.misbehaviour = Misbehaviour(temporary_replies=1)
    assert telling.send().sent == 2
    put_off = Notification.objects.get(state=NotificationState.DEFERRED)
    assert put_off.not_before > telling.hub.now
    assert put_off.reply.startswith("451")
    telling.hub.later(hours=1)
    assert telling.send().sent == 1


def test_a_refused_address_is_held_for_a_person(telling: Telling, outside_world: OutsideWorld) -> None:
    telling.queue()
    address = telling.readers[1].email
    outside_world.misbehaviour = Misbehaviour(permanent_for=frozenset({address}))
    assert telling.send().sent == 2
    held = Notification.objects.get(officer__email=address)
    assert (held.state, held.cause) == (NotificationState.HELD, Cause.ADDRESS)


def test_a_server_that_refuses_everything_fails_each_mail_once_and_says_why(
    telling: Telling, outside_world: OutsideWorld
) -> None:
    telling.queue()
    outside_world.misbehaviour = Misbehaviour(refuses_everything=True)
    assert telling.send().sent == telling.send().sent == 0
    failed = Notification.objects.filter(state=NotificationState.FAILED, cause=Cause.REFUSED)
    assert [row.attempts for row in failed] == [1, 1, 1]
    assert {row.reply for row in failed} == {"554 5.7.1 not from you"}


def test_a_server_that_is_away_puts_all_off_and_loses_none(
    telling: Telling, outside_world: OutsideWorld
) -> None:
    telling.queue()
    with outside_world.down():
        assert telling.send().sent == 0
    assert set(telling.states().values()) == {NotificationState.DEFERRED}
    telling.hub.later(hours=1)
    assert telling.send().sent == 3


def test_after_a_day_of_refusals_the_hub_says_that_mail_failed(
    telling: Telling, outside_world: OutsideWorld
) -> None:
    telling.queue()
    outside_world.misbehaviour = Misbehaviour(temporary_replies=1000)
    for _ in range(MOST_ATTEMPTS):
        telling.send()
        telling.hub.later(hours=2)
    failed = Notification.objects.filter(state=NotificationState.FAILED, cause=Cause.GAVE_UP)
    assert failed.count() == 3


def test_a_connection_cut_before_the_answer_leaves_one_in_doubt(
    telling: Telling, outside_world: OutsideWorld
) -> None:
    telling.queue()
    outside_world.misbehaviour = Misbehaviour(hang_up_before_reply_at=frozenset({2}))
    telling.send()
    in_doubt = Notification.objects.get(state=NotificationState.UNCERTAIN)
    assert in_doubt.uncertain
    assert Notification.objects.filter(state=NotificationState.QUEUED).count() == 1
    telling.hub.later(hours=1)
    telling.send()
    copies = outside_world.mails_to(in_doubt.officer.email)
    assert {mail.message["Message-ID"] for mail in copies} == {in_doubt.message_id}
    assert set(telling.states().values()) == {NotificationState.SENT}
    in_doubt.refresh_from_db()
    assert in_doubt.uncertain


def _disable(telling: Telling) -> None:
    telling.readers[0].is_active = False
    telling.readers[0].save(update_fields=["is_active"])


def _take_the_role_away(telling: Telling) -> None:
    telling.readers[0].roles = [Role.AUDITOR]
    telling.readers[0].save(update_fields=["roles"])


@pytest.mark.parametrize("lose_right", [_disable, _take_the_role_away])
def test_a_right_lost_after_queueing_suppresses_the_mail(
    telling: Telling, outside_world: OutsideWorld, lose_right: Callable[[Telling], None]
) -> None:
    telling.queue()
    lose_right(telling)
    assert telling.send().sent == 2
    assert telling.states()[telling.readers[0].email] == NotificationState.SUPPRESSED
    assert not outside_world.mails_to(telling.readers[0].email)


def test_a_withdrawn_alert_is_no_longer_announced(telling: Telling, outside_world: OutsideWorld) -> None:
    received = telling.queue()
    retraction = telling.hub.retraction(telling.alpha, telling.sent[received.md])
    telling.hub.submit(telling.alpha, retraction)
    telling.hub.sequence()
    telling.follow()
    assert telling.send().sent == 0
    assert set(Notification.objects.values_list("cause", flat=True)) == {Cause.RECALLED}

# SPDX-License-Identifier: Apache-2.0
"""A slow mail server delays its own mails only: new alerts, flash mails and sweeps go on."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from callers.capabilities import Role
from callers.task_calls import call_task
from notices.models import Notification
from notices.sending import send_notifications
from notices.states import NotificationState
from officers.models import AgencyPolicy
from tests.bound_rows import rewrite
from tests.builders import Hub
from tests.conftest import HubProcesses
from tests.mail_server import MailServer, Misbehaviour
from tests.notices.conftest import NoticeWorld, make_notice_world

MANY = 40


@pytest.mark.slow
def test_a_new_flash_alert_overtakes_the_mails_that_a_slow_server_takes(
    transactional_db: None, tmp_path: Path, hub_processes: HubProcesses, mail_server: MailServer
) -> None:
    hub = Hub(tmp_path / "ledger", now=timezone.now().replace(microsecond=0))
    notice_world = make_notice_world(hub, readers=MANY)
    earlier = notice_world.queue()
    policy = AgencyPolicy.objects.filter(pk=notice_world.bravo.id)
    rewrite(policy, role_ceilings={Role.READER.value: "GREEN"})
    urgent = hub.make_officer(notice_world.bravo, Role.KEY_OFFICER, name="Night desk")
    mail_server.misbehaviour = Misbehaviour(seconds_per_mail=0.5)
    hub_processes.mailer(beat=True)
    mail_server.wait_for_count(1)
    # The readers are not told of it: one mail overtakes theirs, whatever the order among flash mails.
    notice_world.queue(pri="flash", tlp="AMBER")
    call_task("notices.send")
    mail_server.wait_for(lambda mails: any(urgent.email in mail.recipients for mail in mails))
    waiting = Notification.objects.filter(about=earlier.md).exclude(state=NotificationState.SENT)
    assert waiting.exists()
    # The worker ends what it has begun before it stops.
    mail_server.behave()


def test_a_slice_of_mail_ends_by_the_clock_and_gives_back_what_it_holds(
    notice_world: NoticeWorld, mail_server: MailServer
) -> None:
    notice_world.queue()
    start = notice_world.hub.now
    answers = iter(range(1000))

    def clock() -> datetime:
        return start + timedelta(seconds=next(answers))

    tally = send_notifications(clock=clock, until=start + timedelta(seconds=1))
    assert (tally.sent, tally.left) == (1, True)
    states = list(Notification.objects.order_by("state").values_list("state", flat=True))
    assert states == [NotificationState.QUEUED, NotificationState.QUEUED, NotificationState.SENT]
    assert not Notification.objects.filter(lease__isnull=False).exists()


def test_the_slot_of_urgent_mail_takes_nothing_else(
    notice_world: NoticeWorld, mail_server: MailServer
) -> None:
    notice_world.queue()
    flash = notice_world.queue(pri="flash")
    clock = lambda: notice_world.hub.now  # noqa: E731
    assert send_notifications(clock=clock, urgent_only=True).sent == len(notice_world.readers)
    sent = Notification.objects.filter(state=NotificationState.SENT)
    assert set(sent.values_list("about", flat=True)) == {flash.md}

# SPDX-License-Identifier: Apache-2.0
"""A mail at once to everybody who may release a waiting flash alert: one for each revision, without content, to nobody else."""

from pathlib import Path

import pytest

from alerts.models import Alert
from alerts.review.validation import return_alert, submit_alert
from notices.models import Notification
from notices.sending import send_notifications
from officers.models import AgencyPolicy, Officer
from tests.bound_rows import rewrite
from tests.mail_server import MailServer
from tests.pages.desk_world import CONTENT, DeskWorld


@pytest.fixture
def desk(transactional_db: None, tmp_path: Path) -> DeskWorld:
    return DeskWorld.kept(tmp_path / "ledger")


def told() -> list[tuple[str, str]]:
    return list(Notification.objects.values_list("occasion", "officer__email"))


def send(desk: DeskWorld) -> None:
    send_notifications(clock=lambda: desk.hub.now)


def submit_again(desk: DeskWorld, alert: Alert, author: Officer) -> None:
    alert.refresh_from_db()
    submit_alert(author, alert, revision=alert.current, now=desk.tick())


def test_the_releaser_is_told_without_content_and_led_to_the_queue(
    desk: DeskWorld, mail_server: MailServer
) -> None:
    desk.submit(desk.draft(pri="flash"))
    assert told() == [("release-waits", "benno@xa-lab.example")]
    send(desk)
    (mail,) = mail_server.mails
    assert mail.message["Subject"] == "[Accord] FLASH TO RELEASE"
    assert f"Check and send a flash alert of {desk.lab.name}: it waits for a second person." in mail.text
    assert "/queue/\n" in mail.text.replace("\r\n", "\n")
    assert CONTENT not in mail.text


def test_an_exercise_says_so_first(desk: DeskWorld, mail_server: MailServer) -> None:
    desk.submit(desk.draft(pri="flash", status="exercise"))
    send(desk)
    (mail,) = mail_server.mails
    assert mail.message["Subject"] == "[Accord] EXERCISE FLASH TO RELEASE"


def test_what_is_not_flash_tells_nobody(desk: DeskWorld) -> None:
    desk.submit(desk.draft(pri="urgent"))
    assert told() == []


def test_who_wrote_it_is_not_told_and_who_may_not_read_it_neither(desk: DeskWorld) -> None:
    desk.ilka.roles = ["author", "releaser"]
    desk.ilka.save()
    ceilings = {"releaser": "GREEN", "key_officer": "GREEN"}
    rewrite(AgencyPolicy.objects.filter(pk=desk.lab.pk), role_ceilings=ceilings)
    desk.sunniva.roles = ["agency_admin", "releaser"]
    desk.sunniva.save()
    unlimited = ("release-waits", "sunniva@xa-lab.example")
    desk.submit(desk.draft(pri="flash", tlp="AMBER", lane="science", purpose="science"))
    assert told() == [unlimited]
    desk.submit(desk.draft(pri="flash", tlp="AMBER"))
    benno = ("release-waits", "benno@xa-lab.example")
    assert sorted(told()) == [benno, unlimited, unlimited], "danger to life has no limit"


def test_the_same_revision_is_told_once(desk: DeskWorld) -> None:
    alert = desk.submit(desk.draft(pri="flash"))
    return_alert(desk.benno, alert, reason="Which ward?", now=desk.tick())
    submit_again(desk, alert, desk.ilka)
    assert len(told()) == 1


def test_whoever_lost_the_right_before_the_mail_gets_none(desk: DeskWorld, mail_server: MailServer) -> None:
    desk.submit(desk.draft(pri="flash"))
    desk.benno.roles = ["reader"]
    desk.benno.save()
    send(desk)
    assert not mail_server.mails
    assert Notification.objects.get().cause == "no-right"

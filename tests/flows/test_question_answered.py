# SPDX-License-Identifier: Apache-2.0
"""A question to four agencies: three answer, one after an authorisation; for the fourth the duty list is told, and who asked."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.boxes.outbox import read_sent
from alerts.boxes.start import read_start
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.opening import OpeningReason
from alerts.replies.beginning import open_to_answer, start_reply
from alerts.replies.reminding import remind_of_answers
from notices.models import Notification
from notices.sending import send_notifications
from notices.states import Occasion
from peers.models import Agency
from tests.browser.morning_world import CUSTOMS, DRUGS, HEALTH, LAB, REGULATOR, MorningWorld
from tests.mail_server import MailServer
from tests.pages.desk_world import CONTENT
from tests.role_logins import under_login_of

QUESTION = {
    "alert_type": "request_for_information",
    "title": f"Who has met this press {CONTENT}",
    "question": f"Have you seen tablets of this shape? {CONTENT}",
    "request_priority": "normal",
    "identity_state": "unknown",
    "preferred_name": None,
    "harm_evidence": None,
    "cases_non_fatal": None,
    "cases_fatal": None,
    "lane": "enforcement",
    "purpose": "investigate",
    "recipients": [LAB, HEALTH, DRUGS, REGULATOR],
}
ASKER = CUSTOMS


@pytest.fixture
def world(db: None, tmp_path: Path) -> MorningWorld:
    world = MorningWorld.kept(tmp_path / "ledger")
    world.desk.catch_up()
    return world


def answer(world: MorningWorld, agency: str, asked: Alert, code: str, **said: Any) -> None:
    desk, who = world.desk, world.people[agency]
    received = ReceivedAlert.objects.get(agency=agency, md=asked.md)
    opened = open_to_answer(who.author, received, reason=OpeningReason.ON_DUTY.value, now=desk.tick())
    data = {"answer_code": code} | said
    draft = start_reply(who.author, opened, alert_type="answer", data=data, now=desk.tick())
    desk.send(draft, who.releaser)


def days_later(world: MorningWorld, days: float) -> None:
    """Let time pass for the exchange, the desk and its worker, who tells whom it has to."""
    world.desk.hub.now += timedelta(days=days)
    world.desk.settle()
    with under_login_of("desk-worker"):
        remind_of_answers(now=world.desk.hub.now)


def table(world: MorningWorld, asked: Alert) -> dict[str, str]:
    """Return what the asking agency reads of each recipient."""
    rows = read_sent(world.people[ASKER].author, asked, now=world.desk.hub.now).recipients
    return {row.agency: row.answer.code if row.answer else "" for row in rows}


def test_three_of_four_answer_and_the_fourth_is_not_forgotten(
    world: MorningWorld, mail_server: MailServer
) -> None:
    desk = world.desk
    for who in (world.people[DRUGS].author, world.people[ASKER].author):
        who.duty_rank = 1
        who.save(update_fields=["duty_rank"])
    asked = world.send(ASKER, QUESTION)
    assert table(world, asked) == {LAB: "", HEALTH: "", DRUGS: "", REGULATOR: ""}

    answer(world, LAB, asked, "hit", narrative="Two exhibits since May.")
    day = (desk.hub.now + timedelta(days=5)).date().isoformat()
    answer(world, HEALTH, asked, "needs_judicial_authorisation", expected_at=day)
    assert table(world, asked) == {
        LAB: "hit",
        HEALTH: "needs_judicial_authorisation",
        DRUGS: "",
        REGULATOR: "",
    }
    days_later(world, 5)
    answer(world, HEALTH, asked, "information_supplied", narrative="Three patients, no names.")

    days_later(world, 1.5)
    told = Notification.objects.filter(about=asked.md, occasion=Occasion.ANSWER_DUE)
    assert set(told.values_list("recipient", flat=True)) == {DRUGS}, "who has answered is not reminded"
    days_later(world, 1)
    late = Notification.objects.filter(about=asked.md, occasion=Occasion.ANSWER_OVERDUE)
    assert [row.officer_id for row in late] == [world.people[DRUGS].author.pk]
    missing = Notification.objects.filter(occasion=Occasion.ANSWERS_MISSING)
    assert set(missing.values_list("recipient", flat=True)) == {ASKER}
    with under_login_of("mailer"):
        send_notifications(clock=lambda: desk.hub.now, jitter=lambda: 0.5)
    mails = [mail.text for mail in mail_server.mails if "NO ANSWER" in mail.message["Subject"]]
    assert (
        sum(
            f"Phone 2 agencies, which have not answered {Agency.objects.get(pk=ASKER).name} in time." in text
            for text in mails
        )
        == 1
    )
    assert not any(CONTENT in mail.text for mail in mail_server.mails)

    start = read_start(world.people[DRUGS].author, now=desk.hub.now)
    assert start.answers_overdue == 2, "this one, and the request of the night before"
    answer(world, DRUGS, asked, "refused", refusal_reason="ongoing_inquiry")
    rows = read_sent(world.people[ASKER].author, asked, now=desk.hub.now).recipients
    given = {row.agency: row.answer for row in rows}
    late_answer = given[DRUGS]
    assert late_answer is not None and (late_answer.code, late_answer.is_late) == ("refused", True)
    assert given[REGULATOR] is None, "it has its own keys, and answers by command"
    days_later(world, 3)
    assert late.count() == 1, "an answer ends the escalation"

# SPDX-License-Identifier: Apache-2.0
"""A question between officers at desks and partners' commands, both ways, over the exchange."""

import json
import time
from dataclasses import dataclass
from datetime import timedelta

import pytest
from pytest_django import Settings

from accord.client.answering import Answer
from accord.client.client import Client
from alerts.boxes.inbox import list_received
from alerts.boxes.outbox import read_sent
from alerts.boxes.overdue import answers_owed_to_us
from alerts.drafting.drafts import create_draft
from alerts.models import Alert
from alerts.receiving.following import follow_feed
from alerts.replies.beginning import open_to_answer, start_reply
from alerts.replies.reminding import remind_of_answers
from callers.capabilities import Role
from notices.models import Notification
from notices.states import Occasion
from officers.models import Officer
from peers.models import Agency
from tests.builders import make_hosted_agency
from tests.client.asked_questions import ASKED, DAY, HOUR, printed_at, watched_at
from tests.client.conftest import PartnerWorld, alert_to
from tests.client.desks import (
    AtDesk,
    desk_and_partner,
    received_at,
    release_by_two,
)
from tests.client.terminals import Terminal
from tests.own_desk import DRAFT

QUESTION = {
    "alert_type": "request_for_information",
    "question": "Has a laboratory of yours met this powder?",
    "request_priority": "urgent_direct",
    "recipients": ["xa-alpha"],
    "named_officers": None,
    "tlp": "AMBER",
}


@pytest.fixture
def desk(world: PartnerWorld, settings: Settings) -> AtDesk:
    settings.OWN_DESK = True
    return desk_and_partner(world)


@pytest.fixture
def author(desk: AtDesk) -> Officer:
    return desk.officer


@pytest.fixture
def partner(world: PartnerWorld, desk: AtDesk) -> Client:
    return world.client("xa-alpha")


@dataclass
class Four:
    """Agencies that are asked: two by command and two at desks; `asker` is an author of a fifth, at a desk too."""

    asker: Officer
    alpha: Client
    charlie: Client
    desks: list[Agency]


@pytest.fixture
def four(world: PartnerWorld) -> Four:
    health, *desks = (
        make_hosted_agency(world.hub, one, f"Agency {one}") for one in ("xb-health", "xd-reg", "xe-lab")
    )
    alpha, charlie = (world.enrol(one) for one in ("xa-alpha", "xc-charlie"))
    world.sequence()
    health.refresh_from_db()
    for client in (alpha, charlie):
        client.pin("xb-health", health.root_fingerprint)
    world.hub.make_agreement("G2", "xb-health", "xa-alpha", "xc-charlie", "xd-reg", "xe-lab")
    return Four(world.hub.make_officer(health, Role.AUTHOR), alpha, charlie, desks)


def test_the_command_answers_what_a_desk_asks(
    world: PartnerWorld, desk: AtDesk, partner: Client, author: Officer
) -> None:
    asked = release_by_two(world, author, create_draft(author, data={**DRAFT, **QUESTION}, now=world.hub.now))
    (entry,), _, _ = partner.to_answer()
    assert entry.d == asked.md
    partner.submit(partner.answer_order(entry.d, Answer("hit", text="Two cases since May.")), wait_secs=10)
    follow_feed(desk.agency, now=world.hub.now)
    (recipient,) = read_sent(author, asked, now=world.hub.now).recipients
    given = recipient.answer
    assert given is not None
    assert (given.code, given.text, given.is_final, given.is_late) == (
        "hit",
        "Two cases since May.",
        True,
        False,
    )


def test_a_desk_answers_what_the_command_asks(
    world: PartnerWorld,
    desk: AtDesk,
    partner: Client,
    author: Officer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    order = alert_to("xb-own", alert=ASKED, tlp="AMBER", reply_by=int(time.time()) + DAY)
    asked = partner.submit(order, wait_secs=10)
    received = received_at(world, desk.agency, asked.md)
    (row,) = list_received(author, to_answer=True, now=world.hub.now).rows
    assert row.received == received
    terminal = Terminal(world, "xa-alpha", capsys)

    def missing() -> list[str]:
        owed = json.loads(printed_at(terminal, DAY + HOUR, "overdue", "--json"))["they_owe"]
        return [one["agency"] for one in owed if (one["what"], one["d"]) == ("answer", asked.md)]

    assert missing() == ["xb-own"]
    opened = open_to_answer(author, received, reason="on_duty", now=world.hub.now)
    data = {"answer_code": "no_hit"}
    release_by_two(
        world, author, start_reply(author, opened, alert_type="answer", data=data, now=world.hub.now)
    )
    list(partner.watch(once=True, opening=True))
    (given,) = partner.submission(asked.md).answers
    assert (given.agency, given.code, given.late) == ("xb-own", "no_hit", False)
    assert missing() == []


def codes(author: Officer, asked: Alert, world: PartnerWorld) -> dict[str, str]:
    rows = read_sent(author, asked, now=world.hub.now).recipients
    return {row.agency: row.answer.code if row.answer else "" for row in rows}


def test_three_of_four_answer_two_of_them_at_desks_and_the_silent_command_tells_of_it_itself(
    world: PartnerWorld,
    four: Four,
    capsys: pytest.CaptureFixture[str],
) -> None:
    author, health = four.asker, four.asker.agency
    assert health is not None
    to = ["xa-alpha", "xc-charlie", "xd-reg", "xe-lab"]
    draft = create_draft(author, data={**DRAFT, **QUESTION, "recipients": to}, now=world.hub.now)
    asked = release_by_two(world, author, draft)
    for one, code in zip(four.desks, ("no_hit", "not_relevant_here"), strict=True):
        writer = world.hub.make_officer(one, Role.AUTHOR)
        received = received_at(world, one, asked.md)
        opened = open_to_answer(writer, received, reason="on_duty", now=world.hub.now)
        data = {"answer_code": code}
        release_by_two(
            world, writer, start_reply(writer, opened, alert_type="answer", data=data, now=world.hub.now)
        )
    four.alpha.submit(four.alpha.answer_order(asked.md, Answer("hit", text="Two since May.")), wait_secs=10)
    follow_feed(health, now=world.hub.now)
    answered = {"xa-alpha": "hit", "xd-reg": "no_hit", "xe-lab": "not_relevant_here"}
    assert codes(author, asked, world) == {**answered, "xc-charlie": ""}

    silent, spoke = (Terminal(world, one, capsys) for one in ("xc-charlie", "xa-alpha"))
    (due,) = watched_at(silent, 7 * HOUR)
    assert due.startswith("answer due by") and asked.md in due
    (late,) = watched_at(silent, 9 * HOUR)
    assert late.startswith("ANSWER OVERDUE")
    assert watched_at(spoke, 9 * HOUR) == [], "who has answered is not told"
    owed = json.loads(printed_at(silent, 9 * HOUR, "overdue", "--json"))["we_owe"]
    assert [(one["what"], one["agency"], one["d"]) for one in owed] == [("answer", "xb-health", asked.md)]
    assert json.loads(printed_at(spoke, 9 * HOUR, "overdue", "--json"))["we_owe"] == []
    later = world.hub.now + timedelta(hours=9)
    assert [one.agency.pk for one in answers_owed_to_us(author, now=later)] == ["xc-charlie"]
    remind_of_answers(now=later)
    missing = Notification.objects.filter(occasion=Occasion.ANSWERS_MISSING)
    assert set(missing.values_list("recipient", flat=True)) == {"xb-health"}

    four.charlie.submit(four.charlie.answer_order(asked.md, Answer("no_hit")), wait_secs=10)
    follow_feed(health, now=world.hub.now)
    assert codes(author, asked, world) == {**answered, "xc-charlie": "no_hit"}
    assert answers_owed_to_us(author, now=later) == []


def test_an_exercise_is_answered_by_command_and_its_watch_tells_nobody(
    world: PartnerWorld,
    desk: AtDesk,
    author: Officer,
    partner: Client,
    capsys: pytest.CaptureFixture[str],
) -> None:
    draft = create_draft(author, data={**DRAFT, **QUESTION, "status": "exercise"}, now=world.hub.now)
    asked = release_by_two(world, author, draft)
    assert watched_at(Terminal(world, "xa-alpha", capsys), 9 * HOUR) == []
    order = partner.answer_order(asked.md, Answer("hit"))
    assert order.status == "exercise"
    partner.submit(order, wait_secs=10)
    follow_feed(desk.agency, now=world.hub.now)
    assert codes(author, asked, world) == {"xa-alpha": "hit"}

# SPDX-License-Identifier: Apache-2.0
"""A question between an officer at a desk and a partner's command, both ways, over the exchange."""

import time

import pytest
from pytest_django import Settings

from accord.client.answering import Answer
from accord.client.client import Client
from alerts.boxes.inbox import list_received
from alerts.boxes.outbox import read_sent
from alerts.drafting.drafts import create_draft
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.following import follow_feed
from alerts.replies.beginning import open_to_answer, start_reply
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.release import release_alert
from callers.capabilities import Role
from officers.models import Officer
from peers.models import Agency
from tests.client.conftest import PartnerWorld, alert_to
from tests.client.test_questions import ASKED, DAY
from tests.own_desk import DRAFT, make_own_agency

QUESTION = {
    "alert_type": "request_for_information",
    "question": "Has a laboratory of yours met this powder?",
    "request_priority": "urgent_direct",
    "recipients": ["xa-alpha"],
    "named_officers": None,
    "tlp": "AMBER",
}


@pytest.fixture
def agency(world: PartnerWorld, settings: Settings) -> Agency:
    settings.OWN_DESK = True
    made = make_own_agency(world.hub, "xb-own", "Health Authority")
    world.sequence()
    made.refresh_from_db()
    return made


@pytest.fixture
def partner(world: PartnerWorld, agency: Agency) -> Client:
    client = world.enrol("xa-alpha")
    client.pin("xb-own", agency.root_fingerprint)
    world.hub.make_agreement("G1", "xa-alpha", "xb-own")
    return client


@pytest.fixture
def author(world: PartnerWorld, partner: Client, agency: Agency) -> Officer:
    return world.hub.make_officer(agency, Role.AUTHOR)


def send(world: PartnerWorld, author: Officer, draft: Alert) -> Alert:
    assert author.agency is not None
    releaser = world.hub.make_officer(author.agency, Role.RELEASER)
    submit_alert(author, draft, revision=1, now=world.hub.now)
    revision = Alert.objects.get(pk=draft.pk).current
    validate_alert(releaser, draft, revision=revision, now=world.hub.now)
    sent = release_alert(releaser, draft, revision=revision, now=world.hub.now)
    world.sequence()
    return sent


def test_the_command_answers_what_a_desk_asks(
    world: PartnerWorld, agency: Agency, partner: Client, author: Officer
) -> None:
    asked = send(world, author, create_draft(author, data={**DRAFT, **QUESTION}, now=world.hub.now))
    (entry,), _, _ = partner.to_answer()
    assert entry.d == asked.md
    partner.submit(partner.answer_order(entry.d, Answer("hit", text="Two cases since May.")), wait_secs=10)
    follow_feed(agency, now=world.hub.now)
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
    world: PartnerWorld, agency: Agency, partner: Client, author: Officer
) -> None:
    order = alert_to("xb-own", alert=ASKED, tlp="AMBER", reply_by=int(time.time()) + DAY)
    asked = partner.submit(order, wait_secs=10)
    follow_feed(agency, now=world.hub.now)
    (row,) = list_received(author, to_answer=True, now=world.hub.now).rows
    received = ReceivedAlert.objects.get(md=asked.md)
    assert row.received == received
    opened = open_to_answer(author, received, reason="on_duty", now=world.hub.now)
    data = {"answer_code": "no_hit"}
    send(world, author, start_reply(author, opened, alert_type="answer", data=data, now=world.hub.now))
    list(partner.watch(once=True, opening=True))
    (given,) = partner.submission(asked.md).answers
    assert (given.agency, given.code, given.late) == ("xb-own", "no_hit", False)

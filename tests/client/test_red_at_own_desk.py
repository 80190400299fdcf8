# SPDX-License-Identifier: Apache-2.0
"""RED between a partner's command with own keys and an officer at an own desk, both ways, over the exchange."""

import time
from dataclasses import replace

import pytest
from pytest_django import Settings

from accord.client.answering import Answer
from accord.client.client import Client
from accord.client.errors import NotEntitledError
from accord.envelope.content import NamedOfficer
from alerts.boxes.outbox import read_sent
from alerts.drafting.drafts import create_draft
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.following import follow_feed
from alerts.receiving.opening import open_alert
from alerts.replies.beginning import open_to_answer, start_reply
from callers.capabilities import Role
from callers.errors import AbsentError
from sharing.models import Statement
from tests.client.conftest import DOCUMENT, PartnerWorld, alert_to
from tests.client.desks import (
    AtDesk,
    desk_and_partner,
    received_at,
    release_by_two,
)
from tests.own_desk import DRAFT


@pytest.fixture
def desk(world: PartnerWorld, settings: Settings) -> AtDesk:
    settings.OWN_DESK = True
    return desk_and_partner(world)


@pytest.fixture
def partner(world: PartnerWorld, desk: AtDesk) -> Client:
    return world.client("xa-alpha")


def test_the_command_names_an_officer_of_the_desk(world: PartnerWorld, desk: AtDesk, partner: Client) -> None:
    named, other = (world.hub.make_officer(desk.agency, Role.READER) for _ in range(2))
    names = (NamedOfficer("xb-own", named.public_id),)
    sent = partner.submit(alert_to("xb-own", tlp="RED", names=names), wait_secs=10)
    row = received_at(world, desk.agency, sent.md)
    with pytest.raises(AbsentError):
        open_alert(other, row, reason="on_duty", now=world.hub.now)
    assert open_alert(named, row, reason="on_duty", now=world.hub.now).title
    acknowledge_alert(named, row, now=world.hub.now)
    world.sequence()
    said = Statement.objects.get(k="ack", sub_d=sent.md)
    assert (said.iss_id, said.act, said.body["st"]) == ("xb-own", named.public_id, "opened")


def test_the_desk_names_an_officer_of_the_partner(world: PartnerWorld, desk: AtDesk, partner: Client) -> None:
    author = desk.officer
    data = {**DRAFT, "recipients": ["xa-alpha"], "named_officers": ["xa-alpha officer-7"]}
    sent = release_by_two(world, author, create_draft(author, data=data, now=world.hub.now))
    for officer in (None, "officer-8"):
        with pytest.raises(NotEntitledError):
            partner.open(sent.md, officer=officer)
    opened = partner.open(sent.md, officer="officer-7")
    assert opened.names == (NamedOfficer("xa-alpha", "officer-7"),)
    assert opened.alert["title"] == DRAFT["title"]
    assert partner.acknowledge(sent.md, officer="officer-7", wait_secs=10).log_time is not None


def test_named_officers_ask_and_answer_both_ways(world: PartnerWorld, desk: AtDesk, partner: Client) -> None:
    author = desk.officer
    names = (NamedOfficer("xb-own", author.public_id),)
    question = {"alert_type": "request_for_information", "question": "Have you met it?"}
    document = {**DOCUMENT, **question, "reply_to": ["officer-7"]}
    due = int(time.time()) + 24 * 3600
    order = replace(alert_to("xb-own", tlp="RED", names=names, reply_by=due), alert=document)
    asked = partner.submit(order, wait_secs=10)
    row = received_at(world, desk.agency, asked.md)
    opened = open_to_answer(author, row, reason="on_duty", now=world.hub.now)
    draft = start_reply(author, opened, alert_type="answer", data={"answer_code": "hit"}, now=world.hub.now)
    said = release_by_two(world, author, draft)
    assert partner.open(said.md, officer="officer-7").alert["answer_code"] == "hit"
    (given,) = partner.submission(asked.md).answers
    assert (given.agency, given.code) == ("xb-own", "hit")

    data = {**DRAFT, **question, "request_priority": "urgent_direct", "reply_to": [author.public_id]}
    to = {"recipients": ["xa-alpha"], "named_officers": ["xa-alpha officer-7"]}
    sent = release_by_two(world, author, create_draft(author, data=data | to, now=world.hub.now))
    partner.submit(partner.answer_order(sent.md, Answer("no_hit"), officer="officer-7"), wait_secs=10)
    world.sequence()
    follow_feed(desk.agency, now=world.hub.now)
    (told,) = read_sent(author, sent, now=world.hub.now).recipients
    assert told.answer is not None and told.answer.code == "no_hit"
    other = world.hub.make_officer(desk.agency, Role.RELEASER)
    assert read_sent(other, sent, now=world.hub.now).recipients[0].answer is None

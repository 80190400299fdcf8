# SPDX-License-Identifier: Apache-2.0
"""Every mail has one shape: urgency, reference, link. No content, sender, marking or other recipient."""

import re

import pytest

from alerts.receiving.following import follow_feeds
from notices.message import NoticeFacts, compose_message
from notices.models import Notification
from notices.states import Occasion
from tests.builders import ALERT, make_hosted_agency
from tests.hosted_keys import as_recipient
from tests.notices.conftest import Telling
from tests.outside_world import OutsideWorld

BODY = (
    r"Your agency has an alert\. Speed: {speed}\. Acknowledge in {limit}\.\n"
    r"Open: https?://\S+/a/[0-9A-Z]{{4}}-[0-9A-Z]{{4}}\n"
    r"This mail carries no content\. Unsure\? Type the desk's address\.\n"
)


def _body(text: str) -> str:
    return text.partition("\r\n\r\n")[2].replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("pri", "lane", "limit"),
    [
        ("routine", "science", "24 hours"),
        ("urgent", "science", "24 hours"),
        ("flash", "public_health", "1 hour"),
    ],
)
def test_a_mail_says_urgency_reference_and_link_only(
    telling: Telling, outside_world: OutsideWorld, pri: str, lane: str, limit: str
) -> None:
    received = telling.queue(pri=pri, lane=lane)
    telling.send()
    mail = outside_world.mails[0]
    assert mail.message["Subject"] == f"[Accord] {pri.upper()} {received.reference}"
    assert re.fullmatch(BODY.format(speed=pri.upper(), limit=limit), _body(mail.text))


def test_an_exercise_says_so_first(telling: Telling, outside_world: OutsideWorld) -> None:
    telling.queue(status="exercise")
    telling.send()
    assert outside_world.mails[0].message["Subject"].startswith("[Accord] EXERCISE ROUTINE ")


def test_a_mail_names_neither_content_nor_sender_nor_others(
    telling: Telling, outside_world: OutsideWorld
) -> None:
    telling.queue(tlp="AMBER")
    telling.send()
    for mail in outside_world.mails:
        others = [officer.email for officer in telling.readers if officer.email not in mail.recipients]
        for word in (ALERT["title"], "xa-alpha", "AMBER", "science", *others):
            assert word not in mail.text


def test_mails_of_two_agencies_differ_in_reference_and_address_only(
    telling: Telling, outside_world: OutsideWorld
) -> None:
    charlie = as_recipient(make_hosted_agency(telling.hub, "xc-charlie", "Agency xc-charlie"))
    telling.hub.sequence()
    telling.hub.make_agreement("G2", telling.alpha, charlie)
    telling.hub.make_officer(charlie)
    sealed = telling.hub.deliver(telling.alpha, telling.bravo, charlie)
    follow_feeds(now=telling.hub.now)
    telling.send()
    references = dict(Notification.objects.values_list("officer__email", "reference"))
    shapes = {
        _body(mail.text).replace(references[mail.recipients[0]], "REFERENCE") for mail in outside_world.mails
    }
    assert len(shapes) == 1
    assert len(set(references.values())) == 2
    assert sealed.md not in "".join(mail.text for mail in outside_world.mails)


def test_an_address_cannot_add_a_header() -> None:
    facts = NoticeFacts(
        address="reader@xb.example\r\nBcc: thief@evil.example",
        language="en",
        occasion=Occasion.ALERT,
        reference="7QK4-M2XN",
        priority="routine",
        message_id="<1@hub.example>",
    )
    with pytest.raises(ValueError, match="linefeed"):
        compose_message(facts, hub_url="https://hub.example", sender="accord@hub.example")

# SPDX-License-Identifier: Apache-2.0
"""Every mail has one shape: urgency, reference, what the officer's agency is to do, link. No content, sender, marking or other
recipient.
"""

import re

import pytest

from alerts.receiving.following import follow_feeds
from notices.message import NoticeFacts, compose_message
from notices.models import Notification
from notices.states import Occasion
from tests.builders import ALERT, make_hosted_agency
from tests.mail_server import MailServer
from tests.notices.conftest import NoticeWorld
from tests.stolen_vault_keys import as_recipient

NAMING = {*Occasion} - {Occasion.ANSWERS_MISSING, Occasion.RED_WAITS, Occasion.TASK_ASSIGNED}
"""Occasions whose mail may name an alert."""
BODY = (
    r"Acknowledge an alert to {agency} within {limit}\. Speed: {speed}\.\n"
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
    notice_world: NoticeWorld, mail_server: MailServer, pri: str, lane: str, limit: str
) -> None:
    received = notice_world.queue(pri=pri, lane=lane)
    notice_world.send()
    mail = mail_server.mails[0]
    assert mail.message["Subject"] == f"[Accord] {pri.upper()} {received.reference}"
    assert re.fullmatch(
        BODY.format(agency=notice_world.bravo.row.name, speed=pri.upper(), limit=limit), _body(mail.text)
    )


def test_an_exercise_says_so_first(notice_world: NoticeWorld, mail_server: MailServer) -> None:
    notice_world.queue(status="exercise")
    notice_world.send()
    assert mail_server.mails[0].message["Subject"].startswith("[Accord] EXERCISE ROUTINE ")


def test_a_mail_names_neither_content_nor_sender_nor_others(
    notice_world: NoticeWorld, mail_server: MailServer
) -> None:
    notice_world.queue(tlp="AMBER")
    notice_world.send()
    for mail in mail_server.mails:
        others = [officer.email for officer in notice_world.readers if officer.email not in mail.recipients]
        for word in (ALERT["title"], "xa-alpha", "AMBER", "science", *others):
            assert word not in mail.text


def test_mails_of_two_agencies_differ_in_reference_address_and_own_name_only(
    notice_world: NoticeWorld, mail_server: MailServer
) -> None:
    charlie = as_recipient(make_hosted_agency(notice_world.hub, "xc-charlie", "Agency xc-charlie"))
    notice_world.hub.sequence()
    notice_world.hub.make_agreement("G2", notice_world.alpha, charlie)
    notice_world.hub.make_officer(charlie)
    sealed = notice_world.hub.deliver(notice_world.alpha, notice_world.bravo, charlie)
    follow_feeds(now=notice_world.hub.now)
    notice_world.send()
    told = Notification.objects.values_list("officer__email", "reference", "recipient__name")
    own = {email: (reference, name) for email, reference, name in told}
    references = {email: reference for email, (reference, _name) in own.items()}
    shapes = set()
    for mail in mail_server.mails:
        reference, name = own[mail.recipients[0]]
        assert name in mail.text
        shapes.add(_body(mail.text).replace(reference, "REFERENCE").replace(name, "AGENCY"))
    assert len(shapes) == 1
    assert len(set(references.values())) == 2
    assert sealed.md not in "".join(mail.text for mail in mail_server.mails)


@pytest.mark.parametrize("occasion", Occasion)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_mail_names_the_agency_and_one_place_and_is_three_lines(
    occasion: Occasion, language: str
) -> None:
    facts = NoticeFacts(
        address="reader@xb.example",
        language=language,
        occasion=occasion,
        reference="7QK4-M2XN" if occasion in NAMING else "",
        priority="routine",
        message_id="<1@hub.example>",
        ends="3 Mar 2026 09:00",
        agency="" if occasion is Occasion.DESK_WARNING else "Health Authority",
        count=2,
    )
    mail = compose_message(facts, hub_url="https://hub.example", sender="accord@hub.example")
    first, link, last, *more = mail.get_content().splitlines()
    assert more == [] and ("Health Authority" in first) is (occasion is not Occasion.DESK_WARNING)
    assert re.fullmatch(r"[^:]+: https://hub\.example/\S*", link)
    assert not re.search(r"https?:|@", first + last), "one address, which leads to the desk"
    assert str(mail["Subject"]).startswith("[Accord] ")


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

# SPDX-License-Identifier: Apache-2.0
"""Contact points hear of envelopes that nobody fetches: once while one waits, sooner for a flash, without any content."""

from datetime import timedelta

import pytest

from agencies.models import ContactPoint
from sharing.contact_mails import INTERRUPTED_AFTER, forget_contact_mails, send_contact_mails
from sharing.feed import begin_epoch, note_read, read_feed_state
from sharing.models import ContactMail, FeedRead
from sharing.waiting import FLASH_WAITS, LATE_AFTER, WAITS, late_since, queue_contact_mails
from tests.builders import HeldAgency, Hub
from tests.mail_server import MailServer, Misbehaviour
from tests.role_logins import under_login_of
from tests.sharing.conftest import Callers, Four

ADDRESS = "duty@xb-bravo.example"
State = ContactMail.State


@pytest.fixture
def bravo(four: Four) -> HeldAgency:
    ContactPoint.objects.create(agency_id="xb-bravo", address=ADDRESS)
    return four.bravo


def read_to(hub: Hub, agency: HeldAgency, number: int) -> None:
    state = read_feed_state(agency.client, epoch=None, after=0)
    note_read(agency.client, state, after=number, now=hub.now)


def tell(hub: Hub) -> int:
    with under_login_of("exchange-worker"):
        queue_contact_mails(now=hub.now)
        return send_contact_mails(clock=lambda: hub.now, jitter=lambda: 0.5)


def after(hub: Hub, wait: timedelta) -> int:
    hub.later(seconds=wait.total_seconds())
    return tell(hub)


def test_once_while_it_waits(hub: Hub, four: Four, bravo: HeldAgency, mail_server: MailServer) -> None:
    hub.deliver(four.alpha, bravo, four.charlie)
    assert after(hub, WAITS - timedelta(seconds=1)) == 0
    hub.deliver(four.alpha, bravo)
    assert after(hub, timedelta(seconds=1)) == 1
    assert after(hub, timedelta(hours=3)) == 0
    (mail,) = mail_server.mails
    assert mail.message["To"] == ADDRESS
    row = ContactMail.objects.get()
    assert (row.state, row.number, row.is_flash) == (State.SENT, 1, False)
    read_to(hub, bravo, 1)
    assert tell(hub) == 1, "what it has read it knows of; the next has waited for hours"


def test_a_flash_is_told_sooner_and_behind_what_was_told(
    hub: Hub, four: Four, bravo: HeldAgency, mail_server: MailServer
) -> None:
    hub.deliver(four.alpha, bravo)
    assert after(hub, WAITS) == 1
    hub.deliver(four.alpha, bravo, pri="flash", lane="public_health", purpose="public_health")
    assert after(hub, FLASH_WAITS) == 1
    assert after(hub, timedelta(hours=3)) == 0
    assert [row.is_flash for row in ContactMail.objects.order_by("number")] == [False, True]


def test_the_mail_says_how_many_and_since_when_and_nothing_else(
    hub: Hub, four: Four, bravo: HeldAgency, mail_server: MailServer
) -> None:
    since = hub.now
    sealed = hub.deliver(four.alpha, bravo, pri="flash", lane="public_health", purpose="public_health")
    after(hub, FLASH_WAITS)
    (mail,) = mail_server.mails
    assert mail.message["Subject"] == "[Accord] SOMETHING WAITS"
    text = mail.text
    assert f"1 item waits in the feed of {bravo.row.name}." in text and f"{since:%Y-%m-%d %H:%M} UTC" in text
    for word in ("alpha", "flash", "FLASH", "public", sealed.md, sealed.jti):
        assert word not in mail.message.as_string()


def test_what_was_read_meanwhile_is_not_told(
    hub: Hub, four: Four, bravo: HeldAgency, mail_server: MailServer
) -> None:
    hub.deliver(four.alpha, bravo)
    hub.later(minutes=11)
    queue_contact_mails(now=hub.now)
    read_to(hub, bravo, 1)
    assert tell(hub) == 0 and not ContactMail.objects.exists()
    begin_epoch("2", now=hub.now)
    assert after(hub, timedelta(0)) == 1, "after a restore nothing counts as read"


def test_a_mail_is_tried_again_fails_or_is_in_doubt(
    hub: Hub, four: Four, bravo: HeldAgency, mail_server: MailServer
) -> None:
    hub.deliver(four.alpha, bravo)
    mail_server.misbehaviour = Misbehaviour(temporary_replies=1)
    assert after(hub, WAITS) == 0
    row = ContactMail.objects.get()
    assert (row.state, row.attempts) == (State.QUEUED, 1) and row.not_before > hub.now
    assert late_since(now=hub.now + LATE_AFTER) is None
    assert late_since(now=hub.now + LATE_AFTER * 2) == row.queued_at
    with mail_server.down():
        assert after(hub, timedelta(minutes=1)) == 0
    assert after(hub, timedelta(minutes=5)) == 1
    assert (ContactMail.objects.get().state, late_since(now=hub.later(hours=1))) == (State.SENT, None)
    ContactMail.objects.update(state=State.SENDING, settled_at=None)
    after(hub, INTERRUPTED_AFTER)
    after(hub, INTERRUPTED_AFTER)
    assert ContactMail.objects.get().state == State.UNCERTAIN and len(mail_server.mails) == 1
    with under_login_of("exchange-worker"):
        assert forget_contact_mails(now=hub.later(days=31)) == 1


def test_over_http_asking_beyond_an_item_is_having_read_it(callers: Callers) -> None:
    callers.hub.deliver(callers.four.alpha, callers.four.bravo)
    page = callers.bravo.get("inbox?after=0").json()
    assert not FeedRead.objects.exists()
    for _ in range(2):
        callers.bravo.get(f"inbox?after={page['next']}")
        assert (FeedRead.objects.get().agency_id, FeedRead.objects.get().after) == ("xb-bravo", 1)
    callers.bravo.get("inbox?after=0")
    assert FeedRead.objects.get().after == 1

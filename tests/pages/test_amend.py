# SPDX-License-Identifier: Apache-2.0
"""A next version on the pages: written from the sent one, compared with it, and read in its place."""

import re

import pytest
from django.test import Client

from alerts.drafting.drafts import save_revision
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.opening import open_alert
from alerts.sending.amendment import amend_alert
from alerts.sending.withdrawal import withdraw_alert
from ledger.models import AuditEvent
from sharing.models import Envelope
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld, Stage, send_one

OLDER = "An older version. Version 2 replaces it."


@pytest.fixture
def alert(sent: Alert) -> Alert:
    return sent


@pytest.fixture
def author(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.ilka)


@pytest.fixture
def releaser(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.benno)


@pytest.fixture
def reader(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.aroha)


def next_draft(desk: DeskWorld, alert: Alert, **changes: object) -> Alert:
    draft = amend_alert(desk.ilka, alert, now=desk.tick())
    save_revision(desk.ilka, draft, data=changes, base=draft.current, now=desk.tick())
    draft.refresh_from_db()
    return draft


def replace_what_was_opened(desk: DeskWorld) -> None:
    """Have the health authority read an alert and then receive its next version, which the precursor office does not."""
    first = send_one(desk)
    open_alert(desk.aroha, desk.received(desk.aroha), reason="on_duty", now=desk.tick())
    changes = {
        "title": "Nine collapses, two dead",
        "cases_fatal": 2,
        "narrative": f"Two have died. {CONTENT}",
    }
    desk.send(next_draft(desk, first, recipients=["xb-health"], **changes))


def opened(reader: Client, address: str) -> str:
    return reader.post(address, {"reason": "on_duty"}, follow=True).content.decode()


def test_the_author_goes_from_the_sent_alert_to_the_draft_of_its_next_version(
    author: Client, alert: Alert
) -> None:
    address = f"/outbox/{alert.pk}/"
    assert "Write the next version" in author.get(address).content.decode()
    assert author.get(f"{address}amend/").status_code == 405, "following a link begins nothing"
    assert not Alert.objects.filter(previous=alert).exists()
    answer = author.post(f"{address}amend/", follow=True)
    draft = Alert.objects.get(previous=alert)
    assert answer.redirect_chain == [(f"/drafts/{draft.pk}/2/", 302)]
    page = answer.content.decode()
    assert "This becomes version 2. It replaces version 1" in page and CONTENT in page
    sent = author.get(address).content.decode()
    assert "Version 2 is under way: Draft." in sent and f'href="/drafts/{draft.pk}/2/"' in sent
    assert "Write the next version" not in sent


def test_the_second_officer_is_led_to_the_draft_of_the_first(
    desk: DeskWorld, author: Client, as_officer: SignIn, alert: Alert
) -> None:
    author.post(f"/outbox/{alert.pk}/amend/")
    draft = Alert.objects.get(previous=alert)
    other = desk.hub.make_officer(desk.lab, "author", name="Sunniva Okparel")
    answer = as_officer(other).post(f"/outbox/{alert.pk}/amend/", follow=True)
    assert "A new version is under way already: this is it." in answer.content.decode()
    assert answer.redirect_chain[-1][0] == f"/drafts/{draft.pk}/2/"
    draft.refresh_from_db()
    desk.submit(draft)
    waiting = author.post(f"/outbox/{alert.pk}/amend/", follow=True)
    assert waiting.redirect_chain[-1][0] == f"/queue/{draft.pk}/"


def test_the_checker_sees_what_has_changed_and_who_hears_nothing(
    desk: DeskWorld, releaser: Client, alert: Alert
) -> None:
    draft = next_draft(desk, alert, cases_fatal=2, title="Nine collapses, two dead", recipients=["xb-health"])
    desk.submit(draft)
    page = releaser.get(f"/queue/{draft.pk}/").content.decode()
    changes = page.split("Changed since version 1")[1].split("</div></div>")[0]
    assert re.findall(r"<dt>([^<]+)</dt>", changes) == ["Title", "Cases, fatal"]
    assert "<ins>" in changes and "Nine collapses, two dead" in changes
    assert "Keeps version 1 and hears nothing of this one: <bdi>Precursor Office, Dellin</bdi>." in changes


class TestOnceItIsReplaced:
    @pytest.fixture
    def stage(self) -> Stage:
        return replace_what_was_opened

    def test_recipients_read_the_newest_and_the_older_only_as_such(
        self, desk: DeskWorld, reader: Client
    ) -> None:
        old, new = ReceivedAlert.objects.filter(agency=desk.health).order_by("number")
        inbox = reader.get("/inbox/").content.decode()
        assert "Nine collapses, two dead" in inbox and "Updated, version 2" in inbox
        assert f"/inbox/{old.pk}/" not in inbox, "the list shows the newest"
        assert "Unread:" in inbox, "and it is unread again"
        assert reader.get(f"/a/{old.reference}").headers["Location"] == f"/inbox/{old.pk}/"
        older = opened(reader, f"/inbox/{old.pk}/")
        assert OLDER in older and f'href="/inbox/{new.pk}/"' in older and "OLDER VERSION" in older
        assert ">Acknowledge</button>" not in older
        page = opened(reader, f"/inbox/{new.pk}/")
        assert OLDER not in page and "Version 1" in page and f'href="/inbox/{old.pk}/"' in page
        assert "<bdi>Forensic Laboratory, Arvenia</bdi></b> sent version 2" in page

    def test_a_recipient_compares_two_versions_under_one_reason(
        self, desk: DeskWorld, reader: Client
    ) -> None:
        old, new = ReceivedAlert.objects.filter(agency=desk.health).order_by("number")
        events = AuditEvent.objects.filter(act="alert.opened", agency="xb-health", reason="on_duty")
        before = set(events.values_list("pk", flat=True))
        address = f"/inbox/{new.pk}/changes/"
        assert reader.get(address).headers["Location"] == f"/inbox/{new.pk}/", "it asks why first"
        assert "What changed since version 1" in opened(reader, f"/inbox/{new.pk}/")
        assert reader.get(f"/inbox/{old.pk}/changes/").status_code == 404, "nothing came before it"
        page = reader.get(address).content.decode()
        assert re.findall(r"<dt>([^<]+)</dt>", page) == ["Title", "What happened", "Cases, fatal"]
        assert "Two have died." in page
        assert set(events.exclude(pk__in=before).values_list("subject", flat=True)) == {old.md, new.md}

    def test_the_sender_sees_the_older_version_as_such_and_acts_on_the_newest(
        self, releaser: Client, author: Client
    ) -> None:
        first, second = Alert.objects.order_by("released_at")
        older = releaser.get(f"/outbox/{first.pk}/").content.decode()
        assert OLDER in older and "Withdraw…" not in older
        assert releaser.get(f"/outbox/{first.pk}/withdraw/").headers["Location"] == f"/outbox/{second.pk}/"
        page = releaser.get(f"/outbox/{second.pk}/").content.decode()
        assert "Hold an older version only" in page and "Precursor Office, Dellin" in page
        outbox = releaser.get("/outbox/").content.decode()
        assert f"/outbox/{second.pk}/" in outbox and f"/outbox/{first.pk}/" not in outbox
        refused = author.post(f"/outbox/{first.pk}/amend/")
        assert refused.status_code == 409
        assert "A newer version has replaced this one." in refused.content.decode()


def test_what_was_withdrawn_is_neither_amended_nor_replaced(
    desk: DeskWorld, releaser: Client, author: Client, alert: Alert
) -> None:
    waiting = desk.validate(desk.submit(next_draft(desk, alert)))
    assert "No field has changed." in releaser.get(f"/queue/{waiting.pk}/").content.decode()
    withdraw_alert(desk.benno, alert, code="error", now=desk.tick())
    answer = releaser.post(f"/queue/{waiting.pk}/release/", {"revision": waiting.current})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "it takes no new version" in page
    assert "What it would replace was withdrawn" in page
    assert not Envelope.objects.filter(kind="update").exists()
    refused = author.post(f"/outbox/{alert.pk}/amend/")
    assert refused.status_code == 409 and "it takes no new version" in refused.content.decode()

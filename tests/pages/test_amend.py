# SPDX-License-Identifier: Apache-2.0
"""A next version on the pages: written from the sent one, compared with it, and read in its place."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alerts.drafting.drafts import save_revision
from alerts.models import Alert, ReceivedAlert
from alerts.sending.amendment import amend_alert
from alerts.sending.withdrawal import withdraw_alert
from callers.capabilities import Role
from ledger.models import AuditEvent
from sharing.models import Envelope
from tests.page_queries import reads_of, without_checks
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, STRANGER, DeskWorld

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
    assert answer.redirect_chain == [(f"/drafts/{draft.pk}/1/", 302)]
    page = answer.content.decode()
    assert "This becomes version 2. It replaces version 1" in page and CONTENT in page
    sent = author.get(address).content.decode()
    assert "Version 2 is under way: Draft." in sent and f'href="/drafts/{draft.pk}/1/"' in sent
    assert "Write the next version" not in sent


def test_the_second_officer_is_led_to_the_draft_of_the_first(
    desk: DeskWorld, author: Client, as_officer: SignIn, alert: Alert
) -> None:
    author.post(f"/outbox/{alert.pk}/amend/")
    draft = Alert.objects.get(previous=alert)
    other = desk.hub.make_officer(desk.lab, "author", name="Sunniva Okparel")
    answer = as_officer(other).post(f"/outbox/{alert.pk}/amend/", follow=True)
    assert "A new version is under way already: this is it." in answer.content.decode()
    assert answer.redirect_chain[-1][0] == f"/drafts/{draft.pk}/1/"
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


def test_recipients_read_the_newest_and_the_older_only_as_such(
    desk: DeskWorld, reader: Client, alert: Alert
) -> None:
    old = desk.received(desk.aroha)
    opened(reader, f"/inbox/{old.pk}/")
    desk.send(next_draft(desk, alert, title="Nine collapses, two dead"))
    new = desk.received(desk.aroha)
    inbox = reader.get("/inbox/").content.decode()
    assert "Nine collapses, two dead" in inbox and "Updated, version 2" in inbox
    assert f"/inbox/{old.pk}/" not in inbox, "the list shows the newest"
    assert "Unread:" in inbox, "and it is unread again"
    older = reader.get(f"/a/{old.reference}", follow=True).content.decode()
    assert OLDER in older and f'href="/inbox/{new.pk}/"' in older and "OLDER VERSION" in older
    assert ">Acknowledge</button>" not in older
    page = opened(reader, f"/inbox/{new.pk}/")
    assert OLDER not in page and "Version 1" in page and f'href="/inbox/{old.pk}/"' in page
    assert "<bdi>Forensic Laboratory, Arvenia</bdi></b> sent version 2" in page


def test_the_link_in_a_mail_answers_a_stranger_as_one_that_never_was(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    stranger = desk.stranger(Role.AUTHOR)
    desk.hub.make_agreement("G2", "xa-lab", "xb-health", STRANGER)
    alert = desk.send(desk.draft(recipients=["xb-health", STRANGER]))
    assert desk.received(stranger).md == alert.md
    second = desk.send(next_draft(desk, alert, recipients=["xb-health"]))
    new = desk.received(desk.aroha)
    left_out = as_officer(stranger)
    assert alert.md != second.md
    answers = [
        left_out.get(address)
        for address in (
            f"/a/{new.reference}",
            "/a/0000-0000",
            f"/inbox/{new.pk}/",
            f"/inbox/{new.pk}/files/0/",
            f"/outbox/{second.pk}/",
            f"/outbox/{second.pk}/files/0/",
        )
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert (
        len(
            {
                re.sub(rb'csrfmiddlewaretoken" value="[^"]+|/[ai]\S+|/outbox\S+', b"", a.content)
                for a in answers
            }
        )
        == 1
    )


def test_the_sender_sees_the_older_version_as_such_and_acts_on_the_newest(
    desk: DeskWorld, releaser: Client, alert: Alert
) -> None:
    second = desk.send(next_draft(desk, alert, recipients=["xb-health"]))
    older = releaser.get(f"/outbox/{alert.pk}/").content.decode()
    assert OLDER in older and "Withdraw…" not in older
    assert releaser.get(f"/outbox/{alert.pk}/withdraw/").headers["Location"] == f"/outbox/{second.pk}/"
    page = releaser.get(f"/outbox/{second.pk}/").content.decode()
    assert "Hold an older version only" in page and "Precursor Office, Dellin" in page
    outbox = releaser.get("/outbox/").content.decode()
    assert f"/outbox/{second.pk}/" in outbox and f"/outbox/{alert.pk}/" not in outbox


def test_neither_withdrawn_nor_replaced_is_amended(desk: DeskWorld, author: Client, alert: Alert) -> None:
    second = desk.send(next_draft(desk, alert))
    refused = author.post(f"/outbox/{alert.pk}/amend/")
    assert refused.status_code == 409
    assert "A newer version has replaced this one." in refused.content.decode()
    withdraw_alert(desk.benno, second, code="error", now=desk.tick())
    refused = author.post(f"/outbox/{second.pk}/amend/")
    assert refused.status_code == 409 and "it takes no new version" in refused.content.decode()


def test_what_was_withdrawn_meanwhile_cannot_be_replaced(
    desk: DeskWorld, releaser: Client, alert: Alert
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


def test_pages_ask_the_database_within_bounds(
    desk: DeskWorld, releaser: Client, reader: Client, alert: Alert
) -> None:
    """The bound does not depend on the number of answers; queries of session, audit and an opening's checks are not counted."""
    second = desk.send(next_draft(desk, alert))
    row = desk.received(desk.aroha)
    opened(reader, f"/inbox/{row.pk}/")
    reader.post(f"/inbox/{row.pk}/acknowledge/")
    desk.catch_up()
    releaser.get("/outbox/")
    with CaptureQueriesContext(connection) as asked:
        releaser.get(f"/outbox/{second.pk}/")
    assert len(reads(asked)) <= 20
    with CaptureQueriesContext(connection) as asked:
        reader.get(f"/inbox/{row.pk}/")
    assert len(reads(asked)) <= 20


def reads(asked: CaptureQueriesContext) -> list[str]:
    """Return the reads of a page, without those of the caller's session and the checks."""
    sessions = re.compile(r'FROM "(django_session|officers_officer|officers_officersession)" ')
    return [sql for sql in without_checks(reads_of(asked)) if not sessions.search(sql)]


def test_a_recipient_compares_two_versions_under_one_reason(
    desk: DeskWorld, reader: Client, alert: Alert
) -> None:
    desk.send(next_draft(desk, alert, cases_fatal=2, narrative=f"Two have died. {CONTENT}"))
    row = desk.received(desk.aroha)
    address = f"/inbox/{row.pk}/changes/"
    assert reader.get(address).headers["Location"] == f"/inbox/{row.pk}/", "it asks why first"
    assert "What changed since version 1" in opened(reader, f"/inbox/{row.pk}/")
    first = ReceivedAlert.objects.get(agency=desk.health, md=alert.md)
    assert reader.get(f"/inbox/{first.pk}/changes/").status_code == 404, "nothing came before it"
    page = reader.get(address).content.decode()
    assert re.findall(r"<dt>([^<]+)</dt>", page) == ["What happened", "Cases, fatal"]
    assert "Two have died." in page
    audited = AuditEvent.objects.filter(act="alert.opened", agency="xb-health", reason="on_duty")
    assert set(audited.values_list("subject", flat=True)) == {alert.md, row.md}

# SPDX-License-Identifier: Apache-2.0
"""A received alert: closed until a reason is given, then in the reader's order, acknowledged as a person's act."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from alerts.models import Alert, ReceivedAlert
from alerts.receiving.manifest_facts import awaited_again
from alerts.sending.withdrawal import withdraw_alert
from desk.templatetags.accord import beside_name
from ledger.models import AuditEvent
from peers.models import Agency
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld
from tests.stolen_vault_keys import as_recipient

FIRST_OPENING_AT_MOST = 52
AGAIN_AT_MOST = 45
"""SQL statements, including those of the session and of both audits."""
ORDER = [
    "asked",
    "happened",
    "sure",
    "dangerous",
    "reviews",
    "unstated",
    "controlled",
    "thread",
    "told",
    "verification",
]


@pytest.fixture
def reader(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.aroha)


@pytest.fixture
def received(desk: DeskWorld, sent: Alert) -> ReceivedAlert:
    return desk.received(desk.aroha)


def opened(reader: Client, received: ReceivedAlert, **reason: str) -> str:
    """Give the reason as a browser would; return the page."""
    answer = reader.post(f"/inbox/{received.pk}/", reason or {"reason": "on_duty"}, follow=True)
    return answer.content.decode()


def test_flash_leads_with_on_duty_and_other_alerts_with_no_reason(
    desk: DeskWorld, reader: Client, received: ReceivedAlert
) -> None:
    desk.send(desk.draft(pri="flash"))
    flash = reader.get(f"/inbox/{desk.received(desk.aroha).pk}/").content.decode()
    urgent = reader.get(f"/inbox/{received.pk}/").content.decode()
    assert re.search(r'<button class="button" name="reason" value="on_duty"', flash)
    assert '<button class="button quiet" name="reason" value="on_duty"' in urgent


def test_opening_reads_no_row_twice_that_it_has_at_hand(
    reader: Client, received: ReceivedAlert, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    address = f"/inbox/{received.pk}/"
    reader.post(address, {"reason": "on_duty"})
    for most in (FIRST_OPENING_AT_MOST, AGAIN_AT_MOST):
        with django_assert_max_num_queries(most):
            answer = reader.get(address)
        assert "Nine people collapsed" in answer.content.decode()


ONE_LINE = "Case number: use one line, without control or direction marks."
WRONG_REASONS = {
    "none": ({}, "Reason: choose one."),
    "an unknown one": ({"reason": "curious"}, "Reason: choose one."),
    "a case without its number": (
        {"reason": "case_number", "reference": " "},
        "Case number: use 1 to 60 characters.",
    ),
    "a case number with a NUL": ({"reason": "case_number", "reference": "B 77\0/26"}, ONE_LINE),
    "a case number in two lines": (
        {"reason": "case_number", "reference": "B 77\nopened by nobody"},
        ONE_LINE,
    ),
    "a case number that turns around": ({"reason": "case_number", "reference": "B \u202e62/77"}, ONE_LINE),
    "a case number with a hidden mark": ({"reason": "case_number", "reference": "B\u200f77"}, ONE_LINE),
}


def test_it_stays_closed_until_a_reason_is_given(reader: Client, received: ReceivedAlert) -> None:
    address = f"/inbox/{received.pk}/"
    closed = reader.get(address).content.decode()
    assert "Why do you open this?" in closed and "Nine people collapsed" not in closed
    assert closed.index("Why do you open this?") < closed.index("<h2>Acknowledge</h2>"), "the reason first"
    for name, (reason, sentence) in WRONG_REASONS.items():
        answer = reader.post(address, reason)
        assert answer.status_code == 422, name
        page = answer.content.decode()
        assert sentence in page and "Nine people collapsed" not in page, name
    reader.post(address, {"reason": SimpleUploadedFile("a.txt", b"on_duty")})
    received.refresh_from_db()
    assert received.first_opened_at is None
    assert not AuditEvent.objects.filter(act="alert.opened", subject=received.md).exists()


def test_opened_it_is_shown_in_the_readers_order_under_its_marking(
    reader: Client, received: ReceivedAlert
) -> None:
    page = opened(reader, received, reason="case_number", reference="B 77/26")
    assert re.findall(r'<section class="section[^"]*" id="([^"]*)">', page) == ORDER
    assert 'Nothing stated on: <span id="evidence">evidence</span>.' in page, (
        "one line, and its link leads there"
    )
    assert page.count("Your community, no public channels.") == 2, "above and below the content"
    assert "Nine people collapsed at one event." in page
    assert "No list names it so. Give a structure to have lists and class rules asked." in page
    assert "<b>Needs a structure: " in page and "<b>Not known here: XB" in page
    assert (
        "Verified. Forensic Laboratory, Arvenia signed this with both its keys. Nothing has changed since."
        in page
    )
    assert received.md in page, "the details are one click away"
    by_when = page.split('id="by-when"')[1].split("</section>")[0]
    for zone in (r"UTC\+10:30<", r"\d\d:\d\d\sUTC<", r"UTC\+[12]<"):
        assert re.search(zone, by_when), zone
    reader.get(f"/inbox/{received.pk}/")
    events = AuditEvent.objects.filter(act="alert.opened", subject=received.md, agency="xb-health")
    assert [event.reason for event in events] == ["case_number: B 77/26"] * 2, "each showing is an opening"


def test_what_was_not_understood_is_shown_as_text_under_its_name(desk: DeskWorld, reader: Client) -> None:
    foreign = {"schema": "accord-alert/1", "severity": "<b>9</b>", "x-colour": {"of": "\u202eblue"}}
    sealed = desk.hub.alert_to(as_recipient(desk.health), sender=desk.reg, alert=foreign)
    desk.hub.carry(desk.reg, sealed)
    desk.settle()
    page = opened(reader, desk.received(desk.aroha))
    assert "Some parts were not understood here; they are shown as they came." in page
    assert "The sender left out what every alert says: Kind, Title." in page
    assert "<code>severity</code>" in page and "<bdi>&lt;b&gt;9&lt;/b&gt;</bdi>" in page
    assert "<code>x-colour</code>" in page and "\ufffdblue" in page


def test_the_reason_stands_for_half_an_hour_and_for_one_alert(
    desk: DeskWorld, reader: Client, received: ReceivedAlert
) -> None:
    opened(reader, received)
    desk.send(desk.draft(title="Another alert"))
    other = desk.received(desk.aroha)
    assert "Why do you open this?" in reader.get(f"/inbox/{other.pk}/").content.decode()
    session = reader.session
    session["reading"][str(received.pk)][2] = (timezone.now() - timedelta(seconds=1)).isoformat()
    session.save()
    assert "Why do you open this?" in reader.get(f"/inbox/{received.pk}/").content.decode()


def test_acknowledging_is_offered_after_opening_and_is_done_once(
    desk: DeskWorld, reader: Client, received: ReceivedAlert
) -> None:
    address = f"/inbox/{received.pk}/acknowledge/"
    assert "Open it first" in reader.get(f"/inbox/{received.pk}/").content.decode()
    assert reader.post(address).status_code == 422
    assert ">Acknowledge</button>" in opened(reader, received)
    assert reader.post(address).status_code == 302
    assert reader.post(address).status_code == 302
    received.refresh_from_db()
    assert received.acknowledged_by == desk.aroha
    page = reader.get(f"/inbox/{received.pk}/").content.decode()
    assert ">Acknowledge</button>" not in page
    assert "Your agency has acknowledged that it has this." in page and "within 24 hours" not in page
    assert "نورين الصفواري" in page


def test_a_sender_is_told_by_kind_and_country_as_far_as_the_name_is_silent() -> None:
    named, silent = "Customs, France", "The Tollgate"
    told = [beside_name(Agency(name=name, kind="customs", country="FR")) for name in (named, silent)]
    assert told == ["", "Customs, France"]


def test_a_mails_reference_leads_its_agency_to_the_alert(
    desk: DeskWorld, reader: Client, received: ReceivedAlert, as_officer: SignIn
) -> None:
    assert reader.get(f"/a/{received.reference}").headers["Location"] == f"/inbox/{received.pk}/"
    assert reader.get(f"/a/{received.reference.lower()}").headers["Location"] == f"/inbox/{received.pk}/"
    assert as_officer(desk.ilka).get(f"/a/{received.reference}").status_code == 404


def test_what_does_not_open_says_one_sentence_and_stays_closed(
    reader: Client, received: ReceivedAlert
) -> None:
    received.unopenable = True
    received.save()
    page = reader.get(f"/inbox/{received.pk}/").content.decode()
    assert (
        "Do not rely on this alert. A check failed; the content stays closed. Call Forensic Laboratory, Arvenia "
        f"on the directory number. Reference {received.reference}."
    ) in page
    assert "Why do you open this?" not in page
    assert ">Acknowledge</button>" not in page
    assert "asked for again" not in page
    awaited_again(received, received.received_at).save()
    page = reader.get(f"/inbox/{received.pk}/").content.decode()
    assert "It was changed on its way and is asked for again; you are told if it opens." in page


def test_a_withdrawn_alert_says_so_and_asks_to_confirm(
    desk: DeskWorld, reader: Client, as_officer: SignIn, received: ReceivedAlert
) -> None:
    opened(reader, received)
    withdraw_alert(desk.benno, desk.lab.alerts.get(), code="contaminated", now=desk.tick())
    desk.settle()
    page = reader.get(f"/inbox/{received.pk}/").content.decode()
    assert "withdrew this on" in page and "Do not act on it." in page
    assert "Contaminated sample or blank" in page
    assert "Withdrawn" in reader.get("/inbox/").content.decode()
    assert reader.post(f"/inbox/{received.pk}/confirm/").status_code == 302
    assert "Your agency confirmed this" in reader.get(f"/inbox/{received.pk}/").content.decode()


def test_withdrawn_before_the_first_opening_it_stays_closed(
    desk: DeskWorld, as_officer: SignIn, received: ReceivedAlert
) -> None:
    withdraw_alert(desk.benno, desk.lab.alerts.get(), code="error", now=desk.tick())
    desk.settle()
    page = opened(as_officer(desk.aroha), received)
    assert "Do not act on it." in page

# SPDX-License-Identifier: Apache-2.0
"""A new nitazene without known harm, from its evidence to another laboratory's signed opinion.

- The evidence is of two principles, and a second person releases the alert.
- The mail has no content, and the signature verifies offline.
- An agency that was not addressed learns nothing at all.

It runs once in the browser between hosted agencies, and over REST with a desk of its own on either side, and from and to
systems that hold their own keys.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone
from playwright.sync_api import FilePayload, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accord.client.client import Client
from accord.client.saved_alerts import load_saved, save_opened
from accord.envelope.content import Attachment
from accord.envelope.manifest import Reference
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.opening import OpeningReason
from callers.capabilities import Role
from notices.sending import send_notifications
from officers.models import Officer
from peers.models import Agency
from sharing.models import Delivery, Envelope
from tests.browser.looking import keeps_within_its_width
from tests.client.conftest import PASSPHRASE, PartnerWorld, alert_to
from tests.flows.browser_steps import SignIn, check_and_send, open_on_duty, submit
from tests.flows.stories import HEALTH, LAB, PAIRINGS, AtDesk, send_by_two_and_carry
from tests.mail_server import MailServer
from tests.own_desk import at_desk_of
from tests.pages.desk_world import DeskWorld

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EWS, STRANGER = "xm-ews", "xc-customs"
SUBSTANCE, TITLE = "metodesnitazene", "An opioid not seen before, in a letter"
MASS = """NAME: unknown opioid
PRECURSORMZ: 353.1972
PRECURSORTYPE: [M+H]+
IONMODE: Positive
COLLISIONENERGY: 35
Num Peaks: 3
72.0808 100
100.1121 41
121.0648 12
"""
SHIFTS = """##TITLE= 1H NMR of the same
##JCAMP-DX= 5.01
##DATA TYPE= NMR PEAK TABLE
##.OBSERVE NUCLEUS= ^1H
##.OBSERVE FREQUENCY= 400.13
##.SOLVENT NAME= CDCl3
##XUNITS= PPM
##YUNITS= ARBITRARY UNITS
##NPOINTS= 3
##PEAK TABLE= (XY..XY)
7.10, 2.0
6.85, 2.0
1.05, 6.0
##END=
"""
EVIDENCE = [
    {
        "technique": "ms",
        "method": "LC-HRMS, QTOF, ESI+",
        "reference": "certified",
        "conclusion": "identified",
        "file": "mass.msp",
        "note": None,
    },
    {
        "technique": "nmr",
        "method": "1H NMR, 400 MHz, CDCl3",
        "reference": "certified",
        "conclusion": "identified",
        "file": "proton.jdx",
        "note": None,
    },
]


@dataclass
class Four:
    """The laboratory, which writes to another laboratory and an early-warning system with own keys, and a stranger."""

    desk: DeskWorld
    partners: PartnerWorld
    ews: Client
    stranger: Officer
    address: str
    outside: MailServer

    def tell(self) -> list[str]:
        """Send the notices that are due; return the mails' texts."""
        hub = self.desk.hub
        hub.now = max(hub.now, timezone.now())
        self.desk.catch_up()
        before = len(self.outside.mails)
        send_notifications(clock=lambda: max(hub.now, timezone.now()), jitter=lambda: 0.5)
        return [mail.text for mail in self.outside.mails[before:]]

    def at_health(self) -> ReceivedAlert:
        return ReceivedAlert.objects.filter(agency_id=HEALTH, kind="alert").latest("number")

    def at_lab(self) -> ReceivedAlert:
        return ReceivedAlert.objects.filter(agency_id=LAB).latest("number")


@pytest.fixture
def own() -> tuple[str, ...]:
    """The agencies of the story that have a desk of their own."""
    return ()


@pytest.fixture
def four(
    live_server: LiveServer,
    tmp_path: Path,
    mail_server: MailServer,
    settings: Settings,
    own: tuple[str, ...],
) -> Iterator[Four]:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    desk = DeskWorld.kept(tmp_path / "ledger", passwords=not own, own=own)
    partners = PartnerWorld(desk.hub, live_server.url, tmp_path)
    ews = partners.enrol(EWS)
    desk.hub.now = timezone.now()
    customs = desk.host(STRANGER, "Customs, Cadria", "customs", "Asia/Amman")
    stranger = desk.hub.make_officer(customs, Role.READER, name="Casimira Vell")
    desk.hub.make_agreement("G8", LAB, HEALTH, EWS, STRANGER)
    for agency in (LAB, HEALTH):
        ews.pin(agency, Agency.objects.get(pk=agency).root_fingerprint)
    desk.hub.sequence()
    desk.wait_for_the_clock()
    yield Four(desk, partners, ews, stranger, live_server.url, mail_server)
    for client in partners.clients:
        client.close()


# --- in the browser -----------------------------------------------------------------------------------------


def write_in_browser(page: Page, four: Four) -> None:
    """Write the alert as the laboratory's author, with its spectra."""
    page.goto(f"{four.address}/drafts/new/")
    page.get_by_role("button", name="New substance").click()
    page.get_by_label("Title").fill(TITLE)
    page.locator("#id_preferred_name").fill(SUBSTANCE)
    page.get_by_label("Tentative").check()
    page.get_by_label("Not known yet").check()
    page.get_by_role("button", name="Files").click()
    page.locator("#id_files").set_input_files(
        [
            FilePayload(name="mass.msp", mimeType="text/plain", buffer=MASS.encode()),
            FilePayload(name="proton.jdx", mimeType="text/plain", buffer=SHIFTS.encode()),
        ]
    )
    page.get_by_role("button", name="Analysis").click()
    for number, row in enumerate(EVIDENCE):
        if page.get_by_label("Technique").count() <= number:
            page.get_by_role("button", name="Add a line").last.click()
        analysis = page.locator("[data-row].chem-analysis").nth(number)
        analysis.get_by_label("Technique").select_option(str(row["technique"]))
        analysis.get_by_label("Method").fill(str(row["method"]))
        analysis.get_by_label("Compared with").select_option(str(row["reference"]))
        analysis.get_by_label("Conclusion").select_option(str(row["conclusion"]))
        analysis.get_by_label("File").select_option(str(row["file"]))
    page.get_by_role("button", name="Who gets it").click()
    page.get_by_role("radio", name="TLP:GREEN").check()
    page.get_by_role("checkbox", name="Health Authority, Belmora").check()
    page.get_by_role("checkbox", name=f"Agency {EWS}").check()
    page.get_by_role("button", name="Check and submit").click()
    expect(page.get_by_text("Meets the minimum scheme")).to_be_visible()


def review_in_browser(page: Page, four: Four) -> None:
    """Review the identification as the other laboratory's author."""
    open_on_duty(page, four.address, four.at_health())
    expect(page.get_by_text("Meets the minimum scheme")).to_be_visible()
    expect(page.get_by_text("No other laboratory has reviewed this identification.")).to_be_visible()
    page.get_by_role("link", name="Review the identification…").click()
    page.get_by_label("Agree: the evidence identifies what is claimed.").check()
    page.get_by_label("Reasons").fill("Both spectra are those of our reference standard.")
    page.get_by_role("button", name="Go on with your evidence").click()
    analysis = page.locator("[data-row].chem-analysis").first
    analysis.get_by_label("Technique").select_option("ir")
    analysis.get_by_label("Method").fill("ATR-FTIR")
    analysis.get_by_label("Compared with").select_option("in_house")
    analysis.get_by_label("Conclusion").select_option("identified")
    page.get_by_role("button", name="Check and submit").click()
    submit(page)


def test_in_the_browser(page: Page, sign_in: SignIn, four: Four) -> None:
    desk = four.desk
    sign_in(desk.ilka)
    write_in_browser(page, four)
    submit(page)
    alert = Alert.objects.get(agency_id=LAB)
    assert pages_of(desk.ilka).post(f"/queue/{alert.pk}/validate/").status_code in (403, 409), (
        "not its author"
    )
    sign_in(desk.benno)
    check_and_send(page, four.address, TITLE, 2)
    mails = four.tell()
    assert mails and not any(word in mail.lower() for mail in mails for word in (SUBSTANCE, "opioid", LAB))

    sign_in(desk.aroha)
    review_in_browser(page, four)
    sign_in(desk.haitham)
    check_and_send(page, four.address, f"Re: {TITLE}", 1)
    assert SUBSTANCE not in "".join(four.tell()).lower()

    sign_in(desk.ilka)
    alert.refresh_from_db()
    page.goto(f"{four.address}/outbox/{alert.pk}/")
    reviewed = page.locator("#reviews")
    expect(reviewed.get_by_text("Reviewed by Health Authority, Belmora: agrees")).to_be_visible()
    expect(
        reviewed.get_by_text("Signature verified, post-quantum and classical together (PQ1)")
    ).to_be_visible()
    expect(reviewed.get_by_text("1 analysis of its own")).to_be_visible()
    keeps_within_its_width(page, "sent-reviewed")
    page.goto(f"{four.address}/inbox/")
    expect(page.get_by_text(f"Reply to {TITLE}")).to_be_visible()
    assert_signature_holds_offline(four, alert)
    assert_stranger_learns_nothing(four, f"alerts/{alert.pk}/reviews")


def pages_of(officer: Officer) -> Browser:
    browser = Browser()
    browser.force_login(officer, "officers.login.backends.EmailBackend")
    return browser


# --- over REST ----------------------------------------------------------------------------------------------


def attach(session: AtDesk, at: str, etag: str, name: str, text: str) -> str:
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile(name, text.encode())
    with at_desk_of(session.agency):
        answer = session.client.post(f"/api/v1/{at}/attachments", {"file": file}, headers={"if-match": etag})
    assert answer.status_code in (200, 201), answer.content
    return str(answer.headers["ETag"])


@pytest.mark.parametrize("own", PAIRINGS)
def test_over_rest(four: Four) -> None:
    desk = four.desk
    ilka, benno, aroha, haitham = map(AtDesk, (desk.ilka, desk.benno, desk.aroha, desk.haitham))
    data = {
        "alert_type": "new_substance",
        "title": TITLE,
        "identity_state": "tentative",
        "preferred_name": SUBSTANCE,
        "harm_evidence": "none_yet",
        "tlp": "GREEN",
        "recipients": [HEALTH, EWS],
    }
    made = ilka("POST", "alerts", {"data": data})
    draft, tag = made.json(), made.headers["ETag"]
    for name, text in (("mass.msp", MASS), ("proton.jdx", SHIFTS)):
        tag = attach(ilka, f"alerts/{draft['id']}", tag, name, text)
    saved = ilka("PATCH", f"alerts/{draft['id']}", {"data": {"evidence": EVIDENCE}}, etag=tag)
    assert saved.status_code == 200, saved.content
    send_by_two_and_carry(four.desk, ilka, benno, saved)
    assert SUBSTANCE not in "".join(four.tell()).lower()

    row = four.at_health()
    alert = Alert.objects.get(pk=draft["id"])
    envelope = reviewed_over_rest(four, row, aroha, haitham)
    assert (envelope.kind, envelope.re_md) == ("reply", alert.md)

    (seen,) = ilka("GET", f"alerts/{alert.pk}/reviews").json()["items"]
    assert (seen["agency"], seen["opinion"], seen["words"]) == (HEALTH, "agree", "agrees")
    assert seen["standing"]["state"] == "valid" and seen["log_index"] is not None
    assert [row["agency"] for row in aroha("GET", f"alerts/received/{row.pk}/reviews").json()["items"]] == [
        HEALTH
    ]
    entries = ilka("GET", f"alerts/{alert.pk}/thread").json()["items"]
    assert [entry["what"] for entry in entries] == ["sent", "reply"]
    assert_own_keys_review_too(four, alert, ilka)
    inbox = ilka("GET", "alerts?box=inbox").json()["items"]
    assert [row["answers"] for row in inbox] == [TITLE, TITLE]
    assert_signature_holds_offline(four, alert)
    assert_stranger_learns_nothing(four, f"alerts/{alert.pk}/reviews")


@pytest.mark.parametrize("own", [pytest.param((HEALTH,), id="command to own")])
def test_from_the_command(four: Four) -> None:
    """The laboratory has a system of its own: the health authority reviews its alert at the authority's desk."""
    document = {
        "schema": "accord-alert/1",
        "alert_type": "new_substance",
        "title": TITLE,
        "identity_state": "tentative",
        "preferred_name": SUBSTANCE,
        "harm_evidence": "none_yet",
        "evidence": EVIDENCE,
    }
    files = (
        Attachment("mass.msp", "text/plain", MASS.encode()),
        Attachment("proton.jdx", "text/plain", SHIFTS.encode()),
    )
    sent = four.ews.submit(alert_to(HEALTH, alert=document, attachments=files), wait_secs=30)
    mails = four.tell()
    assert mails and not any(word in mail.lower() for mail in mails for word in (SUBSTANCE, "opioid", EWS))
    aroha, haitham = AtDesk(four.desk.aroha), AtDesk(four.desk.haitham)
    review = reviewed_over_rest(four, four.at_health(), aroha, haitham)
    opened = four.ews.open(review.md)
    about = opened.manifest.terms.re
    assert about is not None and about.md == sent.md
    assert (opened.manifest.iss, opened.alert["opinion"]) == (HEALTH, "agree")
    assert_stranger_learns_nothing(four)


def reviewed_over_rest(four: Four, row: ReceivedAlert, author: AtDesk, second: AtDesk) -> Envelope:
    """Read and review the received alert as two officers of another laboratory; return the review that they sent."""
    why = {"reason": OpeningReason.ON_DUTY.value}
    opened = author("POST", f"alerts/received/{row.pk}/open", why).json()
    assert opened["verification"]["state"] == "verified"
    assert [line["technique"] for line in opened["document"]["evidence"]] == ["ms", "nmr"]
    assert (opened["scheme"]["meets"], opened["scheme"]["codes"][0]) == (True, "a_and_a")
    assert opened["document"]["harm_evidence"] == "none_yet"
    bare = author("POST", f"alerts/received/{row.pk}/reply", why | {"kind": "peer_review"})
    assert bare.status_code == 422 and bare.json()["field"] == "opinion"
    review = author(
        "POST",
        f"alerts/received/{row.pk}/reply",
        why | {"kind": "peer_review", "opinion": "agree", "opinion_text": "As our reference."},
    )
    assert review.status_code == 201, review.content
    return Envelope.objects.get(md=send_by_two_and_carry(four.desk, author, second, review)["md"])


def assert_own_keys_review_too(four: Four, alert: Alert, ilka: AtDesk) -> None:
    """Check that a laboratory with a system of its own reviews by `accord submit`, and that a withdrawn review does not count."""
    document = {
        "schema": "accord-alert/1",
        "alert_type": "peer_review",
        "title": "Review of 26 November",
        "opinion": "needs_data",
        "opinion_text": "Send the second transition.",
    }
    terms = {"kind": "reply", "re": Reference(alert.jti, alert.md), "alert": document}
    sent = four.ews.submit(alert_to(LAB, **terms), wait_secs=30)
    four.desk.catch_up()
    seen = ilka("GET", f"alerts/{alert.pk}/reviews").json()["items"]
    assert {row["agency"]: row["opinion"] for row in seen} == {HEALTH: "agree", EWS: "needs_data"}
    four.ews.retract(sent.md, code="error", wait_secs=30)
    four.desk.catch_up()
    left = ilka("GET", f"alerts/{alert.pk}/reviews").json()["items"]
    assert [row["agency"] for row in left] == [HEALTH]


# --- either way ---------------------------------------------------------------------------------------------


def assert_signature_holds_offline(four: Four, alert: Alert) -> None:
    """Open the alert by the system with keys of its own, and verify the saved alert without any network."""
    opened = four.ews.open(alert.md)
    assert opened.alert["preferred_name"] == SUBSTANCE and opened.alert["harm_evidence"] == "none_yet"
    folder = four.partners.folder / f"saved-{alert.pk}"
    save_opened(opened, folder)

    def no_network(hub: str, api_key: str) -> Any:
        pytest.fail("the network was asked for")

    away = Client(four.partners.home(EWS), PASSPHRASE, clock=lambda: int(time.time()), connect=no_network)
    four.partners.clients.append(away)
    verified = away.verify(*load_saved(folder))
    assert verified.failure is None and verified.opened is not None and verified.opened.md == alert.md


def assert_stranger_learns_nothing(four: Four, *addresses: str) -> None:
    """Check that an agency that was not addressed has no row, count or mail, and gets the answer of an absent alert."""
    session = AtDesk(four.stranger)
    assert not Delivery.objects.filter(recipient_id=STRANGER).exists()
    assert not ReceivedAlert.objects.filter(agency_id=STRANGER).exists()
    assert session("GET", "alerts?box=inbox").json() == {"items": [], "next": None}
    received = four.at_health()
    absent = session("GET", f"alerts/received/{received.pk}")
    never = session("GET", "alerts/received/00000000-0000-4000-8000-000000000000")
    assert absent.status_code == never.status_code == 404

    def told(answer: Any) -> dict[str, Any]:
        return {name: value for name, value in answer.json().items() if name != "request_id"}

    assert told(absent) == told(never)
    for address in (f"alerts/received/{received.pk}/reviews", *addresses):
        assert session("GET", address).status_code == 404
    found = session("POST", "alerts/search", {"text": SUBSTANCE}).json()
    assert found["received"] == [] and found["sent"] == []
    pages = pages_of(four.stranger)
    for address in ("/", "/inbox/"):
        shown = pages.get(address).content.decode()
        assert TITLE not in shown and SUBSTANCE not in shown
    assert "No alert has reached your agency yet." in pages.get("/inbox/").content.decode()
    assert all(STRANGER not in " ".join(mail.recipients) for mail in four.outside.mails)

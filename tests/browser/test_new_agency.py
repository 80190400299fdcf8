# SPDX-License-Identifier: Apache-2.0
"""A new agency from accession to its first alert: every person in the browser, second factors demanded.

The keeper compares the exchange's admission and takes the agency in, the first admin comes by mail and invites the others,
the key officer has the head sign the first keyset, an author writes, a releaser sends, a partner receives.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accord.envelope.keys import show_fingerprint
from accord.envelope.private import Root
from alerts.models import ReceivedAlert
from officers.models import Officer
from peers.models import Agency
from tests.browser.conftest import Tell
from tests.browser.keyboard import Hands
from tests.browser.looking import keeps_within_its_width
from tests.entries import admit_elsewhere
from tests.mail_server import MailServer
from tests.pages.desk_world import PASSWORD, DeskWorld
from tests.pages.key_desks import Customs
from tests.pages.one_time_codes import code_of

pytestmark = pytest.mark.slow
SignIn = Callable[[Officer], None]
Role = Literal["button", "link", "checkbox", "radio", "combobox"]
TITLE = "Tablets in a spare wheel"


@dataclass
class Journey:
    """One browser that several people use in turn."""

    hands: Hands
    address: str
    mails: MailServer
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def page(self) -> Page:
        return self.hands.page

    def find(self, name: str, role: Role = "button") -> Locator:
        return self.page.get_by_role(role, name=name, exact=True).first

    def go(self, name: str, heading: str = "") -> None:
        """Open a page by the menu."""
        menu = self.page.get_by_role("navigation", name="Pages")
        self.hands.use(menu.get_by_role("link", name=name, exact=True))
        title = self.page.get_by_role("heading", name=heading or name, exact=True)
        expect(title.first).to_be_visible()

    def press(self, name: str, role: Role = "button") -> None:
        if role == "radio":
            self.hands.choose(self.find(name, role))
        else:
            self.hands.use(self.find(name, role), "Space" if role == "checkbox" else "Enter")

    def fill(self, **values: str) -> None:
        """Fill fields by their labels; Enter in the last one sends the form."""
        for label, value in values.items():
            self.hands.fill(self.page.get_by_label(label.replace("_", " "), exact=True), value)

    def choose_from(self, label: str, text: str) -> None:
        """Choose in a closed list by typing letters."""
        box = self.page.get_by_label(label)
        self.hands.fill(box, text)
        assert box.evaluate("box => box.selectedOptions[0].text") == text

    def shoot(self, name: str) -> None:
        keeps_within_its_width(self.page, f"job-new-agency-{name}")

    def set_up_codes(self, who: str) -> None:
        """Set up the second factor that the role demands."""
        self.press("Set up one-time codes", "button")
        secret = self.page.locator("#totp-secret").inner_text()
        expect(self.page.locator(".qr svg")).to_be_visible()
        self.fill(**{"One-time code": code_of(secret, timezone.now())})
        self.hands.press("Enter")
        expect(self.page.locator("#recovery-codes li")).to_have_count(10)
        self.press("I have kept them", "link")
        expect(self.page.get_by_text("Set up on").first).to_be_visible()
        self.secrets[who] = secret

    def accept(self, email: str, *, codes: bool = True) -> None:
        """Follow the mail's link as the invited person: choose a password, sign in and set up a second factor."""
        self.page.context.clear_cookies()
        link = re.search(r"/welcome/[\w-]{43}/", self.mails.mails_to(email)[-1].text)
        assert link is not None
        self.hands.open_from_mail(self.address + link[0])
        self.fill(Password=PASSWORD, Password_once_more=PASSWORD)
        self.hands.press("Enter")
        self.press("Sign in", "link")
        self.sign_in(email)
        if codes:
            self.set_up_codes(email)

    def sign_in(self, email: str) -> None:
        expect(self.page.get_by_label("E-mail")).to_be_focused()
        self.hands.type(email)
        self.fill(Password=PASSWORD)
        self.hands.press("Enter")

    def invite(self, name: str, email: str, *roles: str) -> None:
        self.press("Invite…", "link")
        self.fill(Name=name)
        self.hands.fill(self.page.get_by_label("E-mail"), email)
        for role in ("Reader: reads and acknowledges alerts", *roles):
            self.press(role, "checkbox")
        self.hands.press("Enter")
        expect(self.page.get_by_text("The invitation is sent.")).to_be_visible()


@pytest.fixture
def journey(page: Page, live_server: LiveServer, mail_server: MailServer) -> Journey:
    return Journey(Hands(page), live_server.url, mail_server)


def take_in(journey: Journey, root: Root) -> None:
    """Enter, as the keeper, id and entry key, and check the facts that the exchange gives."""
    page, hands = journey.page, journey.hands
    facts = {"name": "Border Police, Fenlund", "kind": "police", "timezone": "Atlantic/Azores"}
    facts |= {"custody": "hub-own-root", "root_fingerprint": root.fingerprint}
    entry_key = admit_elsewhere("xf-border", now=timezone.now(), **facts)
    journey.go("Start", "This desk")
    journey.press("Take in an agency…", "link")
    journey.fill(Agency_id="xf-border", Key_for_entering=entry_key)
    journey.shoot("take-in")
    hands.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("^Take in .*Border Police"))).to_be_visible()
    expect(page.get_by_text(show_fingerprint(root.fingerprint))).to_be_visible()
    journey.shoot("compare")
    journey.press("All agrees: take it in")
    expect(page.get_by_text("The agency is taken in.")).to_be_visible()
    journey.press("Invite…", "link")
    journey.fill(Name="Pavo Lindqvar")
    hands.fill(page.get_by_label("E-mail"), "pavo@xf-border.example")
    hands.press("Enter")
    expect(page.get_by_text("The invitation is sent.")).to_be_visible()
    journey.shoot("desk-agency")


def bring_keys(journey: Journey, customs: Customs) -> None:
    """Have the key officer propose and the head sign offline; hand in the signed file."""
    page, hands, card = journey.page, journey.hands, customs.card(customs.root)
    journey.go("Signing keys")
    journey.press("Create keys…", "link")
    hands.hand_over(page.get_by_label("Root, public half"), "root.public.json", card.read())
    hands.fill(page.get_by_label("Fingerprint of the root after it"), customs.successor.fingerprint)
    hands.press("Enter")
    with page.expect_download() as download:
        hands.use(page.locator("a[download]").first)
    journey.shoot("proposal")
    signed = customs.sign(Path(download.value.path()).read_bytes())
    hands.hand_over(page.locator("input[type=file]"), "create.signed", signed)
    journey.press("Hand it in")
    expect(page.get_by_role("heading", name="Signing keys", exact=True)).to_be_visible()


def write(journey: Journey) -> None:
    """Write the alert as its author, up to the release queue."""
    page, hands = journey.page, journey.hands
    journey.press("New alert", "link")
    hands.use(page.get_by_role("button", name=re.compile("^New substance")).first)
    hands.fill(page.get_by_label("Title"), TITLE)
    hands.fill(
        page.get_by_label("What happened"), "Found behind the lining of a spare wheel. Nobody was harmed."
    )
    hands.fill(page.locator("#id_preferred_name"), "metodesnitazene")
    journey.press("Tentative", "radio")
    journey.press("Not known yet", "radio")
    hands.go_on("Who gets it")
    hands.use(page.get_by_role("checkbox", name=re.compile("Health Authority, Belmora")), "Space")
    hands.choose(page.get_by_role("radio", name="TLP:GREEN"))
    hands.go_on("Check and submit")
    journey.press("Submit for release")
    expect(page.get_by_text("Submitted. It waits for a second person.")).to_be_visible()


def release(journey: Journey, email: str) -> None:
    """Release the alert as the releaser, from signing in with both factors."""
    page, hands = journey.page, journey.hands
    page.context.clear_cookies()
    page.goto(f"{journey.address}/login/")
    journey.sign_in(email)
    expect(page.get_by_label("One-time code")).to_be_focused()
    hands.type(code_of(journey.secrets[email], timezone.now(), steps=1))
    hands.press("Enter")
    expect(page.get_by_role("link", name=TITLE)).to_be_visible()
    hands.open_first_row()
    expect(page.get_by_role("heading", name=TITLE).first).to_be_visible()
    journey.press("Mark as checked")
    journey.press("Send to 1 agency")
    expect(page.get_by_text("Sent. The log receipt usually takes a second.")).to_be_visible()
    journey.shoot("sent")


def test_a_new_agency_from_accession_to_its_first_alert(
    journey: Journey, desk: DeskWorld, sign_in: SignIn, settings: Settings, tell: Tell
) -> None:
    page, root = journey.page, Root.generate()
    sign_in(desk.noor)
    settings.MFA_DEMANDED = True
    page.goto(journey.address)
    journey.set_up_codes("noor")
    take_in(journey, root)

    journey.accept("pavo@xf-border.example")
    journey.go("People", "Officers")
    journey.invite("Runa Skarsholm", "runa@xf-border.example", "Author: writes alerts")
    journey.go("People", "Officers")
    journey.invite(
        "Ketil Varga",
        "ketil@xf-border.example",
        "Releaser: checks, sends and withdraws alerts",
        "Key officer: manages the agency's keys",
    )
    journey.go("People", "Officers")
    journey.shoot("officers")

    journey.accept("ketil@xf-border.example")
    agency = Agency.objects.get(pk="xf-border")
    ketil = Officer.objects.get(email="ketil@xf-border.example")
    bring_keys(journey, Customs(desk, agency, ketil, root, Root.generate(), Root.generate()))
    desk.catch_up()
    agency.refresh_from_db()
    assert agency.status == "active"
    desk.hub.make_agreement("G7", "xf-border", "xb-health", title="Science")
    desk.catch_up()

    journey.accept("runa@xf-border.example", codes=False)
    write(journey)
    release(journey, "ketil@xf-border.example")
    desk.catch_up()
    arrived = ReceivedAlert.objects.visible_to(desk.aroha).get()
    assert arrived.issuer == agency
    tell("a new agency from accession to its first alert, five people", journey.hands.tally)
    # The limit allows for the field of a unit, which each of the five people tabs past.
    assert journey.hands.keys < 275

# SPDX-License-Identifier: Apache-2.0
"""The operator's real process in a real Chromium with a virtual authenticator, under its own CSP and database login."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from callers.problems import ABSENT
from operators.enrolling import INSTALLER, invite_operator
from tests.agencies.world import admit
from tests.browser.looking import WIDE, faults_of, moved_by_what_people_write, sticking_out
from tests.browser.test_second_factors import AUTHENTICATOR
from tests.builders import Hub
from tests.conftest import HubProcesses
from tests.operators.test_operators_pages import FACTS, HEARD_WELL

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
Look = Callable[[str], None]


@pytest.fixture
def exchange(hub_processes: HubProcesses, tmp_path: Path) -> str:
    """The address of an exchange with two agencies and one that enters."""
    hub = Hub(tmp_path / "ledger", now=timezone.now())
    hub.make_agencies("xa-lab", "xb-health")
    hub.sequence()
    admit("xd-reg", fingerprint="ab" * 32, now=timezone.now())
    hub_processes.operator()
    return hub_processes.world.operator_url


@pytest.fixture
def authenticator(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})


@pytest.fixture
def look(page: Page) -> Look:
    """Check the open page: axe finds no fault, and nothing sticks out at any width."""

    def at(name: str) -> None:
        assert faults_of(page, f"operator-{name}") == []
        assert sticking_out(page) == {}, name
        page.set_viewport_size({"width": WIDE, "height": 900})

    return at


def press(page: Page, button: str) -> None:
    """Press a button by keyboard alone."""
    page.get_by_role("button", name=button).focus()
    page.keyboard.press("Enter")


def come_in(page: Page, address: str, look: Look) -> None:
    """Follow the link from a mail that is read in the browser, make a passkey and sign in with it."""
    _link, token = invite_operator(INSTALLER, "Noor Ashdene", now=timezone.now())
    mail = f'<a href="{address}/enrol/{token}/">Your link</a>'
    page.route("http://mail.example/", lambda route: route.fulfill(body=mail, content_type="text/html"))
    page.goto("http://mail.example/")
    page.get_by_role("link", name="Your link").click()
    expect(page).to_have_url(f"{address}/enrol/")
    look("enrol")
    press(page, "Make a passkey")
    expect(page.get_by_text("Your passkey is made.")).to_be_visible()
    look("enrolled")
    page.get_by_role("link", name="Go on to sign in").press("Enter")
    look("sign-in")
    press(page, "Sign in with a passkey")
    expect(page.get_by_role("heading", name="This exchange")).to_be_visible()
    look("overview")


def admit_an_agency(page: Page, look: Look) -> None:
    page.get_by_role("link", name="Admit an agency…").first.press("Enter")
    look("admit")
    for name in ("agency_id", "name", "country", "duty_phone", "root_fingerprint"):
        page.locator(f"[name={name}]").fill(FACTS[name])
    press(page, "Continue")
    expect(page.get_by_role("heading", name="Compare the fingerprint")).to_be_visible()
    look("compare")
    for name, heard in HEARD_WELL.items():
        if name != "compare":
            page.locator(f"[name={name}]").fill(heard)
    press(page, "All groups agree: admit the agency")
    expect(page.get_by_role("heading", name=FACTS["name"])).to_be_visible()
    look("agency")
    page.get_by_role("link", name="Issue the key for entering…").press("Enter")
    look("entry-key")
    press(page, "Issue key")
    expect(page.get_by_role("heading", name="Copy the key now")).to_be_visible()
    look("key-shown")
    page.get_by_role("link", name="I have copied it").press("Enter")
    expect(page.get_by_text("Issue another key for entering…")).to_be_visible()


def suspend_one(page: Page, address: str, look: Look) -> None:
    page.goto(f"{address}/agencies/xa-lab/suspend/")
    look("suspend")
    press(page, "Suspend xa-lab")
    expect(page.get_by_text("Suspended since")).to_be_visible()
    look("suspended")
    assert moved_by_what_people_write(page, "suspended") == []
    page.set_viewport_size({"width": WIDE, "height": 900})


def look_around(page: Page, address: str, look: Look) -> None:
    page.get_by_role("link", name="Log", exact=True).press("Enter")
    look("ledger")
    page.get_by_role("link", name="Operators", exact=True).press("Enter")
    look("operators")
    page.get_by_role("link", name="Invite…").press("Enter")
    look("invite")
    page.get_by_label("Name").fill("Benno Lind")
    press(page, "Make the link")
    expect(page.get_by_role("heading", name="Copy the link now")).to_be_visible()
    look("link-shown")
    page.goto(f"{address}/no-such-page/")
    expect(page.get_by_role("heading", name=ABSENT.sentence)).to_be_visible()
    look("absent")


def test_an_operator_comes_in_admits_suspends_and_leaves_by_keyboard(
    page: Page, exchange: str, authenticator: None, look: Look, console_errors: list[str]
) -> None:
    come_in(page, exchange, look)
    admit_an_agency(page, look)
    suspend_one(page, exchange, look)
    look_around(page, exchange, look)
    page.goto(exchange)
    press(page, "Sign out")
    expect(page).to_have_url(f"{exchange}/sign-in/")
    page.goto(f"{exchange}/ledger/")
    expect(page).to_have_url(f"{exchange}/sign-in/")
    # Chromium logs the 404 of the absent page as an error.
    console_errors[:] = [error for error in console_errors if "status of 404" not in error]

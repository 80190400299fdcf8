# SPDX-License-Identifier: Apache-2.0
"""The operator's real process in a real Chromium with a virtual authenticator, under its own CSP and database login."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.utils import timezone
from playwright.sync_api import Page, expect

from callers.problems import ABSENT
from operators.enrolling import INSTALLER, invite_operator
from tests.agencies.world import admit
from tests.browser.pictures import keep_picture
from tests.browser.test_accessibility import ASK, EVERY_RULE, FILL, STICKING_OUT, WIDTHS, WRITTEN
from tests.browser.test_second_factors import AUTHENTICATOR
from tests.builders import Hub
from tests.conftest import HubProcesses
from tests.operators.test_operators_pages import FACTS, HEARD_WELL

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
LOOKS: Final[tuple[tuple[int, Literal["light", "dark"]], ...]] = (
    (1280, "light"),
    (1280, "dark"),
    (360, "light"),
    (360, "dark"),
)
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
    """Check the open page wide and narrow, light and dark: nothing sticks out, axe finds no fault."""

    def at(name: str) -> None:
        for width, theme in LOOKS:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=theme)
            page.evaluate(AXE_SCRIPT)
            assert page.evaluate(ASK, EVERY_RULE) == [], (name, width, theme)
            assert page.evaluate(STICKING_OUT) == [], (name, width)
            keep_picture(page, f"operator-{name}-{width}-{theme}")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(STICKING_OUT) == [], (name, width)
        page.set_viewport_size({"width": 1280, "height": 900})

    return at


def press(page: Page, button: str) -> None:
    """Press a button by keyboard alone."""
    page.get_by_role("button", name=button).focus()
    page.keyboard.press("Enter")


def come_in(page: Page, address: str, look: Look) -> None:
    _link, token = invite_operator(INSTALLER, "Noor Ashdene", now=timezone.now())
    page.goto(f"{address}/enrol/{token}/")
    expect(page).to_have_url(f"{address}/enrol/")
    look("enrol")
    press(page, "Make a passkey")
    expect(page.get_by_text("Your passkey is made.")).to_be_visible()
    look("enrolled")
    page.get_by_role("link", name="Go on to sign in").press("Enter")
    look("sign-in")
    press(page, "Sign in with a passkey")
    expect(page.get_by_role("heading", name="This exchange")).to_be_visible()


def test_an_operator_comes_in_and_admits_an_agency_by_keyboard(
    page: Page, exchange: str, authenticator: None, look: Look
) -> None:
    come_in(page, exchange, look)
    look("overview")
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


def test_the_link_serves_from_a_mail_that_is_read_in_the_browser(page: Page, exchange: str) -> None:
    _link, token = invite_operator(INSTALLER, "Noor Ashdene", now=timezone.now())
    mail = f'<a href="{exchange}/enrol/{token}/">Your link</a>'
    page.route("http://mail.example/", lambda route: route.fulfill(body=mail, content_type="text/html"))
    page.goto("http://mail.example/")
    page.get_by_role("link", name="Your link").click()
    expect(page.get_by_role("button", name="Make a passkey")).to_be_visible()


def test_an_operator_suspends_looks_around_and_leaves(
    page: Page, exchange: str, authenticator: None, look: Look, console_errors: list[str]
) -> None:
    come_in(page, exchange, look)
    page.goto(f"{exchange}/agencies/xa-lab/suspend/")
    look("suspend")
    press(page, "Suspend xa-lab")
    expect(page.get_by_text("Suspended since")).to_be_visible()
    look("suspended")
    page.evaluate(FILL, WRITTEN["one word"])
    assert page.evaluate(STICKING_OUT) == []
    page.get_by_role("link", name="Ledger", exact=True).press("Enter")
    look("ledger")
    page.get_by_role("link", name="Operators", exact=True).press("Enter")
    look("operators")
    page.get_by_role("link", name="Invite…").press("Enter")
    look("invite")
    page.get_by_label("Name").fill("Benno Lind")
    press(page, "Make the link")
    expect(page.get_by_role("heading", name="Copy the link now")).to_be_visible()
    look("link-shown")
    page.goto(f"{exchange}/no-such-page/")
    expect(page.get_by_role("heading", name=ABSENT.sentence)).to_be_visible()
    look("absent")
    page.goto(exchange)
    press(page, "Sign out")
    expect(page).to_have_url(f"{exchange}/sign-in/")
    page.goto(f"{exchange}/ledger/")
    expect(page).to_have_url(f"{exchange}/sign-in/")
    # Chromium logs the 404 of the absent page as an error.
    console_errors[:] = [error for error in console_errors if "status of 404" not in error]

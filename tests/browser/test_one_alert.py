# SPDX-License-Identifier: Apache-2.0
"""One alert in the browser from sign-in to acknowledgement: by keyboard, and once more without JavaScript."""

from collections.abc import Callable, Generator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.models import Alert
from officers.models import Officer
from tests.pages.desk_world import PASSWORD, DeskWorld

SignIn = Callable[[Officer], None]
TITLE = "Metodesnitazene in a pressed tablet"
pytestmark = pytest.mark.slow


def press_on(page: Page, role: str, name: str, key: str = "Enter") -> None:
    """Focus a control as a keyboard does, and press a key on it."""
    control = page.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]
    control.focus()
    control.press(key)


def sign_in_by_form(page: Page, address: str, email: str) -> None:
    page.goto(f"{address}/login/")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.type(email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="My work")).to_be_visible()


def sign_out(page: Page) -> None:
    press_on(page, "button", "Sign out")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def write(page: Page) -> None:
    """Write the alert as its author, after signing in."""
    press_on(page, "link", "New alert")
    press_on(
        page, "button", "New substance Something seen for the first time, even when no harm is known yet."
    )
    page.get_by_label("Title").fill(TITLE)
    page.get_by_label("What happened").fill("One tablet in a letter. No harm is known.")
    page.get_by_label("Title").press("Enter")
    expect(page.get_by_role("button", name="2 Substance")).to_have_attribute("aria-current", "step")
    press_on(page, "radio", "Tentative", "Space")
    page.get_by_label("Substance").fill("metodesnitazene")
    press_on(page, "checkbox", "Mass spectrometry (A)", "Space")
    press_on(page, "button", "5 Marking and recipients")
    page.get_by_role("radio", name="TLP:GREEN").press("Space")
    page.get_by_role("checkbox", name="Health Authority, Belmora").press("Space")
    page.get_by_role("checkbox", name="Precursor Office, Dellin").press("Space")


def check_and_send(page: Page, address: str) -> None:
    """Check and send the alert as the second person."""
    page.goto(f"{address}/queue/")
    page.keyboard.press("j")
    page.keyboard.press("o")
    expect(page.get_by_role("heading", name=TITLE).first).to_be_visible()
    press_on(page, "button", "Mark as checked")
    press_on(page, "button", "Send to 2 agencies")
    expect(page.get_by_text("Sent. The log receipt usually takes a second.")).to_be_visible()


def open_and_acknowledge(page: Page, address: str) -> None:
    """Open and acknowledge as the recipient, from the mail's link."""
    page.goto(address)
    press_on(page, "radio", "On duty", "Space")
    press_on(page, "button", "Open")
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    glance = page.get_by_role("complementary", name="At a glance")
    expect(
        glance.get_by_text("Verified. Forensic Laboratory, Arvenia signed this with both its keys.")
    ).to_be_visible()
    press_on(page, "button", "Acknowledge")
    expect(page.get_by_text("Acknowledged. The sender sees it.")).to_be_visible()


def test_from_sign_in_to_acknowledgement_by_keyboard(
    page: Page, live_server: LiveServer, sign_in: SignIn, desk: DeskWorld
) -> None:
    sign_in_by_form(page, live_server.url, "ilka@xa-lab.example")
    write(page)
    expect(page.get_by_role("heading", name="2 will receive it")).to_be_visible()
    press_on(page, "button", "Continue")
    press_on(page, "button", "Submit for release")
    expect(page.get_by_text("Submitted. It waits for a second person.")).to_be_visible()

    sign_in(desk.benno)
    check_and_send(page, live_server.url)
    desk.catch_up()

    sign_in(desk.aroha)
    open_and_acknowledge(page, f"{live_server.url}/a/{desk.received(desk.aroha).reference}")
    desk.catch_up()

    sign_in(desk.benno)
    page.goto(f"{live_server.url}/outbox/{Alert.objects.get().pk}/")
    row = page.get_by_role("row", name="Health Authority, Belmora")
    expect(row.get_by_text("Acknowledged", exact=True)).to_be_visible()


@pytest.fixture
def plain_page(browser: Browser) -> Generator[Page]:
    """A browser page without JavaScript."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_the_same_without_javascript(plain_page: Page, live_server: LiveServer, desk: DeskWorld) -> None:
    page = plain_page
    sign_in_by_form(page, live_server.url, "ilka@xa-lab.example")
    write(page)
    press_on(page, "button", "Check recipients")
    expect(page.get_by_role("heading", name="2 will receive it")).to_be_visible()
    press_on(page, "button", "Continue")
    press_on(page, "button", "Submit for release")
    expect(page.get_by_text("Submitted. It waits for a second person.")).to_be_visible()
    sign_out(page)

    sign_in_by_form(page, live_server.url, "benno@xa-lab.example")
    page.get_by_role("link", name=TITLE).click()
    press_on(page, "button", "Mark as checked")
    press_on(page, "button", "Send to 2 agencies")
    expect(page.get_by_text("Sent. The log receipt usually takes a second.")).to_be_visible()
    sign_out(page)
    desk.catch_up()

    sign_in_by_form(page, live_server.url, "aroha@xb-health.example")
    open_and_acknowledge(page, f"{live_server.url}/a/{desk.received(desk.aroha).reference}")
    press_on(page, "button", "Dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")

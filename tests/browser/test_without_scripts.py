# SPDX-License-Identifier: Apache-2.0
"""One alert without JavaScript, from sign-in to acknowledgement and to its next version; scripts are no condition."""

from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.models import Alert
from tests.browser.keyboard import press_on, sign_in_by_form, sign_out
from tests.pages.desk_world import DeskWorld

TITLE = "Metodesnitazene in a pressed tablet"
pytestmark = pytest.mark.slow


def write(page: Page) -> None:
    """Write the alert as its author, after signing in."""
    press_on(page, "link", "New alert")
    press_on(
        page, "button", "New substance Something seen for the first time, even when no harm is known yet."
    )
    page.get_by_label("Title").fill(TITLE)
    page.get_by_label("What happened").fill("One tablet in a letter. No harm is known.")
    page.get_by_role("combobox", name="Substance").fill("metodesnitazene")
    press_on(page, "radio", "Tentative", "Space")
    press_on(page, "radio", "Not known yet", "Space")
    page.get_by_role("button", name="Analysis").press("Enter")
    press_on(page, "checkbox", "Mass spectrometry (A)", "Space")
    page.get_by_role("button", name="What is known").press("Enter")
    page.get_by_label("Title").press("Enter")
    expect(page.get_by_role("button", name="Who gets it")).to_have_attribute("aria-current", "step")
    page.get_by_role("radio", name="TLP:GREEN").press("Space")
    page.get_by_role("checkbox", name="Health Authority, Belmora").press("Space")
    page.get_by_role("checkbox", name="Precursor Office, Dellin").press("Space")


def open_and_answer(page: Page, address: str) -> None:
    """Open and answer as the recipient, from the mail's link."""
    page.goto(address)
    press_on(page, "button", "On duty")
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    glance = page.get_by_role("complementary", name="At a glance")
    expect(glance.get_by_text("Verified", exact=True)).to_be_visible()
    glance.get_by_role("link", name="Details").click()
    expect(
        page.locator("#verification").get_by_text(
            "Verified. Forensic Laboratory, Arvenia signed this with both its keys."
        )
    ).to_be_visible()
    page.get_by_text("We cannot take it", exact=True).click()
    press_on(page, "radio", "We cannot take it: our rules do not let us use it.", "Space")
    press_on(page, "button", "Acknowledge")
    expect(page.get_by_text("We cannot take it: our rules do not let us use it.").first).to_be_visible()


@pytest.fixture
def desk(live_server: LiveServer, tmp_path: Path) -> DeskWorld:
    """The hub with officers who sign in by the form."""
    return DeskWorld.kept(tmp_path / "ledger", passwords=True)


@pytest.fixture
def plain_page(browser: Browser) -> Generator[Page]:
    """A browser page without JavaScript."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_an_alert_is_written_sent_answered_and_amended_without_javascript(
    plain_page: Page, live_server: LiveServer, desk: DeskWorld
) -> None:
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
    open_and_answer(page, f"{live_server.url}/a/{desk.received(desk.aroha).reference}")
    page.locator(".me-more > summary").press("Enter")
    press_on(page, "button", "Dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    sign_out(page)

    sign_in_by_form(page, live_server.url, "ilka@xa-lab.example")
    page.goto(f"{live_server.url}/outbox/{Alert.objects.get().pk}/")
    press_on(page, "button", "Write the next version")
    expect(page.get_by_text("This becomes version 2.")).to_be_visible()

# SPDX-License-Identifier: Apache-2.0
"""Signing in with a second factor in a real Chromium with a virtual authenticator, under the strict CSP."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from officers.models import Officer
from officers.session_rows import OfficerSession
from tests.bound_rows import rewrite
from tests.browser.pictures import keep_picture
from tests.pages.desk_world import PASSWORD, DeskWorld
from tests.pages.one_time_codes import code_of

pytestmark = pytest.mark.slow
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
SECURITY = "/security/"
SignIn = Callable[[Officer], None]


@pytest.fixture
def authenticator(page: Page) -> None:
    """A device with a fingerprint sensor that always recognises its owner."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})


def sign_in_by_password(page: Page, url: str) -> None:
    page.goto(f"{url}/login/")
    page.get_by_label("E-mail").fill("benno@xa-lab.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_releaser_is_led_to_a_telephone_and_signs_in_with_it(
    page: Page, live_server: LiveServer, desk: DeskWorld, settings: Settings
) -> None:
    settings.MFA_DEMANDED = True
    sign_in_by_password(page, live_server.url)
    expect(page.get_by_text("Your role demands a second factor.")).to_be_visible()
    page.goto(f"{live_server.url}/queue/")
    expect(page).to_have_url(f"{live_server.url}{SECURITY}")
    page.get_by_role("button", name="Set up one-time codes").click()
    secret = page.locator("#totp-secret").inner_text()
    expect(page.locator(".qr svg")).to_be_visible()
    page.get_by_label("One-time code").fill(code_of(secret, timezone.now()))
    page.get_by_role("button", name="Turn one-time codes on").click()
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    keep_picture(page, "recovery-codes", full_page=False)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Set up on")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    sign_in_by_password(page, live_server.url)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    keep_picture(page, "second-step", full_page=False)
    page.get_by_label("One-time code").fill(code_of(secret, timezone.now(), steps=1))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("link", name="Release queue")).to_be_visible()


def test_a_passkey_signs_in_alone_and_proves_before_a_release(
    page: Page,
    live_server: LiveServer,
    desk: DeskWorld,
    sign_in: SignIn,
    authenticator: None,
    console_errors: list[str],
) -> None:
    alert = desk.submit(desk.draft())
    desk.validate(alert)
    sign_in(desk.benno)
    page.goto(f"{live_server.url}/security/passkeys/add/")
    page.get_by_label("Name").fill("Key on my ring")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Key on my ring").first).to_be_visible()
    page.context.clear_cookies()
    page.goto(f"{live_server.url}/login/?next=/queue/{alert.pk}/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(f"{live_server.url}/queue/{alert.pk}/")
    rewrite(OfficerSession.objects.all(), proved_at=timezone.now() - timedelta(hours=1))
    page.get_by_role("button", name="Send to").first.click()
    expect(page.get_by_role("heading", name="Is it still you?")).to_be_visible()
    keep_picture(page, "is-it-still-you", full_page=False)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Is it still you?")).to_have_count(0)
    alert.refresh_from_db()
    assert alert.state == "released"
    # The page that asks is an answer of 403, which Chromium logs as an error.
    (asked,) = console_errors
    assert "status of 403" in asked
    console_errors.clear()


def test_the_pages_of_signing_in_fit_every_width_and_look(
    desk: DeskWorld, sign_in: SignIn, shoot: Callable[..., None]
) -> None:
    shoot("reset", "/reset/")
    shoot("reset-over", "/reset/new/", status=404)
    sign_in(desk.benno)
    shoot("security", SECURITY)
    shoot("totp", "/security/totp/")
    shoot("passkey", "/security/passkeys/add/")
    shoot("confirm", "/confirm/?next=/queue/")

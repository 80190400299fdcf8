# SPDX-License-Identifier: Apache-2.0
"""Signing in with a passkey in a real Chromium with a virtual authenticator, under the strict CSP."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from officers.models import Officer
from officers.session_rows import OfficerSession
from tests.bound_rows import rewrite
from tests.browser.pictures import keep_picture
from tests.pages.desk_world import DeskWorld

pytestmark = pytest.mark.slow
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
SignIn = Callable[[Officer], None]


@pytest.fixture
def authenticator(page: Page) -> None:
    """A device with a fingerprint sensor that always recognises its owner."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})


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

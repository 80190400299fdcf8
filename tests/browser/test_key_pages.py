# SPDX-License-Identifier: Apache-2.0
"""The key page in Chromium: it fits every width, a fingerprint is copied, and a key is revoked with the keyboard alone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from agencies.models import Revocation
from officers.models import Officer
from tests.browser.looking import look_at
from tests.pages.desk_world import DeskWorld
from tests.pages.key_desks import key_of

pytestmark = pytest.mark.slow


def test_a_fingerprint_is_copied_and_a_key_revoked_with_the_keyboard_alone(
    sign_in: Callable[[Officer], None], desk: DeskWorld, page: Page, live_server: LiveServer
) -> None:
    """Enter in a field shows the consequences; only the button at the end revokes."""
    desk.send(desk.draft())
    key = key_of(desk.benno)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(desk.benno)
    page.goto(f"{live_server.url}/keys/")
    shown = page.locator("#k-root").inner_text()
    page.locator("[data-copy=k-root]").click()
    expect(page.locator("[data-copy=k-root]")).to_contain_text("✓")
    assert page.evaluate("navigator.clipboard.readText()") == shown
    fits_every_width(page, "keys")

    page.goto(f"{live_server.url}/keys/key/{key.kid}/revoke/")
    fits_every_width(page, "key-revoke")
    page.get_by_label("Since").fill((timezone.now() - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M"))
    page.get_by_label("Time zone").select_option("utc")
    page.get_by_label("Confirm").press("Enter")
    expect(page.get_by_text("stop counting: 1 alert")).to_be_visible()
    assert not Revocation.objects.exists()
    page.get_by_label("Stolen, or somebody else may have it").press("Space")
    page.get_by_label("Confirm").fill(key.short)
    page.get_by_role("button", name=f"Revoke key …{key.short}").press("Enter")
    expect(page.get_by_text("Now rotate the keys")).to_be_visible()
    assert Revocation.objects.get().key_id == key.kid


def fits_every_width(page: Page, name: str) -> None:
    for width in (640, 760, 900, 1100, 1500):
        page.set_viewport_size({"width": width, "height": 900})
        look_at(page, f"{name}-{width}")

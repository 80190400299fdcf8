# SPDX-License-Identifier: Apache-2.0
"""Steps of a story in a browser: open under a reason, submit, check, send."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from alerts.models import ReceivedAlert
from officers.models import Officer
from tests.browser.looking import keeps_within_its_width

SignIn = Callable[[Officer], None]


def open_on_duty(page: Page, address: str, received: ReceivedAlert) -> None:
    """Open a received alert's page for the reason On duty."""
    page.goto(f"{address}/inbox/{received.pk}/")
    page.get_by_role("button", name="On duty").click()
    expect(page.get_by_role("heading", name="What was said since")).to_be_visible()
    keeps_within_its_width(page, f"opened-{received.kind}")


def submit(page: Page) -> None:
    """Submit a draft from its last step."""
    page.get_by_role("button", name="Submit for release").click()
    expect(page.get_by_text("Submitted. It waits for a second person.")).to_be_visible()


def check_and_send(page: Page, address: str, title: str, agencies: int) -> None:
    """Check and send as the second person, from the queue."""
    page.goto(f"{address}/queue/")
    page.get_by_role("link", name=title).click()
    page.get_by_role("button", name="Mark as checked").click()
    many = "1 agency" if agencies == 1 else f"{agencies} agencies"
    page.get_by_role("button", name=f"Send to {many}").click()
    expect(page.get_by_text("Sent. The log receipt usually takes a second.")).to_be_visible()
    # The page reloads once the receipt is there, which must not interrupt the way to the next page.
    page.goto("about:blank")

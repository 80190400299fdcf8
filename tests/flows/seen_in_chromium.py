# SPDX-License-Identifier: Apache-2.0
"""What a story does in a browser: sign in, open under a reason, write, check, send."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from alerts.models import ReceivedAlert
from officers.models import Officer

SignIn = Callable[[Officer], None]


def open_on_duty(page: Page, address: str, received: ReceivedAlert) -> None:
    """The page of a received alert, opened for the reason On duty."""
    page.goto(f"{address}/inbox/{received.pk}/")
    page.get_by_label("On duty").check()
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.get_by_role("heading", name="What was said since")).to_be_visible()


def submit(page: Page) -> None:
    """From the last step of a draft."""
    page.get_by_role("button", name="Submit for release").click()
    expect(page.get_by_text("Submitted. It waits for a second person.")).to_be_visible()


def check_and_send(page: Page, address: str, title: str, agencies: int) -> None:
    """The second person's way, from the queue."""
    page.goto(f"{address}/queue/")
    page.get_by_role("link", name=title).click()
    page.get_by_role("button", name="Mark as checked").click()
    many = "1 agency" if agencies == 1 else f"{agencies} agencies"
    page.get_by_role("button", name=f"Send to {many}").click()
    expect(page.get_by_text("Sent. The log receipt usually takes a second.")).to_be_visible()
    # It loads itself anew once the receipt is there, which must not cross the way to the next page.
    page.goto("about:blank")

# SPDX-License-Identifier: Apache-2.0
"""After an officer has written and read, no store of the browser holds anything of an alert."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from playwright.sync_api import BrowserContext, Page, Request, Response, expect
from pytest_django.live_server_helper import LiveServer

from officers.models import Officer
from tests.pages.desk_world import CONTENT, DeskWorld

SignIn = Callable[[Officer], None]
STORES: Final = """async () => ({
    local: JSON.stringify(localStorage),
    session: JSON.stringify(sessionStorage),
    databases: (await indexedDB.databases()).length,
    caches: (await caches.keys()).length,
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    cookies: document.cookie,
    title: document.title,
    state: JSON.stringify(history.state),
})"""
EMPTY: Final = {"local": "{}", "session": "{}", "databases": 0, "caches": 0, "workers": 0}
pytestmark = pytest.mark.slow


class Listening:
    """The page's requests and responses."""

    def __init__(self, page: Page) -> None:
        self.referrers: list[str] = []
        self.pages: list[Response] = []
        self.addresses: list[str] = []
        page.on("request", self._request)
        page.on("response", self._response)

    def _request(self, request: Request) -> None:
        self.addresses.append(request.url)
        self.referrers.append(request.headers.get("referer", ""))

    def _response(self, response: Response) -> None:
        if response.request.resource_type == "document":
            self.pages.append(response)


def kept(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(STORES)
    return found


def assert_nothing_kept(page: Page) -> None:
    found = kept(page)
    assert {name: found[name] for name in EMPTY} == EMPTY
    assert CONTENT not in found["title"] and CONTENT not in found["state"] and CONTENT not in found["cookies"]
    assert CONTENT not in page.url


def test_reading_and_writing_leave_nothing_in_the_browser(
    page: Page, context: BrowserContext, sign_in: SignIn, desk: DeskWorld, live_server: LiveServer
) -> None:
    sent = desk.send(desk.draft())
    draft, received, heard = desk.draft(), desk.received(desk.aroha), Listening(page)
    sign_in(desk.ilka)
    page.goto(f"{live_server.url}/drafts/{draft.pk}/2/")
    page.get_by_label("Title").fill(f"Ten collapses {CONTENT}")
    page.get_by_label("What happened").fill(f"Written and not yet saved. {CONTENT}")
    assert_nothing_kept(page)
    page.get_by_role("button", name="Continue").first.click()
    expect(page.get_by_role("button", name="Who gets it")).to_have_attribute("aria-current", "step")
    page.goto(f"{live_server.url}/outbox/{sent.pk}/")
    assert CONTENT in page.content()
    assert_nothing_kept(page)

    sign_in(desk.aroha)
    page.goto(f"{live_server.url}/inbox/{received.pk}/")
    page.get_by_role("button", name="On duty").click()
    expect(page.get_by_role("heading", name="How dangerous")).to_be_visible()
    assert CONTENT in page.content()
    assert_nothing_kept(page)

    assert not [text for text in (*heard.referrers, *heard.addresses) if CONTENT in text]
    assert all(address.startswith(live_server.url) for address in heard.addresses), "another site was asked"
    for answer in heard.pages:
        assert "no-store" in answer.headers["cache-control"], answer.url
        assert answer.headers["referrer-policy"] == "same-origin", answer.url
    for cookie in context.cookies():
        assert CONTENT not in cookie["value"]
        assert cookie["httpOnly"] or cookie["name"] == "accord_theme", cookie["name"]

# SPDX-License-Identifier: Apache-2.0
"""The author's alerts on the way keep within their width, from the start page to the list, wide and on a phone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.errors import NotTakenError
from alerts.review.validation import return_alert
from alerts.sending.release import release_alert
from officers.models import Officer
from tests.alerts.test_send_waiting import refuse_all_that_is_handed_in
from tests.browser.looking import look_at
from tests.desk_calls import the_exchange
from tests.pages.desk_world import DeskWorld

pytestmark = pytest.mark.slow
NOTE = "Say where it was found, who weighed it, and whether the second bag is of the same batch. " * 3


def every_shape(desk: DeskWorld) -> None:
    """Submit alerts of each shape in which the list shows one."""
    desk.send(desk.draft(title="Sent this morning", pri="routine"))
    desk.submit(desk.draft(title="Waits for somebody", pri="flash"))
    desk.validate(desk.submit(desk.draft(title="Counterfeit tablet with protonitazene", pri="routine")))
    came_back = desk.submit(desk.draft(title="Powder in garden ornaments", pri="urgent"))
    return_alert(desk.benno, came_back, reason=NOTE, now=desk.tick())
    refused, waits = (
        desk.validate(desk.submit(desk.draft(title=title, status="exercise", pri="routine")))
        for title in ("Refused by the exchange", "On its way out")
    )
    try:
        refuse_all_that_is_handed_in()
        with pytest.raises(NotTakenError):
            release_alert(desk.benno, refused, revision=refused.current, now=desk.tick())
        the_exchange.behave()
        the_exchange.is_away = True
        release_alert(desk.benno, waits, revision=waits.current, now=desk.tick())
    finally:
        the_exchange.behave()


def test_from_the_start_page_to_the_list(
    page: Page, live_server: LiveServer, desk: DeskWorld, sign_in: Callable[[Officer], None]
) -> None:
    every_shape(desk)
    sign_in(desk.ilka)
    page.goto(live_server.url)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        look_at(page, f"start-author-{width}")
    page.get_by_role("link", name="All of yours").click()
    expect(page.locator("tbody tr")).to_have_count(6)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        look_at(page, f"on-the-way-{width}")
    page.get_by_role("link", name="Drafts").last.click()
    expect(page.get_by_role("heading", name="Drafts")).to_be_visible()
    look_at(page, "drafts-with-tabs-390")
    page.goto(f"{live_server.url}/drafts/on-the-way/?returned=yes&state=queued")
    expect(page.get_by_text("Nothing matches.")).to_be_visible()

# SPDX-License-Identifier: Apache-2.0
"""Pages about questions keep within their width and have no fault: closing, calls, for attention, the calendar."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.models import ReceivedAlert
from alerts.replies.calls import note_call
from officers.models import AgencyCalendar, Officer
from tests.alerts.replies.test_answers import QUESTION, ask
from tests.browser.looking import faults_of, look_at
from tests.pages.desk_world import DeskWorld

pytestmark = pytest.mark.slow
SAID = "Spoke to the duty officer: the sample is on its way, and the second laboratory looks on Monday."


def test_from_the_draft_to_the_overdue_board(
    page: Page, live_server: LiveServer, desk: DeskWorld, sign_in: Callable[[Officer], None]
) -> None:
    AgencyCalendar.objects.create(
        agency=desk.lab,
        working_days=[1, 2, 3],
        opens="04:00",
        closes="04:01",
        holidays=[["2027-01-01", "New Year"]],
    )
    asked = ask(desk, for_attention=["xb-health"])
    note_call(desk.ilka, asked, agency="xd-reg", called_at=desk.tick(), text=SAID, now=desk.tick())
    draft = desk.draft(**{**QUESTION, "for_attention": ["xb-health"]})
    desk.wait_for_the_clock()
    ReceivedAlert.objects.filter(agency=desk.health).update(reply_by=desk.hub.now - timedelta(minutes=1))
    sign_in(desk.ilka)
    for name, address in {
        "question-due": f"/drafts/{draft.pk}/2/",
        "question-recipients": f"/drafts/{draft.pk}/3/",
        "question-check": f"/drafts/{draft.pk}/4/",
        "question-sent": f"/outbox/{asked.pk}/",
        "question-call": f"/outbox/{asked.pk}/call/",
        "calendar": "/calendar/",
    }.items():
        page.goto(live_server.url + address)
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            look_at(page, f"{name}-{width}")
        assert faults_of(page, name) == []
    page.goto(f"{live_server.url}/outbox/{asked.pk}/")
    page.get_by_role("button", name="Close the question").click()
    expect(page.get_by_text("The question is closed once a second person sends it.")).to_be_visible()

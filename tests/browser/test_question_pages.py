# SPDX-License-Identifier: Apache-2.0
"""Pages about questions keep within their width and have no fault: closing, calls, for attention, the calendar."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from alerts.models import ReceivedAlert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.replies.calls import note_call
from demo.alerts import STORY
from officers.models import AgencyCalendar, Officer
from peers.models import HeldStatement, SentEnvelope
from tests.alerts.replies.test_answers import QUESTION, ask
from tests.alerts.replies.test_suspension import (
    agree_that_clocks_run,
    opened,
    resume,
    submitted,
    suspend,
)
from tests.bound_rows import rewrite
from tests.browser.looking import faults_of, look_at
from tests.browser.test_alert_page import HARMED
from tests.due_times import due
from tests.own_desk import RedDesk
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
    ReceivedAlert.objects.filter(agency=desk.health).update(**due(desk.hub.now - timedelta(minutes=1)))
    sign_in(desk.ilka)
    pages = {
        "question-due": f"/drafts/{draft.pk}/2/",
        "question-recipients": f"/drafts/{draft.pk}/3/",
        "question-check": f"/drafts/{draft.pk}/4/",
        "question-sent": f"/outbox/{asked.pk}/",
        "question-call": f"/outbox/{asked.pk}/call/",
        "calendar": "/calendar/",
    }
    look_at_each(page, live_server, pages)
    page.goto(f"{live_server.url}/outbox/{asked.pk}/")
    page.get_by_role("button", name="Close the question").click()
    expect(page.get_by_text("The question is closed once a second person sends it.")).to_be_visible()


def test_what_is_asked_its_clock_and_what_to_do_stand_in_the_first_nine_hundred_pixels(
    page: Page, live_server: LiveServer, desk: DeskWorld, sign_in: Callable[[Officer], None]
) -> None:
    """Look at an alert with all that an alert can have: a structure, evidence, harm; pixels from the page's top."""
    asks = {
        "question": QUESTION["question"],
        "request_priority": "normal",
        "recipients": ["xb-health", "xd-reg"],
    }
    desk.send(desk.draft(**{**STORY, **HARMED, **asks, "evidence": STORY["evidence"][:1]}))
    desk.wait_for_the_clock()
    sign_in(desk.aroha)
    open_page(page, live_server, f"/inbox/{desk.received(desk.aroha).pk}/")
    page.get_by_role("button", name="On duty").click()
    panel = page.locator(".panel.act").filter(has=page.get_by_role("link", name="Answer…", exact=True))
    acts = [
        panel.get_by_role("link", name=name, exact=True)
        for name in ("Answer…", "Ask back…", "Cannot answer…", "Assign…")
    ]
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for part in (panel.locator(".asked"), panel.locator(".clock"), *acts):
            expect(part).to_be_visible()
            box = part.bounding_box()
            assert box is not None and box["y"] + box["height"] <= 900, (width, part.inner_text(), box)


def test_red_questions_and_their_answers(
    page: Page,
    live_server: LiveServer,
    settings: Settings,
    tmp_path: Path,
    db: None,
    sign_in: Callable[[Officer], None],
) -> None:
    settings.OWN_DESK = True
    red = RedDesk.kept(tmp_path / "ledger")
    officer_7 = "xe-drugs officer-7"
    question = {"question": "Have you seen it?", "request_priority": "urgent_direct"}
    asks = {"alert_type": "request_for_information", "reply_to": [red.named.public_id], **question}
    draft, asked, row = red.draft(officer_7, **asks), red.sent(officer_7, **asks), red.asked()
    red.answered(asked)
    sign_in(red.named)
    open_page(page, live_server, f"/inbox/{row.pk}/")
    page.get_by_role("button", name="On duty").click()
    pages = {
        "red-inbox": "/inbox/",
        "red-question": f"/inbox/{row.pk}/",
        "red-answer": f"/inbox/{row.pk}/answer/",
        "red-recipients": f"/drafts/{draft.pk}/3/",
        "red-asked": f"/outbox/{asked.pk}/",
    }
    look_at_each(page, live_server, pages)
    sign_in(red.releaser)
    look_at_each(page, live_server, {"red-asked-of-a-releaser": f"/outbox/{asked.pk}/"})


def test_a_suspended_question(
    page: Page, live_server: LiveServer, desk: DeskWorld, sign_in: Callable[[Officer], None]
) -> None:
    asked = ask(desk)
    row = opened(desk)
    acknowledge_alert(desk.aroha, row, now=desk.tick())
    suspend(desk, desk.lab)
    reply = submitted(desk)
    desk.wait_for_the_clock()
    sign_in(desk.aroha)
    open_page(page, live_server, f"/inbox/{row.pk}/")
    page.get_by_role("button", name="On duty").click()
    pages = {
        "frozen-start": "/",
        "frozen-inbox": "/inbox/",
        "frozen-question": f"/inbox/{row.pk}/",
        "frozen-on-the-way": "/drafts/on-the-way/",
    }
    look_at_each(page, live_server, pages)
    sign_in(desk.haitham)
    look_at_each(page, live_server, {"frozen-review": f"/queue/{reply.pk}/"})
    sign_in(desk.ilka)
    look_at_each(page, live_server, {"frozen-asked": f"/outbox/{asked.pk}/"})
    desk.catch_up()
    resume(desk, desk.lab)
    desk.wait_for_the_clock()
    look_at_each(page, live_server, {"moved-asked": f"/outbox/{asked.pk}/"})
    sign_in(desk.aroha)
    look_at_each(page, live_server, {"moved-question": f"/inbox/{row.pk}/", "moved-inbox": "/inbox/"})


def test_a_suspended_question_whose_clock_runs_on(
    page: Page, live_server: LiveServer, desk: DeskWorld, sign_in: Callable[[Officer], None]
) -> None:
    agree_that_clocks_run(desk)
    asked = ask(desk)
    row = opened(desk)
    acknowledge_alert(desk.aroha, row, now=desk.tick())
    suspend(desk, desk.lab)
    desk.wait_for_the_clock()
    past = due(timezone.now() - timedelta(minutes=1))
    ReceivedAlert.objects.filter(agency=desk.health).update(**past)
    rewrite(SentEnvelope.objects.filter(md=asked.md), reply_by=past["reply_by"])
    sign_in(desk.aroha)
    open_page(page, live_server, f"/inbox/{row.pk}/")
    page.get_by_role("button", name="On duty").click()
    pages = {"running-start": "/", "running-inbox": "/inbox/", "running-question": f"/inbox/{row.pk}/"}
    look_at_each(page, live_server, pages)
    sign_in(desk.ilka)
    look_at_each(page, live_server, {"running-asked": f"/outbox/{asked.pk}/"})
    version = HeldStatement.objects.get(reader="xa-lab", k="agreement")
    sign_in(desk.sunniva)
    look_at_each(page, live_server, {"running-agreed": f"/agreements/versions/{version.od}/"})


def look_at_each(page: Page, live_server: LiveServer, pages: Mapping[str, str]) -> None:
    for name, address in pages.items():
        open_page(page, live_server, address)
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            look_at(page, f"{name}-{width}")
        assert faults_of(page, name) == []


def open_page(page: Page, live_server: LiveServer, address: str) -> None:
    answer = page.goto(live_server.url + address)
    assert answer is not None and answer.status == 200, address

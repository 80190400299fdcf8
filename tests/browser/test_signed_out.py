# SPDX-License-Identifier: Apache-2.0
"""A session ends while a text is unsaved; the officer learns it by pressing a button."""

from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.drafting.drafts import create_draft, read_draft
from alerts.models import Alert
from officers.models import Officer
from tests.pages.desk_world import DeskWorld

pytestmark = pytest.mark.slow


def test_a_draft_and_a_reply_outlive_the_session_and_go_on_once_signed_in_elsewhere(
    page: Page,
    desk: DeskWorld,
    sign_in: Callable[[Officer], None],
    live_server: LiveServer,
    console_errors: list[str],
) -> None:
    draft = create_draft(desk.ilka, alert_type="seizure", now=desk.tick())
    sign_in(desk.ilka)
    page.goto(f"{live_server.url}/drafts/{draft.pk}/2/")
    Session.objects.all().delete()
    page.get_by_label("Title").fill("Typed while signed out")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("You were signed out.")).to_be_visible()
    expect(page.get_by_label("Title")).to_have_value("Typed while signed out")
    sign_in(desk.ilka)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("button", name="Who gets it")).to_have_attribute("aria-current", "step")
    draft.refresh_from_db()
    assert read_draft(desk.ilka, draft).data["title"] == "Typed while signed out"
    console_errors[:] = [error for error in console_errors if "status of 403" not in error]

    desk.send(desk.draft())
    question = desk.received(desk.aroha)
    sign_in(desk.aroha)
    page.goto(f"{live_server.url}/inbox/{question.pk}/")
    page.get_by_role("button", name="On duty").click()
    expect(page.get_by_role("heading", name="How dangerous")).to_be_visible()
    page.goto(f"{live_server.url}/inbox/{question.pk}/reply/")
    Session.objects.all().delete()
    page.get_by_label("Your answer").fill("Seen twice here since June.")
    page.get_by_role("button", name="Go on with the reply").click()
    expect(page.get_by_text("You were signed out.")).to_be_visible()
    expect(page.get_by_label("Your answer")).to_have_value("Seen twice here since June.")
    sign_in(desk.aroha)
    page.get_by_role("button", name="Go on with the reply").click()
    expect(page.get_by_text("The reason for reading this alert has ended.")).to_be_visible()
    page.get_by_role("button", name="On duty").click()
    page.wait_for_url("**/drafts/**")
    written = Alert.objects.filter(agency_id=desk.aroha.agency_id).latest("changed_at")
    assert read_draft(desk.aroha, written).data["narrative"] == "Seen twice here since June."

# SPDX-License-Identifier: Apache-2.0
"""The auditor finds who opened what and why, and exports it, by keyboard alone."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import open_alert
from ledger.models import AuditEvent
from officers.models import Officer
from tests.browser.conftest import Tell
from tests.browser.keyboard import Hands
from tests.browser.looking import faults_of, keeps_within_its_width, look_at, moved_by_what_people_write
from tests.pages.desk_world import CONTENT, DeskWorld

pytestmark = pytest.mark.slow
SignIn = Callable[[Officer], None]


def test_the_auditor_finds_by_keyboard_who_opened_what_and_why_and_reads_what_became_of_one_alert(
    page: Page, live_server: LiveServer, desk: DeskWorld, sign_in: SignIn, tell: Tell
) -> None:
    for _ in range(2):
        desk.send(desk.draft(desk.aroha), desk.haitham)
        received = desk.received(desk.benno)
        open_alert(desk.ilka, received, reason="on_duty", now=desk.tick())
    open_alert(desk.benno, received, reason="case_number", reference="B 77/26", now=desk.tick())
    sign_in(desk.edda)
    hands = Hands(page)
    page.goto(live_server.url)

    hands.use(page.get_by_role("link", name="Audit"))
    expect(page.get_by_role("heading", name="Audit")).to_be_visible()
    hands.press("/")
    expect(page.get_by_label("Item")).to_be_focused()
    hands.type(received.reference.lower())
    hands.press("Enter")
    expect(page).to_have_url(f"{live_server.url}/audit/?item={received.reference.lower()}")
    opened = page.get_by_role("row").filter(has_text="opened an alert")
    expect(opened).to_have_count(2)
    expect(opened.first).to_contain_text("Benno Ashgrove")
    expect(opened.first).to_contain_text("Case number: B 77/26")
    expect(opened.last).to_contain_text("Ilka Torvane")
    expect(opened.last).to_contain_text("On duty")
    look_at(page, "job-auditor-found")
    with page.expect_download() as download:
        hands.use(page.get_by_role("button", name="Export what is found (CSV)"))
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["act_code"] == "alert.opened"]
    assert [row["who"] for row in rows] == ["Benno Ashgrove", "Ilka Torvane"]
    assert download.value.suggested_filename.startswith("audit-xa-lab-")
    assert CONTENT not in text
    assert AuditEvent.objects.filter(act="audit.exported", actor=desk.edda.audit_name).count() == 1
    tell("the auditor finds who opened what and why", hands.tally)
    assert hands.keys < 20

    for officer in (desk.ilka, desk.benno):
        open_alert(officer, received, reason="on_duty", now=desk.tick())
    acknowledge_alert(desk.benno, received, now=desk.tick())
    page.goto(f"{live_server.url}/audit/")
    page.get_by_role("link", name="Sign-ins this week").click()
    expect(page.get_by_role("link", name="Sign-ins this week")).to_have_attribute("aria-current", "true")
    page.get_by_role("navigation", name="Saved questions").get_by_role("link", name="All", exact=True).click()
    keeps_within_its_width(page, "audit-list")
    page.get_by_role("link", name=received.reference).first.click()
    expect(page.get_by_role("heading", name="Who did what with this alert")).to_be_visible()
    expect(page.get_by_text("Opened by 2 people")).to_contain_text("acknowledged by Benno Ashgrove")
    lines = page.locator("tbody tr")
    expect(lines.last).to_contain_text("acknowledged an alert")
    expect(lines.filter(has_text="2 times, last")).to_contain_text("Ilka Torvane")
    expect(page.locator("main")).not_to_contain_text(CONTENT)
    assert not faults_of(page, "audit-alert")
    assert not moved_by_what_people_write(page, "audit-alert")

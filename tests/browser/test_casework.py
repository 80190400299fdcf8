# SPDX-License-Identifier: Apache-2.0
"""Casework in a browser: a case with alerts, tasks and notes, looked at by axe, on a phone and wide, light and dark."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from casework.cases import add_item
from casework.models import Case
from casework.notes import write_note
from casework.tasks import Assignment, create_task
from officers.models import Officer
from tests.browser.looking import faults_of, moved_by_what_people_write
from tests.casework.conftest import asked, case, incoming, unit
from tests.flows.browser_steps import open_on_duty
from tests.pages.desk_world import DeskWorld

__all__ = ["case", "unit"]
pytestmark = pytest.mark.slow
SignIn = Callable[[Officer], None]


def test_a_case_is_worked_on_and_its_pages_have_no_fault(
    page: Page, live_server: LiveServer, desk: DeskWorld, sign_in: SignIn, case: Case
) -> None:
    received, question, to = incoming(desk), asked(desk), Assignment(desk.ilka.public_id)
    add_item(desk.ilka, case, received, now=desk.tick())
    add_item(desk.benno, case, question, now=desk.tick())
    first = write_note(desk.ilka, case, text="The organiser was seen in May.", now=desk.tick())
    write_note(desk.benno, case, text="In June, not in May.", supersedes=first.pk, now=desk.tick())
    write_note(desk.ilka, received, text="The ward has two more patients.", now=desk.tick())
    for text, ahead in (("Call the ward.", timedelta(seconds=60)), ("Weigh the sample.", timedelta(days=3))):
        due = desk.hub.now + ahead
        task = create_task(desk.ilka, kind="call", text=text, case=case, to=to, due_at=due, now=desk.tick())
    sign_in(desk.ilka)
    open_on_duty(page, live_server.url, received)
    page.get_by_role("link", name="Write a note…").click()
    page.get_by_label("Note").fill("Both came from one event.")
    page.get_by_role("button", name="Write it down").click()
    expect(page.get_by_text("Both came from one event.")).to_be_visible()
    faults = []
    for name, address in (
        ("casework-case", f"/cases/{case.pk}/"),
        ("casework-cases", "/cases/"),
        ("casework-change", f"/cases/{case.pk}/change/"),
        ("casework-tasks", "/tasks/?whose=all"),
        ("casework-units", "/units/"),
        ("casework-alert", f"/inbox/{question.pk}/"),
        ("casework-task", f"/tasks/{task.pk}/"),
        ("casework-start", "/"),
    ):
        page.goto(live_server.url + address)
        faults += faults_of(page, name) + moved_by_what_people_write(page, name)
    assert not faults, "\n".join(faults)

# SPDX-License-Identifier: Apache-2.0
"""Tell whom a task was given to, and a page that is open: a mail without case or text, and a poll that has another token."""

from typing import Any

from django.test import Client

from casework.handing_over import hand_over
from casework.models import Case, Unit
from casework.tasks import Assignment, assign_task, create_task
from devtool.processes import wait_until
from notices.models import Notification
from notices.rights import reason_to_withhold
from notices.states import Cause
from officers.models import Officer
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld


def told() -> list[Officer]:
    rows = Notification.objects.filter(occasion="task-assigned").order_by("queued_at", "officer__email")
    return [row.officer for row in rows]


def test_whoever_is_given_a_task_is_told_and_nobody_of_what_they_did_themselves(
    desk: DeskWorld, case: Case, unit: Unit
) -> None:
    task = create_task(
        desk.ilka,
        kind="call",
        text="Call the ward.",
        case=case,
        to=Assignment(desk.ilka.public_id),
        now=desk.tick(),
    )
    assert told() == []
    assign_task(desk.ilka, task, Assignment(desk.benno.public_id), now=desk.tick())
    assert told() == [desk.benno]
    assign_task(desk.ilka, task, Assignment(desk.benno.public_id), now=desk.tick())
    assert told() == [desk.benno], "nothing was given anew"
    assign_task(desk.ilka, task, Assignment(unit=unit.pk), now=desk.tick())
    assert told() == [desk.benno, desk.benno], "the lead is told of what the unit is given"
    hand_over(desk.sunniva, desk.ilka.public_id, to=desk.benno.public_id, now=desk.tick())
    assert told() == [desk.benno] * 3
    row = Notification.objects.latest("queued_at")
    assert (row.about, row.reference, row.tlp) == ("", "", ""), "the mail can name no alert"


def test_a_task_waits_for_the_end_of_quiet_hours_and_for_the_right_to_cases(
    desk: DeskWorld, case: Case
) -> None:
    to = Assignment(desk.benno.public_id)
    create_task(desk.ilka, kind="call", text="Call the ward.", case=case, to=to, now=desk.tick())
    row = Notification.objects.get(occasion="task-assigned")
    assert reason_to_withhold(row, now=desk.hub.now) is None
    row.officer.routine_mail = False
    assert reason_to_withhold(row, now=desk.hub.now) == Cause.QUIET
    row.officer.roles = []
    row.officer.__dict__.pop("capabilities", None)
    assert reason_to_withhold(row, now=desk.hub.now) == Cause.NO_RIGHT


def test_an_open_page_hears_of_an_own_task_and_a_colleague_does_not(
    desk: DeskWorld, case: Case, as_officer: SignIn
) -> None:
    pages = {officer: as_officer(officer) for officer in (desk.benno, desk.ilka)}
    known = {officer: _poll(page)["ETag"] for officer, page in pages.items()}
    to = Assignment(desk.benno.public_id)
    create_task(desk.ilka, kind="call", text="Call the ward.", case=case, to=to, now=desk.tick())
    wait_until(
        lambda: _poll(pages[desk.benno], known[desk.benno]).status_code == 204,
        "another token",
        timeout_seconds=10,
    )
    assert _poll(pages[desk.ilka], known[desk.ilka]).status_code == 304


def _poll(page: Client, known: str = "") -> Any:
    return page.get("/arrivals/", headers={"if-none-match": known} if known else {})

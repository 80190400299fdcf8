# SPDX-License-Identifier: Apache-2.0
"""An officer leaves in the middle of a case: the lead hands everything over, and the successor goes on where it stood."""

from datetime import timedelta
from pathlib import Path

import pytest

from alerts.receiving.opening import open_alert
from alerts.replies.beginning import open_to_answer, start_reply
from callers.capabilities import Role
from callers.errors import AbsentError
from casework.access import find_case, find_task
from casework.cases import CaseFacts, add_item, close_case, items_of, open_case
from casework.handing_over import Work, hand_over, work_of
from casework.notes import notes_on, write_note
from casework.tasks import MINE, Assignment, assign_answer, create_task, end_task, left_behind, list_tasks
from casework.timeline import timeline_of
from casework.units import save_unit
from officers.accounts import disable_officer
from tests.casework.conftest import asked, incoming
from tests.pages.desk_world import DeskWorld


@pytest.fixture
def desk(db: None, tmp_path: Path) -> DeskWorld:
    return DeskWorld.kept(tmp_path / "ledger")


def test_the_successor_goes_on_where_the_officer_who_left_stood(desk: DeskWorld) -> None:
    mara = desk.hub.make_officer(desk.lab, Role.AUTHOR, name="Mara Sollen")
    members = [desk.ilka.public_id, mara.public_id]
    unit = save_unit(
        desk.sunniva, None, name="Narcotics", lead=desk.benno.public_id, members=members, now=desk.tick()
    )
    alert, question, due = incoming(desk), asked(desk), desk.hub.now + timedelta(days=3)
    review_on = (desk.hub.now + timedelta(days=90)).date()

    # Ilka works on a case: an alert in it, a note, a task of her own, a question given to her, a draft.
    case = open_case(desk.ilka, CaseFacts("K 9/26", "Nine collapses", review_on, unit.pk), now=desk.tick())
    add_item(desk.ilka, case, alert, now=desk.tick())
    open_alert(desk.ilka, alert, reason="case_number", reference="K 9/26", now=desk.tick())
    write_note(desk.ilka, case, text="The organiser is known.", now=desk.tick())
    mine = Assignment(desk.ilka.public_id)
    task = create_task(
        desk.ilka, kind="call", text="Call the ward.", case=case, to=mine, due_at=due, now=desk.tick()
    )
    assign_answer(desk.benno, question, mine, seen="", now=desk.tick())
    desk.draft(desk.ilka)

    # She leaves. Her tasks are open again, and the lead is told of two.
    disable_officer(desk.sunniva, desk.ilka, now=desk.tick())
    assert find_task(desk.benno, task.pk).state == "open"
    assert left_behind(desk.benno, now=desk.hub.now) == 2
    _person, work = work_of(desk.benno, desk.ilka.public_id, now=desk.hub.now)
    assert work == Work(tasks=2, cases=1, drafts=1)
    assert hand_over(desk.benno, desk.ilka.public_id, to=mara.public_id, now=desk.tick()) == work
    assert work_of(desk.benno, desk.ilka.public_id, now=desk.hub.now)[1].is_none

    # Mara goes on: she has the case with all that is in it, the task, the question and the draft.
    case = find_case(mara, case.pk)
    assert case.officer == mara and len(items_of(mara, case, now=desk.hub.now)) == 1
    assert [note.text for note in notes_on(mara, case)] == ["The organiser is known."]
    assert [row.kind for row in list_tasks(mara, whose=MINE, now=desk.hub.now).rows] == ["call", "answer"]
    assert mara.alerts_written.count() == 1
    end_task(mara, task, outcome="done", result="Three more.", now=desk.tick())
    opened = open_to_answer(mara, question, reason="assigned", now=desk.tick())
    reply = start_reply(mara, opened, alert_type="answer", data={"answer_code": "no_hit"}, now=desk.tick())
    desk.send(reply)
    assert list_tasks(mara, whose=MINE, now=desk.hub.now).rows == ()
    close_case(mara, case, reason="The prosecutor has it.", now=desk.tick())

    # The timeline says who did what; outside the unit there is no such case.
    told = [(act.act, act.who) for act in timeline_of(desk.benno, case)]
    assert told[:2] == [("case.closed", mara.audit_name), ("task.done", mara.audit_name)]
    assert told[-1] == ("case.opened", desk.ilka.audit_name)
    with pytest.raises(AbsentError):
        find_case(desk.sunniva, case.pk)

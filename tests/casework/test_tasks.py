# SPDX-License-Identifier: Apache-2.0
"""Tasks go to officers who may see what they are about; a question that waits is one by itself, and ends with its answer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from alerts.errors import StaleTagError
from alerts.models import ReceivedAlert
from alerts.replies.beginning import open_to_answer, start_reply
from callers.errors import AbsentError, InputError
from casework.access import find_task
from casework.models import Case, Task, Unit
from casework.tasks import (
    ALL,
    MINE,
    UNIT,
    Assignment,
    TaskRow,
    assign_answer,
    assign_task,
    assignable,
    create_task,
    end_task,
    left_behind,
    list_tasks,
    tasks_of,
)
from officers.accounts import disable_officer
from officers.models import AgencyPolicy, Officer
from tests.bound_rows import rewrite
from tests.casework.conftest import asked, incoming
from tests.pages.desk_world import DeskWorld


def make(desk: DeskWorld, case: Case | None = None, **given: Any) -> Task:
    fields: dict[str, Any] = {"kind": "call", "text": "Call the ward.", "case": case} | given
    return create_task(desk.ilka, **fields, now=desk.tick())


def waiting(desk: DeskWorld, officer: Officer, whose: str) -> list[TaskRow]:
    return list(list_tasks(officer, whose=whose, now=desk.hub.now).rows)


def test_a_task_is_open_then_assigned_then_done_with_what_came_of_it(desk: DeskWorld, case: Case) -> None:
    task = make(desk, case)
    assert task.state == "open"
    task = assign_task(desk.benno, task, Assignment(desk.ilka.public_id), seen="", now=desk.tick())
    assert task.state == "assigned"
    task = end_task(desk.ilka, task, outcome="done", result="Three more cases.", now=desk.tick())
    (row,) = tasks_of(desk.benno, case, now=desk.hub.now)
    assert (row.state, row.text, row.result) == ("done", "Call the ward.", "Three more cases.")
    assert waiting(desk, desk.ilka, ALL) == []
    acts: tuple[Callable[[], object], ...] = (
        lambda: end_task(desk.ilka, task, outcome="dropped", now=desk.tick()),
        lambda: assign_task(desk.ilka, task, Assignment(), now=desk.tick()),
    )
    for act in acts:
        with pytest.raises(InputError):
            act()


def test_lists_are_mine_my_units_and_all_those_due_first(desk: DeskWorld, unit: Unit, case: Case) -> None:
    in_days = {n: desk.hub.now + timedelta(days=n) for n in (1, 2)}
    received = incoming(desk)
    mine = make(desk, case, to=Assignment(desk.ilka.public_id), due_at=in_days[2])
    units = make(desk, case, to=Assignment(unit=unit.pk), due_at=in_days[1])
    others = make(desk, subject=received)
    lists = {whose: [row.task for row in waiting(desk, desk.ilka, whose)] for whose in (MINE, UNIT, ALL)}
    assert lists == {MINE: [mine], UNIT: [units, mine], ALL: [units, mine, others]}
    desk.hub.now += timedelta(days=1, hours=1)
    assert list_tasks(desk.ilka, whose=ALL, now=desk.hub.now).overdue == 1


def test_a_task_is_absent_for_who_may_not_see_its_case_or_its_alert(
    desk: DeskWorld, case: Case, piet: Officer
) -> None:
    about = make(desk, subject=incoming(desk, tlp="AMBER"))
    inside = make(desk, case)
    assert [row.task for row in waiting(desk, piet, ALL)] == [about]
    rewrite(AgencyPolicy.objects.filter(pk="xa-lab"), role_ceilings={"author": "GREEN"})
    piet = Officer.objects.get(pk=piet.pk)
    assert waiting(desk, piet, ALL) == []
    for task in (about, inside):
        for outside in (piet, desk.aroha, desk.edda):
            with pytest.raises(AbsentError):
                find_task(outside, task.pk)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "answer"}, "kind"),
        ({"text": " "}, "text"),
        ({"due_at": timedelta(days=-1)}, "due_at"),
        ({"to": "gone"}, "officer"),
        ({"to": "outside"}, "officer"),
        ({"to": "foreign"}, "officer"),
        ({"to": "unit"}, "unit"),
        ({"case": None}, "subject"),
    ],
)
def test_a_task_that_cannot_be_is_refused_with_its_field(
    desk: DeskWorld, case: Case, piet: Officer, given: dict[str, Any], field: str
) -> None:
    gone = desk.hub.make_officer(desk.lab, "author", name="Gone Away")
    disable_officer(desk.sunniva, gone, now=desk.tick())
    people = {"gone": gone, "outside": piet, "foreign": desk.aroha}
    if "due_at" in given:
        given = {"due_at": desk.hub.now + given["due_at"]}
    if given.get("to") == "unit":
        given = {"to": Assignment(unit=case.pk)}
    elif "to" in given:
        given = {"to": Assignment(people[given["to"]].public_id)}
    with pytest.raises(InputError) as refused:
        make(desk, **{"case": case} | given)
    assert refused.value.field == field and not Task.objects.exists()


def test_work_is_offered_to_who_may_act_on_it(desk: DeskWorld, piet: Officer) -> None:
    question, amber = asked(desk), incoming(desk, tlp="AMBER")
    rewrite(AgencyPolicy.objects.filter(pk="xa-lab"), role_ceilings={"author": "GREEN"})
    everybody = {desk.benno, desk.ilka, desk.sunniva, piet}
    assert set(assignable(desk.benno)) == everybody, "an auditor has no casework"
    assert set(assignable(desk.benno, amber)) == {desk.benno, desk.sunniva}
    assert set(assignable(desk.benno, question, answers=True)) == {desk.benno, desk.ilka, piet}
    for other in (desk.sunniva, desk.edda):
        with pytest.raises(InputError, match="Officer: this colleague may"):
            assign_answer(desk.benno, question, Assignment(other.public_id), now=desk.tick())


def test_the_second_of_two_who_assign_at_once_hears_of_the_first(desk: DeskWorld, case: Case) -> None:
    task = make(desk, case)
    assign_task(desk.benno, task, Assignment(desk.benno.public_id), seen="", now=desk.tick())
    with pytest.raises(StaleTagError):
        assign_task(desk.ilka, task, Assignment(desk.ilka.public_id), seen="", now=desk.tick())
    task.refresh_from_db()
    assert task.officer == desk.benno


def test_a_question_is_a_task_that_ends_with_its_answer_and_with_nothing_else(desk: DeskWorld) -> None:
    question = asked(desk)
    (row,) = waiting(desk, desk.ilka, ALL)
    assert (row.kind, row.state, row.task, row.subject) == ("answer", "open", None, question)
    assert row.due_at == question.reply_by and waiting(desk, desk.ilka, MINE) == []
    task = assign_answer(desk.benno, question, Assignment(desk.ilka.public_id), seen="", now=desk.tick())
    (row,) = waiting(desk, desk.ilka, MINE)
    assert (row.state, row.task) == ("assigned", task)
    with pytest.raises(InputError):
        end_task(desk.ilka, task, outcome="done", now=desk.tick())
    opened = open_to_answer(desk.ilka, question, reason="on_duty", now=desk.tick())
    draft = start_reply(
        desk.ilka, opened, alert_type="answer", data={"answer_code": "no_hit"}, now=desk.tick()
    )
    desk.send(draft)
    assert waiting(desk, desk.ilka, ALL) == []
    with pytest.raises(InputError):
        assign_answer(desk.benno, question, Assignment(desk.benno.public_id), now=desk.tick())


def test_a_newer_version_of_a_question_keeps_who_has_it(desk: DeskWorld) -> None:
    question = asked(desk)
    assign_answer(desk.benno, question, Assignment(desk.ilka.public_id), now=desk.tick())
    newer = ReceivedAlert.objects.get(pk=question.pk)
    newer.pk, newer.md, newer.jti, newer.number, newer.version = None, "N" * 43, "n" * 36, 10_000, 2
    newer.save(force_insert=True)
    ReceivedAlert.objects.filter(pk=question.pk).update(replaced_by=newer)
    (row,) = waiting(desk, desk.ilka, MINE)
    assert row.subject == newer and row.state == "assigned"
    assign_answer(desk.benno, newer, Assignment(desk.benno.public_id), now=desk.tick())
    assert Task.objects.get().received == newer and waiting(desk, desk.ilka, MINE) == []


def test_a_question_that_its_sender_closed_is_nobodys_task(desk: DeskWorld) -> None:
    question = asked(desk)
    assign_answer(desk.benno, question, Assignment(desk.ilka.public_id), now=desk.tick())
    disable_officer(desk.sunniva, desk.ilka, now=desk.tick())
    assert left_behind(desk.sunniva, now=desk.hub.now) == 1
    closing = ReceivedAlert.objects.get(pk=question.pk)
    closing.pk, closing.md, closing.jti, closing.number, closing.version = None, "N" * 43, "n" * 36, 10_000, 2
    closing.reply_by = closing.answer_by = None
    closing.question_change = "closed"
    closing.save(force_insert=True)
    ReceivedAlert.objects.filter(pk=question.pk).update(replaced_by=closing)
    assert left_behind(desk.sunniva, now=desk.hub.now) == 0
    assert waiting(desk, desk.benno, ALL) == []


def test_a_question_marked_red_is_nobodys_task(desk: DeskWorld) -> None:
    question = asked(desk)
    ReceivedAlert.objects.update(tlp="RED")
    question.refresh_from_db()
    assert waiting(desk, desk.ilka, ALL) == []
    with pytest.raises(InputError):
        assign_answer(desk.benno, question, Assignment(desk.ilka.public_id), now=desk.tick())


def test_two_who_assign_a_question_for_the_first_time_make_one_task(desk: DeskWorld) -> None:
    question = asked(desk)
    assign_answer(desk.benno, question, Assignment(desk.benno.public_id), seen="", now=desk.tick())
    with pytest.raises(StaleTagError):
        assign_answer(desk.ilka, question, Assignment(desk.ilka.public_id), seen="", now=desk.tick())
    assert Task.objects.count() == 1


def test_tasks_of_an_officer_who_left_are_open_again_and_the_lead_hears_of_them(
    desk: DeskWorld, unit: Unit, case: Case, piet: Officer
) -> None:
    task = make(desk, case, to=Assignment(desk.ilka.public_id))
    assert left_behind(desk.benno, now=desk.hub.now) == 0
    disable_officer(desk.sunniva, desk.ilka, now=desk.tick())
    task = find_task(desk.benno, task.pk)
    assert (task.state, task.has_lost_officer) == ("open", True)
    counts = [left_behind(who, now=desk.hub.now) for who in (desk.benno, desk.sunniva, piet, desk.haitham)]
    assert counts == [1, 1, 0, 0]

# SPDX-License-Identifier: Apache-2.0
"""Units are kept by an agency admin; without a lead an admin acts for them. All work of an officer goes over in one act."""

from typing import Any

import pytest

from alerts.models import Alert
from callers.capabilities import Role
from callers.errors import AbsentError, InputError, NotPermittedError
from casework.access import find_case
from casework.handing_over import Work, hand_over, work_of
from casework.models import Case, Unit
from casework.tasks import Assignment, create_task, left_behind, list_tasks
from casework.units import list_units, save_unit
from ledger.models import AuditEvent
from officers.accounts import disable_officer
from officers.models import Officer
from tests.pages.desk_world import DeskWorld


def people_in(row: Unit) -> int:
    return row.people  # type: ignore[attr-defined, no-any-return]


def test_a_unit_has_members_among_them_its_lead(desk: DeskWorld, unit: Unit) -> None:
    assert set(unit.members.all()) == {desk.ilka, desk.benno}
    (row,) = list_units(desk.ilka)
    assert (row.name, row.lead, people_in(row)) == ("Narcotics", desk.benno, 2)
    assert not list_units(desk.haitham)
    save_unit(desk.sunniva, unit, name="Narcotics 2", members=[desk.ilka.public_id], now=desk.tick())
    (row,) = list_units(desk.ilka)
    assert (row.name, row.lead, people_in(row)) == ("Narcotics 2", None, 1)
    with pytest.raises(NotPermittedError):
        save_unit(desk.benno, unit, name="Mine", members=[], now=desk.tick())
    with pytest.raises(AbsentError):
        save_unit(desk.haitham, unit, name="Theirs", members=[], now=desk.tick())


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "narcotics"}, "name"),
        ({"name": "N\u202eX"}, "name"),
        ({"members": ["A" * 22]}, "members"),
        ({"lead": "A" * 22}, "lead"),
        ({"lead": "auditor"}, "lead"),
    ],
)
def test_a_unit_with_wrong_facts_is_refused_with_the_field(
    desk: DeskWorld, unit: Unit, given: dict[str, Any], field: str
) -> None:
    if given.get("lead") == "auditor":
        given = {"lead": desk.edda.public_id}
    with pytest.raises(InputError) as refused:
        save_unit(desk.sunniva, None, **{"name": "Customs", "members": []} | given, now=desk.tick())
    assert refused.value.field == field


def busy(desk: DeskWorld, case: Case) -> Alert:
    """Give Ilka a task and a draft beside her case."""
    to = Assignment(desk.ilka.public_id)
    create_task(desk.ilka, kind="call", text="Call.", case=case, to=to, now=desk.tick())
    return desk.draft()


def test_a_lead_hands_over_all_that_a_member_has_in_one_act(desk: DeskWorld, unit: Unit, case: Case) -> None:
    draft = busy(desk, case)
    mara = desk.hub.make_officer(desk.lab, Role.AUTHOR, name="Mara Sollen")
    unit.members.add(mara)
    disable_officer(desk.sunniva, desk.ilka, now=desk.tick())
    _person, work = work_of(desk.benno, desk.ilka.public_id, now=desk.hub.now)
    assert work == Work(tasks=1, cases=1, drafts=1)
    done = hand_over(desk.benno, desk.ilka.public_id, to=mara.public_id, now=desk.tick())
    assert done == work
    draft.refresh_from_db()
    assert draft.author == mara and find_case(mara, case.pk).officer == mara
    (row,) = list_tasks(mara, now=desk.hub.now).rows
    assert row.state == "assigned" and left_behind(desk.benno, now=desk.hub.now) == 0
    event = AuditEvent.objects.get(act="officer.work_handed_over")
    assert (event.actor, event.subject) == (desk.benno.audit_name, desk.ilka.audit_name)
    assert event.detail == {"to": mara.audit_name, "tasks": 1, "cases": 1, "drafts": 1, "units": 0}


def test_a_case_goes_to_no_successor_outside_its_unit(desk: DeskWorld, case: Case, piet: Officer) -> None:
    busy(desk, case)
    with pytest.raises(InputError) as refused:
        hand_over(desk.sunniva, desk.ilka.public_id, to=piet.public_id, now=desk.tick())
    assert refused.value.field == "to"
    case.refresh_from_db()
    assert case.officer == desk.ilka
    with pytest.raises(AbsentError):
        find_case(piet, case.pk)


@pytest.mark.parametrize("successor", ["disabled", "same", "foreign"])
def test_a_successor_is_another_active_officer_of_the_agency(
    desk: DeskWorld, case: Case, piet: Officer, successor: str
) -> None:
    disable_officer(desk.sunniva, piet, now=desk.tick())
    to = {"disabled": piet, "same": desk.ilka, "foreign": desk.aroha}[successor]
    with pytest.raises(InputError):
        hand_over(desk.sunniva, desk.ilka.public_id, to=to.public_id, now=desk.tick())


def test_who_leads_none_of_the_officers_units_hands_nothing_over(
    desk: DeskWorld, unit: Unit, case: Case, piet: Officer
) -> None:
    with pytest.raises(InputError):
        work_of(piet, desk.ilka.public_id, now=desk.hub.now)
    with pytest.raises(NotPermittedError):
        work_of(desk.edda, desk.ilka.public_id, now=desk.hub.now)
    with pytest.raises(AbsentError):
        work_of(desk.haitham, desk.ilka.public_id, now=desk.hub.now)
    unit.lead = None
    unit.save()
    with pytest.raises(InputError):
        work_of(desk.benno, desk.ilka.public_id, now=desk.hub.now)
    assert work_of(desk.sunniva, desk.ilka.public_id, now=desk.hub.now)[1].cases == 1


def test_a_lead_who_leaves_is_followed_by_the_successor(desk: DeskWorld, unit: Unit) -> None:
    mara = desk.hub.make_officer(desk.lab, Role.AUTHOR, name="Mara Sollen")
    done = hand_over(desk.sunniva, desk.benno.public_id, to=mara.public_id, now=desk.tick())
    unit.refresh_from_db()
    assert done.units == 1 and unit.lead == mara and mara in unit.members.all()


def test_what_the_successor_may_not_see_is_not_handed_over(desk: DeskWorld, unit: Unit, case: Case) -> None:
    busy(desk, case)
    reader = desk.hub.make_officer(desk.lab, Role.READER, name="Ria Only")
    unit.members.add(reader)
    done = hand_over(desk.sunniva, desk.ilka.public_id, to=reader.public_id, now=desk.tick())
    assert (done.cases, done.tasks, done.drafts) == (1, 1, 0)
    assert Alert.objects.get().author == Officer.objects.get(pk=desk.ilka.pk)

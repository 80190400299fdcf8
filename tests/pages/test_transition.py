# SPDX-License-Identifier: Apache-2.0
"""The transition to new leadership: steps that tick themselves, one person's word, and an end by two."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from callers.capabilities import Role
from callers.errors import InputError, NotBoundError, NotPermittedError
from ledger.models import AuditEvent
from officers.deskkeys import issue_key, revoke_key
from officers.duty import move_on_duty_list
from officers.models import Officer, OfficerSession, Transition
from officers.transitions import begin_transition, finish_transition, look_through, transition_of
from tests.api.sessions import Session
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld
from vault.agency_keys import change_agency_root

PAGE = "/transition/"


@pytest.fixture
def admin(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.sunniva)


def done(desk: DeskWorld, officer: Officer) -> set[str]:
    return {step.code for step in transition_of(officer, now=desk.hub.now).steps if step.is_done}


def newcomer(desk: DeskWorld) -> Officer:
    return desk.hub.make_officer(desk.lab, Role.AGENCY_ADMIN, name="Vesna Lindqvist")


def test_each_step_ticks_itself_once_the_desk_sees_it(desk: DeskWorld) -> None:
    begin_transition(desk.sunniva, now=desk.hub.later(minutes=1))
    before = done(desk, desk.sunniva)
    assert before.isdisjoint({"people", "gone", "root", "duty", "entry", "agreements"})
    new = newcomer(desk)
    assert done(desk, new) - before == {"people"}
    for row in Officer.objects.filter(agency=desk.lab).exclude(pk=new.pk):
        row.roles = [role for role in row.roles if role not in (Role.AGENCY_ADMIN, Role.KEY_OFFICER)]
        row.save(update_fields=["roles"])
    look_through(new, now=desk.hub.later(minutes=1))
    assert done(desk, new) - before == {"people", "gone", "agreements"}


def test_keys_root_duty_and_sessions_are_seen_too(desk: DeskWorld, as_officer: SignIn) -> None:
    admin, now = desk.sunniva, desk.hub.later(minutes=1)
    scopes = ["science:query"]
    key, _ = issue_key(
        admin, desk.lab, client="case system", scopes=scopes, networks=(), lifetime=timedelta(days=9), now=now
    )
    as_officer(desk.ilka)
    OfficerSession.objects.update(seen_at=timezone.now())
    begin_transition(admin, now=timezone.now() + timedelta(minutes=1))
    desk.hub.now = timezone.now() + timedelta(minutes=2)
    assert done(desk, admin) == set()
    move_on_duty_list(admin, desk.benno, "add", now=desk.hub.now)
    revoke_key(admin, key, now=desk.hub.now)
    change_agency_root(desk.hub.make_officer(desk.lab, Role.KEY_OFFICER), desk.lab, now=desk.hub.now)
    OfficerSession.objects.update(ended_at=desk.hub.now)
    assert done(desk, admin) - {"people"} == {"root", "duty", "keys", "sessions"}


def test_two_persons_end_it_and_what_is_open_stands_in_the_audit(desk: DeskWorld) -> None:
    new = newcomer(desk)
    begin_transition(desk.sunniva, now=desk.hub.now)
    with pytest.raises(InputError):
        begin_transition(new, now=desk.hub.now)
    finish_transition(desk.sunniva, now=desk.hub.now)
    with pytest.raises(InputError):
        finish_transition(desk.sunniva, now=desk.hub.now)
    ended = finish_transition(new, now=desk.hub.later(minutes=1))
    assert (ended.ended_by, ended.ended_at) == (new, desk.hub.now)
    event = AuditEvent.objects.get(act="agency.transition_ended")
    assert {"root", "duty", "entry"} <= set(event.detail["open"])
    assert transition_of(new, now=desk.hub.now).row is None
    for act in (look_through, finish_transition):
        with pytest.raises(InputError):
            act(new, now=desk.hub.now)
    assert begin_transition(new, now=desk.hub.now), "another one, later"


def test_it_is_the_admins(desk: DeskWorld) -> None:
    for act in (begin_transition, look_through, finish_transition, transition_of):
        with pytest.raises(NotPermittedError):
            act(desk.benno, now=desk.hub.now)


def test_a_row_changed_past_the_program_counts_for_nothing(desk: DeskWorld) -> None:
    begin_transition(desk.sunniva, now=desk.hub.now)
    Transition.objects.update(began_at=desk.hub.now - timedelta(days=9))
    with pytest.raises(NotBoundError):
        transition_of(desk.sunniva, now=desk.hub.now)


def test_the_page_leads_through_it(desk: DeskWorld, admin: Client) -> None:
    assert "what to hand over" in admin.get(PAGE).content.decode()
    assert admin.post(PAGE, {"verb": "begin"}).status_code == 302
    page = admin.get(PAGE).content.decode()
    for text in ("Change the root", "/keys/", "/officers/duty/", "/directory/own/", "Still in office"):
        assert text in page
    assert admin.post(PAGE, {"verb": "look_through"}).status_code == 302
    assert "Gone through by" in admin.get(PAGE).content.decode()
    assert admin.post(PAGE, {"verb": "begin"}).status_code == 422
    assert admin.post(PAGE, {"verb": "dance"}).status_code == 422


def test_the_same_in_json(desk: DeskWorld) -> None:
    call = Session(desk.sunniva)
    assert call("GET", "transition").json()["began_at"] is None
    begun = call("POST", "transition", {"verb": "begin"}).json()
    assert begun["began_by"] == desk.sunniva.public_id
    assert [step["code"] for step in begun["steps"]][:3] == ["people", "gone", "root"]
    assert call("POST", "transition", {"verb": "begin"}).status_code == 422

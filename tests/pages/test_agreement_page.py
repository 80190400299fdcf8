# SPDX-License-Identifier: Apache-2.0
"""One agreement: its terms, and lanes suspended and resumed by an agency admin after a second question."""

import pytest
from django.test import Client
from django.urls import reverse

from callers.capabilities import usual_scopes
from sharing.models import LaneSuspension
from tests.agreements import suspend_lanes
from tests.desk_calls import ViewsInPlaceOfSockets
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

SUSPEND, RESUME = "/agreements/G1/suspend/", "/agreements/G1/resume/"


@pytest.fixture
def admin(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.sunniva)


def standing(agency: str = "xa-lab") -> set[str]:
    rows = LaneSuspension.objects.filter(agency=agency, lifted_at__isnull=True)
    return set(rows.values_list("lane", flat=True))


def test_it_says_what_is_agreed_and_who_has_stopped_what(desk: DeskWorld, admin: Client) -> None:
    suspend_lanes(desk.reg.manager, desk.hub.agreement("G1"), ["trade"], now=desk.tick())
    page = admin.get("/agreements/G1/").content.decode()
    for text in (
        "Science and public health",
        "Health Authority, Belmora",
        "suspended by",
        "Early Look",
        "Open",
    ):
        assert text in page


def test_lanes_are_suspended_after_a_second_question(desk: DeskWorld, admin: Client) -> None:
    assert admin.get(SUSPEND).status_code == 200
    asked = admin.post(SUSPEND, {"lanes": ["enforcement", "trade"]}).content.decode()
    assert "Suspend Enforcement and Trade" in asked
    assert "Flow stops both ways; nothing is deleted; waiting items are held until they expire." in asked
    assert "Science stays open." in asked
    assert standing() == set()
    assert admin.post(SUSPEND, {"lanes": ["enforcement", "trade"], "sure": "yes"}).status_code == 302
    assert standing() == {"enforcement", "trade"}


def test_an_agency_resumes_its_own_suspension_and_no_other(desk: DeskWorld, admin: Client) -> None:
    assert "Your agency has suspended no lane of it." in admin.get(RESUME).content.decode()
    suspend_lanes(desk.reg.manager, desk.hub.agreement("G1"), ["trade"], now=desk.tick())
    admin.post(SUSPEND, {"lanes": ["science"], "sure": "yes"})
    assert admin.post(RESUME, {"lanes": ["trade"], "sure": "yes"}).status_code == 422
    assert admin.post(RESUME, {"lanes": ["science"], "sure": "yes"}).status_code == 302
    assert (standing(), standing("xd-reg")) == (set(), {"trade"})


def test_an_api_key_that_lacks_the_right_is_named_and_replaced_from_there(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.desk_calls.SCOPES", sorted(usual_scopes()))
    answer = admin.post(SUSPEND, {"lanes": ["science"], "sure": "yes"})
    page = answer.content.decode()
    assert answer.status_code == 409 and standing() == set()
    assert "lacks the right" in page and reverse("admin:exchange_key_own") in page
    assert "could not be asked" not in page


def test_lanes_that_are_none_are_refused(admin: Client) -> None:
    for lanes in ([], ["science", "nowhere"]):
        answer = admin.post(SUSPEND, {"lanes": lanes, "sure": "yes"})
        assert answer.status_code == 422 and "Lanes: choose" in answer.content.decode(), lanes
    assert standing() == set()


def test_only_admins_are_offered_to_change_lanes(desk: DeskWorld, as_officer: SignIn) -> None:
    assert "Suspend lanes…" not in as_officer(desk.benno).get("/agreements/G1/").content.decode()
    assert as_officer(desk.benno).post(SUSPEND, {"lanes": ["science"], "sure": "yes"}).status_code == 403


def test_what_is_kept_is_shown_while_the_exchange_is_away_and_lanes_wait_for_it(
    desk: DeskWorld, admin: Client, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    exchange_as_asked.is_away = True
    assert "Health Authority, Belmora" in admin.get("/agreements/G1/").content.decode()
    answer = admin.post(SUSPEND, {"lanes": ["trade"], "sure": "yes"})
    assert answer.status_code == 503 and standing() == set()

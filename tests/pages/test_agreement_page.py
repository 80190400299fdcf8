# SPDX-License-Identifier: Apache-2.0
"""One agreement: its terms, and lanes suspended and resumed by an agency admin after a second question."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from desk.web.tones import isolated
from peers.models import HeldStatement
from sharing.models import LaneSuspension, Statement
from tests.desk_calls import ViewsInPlaceOfSockets
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

SUSPEND, RESUME = "/agreements/G1/suspend/", "/agreements/G1/resume/"


@pytest.fixture
def admin(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.sunniva)


def standing(agency: str = "xa-lab") -> set[tuple[str, str]]:
    """Return peer and lane of each suspension of the agency that is in force at the exchange."""
    rows = LaneSuspension.objects.filter(agency=agency, lifted_at__isnull=True)
    return set(rows.values_list("peer_id", "lane"))


def test_it_says_what_is_agreed_and_who_has_stopped_what(desk: DeskWorld, admin: Client) -> None:
    desk.hub.submit(desk.reg, desk.hub.suspension(desk.reg, "xa-lab", lanes=["trade"], why="political"))
    desk.settle()
    admin.post(SUSPEND, {"agencies": ["xb-health"], "lanes": ["science"], "sure": "yes"})
    page = admin.get("/agreements/G1/").content.decode()
    for text in (
        "Science and public health",
        "suspended by <bdi>Precursor Office, Dellin</bdi> since",
        "(political)",
        "suspended by your agency with <bdi>Health Authority, Belmora</bdi> since",
        "Suspended in part",
        "Early Look",
        "Open",
    ):
        assert text in page


def test_danger_to_life_survives_on_the_public_health_lane_alone(desk: DeskWorld, admin: Client) -> None:
    for ref, lanes in (("G2", ["science"]), ("G3", ["science", "public_health"])):
        desk.hub.make_agreement(ref, desk.lab.pk, desk.health.pk, lanes=lanes, survive_flash=True)
    desk.hub.later(minutes=1)
    desk.settle()
    survives = "Flash on the public-health lane flows even when it is suspended."
    page = admin.get("/agreements/G2/").content.decode()
    assert survives not in page and "No exception is agreed." in page
    assert survives in admin.get("/agreements/G3/").content.decode()


def test_third_parties_see_nothing_of_it(desk: DeskWorld, as_officer: SignIn) -> None:
    before = as_officer(desk.haitham).get("/agreements/G1/").content.decode()
    desk.hub.submit(desk.reg, desk.hub.suspension(desk.reg, "xa-lab", lanes=["trade"]))
    desk.settle()
    after = as_officer(desk.haitham).get("/agreements/G1/").content.decode()
    assert "suspended by" not in after and before.count("Open") == after.count("Open")


def test_lanes_are_suspended_after_a_second_question(desk: DeskWorld, admin: Client) -> None:
    form = admin.get(SUSPEND).content.decode()
    assert form.index("in every agreement of your agency with these agencies") < form.index('name="lanes"')
    assert "The agencies you choose and the exchange read it, nobody else." in form
    chosen = {"agencies": ["xb-health", "xd-reg"], "lanes": ["enforcement", "trade"], "why": "legal"}
    asked = admin.post(SUSPEND, chosen).content.decode()
    assert "Suspend Enforcement and Trade" in asked
    assert "Flow stops both ways, in every agreement with them; nothing is deleted" in asked
    assert "Science stays open." in asked and "They and the exchange read your reason: legal." in asked
    assert standing() == set()
    assert admin.post(SUSPEND, {**chosen, "sure": "yes"}).status_code == 302
    assert standing() == {
        (peer, lane) for peer in ("xb-health", "xd-reg") for lane in ("enforcement", "trade")
    }
    assert Statement.objects.get(k="suspend").body["why"] == "legal"


def test_an_agency_resumes_its_own_suspension_and_no_other(desk: DeskWorld, admin: Client) -> None:
    assert "Your agency has suspended no lane of it." in admin.get(RESUME).content.decode()
    desk.hub.submit(desk.reg, desk.hub.suspension(desk.reg, "xa-lab", lanes=["trade"]))
    desk.settle()
    admin.post(SUSPEND, {"agencies": ["xd-reg"], "lanes": ["science"], "sure": "yes"})
    own = {"agencies": ["xd-reg"], "sure": "yes"}
    assert admin.post(RESUME, {**own, "lanes": ["trade"]}).status_code == 422
    assert admin.post(RESUME, {**own, "lanes": ["science"]}).status_code == 302
    assert (standing(), standing("xd-reg")) == (set(), {("xa-lab", "trade")})


def test_resuming_says_who_still_suspends_the_lane(desk: DeskWorld, admin: Client) -> None:
    chosen = {"agencies": ["xd-reg"], "lanes": ["science"], "sure": "yes"}
    says = "Still suspended, until they resume too, by"
    admin.post(SUSPEND, chosen)
    assert says not in admin.post(RESUME, chosen, follow=True).content.decode()
    admin.post(SUSPEND, chosen)
    desk.hub.submit(desk.reg, desk.hub.suspension(desk.reg, "xa-lab", lanes=["science"]))
    desk.settle()
    assert says in admin.post(RESUME, chosen, follow=True).content.decode()


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"agencies": ["xd-reg"], "lanes": []}, "Lanes: choose"),
        ({"agencies": ["xd-reg"], "lanes": ["science", "nowhere"]}, "Lanes: choose"),
        ({"agencies": [], "lanes": ["science"]}, "Agencies: choose"),
        ({"agencies": ["xa-lab"], "lanes": ["science"]}, "Agencies: choose"),
        ({"agencies": ["xd-reg"], "lanes": ["science"], "why": "weather"}, "Reason: choose"),
    ],
)
def test_a_wrong_choice_is_refused_by_its_field(admin: Client, chosen: dict[str, Any], says: str) -> None:
    answer = admin.post(SUSPEND, {**chosen, "sure": "yes"})
    assert answer.status_code == 422 and says in answer.content.decode()
    assert standing() == set()


def test_the_start_page_says_what_a_partner_suspended_and_resumed(
    desk: DeskWorld, admin: Client, as_officer: SignIn
) -> None:
    releaser, author = as_officer(desk.benno), as_officer(desk.ilka)
    name, rest = isolated("Precursor Office, Dellin"), "with your agency"
    desk.hub.submit(desk.reg, desk.hub.suspension(desk.reg, "xa-lab", lanes=["science", "trade"]))
    desk.settle()
    for client in (admin, releaser):
        page = client.get("/").content.decode()
        assert (
            f"{name} has suspended lanes with your agency: Science, Trade" in page
            and "/agreements/?state=suspended" in page
        )
    admin.post(SUSPEND, {"agencies": ["xd-reg"], "lanes": ["science"], "sure": "yes"})
    desk.catch_up()
    desk.hub.submit(desk.reg, desk.hub.resumption(desk.reg, "xa-lab", lanes=["science"]))
    desk.settle()
    page = releaser.get("/").content.decode()
    assert f"{name} has suspended a lane with your agency: Trade" in page
    assert f"{name} has resumed a lane with your agency: Science" in page
    assert "your agency still suspends: Science" in page
    assert rest not in author.get("/").content.decode()
    assert rest not in as_officer(desk.haitham).get("/").content.decode(), "nothing is said to third parties"
    HeldStatement.objects.update(held_since=timezone.now() - timedelta(days=8))
    assert rest not in releaser.get("/").content.decode()


def test_only_admins_are_offered_to_change_lanes(desk: DeskWorld, as_officer: SignIn) -> None:
    assert "Suspend lanes…" not in as_officer(desk.benno).get("/agreements/G1/").content.decode()
    chosen = {"agencies": ["xd-reg"], "lanes": ["science"], "sure": "yes"}
    assert as_officer(desk.benno).post(SUSPEND, chosen).status_code == 403


def test_while_the_exchange_is_away_a_suspension_holds_here_and_is_on_its_way(
    desk: DeskWorld, admin: Client, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    exchange_as_asked.is_away = True
    chosen = {"agencies": ["xb-health"], "lanes": ["trade"], "sure": "yes"}
    assert admin.post(SUSPEND, chosen).status_code == 302
    assert "suspended by your agency with" in admin.get("/agreements/G1/").content.decode()
    assert standing() == set()

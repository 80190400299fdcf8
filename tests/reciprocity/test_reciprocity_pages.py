# SPDX-License-Identifier: Apache-2.0
"""Pages and JSON of what two agencies gave each other."""

import re

import pytest
from django.test import Client

from alerts.models import Alert
from tests.alerts.replies.test_suspension import resume, suspend
from tests.api.sessions import Session
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld
from tests.reciprocity.pairs import around

OF_HEALTH = "/reciprocity/xb-health/"


@pytest.fixture
def days(desk: DeskWorld) -> dict[str, str]:
    """Days of a period in which the laboratory has sent one alert."""
    desk.send(desk.draft())
    desk.settle()
    period = around(desk)
    return {"first": period.first.isoformat(), "last": period.last.isoformat()}


@pytest.fixture
def reader(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.ilka)


def test_the_record_is_drawn_and_tabled(days: dict[str, str], reader: Client) -> None:
    assert OF_HEALTH in reader.get("/reciprocity/").content.decode()
    french = reader.get(OF_HEALTH, headers={"accept-language": "fr"}).content.decode()
    assert re.search(r'name="first" value="\d{4}-\d\d-01"', french), (
        "as the browser reads it in every language"
    )
    page = reader.get(OF_HEALTH, days).content.decode()
    for text in ("Cluster of harm", "gave 1, got 0", "All that counts", "brief/?first="):
        assert text in page
    scale = page.partition('class="reciprocity-scale"')[2].partition("</div>")[0]
    assert all(f"<span>{n}</span>" in scale for n in (4, 2, 0)), "bars can be read off"


def test_every_partner_with_an_agreement_in_force_is_listed(
    desk: DeskWorld, reader: Client, as_officer: SignIn
) -> None:
    desk.settle()
    assert reader.get("/reciprocity/").content.decode().count("nothing exchanged yet") == 2
    assert Session(desk.ilka)("GET", "reciprocity").json() == {"items": [], "agreed": ["xb-health", "xd-reg"]}
    desk.send(desk.draft(recipients=["xb-health"]))
    desk.settle()
    page = reader.get("/reciprocity/").content.decode()
    assert page.count("nothing exchanged yet") == 1
    assert page.index(OF_HEALTH) < page.index("/reciprocity/xd-reg/") < page.index("nothing exchanged yet")
    desk.hub.make_agreement("G1", desk.lab.pk, desk.health.pk)
    desk.hub.later(minutes=1)
    desk.settle()
    assert "/reciprocity/xd-reg/" not in reader.get("/reciprocity/").content.decode()


def test_the_brief_says_who_made_it_when_and_what_was_suspended(
    desk: DeskWorld, days: dict[str, str], reader: Client
) -> None:
    at = f"{OF_HEALTH}brief/"
    assert "Neither suspended anything with the other." in reader.get(at, days).content.decode()
    suspend(desk, desk.health)
    page = reader.get(at, days).content.decode()
    for text in ("Made by <bdi>Forensic Laboratory, Arvenia</bdi> on", "data-print", "not resumed"):
        assert text in page
    rows = page.partition("Who suspended")[2].partition("</table>")[0]
    assert "Health Authority, Belmora" in rows and "Science" in rows
    resume(desk, desk.health)
    assert "not resumed" not in reader.get(at, days).content.decode()


def test_a_wrong_period_is_said(reader: Client) -> None:
    for first, last, problem in (
        ("2026-03-01", "2026-02-01", "To: enter a day that is not before the first."),
        ("", "2026-02-01", "From: enter a day."),
        ("1990-03-01", "2026-02-01", "To: choose ten years at most."),
    ):
        assert problem in reader.get(OF_HEALTH, {"first": first, "last": last}).content.decode()


def test_an_absent_partner_and_the_own_agency_answer_alike(desk: DeskWorld, reader: Client) -> None:
    for peer in ("xa-lab", "xz-none"):
        assert reader.get(f"/reciprocity/{peer}/").status_code == 404


def test_the_other_sides_list_is_compared(
    desk: DeskWorld, days: dict[str, str], reader: Client, as_officer: SignIn
) -> None:
    query = f"?first={days['first']}&last={days['last']}"
    theirs = as_officer(desk.aroha).get(f"/reciprocity/xa-lab/list/{query}").getvalue()
    at = f"{OF_HEALTH}compare/{query}"
    assert "Both records agree" in reader.post(at, {"items": theirs.decode()}).content.decode()
    other = Alert.objects.get().md[::-1]
    page = reader.post(at, {"items": other}).content.decode()
    assert "Counted here alone" in page and "Counted by them alone" in page and other in page
    refused = reader.post(at, {"items": "no address"})
    assert refused.status_code == 422 and "one item on a line" in refused.content.decode()


def test_a_system_reads_and_compares(desk: DeskWorld, days: dict[str, str]) -> None:
    call = Session(desk.ilka)
    assert call("GET", "reciprocity").json()["items"] == ["xb-health", "xd-reg"]
    query = f"first={days['first']}&last={days['last']}"
    brief = call("GET", f"reciprocity/xb-health?{query}").json()
    assert brief["total"] == {"code": "total", "gave": 1, "got": 0} and brief["suspensions"] == []
    theirs = Session(desk.aroha)("GET", f"reciprocity/xa-lab?{query}").json()
    assert theirs["digest"] == brief["digest"]
    compared = call("POST", "reciprocity/xb-health/compare", days | {"items": theirs["items"]}).json()
    assert compared["agree"]
    refused = call("GET", "reciprocity/xb-health?first=2026-02-01&last=2026-01-01")
    assert refused.status_code == 422

# SPDX-License-Identifier: Apache-2.0
"""The page and the JSON that explain policy: the answer on each agency, why not, and what helps, for who may do it."""

from django.test import Client

from alerts.peers.withheld_recipients import KEYS_FAILED, NEW_IN_CIRCLE, UNCOMPARED
from callers.denials import CODES
from desk.agency.agreements.may_send_page import _REMEDIES
from desk.web.tones import isolated
from tests.api.sessions import Session
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

PAGE = "/agreements/may-send/"


def text(client: Client, query: str = "") -> str:
    return client.get(PAGE + query).content.decode()


def test_each_agency_is_answered_with_its_agreement_and_what_is_open(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    desk.hub.submit(desk.reg, desk.hub.suspension(desk.reg, "xa-lab", lanes=["science"]))
    desk.settle()
    page = text(as_officer(desk.ilka))
    for words in (
        "Precursor Office, Dellin suspended Science with your agency on",
        f"It opens once {isolated('Precursor Office, Dellin')} resumes it.",
        "/agreements/G1/",
        "Enforcement, Public health, Trade",
        "Health Authority, Belmora",
    ):
        assert words in page
    assert (
        "Health Authority, Belmora" not in text(as_officer(desk.ilka), "?agency=xd-reg").split("<tbody>")[1]
    )


def test_what_helps_is_a_link_for_who_may_do_it(desk: DeskWorld, as_officer: SignIn) -> None:
    desk.host("xf-new", "New Office", "customs", "UTC")
    words, address = "An admin of your agency proposes one.", "/agreements/propose/"
    assert words in text(as_officer(desk.ilka)) and address not in text(as_officer(desk.ilka))
    assert address in text(as_officer(desk.sunniva))


def test_a_term_that_is_no_term_is_refused(desk: DeskWorld, as_officer: SignIn) -> None:
    answer = as_officer(desk.ilka).get(PAGE + "?lane=gossip")
    assert answer.status_code == 422


def test_every_reason_has_something_that_helps() -> None:
    said_apart = {"own-agency", "lane-suspended"}
    of_others = {"not-a-party", "not-onward", "not-emergency", "emergency-not-agreed"}
    assert _REMEDIES.keys() == {*CODES, UNCOMPARED, NEW_IN_CIRCLE, KEYS_FAILED} - said_apart - of_others


def test_the_same_in_json(desk: DeskWorld, as_officer: SignIn) -> None:
    desk.hub.submit(desk.reg, desk.hub.suspension(desk.reg, "xa-lab", lanes=["science"]))
    desk.settle()
    asked = "agreements/may-send?lane=science&purpose=prevent&tlp=GREEN&agency=xd-reg"
    (item,) = Session(desk.ilka)("GET", asked).json()["items"]
    assert item.pop("text").startswith("Precursor Office, Dellin suspended Science")
    assert item == {
        "agency": "xd-reg",
        "name": "Precursor Office, Dellin",
        "allowed": False,
        "code": "lane-suspended",
        "agreement": "G1",
        "ceiling": "AMBER+STRICT",
        "open_lanes": ["enforcement", "public_health", "trade"],
        "life_passes": False,
    }
    assert Session(desk.ilka)("GET", "agreements/may-send?lane=science").status_code == 422


def test_the_recipients_step_leads_there_with_its_terms(desk: DeskWorld, as_officer: SignIn) -> None:
    desk.host("xf-new", "New Office", "customs", "UTC")
    draft = desk.draft(desk.ilka, recipients=["xf-new"])
    page = as_officer(desk.ilka).get(f"/drafts/{draft.pk}/3/").content.decode()
    assert f"{PAGE}?lane=public_health&amp;purpose=public_health&amp;tlp=GREEN&amp;pri=urgent" in page

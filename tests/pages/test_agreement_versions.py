# SPDX-License-Identifier: Apache-2.0
"""Pages of versions of agreements: proposed in a form, looked at beside what is agreed now, accepted, refused, left."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from alerts.agency.agreement_versions import versions_of
from tests.agreements import take_in_agreements
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

PROPOSE = "/agreements/propose/"


@pytest.fixture
def admin(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.sunniva)


def form(desk: DeskWorld, **changes: Any) -> dict[str, Any]:
    today = desk.hub.now.date()
    usual: dict[str, Any] = {
        "ref": "AB 2027-1",
        "parties": ["xb-health"],
        "lanes": ["science", "trade"],
        "tlp": "AMBER",
        "purposes": ["prevent"],
        "begins": f"{today}",
        "until": f"{today + timedelta(days=365)}",
        "survive_lanes": ["science"],
        "clocks": "freeze",
    }
    return usual | changes


def proposed(desk: DeskWorld, admin: Client, **changes: Any) -> str:
    answer = admin.post(changes.pop("address", PROPOSE), form(desk, **changes))
    assert answer.status_code == 302, answer.content.decode()
    desk.settle()
    take_in_agreements(now=desk.hub.now)
    return str(answer["Location"])


def agreed(desk: DeskWorld, admin: Client, as_officer: SignIn) -> None:
    """Have both parties sign the usual version, as the exchange then lists it."""
    as_officer(desk.haitham).post(f"{proposed(desk, admin)}accept/")
    desk.settle()
    take_in_agreements(now=desk.hub.now)


def test_it_is_proposed_seen_by_both_accepted_shown_as_signed_and_left(
    desk: DeskWorld, admin: Client, as_officer: SignIn
) -> None:
    address = proposed(desk, admin)
    page = admin.get(address).content.decode()
    for text in ("AB 2027-1", "Health Authority, Belmora", "Not answered", "Accepted", "Proposed"):
        assert text in page, text
    assert "Waits for others" in admin.get("/agreements/").content.decode()
    theirs = as_officer(desk.haitham)
    assert "Waits for your agency" in theirs.get("/agreements/").content.decode()
    assert "Accept…" in theirs.get(address).content.decode()
    asked = theirs.get(f"{address}accept/").content.decode()
    for text in (
        "Your agency itself signs these terms",
        "in force with your agency",
        "Forensic Laboratory, Arvenia; Health Authority, Belmora",
        "TLP:AMBER",
        "leave it again at any time",
    ):
        assert text in asked, text
    assert "Until then, what is agreed now" not in asked, "nothing is agreed yet"
    assert theirs.post(f"{address}accept/").status_code == 302
    desk.settle()
    assert "Accepted by all" in admin.get("/agreements/").content.decode(), "the exchange has not told yet"
    take_in_agreements(now=desk.hub.now)
    page = admin.get("/agreements/AB 2027-1/").content.decode()
    assert "by every party, verified at this desk" in page and "Leave…" in page
    assert "Nothing flows any more" in admin.get("/agreements/AB 2027-1/leave/").content.decode()
    assert admin.post("/agreements/AB 2027-1/leave/").status_code == 302
    desk.settle()
    assert admin.get("/agreements/AB 2027-1/").status_code == 404
    assert "Left" in theirs.get(address).content.decode()


def test_who_may_answer_a_proposal_finds_it_among_the_work_and_strangers_find_nothing(
    desk: DeskWorld, admin: Client, as_officer: SignIn
) -> None:
    address = proposed(desk, admin)
    waits = {"theirs": as_officer(desk.haitham), "proposer": admin, "reader": as_officer(desk.ilka)}
    shown = {who: address in browser.get("/").content.decode() for who, browser in waits.items()}
    assert shown == {"theirs": True, "proposer": False, "reader": False}
    benno = as_officer(desk.benno)
    assert "Propose an agreement…" not in benno.get("/agreements/").content.decode()
    assert benno.get(address).status_code == 200 and benno.post(f"{address}accept/").status_code == 403
    assert admin.get(f"/agreements/versions/{'A' * 43}/").status_code == 404
    waits["theirs"].post(f"{address}accept/")
    assert address not in waits["theirs"].get("/").content.decode()


def test_the_next_version_marks_what_changes_and_names_who_still_has_to_accept(
    desk: DeskWorld, admin: Client, as_officer: SignIn
) -> None:
    agreed(desk, admin, as_officer)
    assert "Not in force yet" not in admin.get("/agreements/AB 2027-1/").content.decode()
    after = proposed(desk, admin, address="/agreements/AB 2027-1/propose/", clocks="run", emergency="on")
    page = admin.get(after).content.decode()
    assert "now: <bdi>stand still</bdi>" in page and "now: <bdi>not agreed</bdi>" in page
    for client, says in ((admin, "Waits for others"), (as_officer(desk.haitham), "Waits for your agency")):
        page = client.get("/agreements/AB 2027-1/").content.decode()
        assert f'href="{after}"' in page and says in page
        assert "Still to accept: <bdi>Health Authority, Belmora</bdi>" in page
    asked = as_officer(desk.haitham).get(f"{after}accept/").content.decode()
    assert "Until then, what is agreed now stays in force." in asked


def test_its_proposer_takes_it_back_after_a_second_question(
    desk: DeskWorld, admin: Client, as_officer: SignIn
) -> None:
    address = proposed(desk, admin)
    page = admin.get(address).content.decode()
    assert "Take back…" in page and "Accept…" not in page and "Refuse…" not in page
    assert "The proposal is over for all parties." in admin.get(f"{address}refuse/").content.decode()
    admin.post(f"{address}refuse/")
    desk.settle()
    theirs = as_officer(desk.haitham).get(address).content.decode()
    assert "Taken back" in theirs and "Accept…" not in theirs and "Refuse…" not in theirs
    assert "Not in force yet" not in admin.get("/agreements/").content.decode()


def test_a_refusal_is_asked_for_twice_and_ends_it(desk: DeskWorld, admin: Client, as_officer: SignIn) -> None:
    address = proposed(desk, admin)
    theirs = as_officer(desk.haitham)
    assert "The proposal is over for all parties." in theirs.get(f"{address}refuse/").content.decode()
    theirs.post(f"{address}refuse/")
    desk.settle()
    assert "Refused" in admin.get(address).content.decode()
    assert "Accept…" not in theirs.get(address).content.decode()


def test_countersigning_fills_in_what_is_agreed_now_and_shows_what_changes(
    desk: DeskWorld, admin: Client
) -> None:
    recorded = admin.get("/agreements/G1/").content.decode()
    assert "not countersigned" in recorded and "Propose it to be signed…" in recorded
    page = admin.get("/agreements/G1/propose/").content.decode()
    assert (
        'value="G1"' in page and page.count(" checked") >= 5 and "Propose \u2068G1\u2069 to be signed" in page
    )
    parties = ["xb-health", "xd-reg"]
    address = proposed(desk, admin, address="/agreements/G1/propose/", ref="G1", parties=parties, tlp="GREEN")
    assert "now: <bdi>TLP:AMBER+STRICT</bdi>" in admin.get(address).content.decode()


def test_what_has_ended_is_proposed_anew_without_its_end(desk: DeskWorld, admin: Client) -> None:
    desk.hub.make_agreement("G2", desk.lab.pk, desk.health.pk, until=desk.hub.now + timedelta(minutes=5))
    desk.hub.later(minutes=10)
    desk.settle()
    page = admin.get("/agreements/G2/propose/").content.decode()
    assert "what was agreed has ended" in page and "now stays in force" not in page
    assert "value=" not in re.findall(r'<input[^>]* name="until"[^>]*>', page)[0]


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"parties": []}, "Parties: choose"),
    ({"lanes": ["trade"]}, "A lane that survives"),
    ({"lanes": []}, "Lanes: choose"),
    ({"tlp": ""}, "Ceiling: choose"),
    ({"purposes": ["gossip"]}, "Purposes: choose"),
    ({"until": "2020-01-01"}, "End: later"),
    ({"begins": "soon"}, "From: enter a day"),
    ({"clocks": ""}, "Clocks: choose"),
    ({"ref": "a__b"}, "Reference: letters and digits"),
)


def test_a_wrong_term_is_named_and_what_was_entered_stays(desk: DeskWorld, admin: Client) -> None:
    for changes, says in WRONG:
        answer = admin.post(PROPOSE, form(desk, **changes))
        page = answer.content.decode()
        assert answer.status_code == 422 and says in page, changes
        assert f'value="{changes.get("ref", "AB 2027-1")}"' in page
    assert versions_of(desk.sunniva, now=desk.hub.now) == ()

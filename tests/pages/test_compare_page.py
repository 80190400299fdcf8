# SPDX-License-Identifier: Apache-2.0
"""Comparing a fingerprint on the pages and in JSON: two officers, one after the other."""

from accord.envelope.keys import show_fingerprint
from alerts.peers.pins import Origin, read_book
from tests.builders import HeldAgency
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld


def newcomer(desk: DeskWorld) -> HeldAgency:
    made = desk.hub.make_agency("xf-border", name="Border Police, Fenlund", kind="police")
    desk.hub.sequence()
    return made


def origin(desk: DeskWorld, peer: str) -> str:
    return read_book(desk.lab.pk).pins[peer].origin


def test_two_officers_compare_one_after_the_other(desk: DeskWorld, as_officer: SignIn) -> None:
    peer = newcomer(desk)
    address = f"/peers/{peer.id}/compare/"
    ilka, benno = as_officer(desk.ilka), as_officer(desk.benno)
    page = ilka.get(address).content.decode()
    assert show_fingerprint(peer.root.fingerprint) in page
    ilka.post(address, {"fingerprint": peer.root.fingerprint})
    assert origin(desk, peer.id) == Origin.SEEN
    again = ilka.post(address, {"fingerprint": peer.root.fingerprint})
    assert again.status_code == 422 and "another officer compares it too" in again.content.decode()
    assert "One officer has compared it" in benno.get("/peers/").content.decode()
    benno.post(address, {"fingerprint": peer.root.fingerprint})
    assert origin(desk, peer.id) == Origin.COMPARED
    assert "Compared by two officers" in benno.get("/peers/").content.decode()


def test_a_first_comparison_is_taken_back_on_the_page(desk: DeskWorld, as_officer: SignIn) -> None:
    peer = newcomer(desk)
    ilka, benno = as_officer(desk.ilka), as_officer(desk.benno)
    ilka.post(f"/peers/{peer.id}/compare/", {"fingerprint": peer.root.fingerprint})
    benno.post(f"/peers/{peer.id}/undo/")
    assert read_book(desk.lab.pk).pins[peer.id].waiting is None
    assert benno.post(f"/peers/{peer.id}/undo/").status_code == 422


def test_the_same_in_json(desk: DeskWorld, as_officer: SignIn) -> None:
    peer = newcomer(desk)
    digits = {"fingerprint": show_fingerprint(peer.root.fingerprint)}
    for officer, waiting in ((desk.ilka, True), (desk.benno, False)):
        answer = as_officer(officer).post(f"/api/v1/peers/{peer.id}/compare", digits, "application/json")
        assert answer.status_code == 200 and answer.json()["waiting"] is waiting
    items = as_officer(desk.edda).get("/api/v1/peers").json()["items"]
    assert {item["agency"]: item["origin"] for item in items}[peer.id] == "compared"
    refused = as_officer(desk.edda).post(f"/api/v1/peers/{peer.id}/compare", digits, "application/json")
    assert refused.status_code == 403


def test_who_holds_its_own_keys_is_told_the_command(desk: DeskWorld, as_officer: SignIn) -> None:
    page = as_officer(desk.zhilan).get("/peers/")
    assert page.status_code == 409 and "accord pin" in page.content.decode()

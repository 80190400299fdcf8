# SPDX-License-Identifier: Apache-2.0
"""Comparison of a fingerprint on the pages and in JSON: two officers, one after the other."""

from django.core.files.uploadedfile import SimpleUploadedFile

from accord.envelope.fingerprints import build_list, sign_list
from accord.envelope.keys import show_fingerprint
from alerts.peers.pins import Origin, read_book
from ledger.models import AuditEvent
from peers.models import Agency
from tests.agreements import record_circle
from tests.builders import OPERATOR, HeldAgency, seconds
from tests.entries import change_entry
from tests.envelope.world import uuid7
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


def test_another_telephone_is_shown_and_taken_by_a_key_officer(desk: DeskWorld, as_officer: SignIn) -> None:
    peer, keeper = newcomer(desk), as_officer(desk.hub.make_officer(desk.lab, "key_officer"))
    row = change_entry(peer.id, duty_phone="+00 22")
    assert (row.duty_phone, row.phone_said) == ("", "+00 22")
    assert "another telephone: <bdi>+00 22</bdi>" in as_officer(desk.ilka).get("/peers/").content.decode()
    address = f"/peers/{peer.id}/telephone/"
    assert as_officer(desk.ilka).post(address, {"telephone": "+00 22"}).status_code == 403
    assert "+00 22" in keeper.get(address).content.decode()
    assert keeper.post(address, {"telephone": "+00 23"}).status_code == 422
    keeper.post(address, {"telephone": "+00 22"})
    assert Agency.objects.get(pk=peer.id).duty_phone == "+00 22"
    assert AuditEvent.objects.get(act="peer.telephone_taken").detail == {"before": "", "after": "+00 22"}
    assert "another telephone" not in keeper.get("/peers/").content.decode()


def test_another_telephone_in_json(desk: DeskWorld, as_officer: SignIn) -> None:
    peer, keeper = newcomer(desk), as_officer(desk.hub.make_officer(desk.lab, "key_officer"))
    change_entry(peer.id, duty_phone="+00 22")
    items = keeper.get("/api/v1/peers").json()["items"]
    shown = next(item for item in items if item["agency"] == peer.id)
    assert (shown["telephone"], shown["telephone_said"]) == ("", "+00 22")
    body = {"telephone": shown["telephone_said"]}
    answer = keeper.post(f"/api/v1/peers/{peer.id}/telephone", body, "application/json")
    assert answer.status_code == 200 and answer.json()["telephone"] == "+00 22"
    assert keeper.post(f"/api/v1/peers/{peer.id}/telephone", body, "application/json").status_code == 422


def test_a_member_new_in_a_circle_is_confirmed_on_the_page_and_in_json(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    ilka, benno = as_officer(desk.ilka), as_officer(desk.benno)
    for name in ("Late Look", "Later Look"):
        record_circle(
            OPERATOR, name=name, agreement="G1", members=[desk.lab.pk, desk.health.pk], now=desk.hub.now
        )
    address = f"/peers/{desk.health.pk}/circles/"
    listed = f"New in <bdi>Late Look since {desk.hub.now:%-d %b %Y}</bdi>"
    assert listed in ilka.get("/peers/").content.decode()
    assert ilka.get(address).status_code == 403 and address not in ilka.get("/peers/").content.decode()
    assert "It belongs in" in benno.get(address).content.decode()
    assert benno.post(address).status_code == 422
    assert benno.post(address, {"circles": ["Late Look"]}).status_code == 302
    assert listed not in ilka.get("/peers/").content.decode()
    answer = benno.post(
        f"/api/v1/peers/{desk.health.pk}/confirm", {"circles": ["Later Look"]}, "application/json"
    )
    assert answer.status_code == 200 and answer.json()["new_in"] == []


def test_two_officers_compare_by_a_list_that_a_compared_partner_has_signed(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    peer, partner = newcomer(desk), desk.reg
    payload = build_list(
        iss=partner.id,
        root=partner.root.public,
        id=uuid7(),
        iat=seconds(desk.hub.now),
        nonce=b"n" * 16,
        roots={peer.id: peer.root.fingerprint},
    )
    data = sign_list(payload, partner.root.signer)
    for officer, done in ((desk.ilka, Origin.SEEN), (desk.benno, Origin.COMPARED)):
        browser = as_officer(officer)
        assert "/peers/list/" in browser.get("/peers/").content.decode()
        shown = browser.post("/peers/list/", {"signed": SimpleUploadedFile("list.signed", data)})
        page = shown.content.decode()
        assert shown.status_code == 200 and show_fingerprint(peer.root.fingerprint) in page
        assert "checked" not in page, "an officer ticks, nothing else does"
        unticked = browser.post("/peers/list/", {"held": data.decode()})
        assert unticked.status_code == 422 and "tick those that you take" in unticked.content.decode()
        taken = browser.post("/peers/list/", {"held": data.decode(), "agencies": [peer.id]})
        assert taken["Location"] == "/peers/"
        assert origin(desk, peer.id) == done
    refused = as_officer(desk.ilka).post("/peers/list/", {"signed": SimpleUploadedFile("x", payload)})
    assert refused.status_code == 422 and "no signed list" in refused.content.decode()


def test_why_no_list_is_made_is_said(desk: DeskWorld, as_officer: SignIn) -> None:
    answer = as_officer(desk.ilka).get("/peers/list/file/")
    assert answer.status_code == 422 and "root is at this desk" in answer.content.decode()

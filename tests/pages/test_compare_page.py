# SPDX-License-Identifier: Apache-2.0
"""Comparison of a fingerprint on the pages and in JSON: two officers, one after the other."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accord.envelope.fingerprints import build_list, sign_list
from accord.envelope.keys import show_fingerprint
from alerts.peers.pins import Origin, read_book
from ledger.models import AuditEvent
from peers.models import Agency
from tests.agreements import record_circle
from tests.builders import OPERATOR, seconds
from tests.entries import change_entry
from tests.envelope.world import uuid7
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld, Stage


def admit_newcomer(desk: DeskWorld) -> None:
    desk.hub.make_agency("xf-border", name="Border Police, Fenlund", kind="police")


@pytest.fixture
def stage() -> Stage:
    return admit_newcomer


@pytest.fixture
def peer(desk: DeskWorld) -> Agency:
    """The newcomer, which nobody has compared."""
    return Agency.objects.get(pk="xf-border")


def origin(desk: DeskWorld, peer: str) -> str:
    return read_book(desk.lab.pk).pins[peer].origin


def test_two_officers_compare_one_after_the_other(desk: DeskWorld, as_officer: SignIn, peer: Agency) -> None:
    address = f"/peers/{peer.pk}/compare/"
    ilka, benno = as_officer(desk.ilka), as_officer(desk.benno)
    page = ilka.get(address).content.decode()
    assert show_fingerprint(peer.root_fingerprint) in page
    ilka.post(address, {"fingerprint": peer.root_fingerprint})
    assert origin(desk, peer.pk) == Origin.SEEN
    again = ilka.post(address, {"fingerprint": peer.root_fingerprint})
    assert again.status_code == 422 and "another officer compares it too" in again.content.decode()
    assert "One officer has compared it" in benno.get("/peers/").content.decode()
    benno.post(address, {"fingerprint": peer.root_fingerprint})
    assert origin(desk, peer.pk) == Origin.COMPARED
    assert "Compared by two officers" in benno.get("/peers/").content.decode()


def test_a_first_comparison_is_taken_back_on_the_page(
    desk: DeskWorld, as_officer: SignIn, peer: Agency
) -> None:
    ilka, benno = as_officer(desk.ilka), as_officer(desk.benno)
    ilka.post(f"/peers/{peer.pk}/compare/", {"fingerprint": peer.root_fingerprint})
    benno.post(f"/peers/{peer.pk}/undo/")
    assert read_book(desk.lab.pk).pins[peer.pk].waiting is None
    assert benno.post(f"/peers/{peer.pk}/undo/").status_code == 422


def test_the_same_in_json(desk: DeskWorld, as_officer: SignIn, peer: Agency) -> None:
    digits = {"fingerprint": show_fingerprint(peer.root_fingerprint)}
    for officer, waiting in ((desk.ilka, True), (desk.benno, False)):
        answer = as_officer(officer).post(f"/api/v1/peers/{peer.pk}/compare", digits, "application/json")
        assert answer.status_code == 200 and answer.json()["waiting"] is waiting
    items = as_officer(desk.edda).get("/api/v1/peers").json()["items"]
    assert {item["agency"]: item["origin"] for item in items}[peer.pk] == "compared"
    refused = as_officer(desk.edda).post(f"/api/v1/peers/{peer.pk}/compare", digits, "application/json")
    assert refused.status_code == 403


def test_another_telephone_is_shown_and_taken_by_a_key_officer(
    desk: DeskWorld, as_officer: SignIn, peer: Agency
) -> None:
    keeper = as_officer(desk.hub.make_officer(desk.lab, "key_officer"))
    row = change_entry(peer.pk, duty_phone="+00 22")
    assert (row.duty_phone, row.phone_said) == ("", "+00 22")
    assert "another telephone: <bdi>+00 22</bdi>" in as_officer(desk.ilka).get("/peers/").content.decode()
    address = f"/peers/{peer.pk}/telephone/"
    assert as_officer(desk.ilka).post(address, {"telephone": "+00 22"}).status_code == 403
    assert "+00 22" in keeper.get(address).content.decode()
    assert keeper.post(address, {"telephone": "+00 23"}).status_code == 422
    keeper.post(address, {"telephone": "+00 22"})
    assert Agency.objects.get(pk=peer.pk).duty_phone == "+00 22"
    assert AuditEvent.objects.get(act="peer.telephone_taken").detail == {"before": "", "after": "+00 22"}
    assert "another telephone" not in keeper.get("/peers/").content.decode()


def test_another_telephone_in_json(desk: DeskWorld, as_officer: SignIn, peer: Agency) -> None:
    keeper = as_officer(desk.hub.make_officer(desk.lab, "key_officer"))
    change_entry(peer.pk, duty_phone="+00 22")
    items = keeper.get("/api/v1/peers").json()["items"]
    shown = next(item for item in items if item["agency"] == peer.pk)
    assert (shown["telephone"], shown["telephone_said"]) == ("", "+00 22")
    body = {"telephone": shown["telephone_said"]}
    answer = keeper.post(f"/api/v1/peers/{peer.pk}/telephone", body, "application/json")
    assert answer.status_code == 200 and answer.json()["telephone"] == "+00 22"
    assert keeper.post(f"/api/v1/peers/{peer.pk}/telephone", body, "application/json").status_code == 422


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
    desk: DeskWorld, as_officer: SignIn, peer: Agency
) -> None:
    partner = desk.reg
    payload = build_list(
        iss=partner.id,
        root=partner.root.public,
        id=uuid7(),
        iat=seconds(desk.hub.now),
        nonce=b"n" * 16,
        roots={peer.pk: peer.root_fingerprint},
    )
    data = sign_list(payload, partner.root.signer)
    for officer, done in ((desk.ilka, Origin.SEEN), (desk.benno, Origin.COMPARED)):
        browser = as_officer(officer)
        assert "/peers/list/" in browser.get("/peers/").content.decode()
        shown = browser.post("/peers/list/", {"signed": SimpleUploadedFile("list.signed", data)})
        page = shown.content.decode()
        assert shown.status_code == 200 and show_fingerprint(peer.root_fingerprint) in page
        assert "checked" not in page, "an officer ticks, nothing else does"
        unticked = browser.post("/peers/list/", {"held": data.decode()})
        assert unticked.status_code == 422 and "tick those that you take" in unticked.content.decode()
        taken = browser.post("/peers/list/", {"held": data.decode(), "agencies": [peer.pk]})
        assert taken["Location"] == "/peers/"
        assert origin(desk, peer.pk) == done
    refused = as_officer(desk.ilka).post("/peers/list/", {"signed": SimpleUploadedFile("x", payload)})
    assert refused.status_code == 422 and "no signed list" in refused.content.decode()


def test_why_no_list_is_made_is_said(desk: DeskWorld, as_officer: SignIn) -> None:
    answer = as_officer(desk.ilka).get("/peers/list/file/")
    assert answer.status_code == 422 and "root is at this desk" in answer.content.decode()

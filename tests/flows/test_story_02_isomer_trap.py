# SPDX-License-Identifier: Apache-2.0
"""Story 2, the isomer trap: GC-MS alone does not support "confirmed"; NMR does later, and the first version stays readable.

Once in a browser, as people do it, and once over REST, as a laboratory's own system does.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.drafting.drafts import read_draft
from alerts.models import Alert, ReceivedAlert
from alerts.states import AlertState
from devtool.processes import wait_until
from officers.models import Officer
from tests.api.sessions import Session
from tests.browser.conftest import (
    browser_type_launch_args,
    console_errors,
    note_errors,
    page,
    sign_in,
)
from tests.browser.looking import look_at
from tests.pages.desk_world import DeskWorld

__all__ = ["browser_type_launch_args", "console_errors", "page", "sign_in"]

PARA = "CCC(=O)N(c1ccc(F)cc1)C1CCN(CCc2ccccc2)CC1"
NAME = "para-fluorofentanyl"
OTHERS = ["ortho-fluorofentanyl", "meta-fluorofentanyl"]
GAS = {
    "technique": "ms",
    "method": "GC-MS (EI)",
    "reference": "literature",
    "conclusion": "identified",
    "file": None,
    "note": None,
}
NMR = GAS | {"technique": "nmr", "method": "13C NMR and HMBC in CDCl3", "reference": "certified"}
NOT_CARRIED = 'Identity: the evidence does not carry "confirmed".'
ISOMER_RULE = "Isomer rule: no analysis tells positional isomers apart"
WAY_OUT = "Choose isomer group and name the isomers not excluded, or add the analysis."


@pytest.fixture
def desk(live_server: LiveServer, tmp_path: Path) -> DeskWorld:
    return DeskWorld.kept(tmp_path / "ledger", passwords=True)


@pytest.mark.browser
def test_people_meet_the_trap_and_get_out_of_it(
    page: Page,
    browser: Browser,
    desk: DeskWorld,
    sign_in: Callable[[Officer], None],
    live_server: LiveServer,
    console_errors: list[str],
) -> None:
    home = live_server.url
    draft = _fall_into_the_trap(page, sign_in, desk, home)
    _name_the_isomers(page, draft, home)
    _release(page, sign_in, desk, draft, home)

    desk.catch_up()
    first = desk.received(desk.aroha)
    with browser.new_context() as context:
        reader = context.new_page()
        note_errors(reader, console_errors)
        _read_the_first_version(reader, desk, first, home)
        second = _raise_by_nmr(page, sign_in, desk, draft, home)
        desk.catch_up()
        newest = desk.received(desk.aroha)
        assert newest.pk != first.pk and second.previous_id == draft.pk
        _read_both_versions(reader, desk, newest, home)


def _fall_into_the_trap(page: Page, sign_in: Callable[[Officer], None], desk: DeskWorld, home: str) -> Alert:
    """Claim GC-MS alone as confirmed: the draft is kept, stopped at its field, and cannot be submitted."""
    sign_in(desk.ilka)
    page.goto(f"{home}/drafts/new/")
    page.get_by_role("button", name="New substance").click()
    page.get_by_label("Title").fill("Powder with a fluorinated fentanyl")
    page.locator("#id_preferred_name").fill(NAME)
    page.get_by_role("radio", name="Confirmed", exact=True).check()
    page.get_by_role("radio", name="Not known yet").check()
    page.get_by_role("button", name="Analysis").click()
    page.locator("#id_structure").fill(PARA)
    expect(page.locator("[data-structure-shown] svg.mol")).to_be_visible()
    row = page.locator("[data-rows-of=evidence] [data-row]").first
    row.get_by_label("Technique").select_option("ms")
    row.get_by_label("Method").fill("GC-MS (EI)")
    row.get_by_label("Compared with").select_option("literature")
    row.get_by_label("Conclusion").select_option("identified")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Meets the minimum scheme")).to_be_visible()
    page.get_by_role("button", name="What is known").click()
    page.get_by_role("button", name="Continue").click()

    said = page.locator("#field-identity_state .problem")
    expect(said).to_contain_text(NOT_CARRIED)
    expect(said).to_contain_text(ISOMER_RULE)
    expect(said).to_contain_text(WAY_OUT)
    look_at(page, "story-02-blocked")
    draft = Alert.objects.get()
    kept = read_draft(desk.ilka, draft).data
    assert (kept["identity_state"], kept["preferred_name"], kept["evidence"]) == ("confirmed", NAME, [GAS])
    page.goto(f"{home}/drafts/{draft.pk}/4/")
    expect(page.get_by_text("Correct what is listed first.")).to_be_visible()
    assert page.get_by_role("button", name="Submit for release").count() == 0
    return draft


def _name_the_isomers(page: Page, draft: Alert, home: str) -> None:
    """Take the way out that the page offers, and go on to the second person."""
    page.goto(f"{home}/drafts/{draft.pk}/2/")
    page.get_by_role("radio", name="Isomer group").check()
    page.get_by_role("button", name="Analysis").click()
    page.locator("#id_alternatives").fill("\n".join(OTHERS))
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("group", name="Who gets it")).to_be_visible()
    page.get_by_role("radio", name="TLP:GREEN").check()
    page.get_by_role("checkbox", name="Health Authority, Belmora").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Where controlled")).to_be_visible()
    expect(page.locator(".preview")).to_contain_text("Isomer group")
    look_at(page, "story-02-check")
    page.get_by_role("button", name="Submit for release").click()
    expect(page.get_by_text("Submitted. It waits for a second person.")).to_be_visible()


def _read_the_first_version(reader: Page, desk: DeskWorld, first: ReceivedAlert, home: str) -> None:
    _open(reader, desk.aroha, home, first)
    happened = reader.locator("#happened")
    expect(happened).to_contain_text("Isomer group")
    expect(happened.locator("svg.mol")).to_be_visible()
    expect(happened).to_contain_text("ortho-fluorofentanyl; meta-fluorofentanyl")
    expect(reader.locator("#verification")).to_contain_text("Replayed, same")
    look_at(reader, "story-02-received")
    reader.set_viewport_size({"width": 360, "height": 800})
    look_at(reader, "story-02-received-narrow")
    reader.set_viewport_size({"width": 1280, "height": 900})


def _read_both_versions(reader: Page, desk: DeskWorld, newest: ReceivedAlert, home: str) -> None:
    """Read the newest version as confirmed, and the version before it as it was."""
    _open(reader, desk.aroha, home, newest)
    expect(reader.locator("#happened")).to_contain_text("Confirmed")
    expect(reader.locator("#evidence")).to_contain_text("13C NMR and HMBC")
    reader.get_by_role("link", name="Version 1", exact=False).first.click()
    expect(reader.get_by_text("An older version. Version 2 replaces it.")).to_be_visible()
    _give_reason(reader)
    expect(reader.locator("#happened")).to_contain_text("Isomer group")


def _release(
    page: Page,
    sign_in: Callable[[Officer], None],
    desk: DeskWorld,
    alert: Alert,
    home: str,
) -> None:
    sign_in(desk.benno)
    page.goto(f"{home}/queue/{alert.pk}/")
    expect(page.get_by_role("heading", name="Where controlled")).to_be_visible()
    look_at(page, "story-02-review")
    page.get_by_role("button", name="Mark as checked").click()
    page.get_by_role("button", name="Send to 1 agency").click()
    expect(page.get_by_text("Sent. The log receipt usually takes a second.")).to_be_visible()


def _open(page: Page, officer: Officer, home: str, received: ReceivedAlert) -> None:
    client = Client()
    client.force_login(officer, "officers.login.backends.EmailBackend")
    name = next(iter(client.cookies))
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": home}])
    page.goto(f"{home}/inbox/{received.pk}/")
    _give_reason(page)


def _give_reason(page: Page) -> None:
    if page.get_by_text("Why do you open this?").count():
        page.get_by_role("button", name="On duty").click()


def _raise_by_nmr(
    page: Page,
    sign_in: Callable[[Officer], None],
    desk: DeskWorld,
    sent: Alert,
    home: str,
) -> Alert:
    """Write the next version, with the analysis that tells the isomers apart."""
    sign_in(desk.ilka)
    page.goto(f"{home}/outbox/{sent.pk}/")
    page.get_by_role("button", name="Write the next version").click()
    wait_until(lambda: Alert.objects.filter(previous=sent).exists(), "the next version", timeout_seconds=60)
    second = Alert.objects.get(previous=sent)
    page.goto(f"{home}/drafts/{second.pk}/9/")
    row = page.locator("[data-rows-of=evidence] [data-row]").nth(1)
    row.get_by_label("Technique").select_option("nmr")
    row.get_by_label("Method").fill("13C NMR and HMBC in CDCl3")
    row.get_by_label("Compared with").select_option("certified")
    row.get_by_label("Conclusion").select_option("identified")
    page.locator("#id_alternatives").fill("")
    page.get_by_role("button", name="What is known").click()
    page.get_by_role("radio", name="Confirmed", exact=True).check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("group", name="Who gets it")).to_be_visible()
    page.goto(f"{home}/drafts/{second.pk}/4/")
    page.get_by_role("button", name="Submit for release").click()
    _release(page, sign_in, desk, second, home)
    return second


def test_a_laboratorys_own_system_meets_the_same_trap_over_rest(db: None, tmp_path: Path) -> None:
    desk = DeskWorld.kept(tmp_path / "ledger")
    author, releaser, reader = Session(desk.ilka), Session(desk.benno), Session(desk.aroha)
    data = {
        "alert_type": "new_substance",
        "title": "Powder with a fluorinated fentanyl",
        "harm_evidence": "none_yet",
        "identity_state": "confirmed",
        "preferred_name": NAME,
        "structure": PARA,
        "evidence": [GAS],
        "tlp": "GREEN",
        "recipients": ["xb-health"],
    }
    made = author("POST", "alerts", {"data": data})
    assert made.status_code == 201, made.content
    place = f"alerts/{made.json()['id']}"
    refused = author("POST", f"{place}/submit", etag=made["ETag"])
    assert refused.status_code == 422, refused.content
    sentence = " ".join(refused.json()["errors"]["identity_state"])
    assert NOT_CARRIED in sentence and ISOMER_RULE in sentence and WAY_OUT in sentence
    stands = author("GET", place)
    assert (stands.json()["state"], stands.json()["data"]["identity_state"]) == ("draft", "confirmed")
    assert stands.json()["scheme"]["meets"], "the scheme is met, the isomer rule is not"

    group = {"identity_state": "isomer_group", "alternatives": OTHERS}
    changed = author("PATCH", place, {"data": group}, etag=stands["ETag"])
    _send(author, releaser, place, changed["ETag"])
    desk.catch_up()
    first = _opened(reader, desk)
    assert (first["identity_state"], first["alternatives"], first["evidence"]) == (
        "isomer_group",
        OTHERS,
        [GAS],
    )
    assert first["inchikey"] == "KXUBAVLIJFTASZ-UHFFFAOYSA-N"
    assert first["screening"]["verdicts"]["CN-FENT"] == "in"
    assert len(first["screening"]["ruleset"]) == 43

    amended = author("POST", f"{place}/amend")
    second = f"alerts/{amended.json()['id']}"
    raised = {"identity_state": "confirmed", "alternatives": [], "evidence": [GAS, NMR]}
    changed = author("PATCH", second, {"data": raised}, etag=amended["ETag"])
    _send(author, releaser, second, changed["ETag"])
    desk.catch_up()
    newest = _opened(reader, desk)
    assert (newest["identity_state"], newest["evidence"]) == ("confirmed", [GAS, NMR])
    versions = author("GET", f"{second}/versions").json()["items"]
    assert [(row["version"], row["replaced"]) for row in versions] == [(2, False), (1, True)]
    older = ReceivedAlert.objects.visible_to(desk.aroha).order_by("number").first()
    assert older is not None and older.replaced_by_id is not None
    answer = reader("POST", f"alerts/received/{older.pk}/open", {"reason": "on_duty"})
    assert answer.status_code == 200 and _document(answer.json())["identity_state"] == "isomer_group"
    assert set(Alert.objects.values_list("state", flat=True)) == {AlertState.RELEASED}


def _send(author: Session, releaser: Session, place: str, etag: str) -> None:
    step = author("POST", f"{place}/submit", etag=etag)
    assert step.status_code == 200, step.content
    step = releaser("POST", f"{place}/validate", {}, etag=step["ETag"])
    step = releaser("POST", f"{place}/release", etag=step["ETag"])
    assert step.status_code == 200, step.content


def _opened(reader: Session, desk: DeskWorld) -> Mapping[str, Any]:
    received = desk.received(desk.aroha)
    answer = reader("POST", f"alerts/received/{received.pk}/open", {"reason": "on_duty"})
    assert answer.status_code == 200, answer.content
    return _document(answer.json())


def _document(body: Mapping[str, Any]) -> Mapping[str, Any]:
    document = body.get("document") or body.get("alert")
    assert isinstance(document, dict), json.dumps(sorted(body))
    return document

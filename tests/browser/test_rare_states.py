# SPDX-License-Identifier: Apache-2.0
"""Pages in states that the world of `test_accessibility.py` lacks: nothing sticks out, no console error, no CSP violation."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accord.document.agreement_texts import agreement_text
from alerts.agency.agreement_versions import Terms, answer_version, propose_agreement
from alerts.drafting.drafts import attach_file, save_revision
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import open_alert
from alerts.sending.amendment import amend_alert
from alerts.sending.reaffirmation import reaffirm_alert
from alerts.sending.release import release_alert
from callers.capabilities import Role
from callers.directory import Custody
from notices.models import Notification
from notices.power_changes import tell_power_changes
from officers.accounts import change_roles, enrol_officer
from officers.departure import agree_to_leave, ask_to_leave
from officers.duty import move_on_duty_list, name_deputy
from officers.login.factors import reset_factors
from officers.models import Officer, PowerChange
from peers.models import Agency
from tests.agreements import record_circle
from tests.alerts.replies.test_answers import ask, sent_answer
from tests.browser.looking import keeps_within_its_width
from tests.builders import OPERATOR
from tests.entries import change_entry, have_released, make_keeper
from tests.mail_server import MailServer
from tests.pages.desk_world import DeskWorld
from tests.pages.key_desks import Customs, key_of
from tests.pages.test_in_doubt import lose_key
from tests.pages.test_policy import form
from tests.reciprocity.pairs import agree, commitment
from tests.stolen_vault_keys import submit_as_thief
from vault.agency_keys import revoke_agency_key, rotate_agency_keys
from vault.models import Arrival

Shoot = Callable[..., None]
SignIn = Callable[[Officer], None]
pytestmark = pytest.mark.slow


def client_of(officer: Officer) -> Client:
    client = Client()
    client.force_login(officer, "officers.login.backends.EmailBackend")
    return client


def open_on_duty(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="On duty").click()
    expect(page.get_by_role("heading", name="How dangerous")).to_be_visible()


# --- alerts -------------------------------------------------------------------------------------------------


def test_alerts_of_two_versions_and_of_a_bad_day(
    shoot: Shoot, sign_in: SignIn, page: Page, desk: DeskWorld, live_server: LiveServer
) -> None:
    first = desk.send(desk.draft())
    older = desk.received(desk.aroha)
    second = _validated_next_version(desk, first)
    sign_in(desk.benno)
    shoot("review-next-version", f"/queue/{second.pk}/")
    release_alert(desk.benno, second, revision=second.current, now=desk.tick())
    desk.settle()
    shoot("sent-next-version", f"/outbox/{second.pk}/")
    sign_in(desk.aroha)
    newest = desk.received(desk.aroha)
    open_on_duty(page, f"{live_server.url}/inbox/{newest.pk}/")
    shoot("received-changes", f"/inbox/{newest.pk}/changes/")
    shoot("received-older-version", f"/inbox/{older.pk}/")

    ReceivedAlert.objects.filter(pk=older.pk).update(unopenable=True)
    change_entry("xb-health", status="suspended")
    sign_in(desk.casimir)
    shoot("start-suspended", "/")
    shoot("inbox-bad-day", "/inbox/")
    shoot("received-failed", f"/inbox/{older.pk}/")


def _validated_next_version(desk: DeskWorld, first: Alert) -> Alert:
    draft = amend_alert(desk.ilka, first, now=desk.tick())
    changed = {"title": "Nine collapses, two dead", "cases_fatal": 2, "recipients": ["xb-health"]}
    save_revision(desk.ilka, draft, data=changed, base=draft.current, now=desk.tick())
    draft.refresh_from_db()
    desk.submit(draft)
    draft.refresh_from_db()
    return desk.validate(draft)


def test_steps_of_each_kind_and_with_faults(shoot: Shoot, sign_in: SignIn, desk: DeskWorld) -> None:
    party = {"role": "forwarder", "name": "Blue Heron Freight", "category": "organisation", "country": "XB"}
    drafts: dict[str, dict[str, Any]] = {
        "order": {"alert_type": "suspicious_order", "parties": [party], "red_flags": ["licence_ended"], "kyc_result": "pass"},
        "seizure": {"alert_type": "seizure", "parties": "unknown", "quantity": "412", "unit": "g", "physical_form": "powder"},
        "request": {"alert_type": "request_for_information", "question": "Have you seen xylazine beside an opioid?",
                    "cases_non_fatal": None, "cases_fatal": None, "request_priority": "custom", "due_at": "2027-07-01T12:30Z"},
        "wrong": {"title": "x", "cas_rn": "50-00-1", "recipients": [], "inchikey": "abc", "cases_non_fatal": "nine"},
    }  # fmt: skip
    order, seizure, request, wrong = (desk.draft(**data) for data in drafts.values())
    attach_file(desk.ilka, order, base=1, filename="spectrum.jdx", data=b"##TITLE=x", now=desk.tick())
    sign_in(desk.ilka)
    for name, draft, steps in (
        ("order", order, (2, 8, 10, 4)),
        ("seizure", seizure, (2, 7)),
        ("request", request, (2, 4)),
        ("wrong", wrong, (2, 3, 4, 9)),
    ):
        for step in steps:
            shoot(f"draft-{name}-{step}", f"/drafts/{draft.pk}/{step}/" + ("?check=1" if step != 4 else ""))


def test_alerts_and_answers_in_doubt(
    shoot: Shoot, sign_in: SignIn, desk: DeskWorld, page: Page, live_server: LiveServer
) -> None:
    first = desk.send(desk.draft(title="Blue tablets sold as oxycodone"))
    received = desk.received(desk.aroha)
    open_alert(desk.aroha, received, reason="on_duty", now=desk.tick())
    acknowledge_alert(desk.aroha, received, now=desk.tick())
    second = desk.send(desk.draft(title="Impregnated paper in prison post", pri="flash"))
    theirs = desk.received(desk.aroha)
    md = submit_as_thief(desk.hub, desk.lab, to=desk.health)
    desk.settle()
    lose_key(desk, desk.benno)
    lose_key(desk, desk.haitham)
    sign_in(desk.benno)
    shoot("start-in-doubt", "/")
    shoot("outbox-in-doubt", "/outbox/")
    shoot("sent-in-doubt", f"/outbox/{first.pk}/")
    shoot("reaffirm", f"/outbox/{first.pk}/reaffirm/")
    shoot("withdraw-unsent", f"/doubt/alerts/{md}/withdraw/")
    reaffirm_alert(desk.benno, second, now=desk.tick())
    desk.settle()
    shoot("sent-reaffirmed", f"/outbox/{second.pk}/")
    sign_in(desk.haitham)
    shoot("inbox-in-doubt", "/inbox/")
    shoot("received-in-doubt-closed", f"/inbox/{received.pk}/")
    for name, row in (("in-doubt", received), ("reaffirmed", theirs)):
        open_on_duty(page, f"{live_server.url}/inbox/{row.pk}/")
        keeps_within_its_width(page, f"received-{name}")
    page.goto(live_server.url + "/")
    address = page.get_by_role("link", name=re.compile("Acknowledgement")).get_attribute("href")
    shoot("reaffirm-answer", address)


# --- keys ---------------------------------------------------------------------------------------------------


def test_keys_of_many_states_and_a_recovery_that_waits(
    shoot: Shoot, sign_in: SignIn, desk: DeskWorld
) -> None:
    now, key = timezone.now(), key_of(desk.benno)
    revoke_agency_key(desk.benno, desk.lab, kid=key.kid, since=now, code="stolen", now=now)
    rotate_agency_keys(desk.benno, desk.lab, now=now)
    client = client_of(desk.benno)
    client.post(f"/keys/key/{key_of(desk.benno).kid}/suspend/", {"version": 2})
    typed = client.get("/keys/root/recover/").context["must_type_short"]
    sign_in(desk.benno)
    shoot("keys-many-states", "/keys/")
    client.post("/keys/root/recover/", {"version": 2, "typed": typed})
    desk.hub.now = timezone.now()
    desk.hub.sequence()
    shoot("keys-recovery-waits", "/keys/")
    shoot("keys-root-cancel", "/keys/root/cancel/")
    sign_in(desk.ilka)
    shoot("keys-reader", "/keys/")


def test_keys_whose_root_the_head_keeps(
    shoot: Shoot,
    sign_in: SignIn,
    desk: DeskWorld,
    page: Page,
    live_server: LiveServer,
    console_errors: list[str],
) -> None:
    customs = Customs.build(desk)
    client = client_of(customs.officer)
    sign_in(customs.officer)
    shoot("keys-none", "/keys/")
    shoot("keys-create-proposal", "/keys/create/")
    customs.enter(client)
    shoot("keys-root-change-proposal", "/keys/root/change/")
    proposal = customs.propose(client, "/keys/rotate/", uses=["sign", "enc"])
    shoot("keys-with-proposal", "/keys/")
    page.goto(live_server.url + proposal)
    keeps_within_its_width(page, "proposal")
    page.get_by_label("Signed file").set_input_files(
        {"name": "wrong.signed", "mimeType": "application/json", "buffer": b"{}"}
    )
    page.get_by_role("button", name="Hand it in").click()
    expect(page.get_by_role("alert")).to_contain_text("File: this is no signed proposal.")
    console_errors[:] = [error for error in console_errors if "status of 422" not in error]


def test_an_agency_leaves_and_another_comes(
    shoot: Shoot, sign_in: SignIn, desk: DeskWorld, settings: Settings
) -> None:
    now, second = timezone.now(), desk.hub.make_officer(desk.lab, Role.KEY_OFFICER)
    ask_to_leave(desk.benno, now=now)
    sign_in(second)
    shoot("leaving-asked", "/keys/leaving/")
    agree_to_leave(second, now=now)
    shoot("leaving-agreed", "/keys/leaving/")
    shoot("leaving-keys", "/keys/")
    for act in ("sign", "destroy"):
        shoot(f"leaving-{act}", f"/keys/leaving/{act}/")
    keys_are_elsewhere(desk.lab)
    shoot("leaving-elsewhere", "/keys/leaving/")
    shoot("leaving-keys-elsewhere", "/keys/")

    settings.OWN_DESK = True
    sign_in(make_keeper())
    shoot("coming-home", "/desk/agencies/come/")
    Arrival(agency_id=desk.health.pk, begun_by="officer:x", begun_at=now).save(force_insert=True)
    sign_in(desk.hub.make_officer(desk.health, Role.KEY_OFFICER))
    shoot("coming-keys-here", "/keys/")
    shoot("history", "/keys/history/")
    keys_are_elsewhere(desk.health)
    shoot("coming-keys-elsewhere", "/keys/")
    shoot("coming-move", "/keys/move/")


def keys_are_elsewhere(agency: Agency) -> None:
    """Give the desk's row another custody than the keyset in force, as before and after a move of the keys."""
    agency.refresh_from_db()
    agency.custody = Custody.AGENCY if agency.custody != Custody.AGENCY else Custody.HUB
    agency.save()


# --- the agency and its peers -------------------------------------------------------------------------------


def test_officers_powers_and_peers(
    shoot: Shoot, sign_in: SignIn, desk: DeskWorld, mail_server: MailServer
) -> None:
    now, admin = timezone.now(), client_of(desk.sunniva)
    move_on_duty_list(desk.sunniva, desk.benno, "add", now=now)
    name_deputy(desk.sunniva, desk.ilka, desk.benno, now=now)
    invited = {
        "full_name": "نورين الصفواري",
        "unit": "وحدة الحدود 2",
        "email": "n@x.example",
        "roles": ["reader"],
    }
    with mail_server.down():
        admin.post("/officers/invite/", invited)
    desk.hub.suspend(desk.reg, "G1", "trade")
    desk.settle()
    members = [desk.lab.pk, desk.health.pk]
    record_circle(OPERATOR, name="Late Look", agreement="G1", members=members, now=desk.hub.now)
    draft = desk.draft()
    sign_in(desk.sunniva)
    shoot("officers-admin", "/officers/")
    person = Officer.objects.get(invited_email="n@x.example")
    shoot("officer-mail-failed", f"/officers/{person.public_id}/")
    shoot("duty", "/officers/duty/")
    shoot("agreement", "/agreements/G1/")
    shoot("agreement-suspend", "/agreements/G1/suspend/")
    shoot("may-send", "/agreements/may-send/?lane=trade&purpose=regulatory_control")
    admin.post("/transition/", {"verb": "begin"})
    shoot("transition", "/transition/")
    shoot("agreement-propose", "/agreements/G1/propose/")
    terms = Terms(
        "AB 2027-1",
        frozenset({desk.health.pk, desk.reg.id}),
        frozenset({"science"}),
        "GREEN",
        frozenset({"prevent"}),
        begins=desk.hub.now,
        until=desk.hub.now + timedelta(days=365),
    )
    theirs = replace(terms, parties=frozenset({desk.lab.pk}), text=_text("Once a quarter is enough."))
    first = propose_agreement(desk.haitham, theirs, now=desk.tick())
    desk.settle()
    answer_version(desk.sunniva, first, "accept", now=desk.tick())
    desk.settle()
    od = propose_agreement(desk.haitham, replace(theirs, text=_text("Late is told.", 2)), now=desk.tick())
    propose_agreement(desk.sunniva, replace(terms, ref="G1"), now=desk.tick())
    desk.settle()
    shoot("agreements-proposed", "/agreements/")
    shoot("agreement-version", f"/agreements/versions/{od}/")
    shoot("agreement-accept", f"/agreements/versions/{od}/accept/")
    sign_in(desk.benno)
    shoot("circle-member-confirm", f"/peers/{desk.health.pk}/circles/")
    sign_in(desk.ilka)
    shoot("circle-member-held", f"/drafts/{draft.pk}/3/")

    second = desk.hub.make_officer(desk.lab, Role.AGENCY_ADMIN)
    newcomer = _ask_for_powers(desk, admin)
    sign_in(second)
    shoot("start-powers", "/")
    shoot("policy-waits", "/policy/")
    shoot("powers", "/powers/")
    shoot("officer-unconfirmed", f"/officers/{newcomer.public_id}/")
    for kind in ("roles", "identity"):
        waiting = PowerChange.objects.filter(kind=kind).latest("asked_at")
        shoot(f"power-{kind}", f"/powers/{waiting.pk}/agree/")
    sign_in(desk.edda)
    shoot("audit-powers", "/audit/?powers=yes")


def _text(said: str, quarters: int = 1) -> dict[str, Any]:
    """Return the text of an agreement that ends with a paragraph, and a commitment."""
    row = {
        "by": "xb-health",
        "to": "xa-lab",
        "what": "methods",
        "zone": "Europe/Vienna",
        "from": "2027-01-01",
        "every": {"n": quarters, "unit": "quarter"},
    }
    body = f"1. Purpose\n\nThe parties share what they measure.\n\n2. What is given\n\n{said}"
    return agreement_text("Exchange of methods", body, [row])


def _ask_for_powers(desk: DeskWorld, admin: Client) -> Officer:
    """Have the admin ask for powers of each kind; return the officer who waits for a second admin."""
    now = timezone.now()
    have_released(desk.lab.pk, now=now)
    admin.post("/policy/change/", form(four_eyes="no", audit_keep_days="400"))
    change_roles(desk.sunniva, desk.ilka, ["author", "releaser"], now=now)
    newcomer = enrol_officer(
        desk.sunniva, desk.lab, email="n@xa-lab.example", full_name="Nia Olm", roles=["author"], now=now
    )
    reset_factors(desk.sunniva, desk.benno, now=now)
    tell_power_changes(now=now)
    Notification.objects.filter(occasion="power-asked").update(state="sent", sent_at=now)
    return newcomer


def test_what_two_agencies_gave_each_other(
    shoot: Shoot, sign_in: SignIn, page: Page, desk: DeskWorld, live_server: LiveServer
) -> None:
    owed = commitment(desk, "spectra")
    agree(desk, owed, commitment(desk, "answers", by="xb-health", to="xa-lab"))
    sent = desk.send(desk.draft(supplies=["spectra", "court_outcomes"], verdict_on="2026-01-05"))
    ask(desk)
    sent_answer(desk)
    sign_in(desk.ilka)
    shoot("reciprocity", "/reciprocity/")
    today = timezone.now().date()
    query = f"?first={today - timedelta(days=360)}&last={today}"
    shoot("reciprocity-record", f"/reciprocity/xb-health/{query}")
    shoot("reciprocity-wrong-days", "/reciprocity/xb-health/?first=2026-02-01&last=2026-01-01")
    shoot("commitments", "/commitments/")
    at = f"/reciprocity/xb-health/brief/{query}"
    shoot("reciprocity-brief", at)
    page.goto(f"{live_server.url}{at}")
    assert page.pdf(format="A4").count(b"/Type /Page\n") <= 2
    page.get_by_label("Their list").fill(sent.md[::-1])
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="The records differ")).to_be_visible()

# SPDX-License-Identifier: Apache-2.0
"""Pages of an agency's administration and of the keeper in Chromium: light, dark, 360 pixels wide, a picture of each."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.peers.comparing import compare_fingerprint
from alerts.receiving.opening import open_alert
from callers.capabilities import Role
from ledger.restores import DELETED, note_deleted, record_restore
from notices.models import Notification
from notices.power_changes import tell_power_changes
from officers.accounts import change_roles, disable_officer, enrol_officer
from officers.deskkeys import issue_key, revoke_key
from officers.duty import move_on_duty_list, name_deputy
from officers.login.factors import reset_factors
from officers.models import Officer, PowerChange
from tests.agreements import record_circle, suspend_lanes
from tests.browser.pictures import keep_picture
from tests.builders import OPERATOR
from tests.entries import change_entry, have_released
from tests.mail_server import MailServer
from tests.pages.desk_world import PASSWORD, DeskWorld
from tests.pages.test_policy import form

Shoot = Callable[..., None]
SignIn = Callable[[Officer], None]
pytestmark = pytest.mark.slow


def client_of(officer: Officer) -> Client:
    client = Client()
    client.force_login(officer, "officers.login.backends.EmailBackend")
    return client


def test_pages_about_officers(
    shoot: Shoot, sign_in: SignIn, desk: DeskWorld, mail_server: MailServer
) -> None:
    now, admin = timezone.now(), client_of(desk.sunniva)
    move_on_duty_list(desk.sunniva, desk.benno, "add", now=now)
    name_deputy(desk.sunniva, desk.ilka, desk.benno, now=now)
    with mail_server.down():
        admin.post(
            "/officers/invite/",
            {
                "full_name": "نورين الصفواري",
                "unit": "وحدة الحدود 2",
                "email": "n@x.example",
                "roles": ["reader"],
            },
        )
    invited = Officer.objects.get(invited_email="n@x.example")
    desk.ilka.unit = "Toxicology"
    desk.ilka.save(update_fields=["unit"])
    leaver = desk.hub.make_officer(desk.lab, Role.READER)
    disable_officer(desk.sunniva, leaver, now=now)
    sign_in(desk.sunniva)
    shoot("officers-admin", "/officers/")
    shoot("officer", f"/officers/{desk.ilka.public_id}/")
    shoot("officer-mail-failed", f"/officers/{invited.public_id}/")
    shoot("officer-invite", "/officers/invite/")
    for act in ("roles", "deputy", "disable", "factors"):
        shoot(f"officer-{act}", f"/officers/{desk.ilka.public_id}/{act}/")
    shoot("duty", "/officers/duty/")
    shoot("account", "/account/")


def test_pages_about_keys_and_policy(
    shoot: Shoot, sign_in: SignIn, page: Page, live_server: LiveServer, desk: DeskWorld
) -> None:
    now = timezone.now()
    for client, days in (("case system", 90), ("laboratory instrument 4", 10), ("old import", 30)):
        key, _text = issue_key(
            desk.sunniva,
            desk.lab,
            client=client,
            scopes=["draft:write", "science:query"],
            lifetime=timedelta(days=days),
            networks=["192.0.2.0/24", "2001:db8::/32"],
            now=now,
        )
    revoke_key(desk.sunniva, key, now=now)
    sign_in(desk.sunniva)
    shoot("api-keys", "/api-keys/")
    shoot("api-key-issue", "/api-keys/issue/")
    page.get_by_label("System").fill("case system 2")
    page.get_by_label("ask about substances").check()
    page.get_by_role("button", name="Issue key").click()
    expect(page.get_by_role("heading", name="Copy the key now")).to_be_visible()
    shoot("api-key-rotate", f"/api-keys/{key.prefix}/rotate/")
    shoot("api-key-revoke", f"/api-keys/{key.prefix}/revoke/")
    shoot("policy", "/policy/")
    shoot("policy-change", "/policy/change/")
    second = enrol_officer(
        desk.sunniva,
        desk.lab,
        email="vera@xa-lab.example",
        full_name="Vera Second",
        roles=["agency_admin"],
        password=PASSWORD,
        now=now,
    )
    have_released(desk.lab.pk, now=now)
    client_of(desk.sunniva).post("/policy/change/", form(four_eyes="no", audit_keep_days="400"))
    change_roles(desk.sunniva, desk.ilka, ["author", "releaser"], now=now)
    newcomer = enrol_officer(
        desk.sunniva, desk.lab, email="n@xa-lab.example", full_name="Nia Olm", roles=["author"], now=now
    )
    reset_factors(desk.sunniva, desk.benno, now=now)
    tell_power_changes(now=now)
    Notification.objects.filter(occasion="power-asked").update(state="sent", sent_at=now)
    sign_in(second)
    shoot("start-powers", "/")
    shoot("policy-waits", "/policy/")
    shoot("powers", "/powers/")
    shoot("officer-unconfirmed", f"/officers/{newcomer.public_id}/")
    waiting = PowerChange.objects.filter(kind="roles").latest("asked_at")
    shoot("power-agree", f"/powers/{waiting.pk}/agree/")
    shoot(
        "power-confirm", f"/powers/{PowerChange.objects.filter(kind='identity').latest('asked_at').pk}/agree/"
    )
    sign_in(desk.edda)
    shoot("audit-powers", "/audit/?powers=yes")


def test_pages_after_a_restore(
    shoot: Shoot,
    sign_in: SignIn,
    page: Page,
    desk: DeskWorld,
    live_server: LiveServer,
    console_errors: list[str],
) -> None:
    enrol_officer(
        desk.sunniva,
        desk.lab,
        email="nia@xa-lab.example",
        full_name="Nia Olm",
        roles=["author"],
        password=PASSWORD,
        now=desk.tick(),
    )
    disable_officer(desk.sunniva, desk.benno, now=desk.tick())
    issue_key(
        desk.sunniva,
        desk.lab,
        client="case system",
        scopes=["science:query"],
        lifetime=timedelta(days=30),
        now=timezone.now(),
    )
    with transaction.atomic():
        restore = record_restore((), backup_at=timezone.now() - timedelta(hours=7), now=timezone.now())
    for part in DELETED:
        note_deleted(part, restore, now=timezone.now())
    page.goto(f"{live_server.url}/login/")
    page.get_by_label("E-mail").fill("nia@xa-lab.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Sign-in is closed")).to_be_visible()
    console_errors.clear()
    keep_picture(page, "sign-in-closed")
    sign_in(desk.sunniva)
    shoot("start-after-restore", "/")
    shoot("after-restore", "/restore/")
    page.goto(f"{live_server.url}/restore/")
    page.get_by_label("Each of these keys may serve.").check()
    page.get_by_role("button", name="Open sign-in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    console_errors.clear()
    keep_picture(page, "after-restore-refused")
    page.get_by_label("Each of them may sign in, with these roles.").check()
    page.get_by_label("Nobody is missing here").check()
    page.get_by_role("button", name="Open sign-in").click()
    expect(page.get_by_text("Sign-in is open to everybody of your agency.")).to_be_visible()


def test_pages_about_agreements_mails_and_the_audit(shoot: Shoot, sign_in: SignIn, desk: DeskWorld) -> None:
    suspend_lanes(desk.reg.manager, desk.hub.agreement("G1"), ["trade"], now=desk.tick())
    desk.send(desk.draft(desk.aroha), desk.haitham)
    open_alert(
        desk.benno, desk.received(desk.benno), reason="case_number", reference="B 77/26", now=desk.tick()
    )
    for n, state in enumerate(("sent", "suppressed", "failed")):
        Notification.objects.create(
            subject=f"s{n}",
            occasion="key-ending",
            officer=desk.sunniva,
            channel="email",
            recipient=desk.lab,
            state=state,
            cause="quiet" if state == "suppressed" else "",
            not_before=timezone.now(),
            queued_at=timezone.now(),
            message_id=str(n),
        )
    client_of(desk.sunniva).post("/policy/change/", form(case_number_required="yes", ceiling_reader="GREEN"))
    sign_in(desk.sunniva)
    shoot("agreement", "/agreements/G1/")
    shoot("agreement-suspend", "/agreements/G1/suspend/")
    shoot("own-mails", "/account/mails/")
    sign_in(desk.edda)
    shoot("audit-full", "/audit/")
    shoot("audit-opened", "/audit/?act=alert.opened")


def test_pages_of_the_keeper(shoot: Shoot, sign_in: SignIn, desk: DeskWorld) -> None:
    change_entry("xb-health", status="suspended")
    sign_in(desk.noor)
    shoot("desk", "/")
    shoot("desk-agency", "/desk/agencies/xa-lab/")
    shoot("desk-take-in", "/desk/agencies/take-in/")
    shoot("desk-entry-key", "/desk/agencies/xa-lab/entry-key/")
    shoot("desk-audit", "/audit/")


def test_pages_about_fingerprints(shoot: Shoot, sign_in: SignIn, desk: DeskWorld) -> None:
    peer = desk.hub.make_agency("xf-border", name="Border Police, Fenlund", kind="police")
    desk.hub.sequence()
    compare_fingerprint(desk.ilka, peer.row, peer.root.fingerprint, now=desk.hub.now)
    sign_in(desk.benno)
    shoot("fingerprints", "/peers/")
    shoot("fingerprint-compare", f"/peers/{peer.id}/compare/")
    shoot("fingerprint-undo", f"/peers/{peer.id}/undo/")
    record_circle(
        OPERATOR, name="Late Look", agreement="G1", members=[desk.lab.pk, desk.health.pk], now=desk.hub.now
    )
    shoot("circle-member-confirm", f"/peers/{desk.health.pk}/circles/")
    draft = desk.draft()
    sign_in(desk.ilka)
    shoot("circle-member-held", f"/drafts/{draft.pk}/5/")

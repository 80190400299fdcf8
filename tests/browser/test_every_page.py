# SPDX-License-Identifier: Apache-2.0
"""Every page in Chromium: light, dark and 360 pixels wide, no console error, no CSP violation, a picture."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.drafting.drafts import save_revision
from alerts.models import ReceivedAlert
from alerts.sending.amendment import amend_alert
from alerts.sending.release import release_alert
from alerts.sending.withdrawal import withdraw_alert
from officers.deskkeys import issue_key
from officers.models import Officer
from tests.entries import change_entry
from tests.pages.desk_world import DeskWorld

Shoot = Callable[..., None]
SignIn = Callable[[Officer], None]
pytestmark = pytest.mark.slow


def test_pages_before_signing_in(shoot: Shoot, desk: DeskWorld) -> None:
    shoot("sign-in", "/login/")
    shoot("signed-out", "/login/?next=/drafts/&ended=1")


def test_pages_of_a_releaser(
    shoot: Shoot, sign_in: SignIn, page: Page, desk: DeskWorld, live_server: LiveServer
) -> None:
    sent = desk.send(desk.draft(pri="flash"))
    desk.send(desk.draft(title="Vape liquid with an unknown cannabinoid", pri="routine", tlp="AMBER"))
    waiting = desk.submit(desk.draft(title="Blue tablets sold as oxycodone"))
    checked = desk.validate(desk.submit(desk.draft(title="Impregnated paper in prison post", pri="flash")))
    desk.send(desk.draft(desk.aroha, title="Festival cluster, four sites", status="exercise"), desk.haitham)
    received = desk.received(desk.benno)

    sign_in(desk.benno)
    shoot("start", "/")
    shoot("inbox", "/inbox/")
    shoot("inbox-filtered", "/inbox/?lane=trade&unread=yes")
    shoot("queue", "/queue/")
    shoot("review-waiting", f"/queue/{waiting.pk}/")
    shoot("review-checked", f"/queue/{checked.pk}/")
    shoot("outbox", "/outbox/")
    shoot("sent", f"/outbox/{sent.pk}/")
    shoot("withdraw", f"/outbox/{sent.pk}/withdraw/")
    shoot("received-closed", f"/inbox/{received.pk}/")
    page.goto(f"{live_server.url}/inbox/{received.pk}/")
    page.get_by_label("On duty").check()
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", name="How dangerous")).to_be_visible()
    shoot("received-opened", f"/inbox/{received.pk}/")
    for name in ("officers", "keys", "agreements", "notifications"):
        shoot(name, f"/{name}/")
    withdraw_alert(desk.benno, sent, code="contaminated", now=desk.tick())
    shoot("sent-withdrawn", f"/outbox/{sent.pk}/")
    shoot("account", "/account/")
    shoot("password", "/password/")
    shoot("forbidden", "/drafts/", status=403)
    shoot("absent", "/nothing/", status=404)


def test_pages_of_a_reader_of_a_bad_day(shoot: Shoot, sign_in: SignIn, desk: DeskWorld) -> None:
    desk.send(desk.draft(title="An alert that no longer opens"))
    failed = desk.received(desk.casimir)
    ReceivedAlert.objects.filter(pk=failed.pk).update(unopenable=True)
    withdrawn = desk.send(desk.draft(title="An alert that was withdrawn"))
    withdraw_alert(desk.benno, withdrawn, code="contaminated", now=desk.tick())
    desk.settle()
    change_entry("xb-health", status="suspended")
    sign_in(desk.casimir)
    shoot("start-suspended", "/")
    shoot("inbox-bad-day", "/inbox/")
    shoot("received-failed", f"/inbox/{failed.pk}/")
    shoot("received-withdrawn", f"/inbox/{desk.received(desk.casimir).pk}/")


def test_pages_of_an_author(shoot: Shoot, sign_in: SignIn, desk: DeskWorld) -> None:
    draft = desk.draft(title="Nitazene in a counterfeit benzodiazepine", preferred_name="metodesnitazene")
    bad = desk.draft(title="x", cas_rn="50-00-1", recipients=[], inchikey="abc", cases_non_fatal="nine")
    sign_in(desk.ilka)
    shoot("drafts", "/drafts/")
    shoot("draft-new", "/drafts/new/")
    for number in range(1, 7):
        shoot(f"draft-{number}", f"/drafts/{draft.pk}/{number}/")
    for number in (1, 2, 5):
        shoot(f"draft-wrong-{number}", f"/drafts/{bad.pk}/{number}/?check=1")
    shoot("draft-wrong-6", f"/drafts/{bad.pk}/6/")


def test_pages_of_auditor_and_keeper(shoot: Shoot, sign_in: SignIn, desk: DeskWorld) -> None:
    desk.send(desk.draft())
    sign_in(desk.edda)
    shoot("start-auditor", "/")
    shoot("audit", "/audit/")
    day, now = timedelta(days=1), desk.tick()
    issue_key(desk.edda, desk.lab, client="siem", scopes=["audit:follow"], lifetime=day, now=now)
    shoot("audit-keys", "/audit/keys/")
    shoot("audit-key-issue", "/audit/keys/issue/")
    sign_in(desk.noor)
    shoot("start-keeper", "/")
    shoot("desk-settings", "/desk/settings/")


def test_pages_of_versions(
    shoot: Shoot, sign_in: SignIn, page: Page, desk: DeskWorld, live_server: LiveServer
) -> None:
    first = desk.send(desk.draft())
    older = desk.received(desk.aroha)
    draft = amend_alert(desk.ilka, first, now=desk.tick())
    changed = {"title": "Nine collapses, two dead", "cases_fatal": 2, "recipients": ["xb-health"]}
    save_revision(desk.ilka, draft, data=changed, base=draft.current, now=desk.tick())
    draft.refresh_from_db()
    desk.submit(draft)
    sign_in(desk.benno)
    shoot("review-next-version", f"/queue/{draft.pk}/")
    draft.refresh_from_db()
    checked = desk.validate(draft)
    release_alert(desk.benno, checked, revision=checked.current, now=desk.tick())
    desk.settle()
    shoot("sent-next-version", f"/outbox/{draft.pk}/")
    sign_in(desk.aroha)
    newest = desk.received(desk.aroha)
    page.goto(f"{live_server.url}/inbox/{newest.pk}/")
    page.get_by_label("On duty").check()
    page.get_by_role("button", name="Open", exact=True).click()
    shoot("received-changes", f"/inbox/{newest.pk}/changes/")
    shoot("received-older-version", f"/inbox/{older.pk}/")

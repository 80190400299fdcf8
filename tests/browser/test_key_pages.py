# SPDX-License-Identifier: Apache-2.0
"""The key pages, and pages of peers of an agency with a lost key, in Chromium: light, dark, 360 pixels wide, pictured."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from agencies.models import Revocation
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import open_alert
from alerts.sending.reaffirmation import reaffirm_alert
from officers.models import Officer
from tests.pages.desk_world import DeskWorld
from tests.pages.key_desks import Customs, key_of
from tests.pages.test_in_doubt import lose_key
from tests.stolen_vault_keys import submit_as_thief
from vault.agency_keys import revoke_agency_key, rotate_agency_keys

Shoot = Callable[..., None]
SignIn = Callable[[Officer], None]
pytestmark = pytest.mark.slow


def client_of(officer: Officer) -> Client:
    client = Client()
    client.force_login(officer, "officers.login.backends.EmailBackend")
    return client


def test_key_pages_where_the_hub_holds_the_root(shoot: Shoot, sign_in: SignIn, desk: DeskWorld) -> None:
    desk.send(desk.draft())
    sign_in(desk.benno)
    keeper, key = desk.benno, key_of(desk.benno)
    for verb in ("retire", "suspend", "revoke"):
        shoot(f"key-{verb}", f"/keys/key/{key.kid}/{verb}/")
    shoot("key-revoke-encryption", f"/keys/key/{key_of(keeper, 'enc').kid}/revoke/")
    for address in ("renew", "rotate", "root/change", "root/recover"):
        shoot(f"keys-{address.replace('/', '-')}", f"/keys/{address}/")
    shoot("keys-moved-on", "/keys/create/", status=409)
    now = timezone.now()
    revoke_agency_key(keeper, desk.lab, kid=key.kid, since=now, code="stolen", now=now)
    rotate_agency_keys(keeper, desk.lab, now=now)
    client = client_of(keeper)
    client.post(f"/keys/key/{key_of(keeper).kid}/suspend/", {"version": 2})
    shoot("keys-many-states", "/keys/")
    typed = client.get("/keys/root/recover/").context["must_type_short"]
    client.post("/keys/root/recover/", {"version": 2, "typed": typed})
    desk.hub.now = timezone.now()
    desk.hub.sequence()
    shoot("keys-recovery-waits", "/keys/")
    shoot("keys-root-cancel", "/keys/root/cancel/")
    sign_in(desk.ilka)
    shoot("keys-reader", "/keys/")
    shoot("keys-forbidden", "/keys/renew/", status=403)


def test_key_pages_where_the_head_keeps_the_root(
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
    shoot("proposal", proposal)
    page.goto(live_server.url + proposal)
    page.get_by_label("Signed file").set_input_files(
        {"name": "wrong.signed", "mimeType": "application/json", "buffer": b"{}"}
    )
    page.get_by_role("button", name="Hand it in").click()
    expect(page.get_by_role("alert")).to_contain_text("File: this is no signed proposal.")
    console_errors[:] = [error for error in console_errors if "status of 422" not in error]


def test_start_and_keys_before_they_end(
    shoot: Shoot, sign_in: SignIn, live_server: LiveServer, tmp_path: Path
) -> None:
    desk = DeskWorld.build(tmp_path / "ledger", passwords=True, ago=timedelta(days=354))
    rotate_agency_keys(desk.benno, desk.lab, uses=["sign"], now=timezone.now() - timedelta(days=84))
    sign_in(desk.benno)
    shoot("keys-ending", "/keys/")
    shoot("start-ending-keys", "/")


def test_pages_in_doubt(
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
    for row in (received, theirs):
        page.goto(f"{live_server.url}/inbox/{row.pk}/")
        page.get_by_label("On duty").check()
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_role("heading", name="How dangerous")).to_be_visible()
    shoot("received-in-doubt", f"/inbox/{received.pk}/")
    shoot("received-reaffirmed", f"/inbox/{theirs.pk}/")
    page.goto(live_server.url + "/")
    address = page.get_by_role("link", name=re.compile("Acknowledgement")).get_attribute("href")
    shoot("reaffirm-answer", address)


def test_a_key_is_revoked_with_the_keyboard_alone(
    sign_in: SignIn, desk: DeskWorld, page: Page, live_server: LiveServer
) -> None:
    """Enter in a field shows the consequences; only the button at the end revokes."""
    desk.send(desk.draft())
    key = key_of(desk.benno)
    sign_in(desk.benno)
    page.goto(f"{live_server.url}/keys/key/{key.kid}/revoke/")
    page.get_by_label("Since").fill((timezone.now() - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M"))
    page.get_by_label("Time zone of it").select_option("utc")
    page.get_by_label("Confirm").press("Enter")
    expect(page.get_by_text("stop counting: 1 alert")).to_be_visible()
    assert not Revocation.objects.exists()
    page.get_by_label("Stolen, or somebody else may have it").press("Space")
    page.get_by_label("Confirm").fill(key.short)
    page.get_by_role("button", name=f"Revoke key …{key.short}").press("Enter")
    expect(page.get_by_text("Now rotate the keys")).to_be_visible()
    assert Revocation.objects.get().key_id == key.kid


def test_a_fingerprint_is_copied(
    sign_in: SignIn, desk: DeskWorld, page: Page, live_server: LiveServer
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(desk.benno)
    page.goto(f"{live_server.url}/keys/")
    shown = page.locator("#k-root").inner_text()
    page.locator("[data-copy=k-root]").click()
    expect(page.locator("[data-copy=k-root]")).to_contain_text("✓")
    assert page.evaluate("navigator.clipboard.readText()") == shown


@pytest.mark.parametrize("width", [640, 760, 900, 1100, 1500])
def test_the_key_page_fits_every_width(
    sign_in: SignIn, desk: DeskWorld, page: Page, live_server: LiveServer, width: int
) -> None:
    client_of(desk.benno).post(f"/keys/key/{key_of(desk.benno).kid}/suspend/", {"version": 1})
    sign_in(desk.benno)
    page.set_viewport_size({"width": width, "height": 900})
    for address in ("/keys/", f"/keys/key/{key_of(desk.benno, 'enc').kid}/revoke/"):
        page.goto(live_server.url + address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{address} is too wide"

# SPDX-License-Identifier: Apache-2.0
"""Scripts keep the author's text of a draft that is left at once, signed out, or given files and lines."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.document.fields import OFFERED, Step
from alerts.drafting.drafts import create_draft, read_draft
from alerts.models import Alert, DraftAttachment
from callers.capabilities import Role
from devtool.processes import wait_until
from officers.models import Officer
from tests.pages.desk_world import DeskWorld

SignIn = Callable[[Officer], None]
pytestmark = pytest.mark.slow


def test_an_authors_text_files_and_lines_are_kept_while_they_are_entered(
    page: Page,
    desk: DeskWorld,
    sign_in: SignIn,
    live_server: LiveServer,
    tmp_path: Path,
    console_errors: list[str],
) -> None:
    sign_in(desk.ilka)
    a_new_alert_begins_in_its_title_and_is_a_draft_from_its_first_autosave(page, desk, live_server)
    a_claim_of_identity_is_asked_once_a_substance_is_named(page, live_server)
    leaving_within_a_moment_of_typing_loses_nothing(page, desk, live_server)
    files_are_uploaded_with_progress_and_refused_on_the_page(
        page, desk, live_server, tmp_path, console_errors
    )
    a_line_more_of_parties_without_saving(page, desk, live_server)
    signing_in_again_elsewhere_the_same_page_saves_on(page, desk, sign_in, live_server, console_errors)


def a_new_alert_begins_in_its_title_and_is_a_draft_from_its_first_autosave(
    page: Page, desk: DeskWorld, live_server: LiveServer
) -> None:
    page.goto(f"{live_server.url}/drafts/new/")
    page.get_by_role("button", name="Seizure").click()
    expect(page.get_by_label("Title")).to_be_focused()
    expect(page.get_by_text("Nothing saved yet.")).to_be_visible()
    assert not Alert.objects.exists()
    page.keyboard.type("Two kilos in a spare wheel")
    page.wait_for_url(f"**/drafts/*/{Step.KNOWN:d}/")
    expect(page.locator("[data-autosave-status]")).to_contain_text("Saved")
    page.locator("#field-place_country").get_by_role("button", name="XA").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("button", name="Who gets it")).to_have_attribute("aria-current", "step")
    data = read_draft(desk.ilka, Alert.objects.get()).data
    assert (data["title"], data["place_country"]) == ("Two kilos in a spare wheel", "XA")


def a_claim_of_identity_is_asked_once_a_substance_is_named(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/drafts/new/?alert_type=seizure")
    expect(page.locator("#field-identity_state")).to_be_hidden()
    page.locator("#id_preferred_name").fill("etizolam")
    expect(page.locator("#field-identity_state")).to_be_visible()


def leaving_within_a_moment_of_typing_loses_nothing(
    page: Page, desk: DeskWorld, live_server: LiveServer
) -> None:
    draft = create_draft(desk.ilka, alert_type="seizure", now=desk.tick())
    page.goto(f"{live_server.url}/drafts/{draft.pk}/2/")
    page.get_by_label("Title").fill("Left at once")
    page.get_by_role("link", name="Sent", exact=True).click()
    expect(page.get_by_role("heading", name="Sent", exact=True)).to_be_visible()

    def is_saved() -> bool:
        return bool(read_draft(desk.ilka, Alert.objects.get(pk=draft.pk)).data["title"] == "Left at once")

    wait_until(is_saved, "the draft", timeout_seconds=90)


def files_are_uploaded_with_progress_and_refused_on_the_page(
    page: Page,
    desk: DeskWorld,
    live_server: LiveServer,
    tmp_path: Path,
    console_errors: list[str],
) -> None:
    draft = create_draft(desk.ilka, alert_type="seizure", now=desk.tick())
    large, empty = tmp_path / "spectrum.raw", tmp_path / "empty.txt"
    large.write_bytes(bytes(3 * 1024 * 1024))
    empty.write_bytes(b"")
    page.goto(f"{live_server.url}/drafts/{draft.pk}/10/")
    page.set_input_files("#id_files", large)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("button", name="Remove spectrum.raw")).to_be_visible()
    assert DraftAttachment.objects.get().size == large.stat().st_size
    page.set_input_files("#id_files", empty)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert").get_by_text("Files: “empty.txt” is empty.")).to_be_visible()
    assert DraftAttachment.objects.count() == 1
    console_errors[:] = [error for error in console_errors if "status of 422" not in error]


def a_line_more_of_parties_without_saving(page: Page, desk: DeskWorld, live_server: LiveServer) -> None:
    draft = create_draft(desk.ilka, alert_type="suspicious_order", now=desk.tick())
    page.goto(f"{live_server.url}/drafts/{draft.pk}/2/")
    names = page.get_by_label("Name of the party")
    expect(names).to_have_count(1)
    page.locator("#field-parties").get_by_role("button", name="Add a line").press("Enter")
    expect(names).to_have_count(2)
    expect(names.nth(1)).to_be_focused()
    names.nth(1).fill("Blue Heron")
    page.get_by_label("Role of the party").nth(1).select_option("forwarder")
    expect(page.locator("#id_parties-unknown")).not_to_be_checked()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(names.first).to_have_value("Blue Heron")


def signing_in_again_elsewhere_the_same_page_saves_on(
    page: Page, desk: DeskWorld, sign_in: SignIn, live_server: LiveServer, console_errors: list[str]
) -> None:
    draft = create_draft(desk.ilka, alert_type="seizure", now=desk.tick())
    page.goto(f"{live_server.url}/drafts/{draft.pk}/2/")
    Session.objects.all().delete()
    page.get_by_label("Title").fill("Typed while signed out")
    expect(page.get_by_text("You were signed out.")).to_be_visible()
    assert read_draft(desk.ilka, Alert.objects.get(pk=draft.pk)).number == 1
    sign_in(desk.ilka)
    page.get_by_label("What happened").fill("Typed after signing in again elsewhere.")
    expect(page.locator("[data-autosave-status]")).to_contain_text("Saved")
    data = read_draft(desk.ilka, Alert.objects.get(pk=draft.pk)).data
    assert (data["title"], data["narrative"]) == (
        "Typed while signed out",
        "Typed after signing in again elsewhere.",
    )
    console_errors[:] = [error for error in console_errors if "status of 403" not in error]


MOST_CONTROLS = 40
CONTROLS = "form :is(input:not([type=hidden]), select, textarea, button[data-fill]):visible"


def test_a_minimal_alert_of_each_kind_has_few_controls_in_sight(
    page: Page, desk: DeskWorld, sign_in: SignIn, live_server: LiveServer
) -> None:
    """Count each box and each choice by itself, the kinds too, for an agency that grades sources.

    A substance is named in all but a cluster of harm, of which it need not be known.
    """
    customs = desk.host("xc-customs", "Customs, Cadria", "customs", "Asia/Amman")
    sign_in(desk.hub.make_officer(customs, Role.AUTHOR, name="Nourin Kalabar"))
    main = page.get_by_role("main")
    page.goto(f"{live_server.url}/drafts/new/")
    kinds = main.locator(CONTROLS).count() + main.locator(".kind").count()
    seen = dict.fromkeys(sorted(OFFERED), kinds)
    for kind in seen:
        page.goto(f"{live_server.url}/drafts/new/?alert_type={kind}")
        page.get_by_label("Title").fill("Seen for the first time")
        if kind != "harm_cluster":
            page.locator("#id_preferred_name").fill("etizolam")
        seen[kind] += main.locator(CONTROLS).count()
        page.wait_for_url(f"**/drafts/*/{Step.KNOWN:d}/")
        draft = Alert.objects.latest("created_at")
        for step in (Step.RECIPIENTS, Step.CHECK):
            page.goto(f"{live_server.url}/drafts/{draft.pk}/{step:d}/")
            seen[kind] += main.locator(CONTROLS).count()
    assert max(seen.values()) <= MOST_CONTROLS, seen

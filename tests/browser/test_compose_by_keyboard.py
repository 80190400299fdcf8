# SPDX-License-Identifier: Apache-2.0
"""Composing in a real browser: by keyboard alone with every key counted, across a crash, a sign-out, an upload."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.drafting.drafts import attach_file, create_draft, read_draft
from alerts.models import Alert, DraftAttachment
from devtool.processes import wait_until
from officers.models import Officer
from tests.browser.conftest import Tell
from tests.browser.keyboard import Hands
from tests.pages.desk_world import DeskWorld

SignIn = Callable[[Officer], None]
Shoot = Callable[..., None]
TITLE = "Nine collapses at one evening"
pytestmark = pytest.mark.slow


def test_a_harm_cluster_from_nothing_to_submitted_by_keyboard(
    page: Page, desk: DeskWorld, sign_in: SignIn, live_server: LiveServer, tell: Tell
) -> None:
    sign_in(desk.ilka)
    hands = Hands(page)
    page.goto(f"{live_server.url}/drafts/")
    hands.tab_to(page.get_by_role("link", name="New alert").first)
    hands.press("Enter")
    hands.tab_to(page.get_by_role("button", name=re.compile("Cluster of harm")))
    hands.press("Enter")

    hands.tab_to(page.get_by_label("Title"))
    hands.type(TITLE)
    hands.tab_to(page.get_by_label("What happened"))
    hands.type("Nine people collapsed within three hours.")
    hands.go_on("2 Substance")

    hands.choose(page.get_by_role("radio", name="Tentative"))
    hands.tab_to(page.locator("#id_preferred_name"))
    hands.type("flualprazolam")
    hands.choose(page.get_by_role("radio", name="Suspected"))
    hands.go_on("3 Cases and amounts")

    hands.tab_to(page.get_by_label("Cases, not fatal"))
    hands.type("9")
    hands.tab_to(page.get_by_label("Cases, fatal"))
    hands.type("0")
    hands.go_on("4 How sure")
    hands.go_on("5 Marking and recipients")

    hands.choose(page.get_by_role("radio", name="TLP:GREEN"))
    hands.choose(page.get_by_role("radio", name="Urgent"))
    for name in ("Health Authority, Belmora", "Precursor Office, Dellin"):
        hands.tab_to(page.get_by_role("checkbox", name=re.compile(name)))
        hands.press("Space")
    expect(page.locator("#reach").get_by_text("2 will receive it")).to_be_visible()
    hands.go_on("6 Check and submit")

    expect(page.get_by_role("heading", name=TITLE).first).to_be_visible()
    hands.tab_to(page.get_by_role("button", name="Submit for release"))
    hands.press("Enter")
    expect(page.get_by_text("Submitted. It waits for a second person.")).to_be_visible()
    assert Alert.objects.get().state == "submitted"
    tell("a cluster of harm from nothing to submitted", hands.tally)
    assert hands.keys < 70


def test_what_was_typed_survives_a_crash_of_the_browser(
    browser: Browser, desk: DeskWorld, sign_in: SignIn, page: Page, live_server: LiveServer
) -> None:
    draft = create_draft(desk.ilka, alert_type="seizure", now=desk.tick())
    sign_in(desk.ilka)
    page.goto(f"{live_server.url}/drafts/{draft.pk}/1/")
    page.get_by_label("What happened").fill("A parcel of clay held white powder.")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        pass
    kept = page.evaluate("[localStorage.length, sessionStorage.length]")
    assert kept == [0, 0], "nothing of it is kept in the browser"
    cookies = page.context.cookies()
    page.context.close()

    with browser.new_context() as again:
        again.add_cookies(cookies)  # type: ignore[arg-type]
        fresh = again.new_page()
        fresh.goto(f"{live_server.url}/drafts/{draft.pk}/1/")
        expect(fresh.get_by_label("What happened")).to_have_value("A parcel of clay held white powder.")


def test_leaving_within_a_moment_of_typing_loses_nothing(
    page: Page, desk: DeskWorld, sign_in: SignIn, live_server: LiveServer
) -> None:
    draft = create_draft(desk.ilka, alert_type="seizure", now=desk.tick())
    sign_in(desk.ilka)
    page.goto(f"{live_server.url}/drafts/{draft.pk}/1/")
    page.get_by_label("Title").fill("Left at once")
    page.get_by_role("link", name="Outbox").click()
    expect(page.get_by_role("heading", name="Outbox")).to_be_visible()

    def is_saved() -> bool:
        return bool(read_draft(desk.ilka, Alert.objects.get()).data["title"] == "Left at once")

    wait_until(is_saved, "the draft", timeout_seconds=90)


def test_signing_in_again_elsewhere_the_same_page_saves_on(
    page: Page, desk: DeskWorld, sign_in: SignIn, live_server: LiveServer, console_errors: list[str]
) -> None:
    draft = create_draft(desk.ilka, alert_type="seizure", now=desk.tick())
    sign_in(desk.ilka)
    page.goto(f"{live_server.url}/drafts/{draft.pk}/1/")
    Session.objects.all().delete()
    page.get_by_label("Title").fill("Typed while signed out")
    expect(page.get_by_text("You were signed out.")).to_be_visible()
    assert read_draft(desk.ilka, Alert.objects.get()).number == 1
    sign_in(desk.ilka)
    page.get_by_label("What happened").fill("Typed after signing in again elsewhere.")
    expect(page.locator("[data-autosave-status]")).to_contain_text("Saved")
    data = read_draft(desk.ilka, Alert.objects.get()).data
    assert (data["title"], data["narrative"]) == (
        "Typed while signed out",
        "Typed after signing in again elsewhere.",
    )
    console_errors[:] = [error for error in console_errors if "status of 403" not in error]


def test_files_are_uploaded_with_progress_and_refused_on_the_page(
    page: Page,
    desk: DeskWorld,
    sign_in: SignIn,
    live_server: LiveServer,
    tmp_path: Path,
    console_errors: list[str],
) -> None:
    draft = create_draft(desk.ilka, alert_type="seizure", now=desk.tick())
    large, empty = tmp_path / "spectrum.raw", tmp_path / "empty.txt"
    large.write_bytes(bytes(3 * 1024 * 1024))
    empty.write_bytes(b"")
    sign_in(desk.ilka)
    page.goto(f"{live_server.url}/drafts/{draft.pk}/2/")
    page.locator("#id_formula").fill("C17H15ClN4S")
    page.set_input_files("#id_files", large)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("button", name="Remove spectrum.raw")).to_be_visible()
    expect(page.locator("#id_formula")).to_have_value("C17H15ClN4S")
    assert DraftAttachment.objects.get().size == large.stat().st_size
    page.set_input_files("#id_files", empty)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert").get_by_text("Files: “empty.txt” is empty.")).to_be_visible()
    assert DraftAttachment.objects.count() == 1
    console_errors[:] = [error for error in console_errors if "status of 422" not in error]


def test_a_line_more_of_parties_without_saving(
    page: Page, desk: DeskWorld, sign_in: SignIn, live_server: LiveServer
) -> None:
    draft = create_draft(desk.ilka, alert_type="suspicious_order", now=desk.tick())
    sign_in(desk.ilka)
    page.goto(f"{live_server.url}/drafts/{draft.pk}/3/")
    names = page.get_by_label("Name of the party")
    expect(names).to_have_count(2)
    page.locator("#field-parties").get_by_role("button", name="Add a line").press("Enter")
    expect(names).to_have_count(3)
    expect(names.nth(2)).to_be_focused()
    names.nth(2).fill("Blue Heron")
    page.get_by_label("Role of the party").nth(2).select_option("forwarder")
    expect(page.locator("#id_parties-unknown")).not_to_be_checked()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(names.first).to_have_value("Blue Heron")


def test_pages_of_composing(shoot: Shoot, sign_in: SignIn, desk: DeskWorld, live_server: LiveServer) -> None:
    """Take pictures of each kind's own step and of the page of new alerts."""
    client = Client()
    client.force_login(desk.ilka, "officers.login.backends.EmailBackend")
    party = {"role": "forwarder", "name": "Blue Heron Freight", "category": "organisation", "country": "XB"}
    order = desk.draft(
        alert_type="suspicious_order", parties=[party], red_flags=["licence_ended"], kyc_result="pass"
    )
    seizure = desk.draft(
        alert_type="seizure", parties="unknown", quantity="412", unit="g", physical_form="powder"
    )
    request = desk.draft(
        alert_type="request_for_information", question="Have you seen xylazine beside an opioid?",
        cases_non_fatal=None, cases_fatal=None, request_priority="custom", due_at="2027-07-01T12:30Z",
    )  # fmt: skip
    attach_file(desk.ilka, order, base=1, filename="spectrum.jdx", data=b"##TITLE=x", now=desk.tick())
    client.post(f"/drafts/{order.pk}/template/", {"name": "Ended licence, held goods"})
    client.post(f"/drafts/{seizure.pk}/template/", {"name": "邮包查获"})
    sign_in(desk.ilka)
    shoot("compose-new", "/drafts/new/")
    shoot("compose-order", f"/drafts/{order.pk}/3/?check=1")
    shoot("compose-files", f"/drafts/{order.pk}/2/")
    shoot("compose-marking", f"/drafts/{order.pk}/5/")
    shoot("compose-order-check", f"/drafts/{order.pk}/6/")
    shoot("compose-seizure", f"/drafts/{seizure.pk}/3/")
    shoot("compose-request", f"/drafts/{request.pk}/3/?check=1")
    shoot("compose-request-check", f"/drafts/{request.pk}/6/")

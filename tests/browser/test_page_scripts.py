# SPDX-License-Identifier: Apache-2.0
"""Benefits of scripts: saving while typing, two officers on one draft, keys, the theme; and acts that scripts never do."""

from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.drafting.drafts import read_draft, save_revision
from alerts.models import Alert
from devtool.processes import wait_until
from officers.models import Officer
from tests.browser.pictures import keep_picture
from tests.pages.desk_world import CONTENT, DeskWorld

SignIn = Callable[[Officer], None]
pytestmark = pytest.mark.slow


@pytest.fixture
def draft(desk: DeskWorld, sign_in: SignIn) -> Alert:
    sign_in(desk.ilka)
    return desk.draft()


def title_of(desk: DeskWorld, draft: Alert) -> str:
    draft.refresh_from_db()
    return str(read_draft(desk.ilka, draft).data["title"])


def test_what_is_typed_is_saved_without_a_press_and_kept_nowhere_else(
    page: Page, live_server: LiveServer, desk: DeskWorld, draft: Alert
) -> None:
    page.goto(f"{live_server.url}/drafts/{draft.pk}/1/")
    page.get_by_label("Title").fill("Typed and never sent")
    wait_until(lambda: title_of(desk, draft) == "Typed and never sent", "the autosave", timeout_seconds=90)
    page.get_by_label("Title").fill("Typed once more")
    wait_until(lambda: title_of(desk, draft) == "Typed once more", "the second autosave", timeout_seconds=90)
    kept = page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")
    assert kept[:2] == [0, 0] and CONTENT not in kept[2]
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("button", name="2 Substance")).to_have_attribute("aria-current", "step")


def test_the_second_of_two_officers_is_told_and_loses_nothing(
    page: Page, live_server: LiveServer, desk: DeskWorld, draft: Alert, console_errors: list[str]
) -> None:
    page.goto(f"{live_server.url}/drafts/{draft.pk}/1/")
    save_revision(desk.ilka, draft, data={"title": "Their title"}, base=1, now=desk.tick())
    page.get_by_label("Title").fill("My own title")
    expect(
        page.get_by_text("Somebody else saved this draft. Press Save to compare both texts.")
    ).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Somebody else saved this draft")).to_be_visible()
    expect(page.get_by_text("Their title")).to_be_visible()
    keep_picture(page, "conflict-light", full_page=False)
    page.get_by_role("button", name="Apply mine").click()
    expect(page.get_by_text("Your text is saved.")).to_be_visible()
    assert title_of(desk, draft) == "My own title"
    assert console_errors, "Chromium notes each answer of 409"
    console_errors[:] = [error for error in console_errors if "status of 409" not in error]


def test_a_session_that_ends_while_typing_leaves_the_text_on_the_page(
    page: Page, live_server: LiveServer, draft: Alert, console_errors: list[str]
) -> None:
    page.goto(f"{live_server.url}/drafts/{draft.pk}/1/")
    Session.objects.all().delete()
    page.get_by_label("Title").fill("Not lost")
    expect(page.get_by_text("You were signed out.")).to_be_visible()
    expect(page.get_by_label("Title")).to_have_value("Not lost")
    console_errors[:] = [error for error in console_errors if "status of 403" not in error]


def test_who_skipped_the_menu_goes_on_from_step_to_step_all_the_same(
    page: Page, live_server: LiveServer, draft: Alert
) -> None:
    page.goto(f"{live_server.url}/drafts/{draft.pk}/1/#content")
    for step in ("2 Substance", "3 Cases and amounts"):
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("button", name=step)).to_have_attribute("aria-current", "step")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Cases, not fatal")).to_be_focused()


def test_a_number_and_unknown_exclude_each_other(page: Page, live_server: LiveServer, draft: Alert) -> None:
    page.goto(f"{live_server.url}/drafts/{draft.pk}/3/")
    field = page.locator("#field-cases_fatal")
    field.get_by_role("checkbox").check()
    expect(field.get_by_role("textbox")).to_have_value("")
    field.get_by_role("textbox").fill("2")
    expect(field.get_by_role("checkbox")).not_to_be_checked()


def test_the_keys_move_open_and_filter(
    page: Page, live_server: LiveServer, sign_in: SignIn, desk: DeskWorld
) -> None:
    for number in range(3):
        desk.submit(desk.draft(title=f"Waiting alert {number}"))
    sign_in(desk.benno)
    page.goto(f"{live_server.url}/queue/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(".row-link").nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator(".row-link").nth(0)).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_label("Speed")).to_be_focused()
    page.get_by_label("Speed").select_option("flash")
    expect(page).to_have_url(f"{live_server.url}/queue/?pri=flash")
    expect(page.get_by_text("Nothing matches.")).to_be_visible()


def test_the_look_changes_at_once_and_stays(page: Page, live_server: LiveServer, desk: DeskWorld) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(f"{live_server.url}/login/")
    colour = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(colour) == "rgb(246, 245, 241)"
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate(colour) == "rgb(18, 23, 27)"
    page.reload()
    assert page.evaluate(colour) == "rgb(18, 23, 27)"
    page.get_by_role("button", name="Auto").click()
    assert page.evaluate(colour) == "rgb(246, 245, 241)"


def test_focus_is_seen_and_the_first_tab_skips_to_the_content(
    page: Page, live_server: LiveServer, sign_in: SignIn, desk: DeskWorld
) -> None:
    sign_in(desk.benno)
    page.goto(f"{live_server.url}/inbox/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.get_by_role("button", name="Light").focus()
    page.goto(f"{live_server.url}/password/")
    page.keyboard.press("Tab")
    button = page.get_by_role("button", name="Change password")
    button.focus()
    ring = button.evaluate(
        "(e) => { const s = getComputedStyle(e); return [s.outlineWidth, s.outlineOffset]; }"
    )
    assert ring == ["2px", "2px"]


def test_on_a_phone_the_menu_opens_and_closes(
    page: Page, live_server: LiveServer, sign_in: SignIn, desk: DeskWorld
) -> None:
    sign_in(desk.benno)
    page.set_viewport_size({"width": 360, "height": 780})
    page.goto(f"{live_server.url}/")
    expect(page.get_by_role("link", name="Outbox")).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("link", name="Outbox")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Outbox")).to_be_hidden()


def test_a_page_read_from_right_to_left_keeps_its_frame(
    page: Page, live_server: LiveServer, desk: DeskWorld, draft: Alert
) -> None:
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 900})
        for address in ("/drafts/", f"/drafts/{draft.pk}/5/", f"/drafts/{draft.pk}/6/", "/officers/"):
            page.goto(live_server.url + address)
            page.evaluate("document.documentElement.dir = 'rtl'")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


def test_a_print_carries_marking_reference_reader_time_and_verification(
    page: Page, live_server: LiveServer, sign_in: SignIn, desk: DeskWorld
) -> None:
    desk.send(desk.draft())
    received = desk.received(desk.aroha)
    sign_in(desk.aroha)
    page.goto(f"{live_server.url}/inbox/{received.pk}/")
    page.get_by_label("On duty").check()
    page.get_by_role("button", name="Open").click()
    page.emulate_media(media="print")
    head = page.locator(".sheet-head")
    expect(head).to_be_visible()
    for text in ("TLP:GREEN", received.reference, "نورين الصفواري", "UTC", "Verified."):
        expect(head).to_contain_text(text)
    assert head.evaluate("(e) => getComputedStyle(e).display") == "table-header-group", (
        "it repeats on each page"
    )
    expect(page.get_by_role("navigation", name="Pages")).to_be_hidden()

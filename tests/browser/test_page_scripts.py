# SPDX-License-Identifier: Apache-2.0
"""Benefits of scripts: saving while typing, two officers on one draft, keys, the theme; and acts that scripts never do."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.drafting.drafts import read_draft, save_revision
from alerts.models import Alert
from devtool.processes import wait_until
from officers.models import Officer
from tests.browser.looking import keeps_within_its_width
from tests.browser.pictures import keep_picture
from tests.pages.desk_world import CONTENT, DeskWorld

SignIn = Callable[[Officer], None]
pytestmark = pytest.mark.slow


def title_of(desk: DeskWorld, draft: Alert) -> str:
    draft.refresh_from_db()
    return str(read_draft(desk.ilka, draft).data["title"])


def test_scripts_save_tell_and_go_on_by_keys_and_change_nothing_else(
    page: Page, live_server: LiveServer, desk: DeskWorld, sign_in: SignIn, console_errors: list[str]
) -> None:
    draft = desk.draft()
    sign_in(desk.ilka)
    what_is_typed_is_saved_without_a_press_and_kept_nowhere_else(page, live_server, desk, draft)
    a_draft_goes_on_by_keys_excludes_what_contradicts_and_fits_from_right_to_left(page, live_server, draft)
    the_second_of_two_officers_is_told_and_loses_nothing(page, live_server, desk, draft, console_errors)
    sign_in(desk.benno)
    a_list_and_its_frame_are_used_by_keys(page, live_server, desk)


def what_is_typed_is_saved_without_a_press_and_kept_nowhere_else(
    page: Page, live_server: LiveServer, desk: DeskWorld, draft: Alert
) -> None:
    page.goto(f"{live_server.url}/drafts/{draft.pk}/2/")
    page.get_by_label("Title").fill("Typed and never sent")
    wait_until(lambda: title_of(desk, draft) == "Typed and never sent", "the autosave", timeout_seconds=90)
    page.get_by_label("Title").fill("Typed once more")
    wait_until(lambda: title_of(desk, draft) == "Typed once more", "the second autosave", timeout_seconds=90)
    kept = page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")
    assert kept[:2] == [0, 0] and CONTENT not in kept[2]
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("button", name="Who gets it")).to_have_attribute("aria-current", "step")


def the_second_of_two_officers_is_told_and_loses_nothing(
    page: Page, live_server: LiveServer, desk: DeskWorld, draft: Alert, console_errors: list[str]
) -> None:
    page.goto(f"{live_server.url}/drafts/{draft.pk}/2/")
    draft.refresh_from_db()
    save_revision(desk.ilka, draft, data={"title": "Their title"}, base=draft.current, now=desk.tick())
    page.get_by_label("Title").fill("My own title")
    expect(
        page.get_by_text("This draft was saved in another window. Press Save to compare both texts.")
    ).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="This draft was saved in another window")).to_be_visible()
    expect(page.get_by_text("Their title")).to_be_visible()
    keep_picture(page, "conflict-light", full_page=False)
    page.get_by_role("button", name="Apply mine").click()
    expect(page.get_by_text("Your text is saved.")).to_be_visible()
    assert title_of(desk, draft) == "My own title"
    assert console_errors, "Chromium notes each answer of 409"
    console_errors[:] = [error for error in console_errors if "status of 409" not in error]


def a_draft_goes_on_by_keys_excludes_what_contradicts_and_fits_from_right_to_left(
    page: Page, live_server: LiveServer, draft: Alert
) -> None:
    """Begin at the address of an officer who has skipped the menu."""
    page.goto(f"{live_server.url}/drafts/{draft.pk}/2/#content")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Title")).to_be_focused()
    for step in ("Who gets it", "Check and submit"):
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("button", name=step)).to_have_attribute("aria-current", "step")
    page.get_by_role("button", name="What is known").click()
    field = page.locator("#field-cases_fatal")
    field.get_by_role("checkbox").check()
    expect(field.get_by_role("textbox")).to_have_value("")
    field.get_by_role("textbox").fill("2")
    expect(field.get_by_role("checkbox")).not_to_be_checked()
    for address in ("/drafts/", f"/drafts/{draft.pk}/3/", f"/drafts/{draft.pk}/4/", "/officers/"):
        page.goto(live_server.url + address)
        page.evaluate("document.documentElement.dir = 'rtl'")
        keeps_within_its_width(page, f"rtl{address.replace('/', '-')}")


def a_list_and_its_frame_are_used_by_keys(page: Page, live_server: LiveServer, desk: DeskWorld) -> None:
    for number in range(2):
        desk.submit(desk.draft(title=f"Waiting alert {number}"))
    page.goto(f"{live_server.url}/queue/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(".row-link").nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator(".row-link").nth(0)).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_label("Speed")).to_be_focused()
    page.get_by_label("Speed").select_option("flash")
    expect(page).to_have_url(f"{live_server.url}/queue/?pri=flash#content")
    expect(page.get_by_text("Nothing matches.")).to_be_visible()

    page.goto(f"{live_server.url}/password/")
    page.keyboard.press("Tab")
    button = page.get_by_role("button", name="Change password")
    button.focus()
    ring = button.evaluate(
        "(e) => { const s = getComputedStyle(e); return [s.outlineWidth, s.outlineOffset]; }"
    )
    assert ring == ["2px", "2px"], "the focus is seen"
    change_the_look(page)
    open_the_menu_on_a_phone(page)


def change_the_look(page: Page) -> None:
    """Press the buttons of the look: it changes at once and stays."""
    page.emulate_media(color_scheme="light")
    colour = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(colour) == "rgb(246, 245, 241)"
    page.locator(".me-more > summary").click()
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate(colour) == "rgb(18, 23, 27)"
    page.reload()
    assert page.evaluate(colour) == "rgb(18, 23, 27)"
    page.locator(".me-more > summary").click()
    page.get_by_role("button", name="Auto").click()
    assert page.evaluate(colour) == "rgb(246, 245, 241)"


def open_the_menu_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 780})
    expect(page.get_by_role("link", name="Sent", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("link", name="Sent", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Sent", exact=True)).to_be_hidden()

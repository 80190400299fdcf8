# SPDX-License-Identifier: Apache-2.0
"""An alert page in a real Chromium: how high it is, its lines of control status, its links, without a script and on paper."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

import demo
from alerts.drafting.drafts import attach_file
from alerts.models import Alert
from demo.alerts import SPECTRUM_FILE, STORY
from officers.models import Officer
from tests.browser.looking import faults_of, keeps_within_its_width, moved_by_what_people_write
from tests.browser.pictures import keep_pictures
from tests.pages.desk_world import DeskWorld

SignIn = Callable[[Officer], None]
pytestmark = pytest.mark.slow
DEVICES: Final[dict[str, dict[str, Any]]] = {
    "laptop": {"viewport": {"width": 1440, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
AT_MOST: Final = {"laptop": 1900, "phone": 3200}
"""Pixels of the whole page, with every fold closed."""
A_LINE: Final = {"laptop": (40, 46), "phone": (44, 60)}
"""Pixels of a jurisdiction's line: at least, to be hit, and at most, to be a line."""
SPECTRUM: Final = Path(demo.__file__).parent / "data" / SPECTRUM_FILE
HARMED: Final[dict[str, Any]] = {
    "harm_evidence": "suspected",
    "severity": "severe",
    "cases_non_fatal": 3,
    "cases_fatal": 0,
    "naloxone": "yes",
    "certainty": "likely",
    "assessment_kind": "assessment",
    "lane": "public_health",
    "purpose": "public_health",
    "recipients": ["xb-health", "xd-reg"],
}
JURISDICTIONS: Final = [
    ("law", "Germany"),
    ("law", "United Kingdom"),
    ("law", "United States of America"),
    ("warn", "Canada"),
    ("warn", "China"),
]
"""Controlled first, then undecided; the rest is one line, which begins with the reader's own where it is not known."""
NO_VERDICT: Final = "Not known here: XB, United Nations. They may still control it."
ANCHORS: Final = (
    "asked", "by-when", "happened", "sure", "dangerous", "evidence", "controlled", "thread", "told", "verification",
)  # fmt: skip


@pytest.fixture
def nitazene(desk: DeskWorld) -> Alert:
    """The demonstration's nitazene, sent with structure, evidence, a spectrum and everything that may be graded."""
    draft = desk.draft(**{**STORY, **HARMED})
    octets = SPECTRUM.read_bytes()
    attach_file(desk.ilka, draft, base=1, filename=SPECTRUM_FILE, data=octets, now=desk.tick())
    draft.refresh_from_db()
    return desk.send(draft)


def open_received(page: Page, address: str, desk: DeskWorld) -> None:
    page.goto(f"{address}/inbox/{desk.received(desk.aroha).pk}/")
    page.get_by_role("button", name="On duty").click()
    expect(page.locator("#happened svg.mol")).to_be_visible()


def on_device(page: Page, what: str, **more: Any) -> Page:
    """Return the same page, with the same session, on another device."""
    browser = page.context.browser
    assert browser is not None
    there = browser.new_context(
        storage_state=page.context.storage_state(), **DEVICES[what], **more
    ).new_page()
    there.goto(page.url)
    return there


def heights(page: Page, name: str) -> dict[str, int]:
    found = {}
    for what in DEVICES:
        there = on_device(page, what)
        found[what] = there.evaluate("document.documentElement.scrollHeight")
        keep_pictures(there, f"{name}-{what}")
        there.context.close()
    return found


def too_high(found: dict[str, int]) -> dict[str, int]:
    return {what: height for what, height in found.items() if height > AT_MOST[what]}


def test_an_alert_has_few_screens_on_both_sides_and_unfolds_by_keyboard_link_and_paper(
    page: Page, live_server: LiveServer, desk: DeskWorld, nitazene: Alert, sign_in: SignIn
) -> None:
    sign_in(desk.benno)
    page.goto(f"{live_server.url}/outbox/{nitazene.pk}/")
    is_two_screens_of_a_laptop_and_four_of_a_phone(page, "alert-sent")
    sign_in(desk.aroha)
    open_received(page, live_server.url, desk)
    is_two_screens_of_a_laptop_and_four_of_a_phone(page, "alert-received")
    # What people write has been replaced.
    page.reload()
    a_jurisdiction_is_one_line_told_by_shape_and_word(page)
    every_fold_opens_by_keyboard_without_a_script(page)
    paper_shows_what_is_folded(page)
    links_into_the_page_lead_there_and_open_what_is_folded(page)
    all_is_well_in_one_line_of_the_rail(page)


def is_two_screens_of_a_laptop_and_four_of_a_phone(page: Page, name: str) -> None:
    assert too_high(heights(page, name)) == {}
    keeps_within_its_width(page, name)
    assert faults_of(page, name) == []
    assert moved_by_what_people_write(page, name) == []


def a_jurisdiction_is_one_line_told_by_shape_and_word(received: Page) -> None:
    places = received.locator(".law-line:not(.is-silent) > summary > .law-place")
    assert [(one.get_attribute("data-tone"), one.inner_text()) for one in places.all()] == JURISDICTIONS
    expect(received.locator(".law-line.is-silent > summary")).to_have_text(NO_VERDICT)
    germany = received.locator(".law-line:not(.is-silent) > summary").first
    expect(germany).to_contain_text(
        "Meets the definition since 7 Oct 2022, Compounds derived from benzimidazole"
    )
    assert received.locator("#controlled [data-tone=danger]").count() == 0, "the law is no alarm"
    for what, (least, most) in A_LINE.items():
        there = on_device(received, what)
        for line in there.locator(".law-line > summary").all():
            box = line.bounding_box()
            assert box is not None and least <= box["height"] <= most, (what, line.inner_text(), box)
        there.context.close()


def every_fold_opens_by_keyboard_without_a_script(received: Page) -> None:
    there = on_device(received, "laptop", java_script_enabled=False)
    germany = there.locator(".law-line:not(.is-silent)").first
    expect(germany.locator("svg.mol")).to_be_hidden()
    germany.locator("summary").first.press("Enter")
    expect(germany.locator("svg.mol")).to_be_visible()
    expect(germany.get_by_text("How we read it")).to_be_visible()
    expect(there.locator(".law-line:not(.is-silent)").nth(1).locator("a[rel~=external]").first).to_be_hidden()
    there.locator(".law-line:not(.is-silent) > summary").nth(1).press("Enter")
    expect(
        there.locator(".law-line:not(.is-silent)").nth(1).locator("a[rel~=external]").first
    ).to_be_visible()
    there.locator(".law-line.is-silent > summary").press("Enter")
    expect(there.get_by_text("Its lists are known here in part: they give no verdict.")).to_be_visible()
    spectrum = there.locator(".chem-spectrum summary").first
    spectrum.press("Enter")
    expect(there.locator(".sp-stage svg")).to_be_visible()
    there.context.close()


def paper_shows_what_is_folded(received: Page) -> None:
    hidden = (".law-line svg.mol", ".sp-stage svg", "#told dl", "#verification dl", ".law-silent")
    folded = [received.locator(one).first for one in hidden]
    assert not any(_is_laid_out(one) for one in folded), "folded on the screen"
    received.emulate_media(media="print")
    assert all(_is_laid_out(one) for one in folded)
    received.emulate_media(media="screen")


def _is_laid_out(one: Locator) -> bool:
    return bool(one.evaluate("(one) => one.checkVisibility({contentVisibilityAuto: true})"))


def links_into_the_page_lead_there_and_open_what_is_folded(received: Page) -> None:
    assert [anchor for anchor in ANCHORS if received.locator(f"#{anchor}").count() != 1] == []
    rule = received.locator("#rule-DE-NPSG7")
    expect(rule).to_be_hidden()
    received.goto(f"{received.url}#rule-DE-NPSG7")
    expect(rule).to_be_visible()


def all_is_well_in_one_line_of_the_rail(received: Page) -> None:
    glance = received.get_by_role("complementary", name="At a glance")
    expect(glance.get_by_text("Verified", exact=True)).to_be_visible()
    assert glance.get_by_role("heading", name="Verification").count() == 0
    glance.get_by_role("link", name="Details").click()
    expect(received.locator("#verification")).to_be_in_viewport()
    expect(received.locator("#verification")).to_contain_text("Replayed, same")

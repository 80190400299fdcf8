# SPDX-License-Identifier: Apache-2.0
"""The live spectrum on a page of the desk: by keys, by drag, by touch, and without its script; under the real CSP."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from officers.models import Officer
from tests.browser.looking import PHONE, WIDE, faults_of, look_at
from tests.pages.desk_world import DeskWorld

SPECTRA = Path(__file__).parents[2] / "substances" / "data" / "spectra-dev.msp"
pytestmark = pytest.mark.slow
SignIn = Callable[[Officer], None]


def ask(page: Page, live_server: LiveServer, name: str) -> Locator:
    """Match a shipped record; return the figure that compares the query with its first hit."""
    records = SPECTRA.read_text(encoding="utf-8").split("\n\n")
    page.goto(f"{live_server.url}/science/spectra/")
    page.locator("#id_text").fill(next(r for r in records if r.startswith(f"NAME: {name}\n")))
    page.get_by_label("Case number", exact=True).first.check()
    page.locator("#id_reference").fill("XA-2026-118")
    page.get_by_role("button", name="Match", exact=True).click()
    expect(page.get_by_role("heading", name="Hits")).to_be_visible()
    return page.locator("figure[data-spectrum]").first


def ends(figure: Locator) -> list[str]:
    """The labels of the mass axis's ticks."""
    texts = figure.locator("svg.sp-plot .sp-frame text[text-anchor=middle]").all_text_contents()
    return [text for text in texts if re.fullmatch(r"[\d.]+", text)]


def walk_and_zoom_by_keys(page: Page, figure: Locator) -> None:
    stage, read = figure.locator("[data-sp-stage]"), figure.locator("[data-sp-read]")
    whole = ends(figure)
    stage.focus()
    page.keyboard.press("ArrowRight")
    first = read.text_content()
    page.keyboard.press("ArrowRight")
    expect(read).not_to_have_text(first or "")
    expect(read).to_contain_text("in both")
    expect(read).to_contain_text(re.compile(r"m/z [\d.]+ · [\d.]+ % / [\d.]+ %"))
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert ends(figure) != whole
    expect(figure.get_by_role("button", name="Show all")).to_be_enabled()
    look_at(page, "spectrum-zoomed")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("0")
    assert ends(figure) == whole
    expect(figure.get_by_role("button", name="Show all")).to_be_disabled()


def drag_and_point(page: Page, figure: Locator) -> None:
    """Drag over a part of the plot, which zooms into it; point at a peak, which reads it."""
    stage = figure.locator("[data-sp-stage]")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    whole = ends(figure)
    middle = box["y"] + box["height"] / 3
    page.mouse.move(box["x"] + box["width"] * 0.35, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.65, middle, steps=4)
    expect(figure.locator(".sp-drag")).to_be_visible()
    page.mouse.up()
    expect(figure.locator(".sp-drag")).to_have_count(0)
    assert ends(figure) != whole
    label = figure.locator(".sp-label", has_text="188.14").first.bounding_box()
    assert label is not None
    page.mouse.move(label["x"] + label["width"] / 2, label["y"] + label["height"] + 8)
    expect(figure.locator("[data-sp-read]")).to_contain_text("188.1433")
    figure.get_by_role("button", name="Show all").click()
    assert ends(figure) == whole


def press_its_buttons_on_a_phone(page: Page, figure: Locator) -> None:
    page.set_viewport_size({"width": PHONE, "height": 740})
    figure.get_by_role("button", name="Zoom in").click()
    figure.get_by_role("button", name="Move right").click()
    figure.get_by_text("Peaks as a table").click()
    expect(figure.locator("table tbody tr").first).to_be_visible()
    look_at(page, "spectrum-narrow")
    page.set_viewport_size({"width": WIDE, "height": 740})


def test_the_plot_is_read_by_keys_by_drag_on_a_phone_and_without_its_script(
    browser: Browser, page: Page, live_server: LiveServer, desk: DeskWorld, sign_in: SignIn
) -> None:
    sign_in(desk.benno)
    figure = ask(page, live_server, "fentanyl")
    walk_and_zoom_by_keys(page, figure)
    drag_and_point(page, figure)
    press_its_buttons_on_a_phone(page, figure)
    assert faults_of(page, "spectrum") == []

    context = browser.new_context(java_script_enabled=False, storage_state=page.context.storage_state())
    figure = ask(context.new_page(), live_server, "fentanyl")
    expect(figure.locator("svg.sp-plot")).to_be_visible()
    expect(figure.locator("svg.sp-plot text", has_text="188.14").first).to_be_visible()
    expect(figure.get_by_role("button", name="Zoom in")).to_be_hidden()
    figure.get_by_text("Peaks as a table").click()
    expect(figure.get_by_role("rowheader", name="188.1433")).to_be_visible()
    context.close()

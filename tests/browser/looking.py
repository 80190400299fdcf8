# SPDX-License-Identifier: Apache-2.0
"""Findings of the layout and axe-core on the open page, on a phone and wide, light and dark."""

from typing import Final, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.browser.pictures import keep_picture, keep_pictures

PHONE: Final = 360
WIDE: Final = 1280
_EVERY_RULE: Final = {
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
    # One rule alone needs the style sheets; it is experimental and off, and would take a quarter of the time.
    "preload": {"assets": ["media"]},
}
LOOKS: Final[tuple[tuple[int, Literal["light", "dark"]], ...]] = ((WIDE, "light"), (PHONE, "dark"))
"""Both widths and both themes on every page; colours are tokens, so the other two pairs would add nothing."""
_ASK: Final = """async (options) => (await axe.run(document, options)).violations.flatMap(
    (fault) => fault.nodes.map((node) => `${fault.id}: ${node.target.join(" ")}: ${node.failureSummary}`))"""
_WIDTHS: Final = (320, 720, 1440)
"""720 pixels are a laptop's page at twice its size (WCAG 1.4.10 requires 320)."""
_WRITTEN: Final = {
    "one word": "Nitazen" * 43,
    "right to left": "\u0645\u062e\u062f\u0631" * 75,
    "a heap of accents": "e" + "\u0301" * 40 + " collapses",
}
"""Texts that people may write and that must not break a page; the words have 300 letters without a space."""
_FILL: Final = """(text) => {
    for (const place of document.querySelectorAll("main bdi, main [dir=auto]")) {
        if (place.querySelector("*")) continue;
        if (place.matches("select, input[type=file]")) continue;
        if (place.matches("input, textarea")) place.value = text;
        else place.textContent = text;
    }
}"""
_FITS: Final = "document.documentElement.scrollWidth <= innerWidth"
_STICKING_OUT: Final = """() => {
    if (document.documentElement.scrollWidth <= innerWidth) return [];
    const out = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1);
    return out.slice(-3).map((one) => `${one.tagName}.${one.className}`);
}"""
_CUT_OFF: Final = """() => [...document.querySelectorAll("main *")].filter((one) => {
    const { overflowX } = getComputedStyle(one);
    return ["hidden", "clip"].includes(overflowX) && one.scrollWidth > one.clientWidth + 2
        && one.clientWidth > 1 && !one.closest(".unseen") && !one.matches("input, select, textarea");
}).map((one) => `${one.tagName}.${one.className} ${one.scrollWidth}>${one.clientWidth}`)"""
_COVERED: Final = """() => [...document.querySelectorAll("main .row-link")].flatMap((link) => {
    const placed = (one) => getComputedStyle(one).position !== "static";
    let row = link.parentElement;
    while (row && !placed(row)) row = row.parentElement;
    if (!row) return [`${link.textContent} covers the page`];
    const isRaised = (one) => one !== row && (placed(one) || isRaised(one.parentElement));
    return [...row.querySelectorAll("a, button, summary, input:not([type=hidden])")]
        .filter((one) => one !== link && one.checkVisibility() && !isRaised(one))
        .map((one) => `${one.outerHTML.slice(0, 80)} lies below ${link.textContent}`);
})"""
"""The link of a row takes clicks on all of the row: nothing else that can be pressed may lie below it."""
_SETTLED: Final = """() => document.readyState === "complete"
    || new Promise((done) => addEventListener("load", () => done(true), { once: true }))"""
_WRITE_AND_LOOK: Final = f"""(written) => Object.fromEntries(Object.entries(written).map(([what, text]) => {{
    ({_FILL})(text);
    return [what, [...({_STICKING_OUT})(), ...({_CUT_OFF})()]];
}}))"""
"""One call for all texts at the page's width, since resizing a window costs more than all the checks."""


def wait_for_looks(page: Page) -> None:
    """Wait until the open page has its style sheets: on a busy machine its text can be found before it has them."""
    page.evaluate(_SETTLED)


def look_at(page: Page, name: str) -> None:
    """Assert that nothing of the open page sticks out at its width; keep pictures where the run keeps them."""
    wait_for_looks(page)
    assert page.evaluate(_FITS), f"{name} is too wide"
    assert page.evaluate(_COVERED) == [], name
    keep_pictures(page, name)


def keeps_within_its_width(page: Page, name: str) -> None:
    """Look at the open page on a phone and wide."""
    for width in (PHONE, WIDE):
        page.set_viewport_size({"width": width, "height": 900})
        look_at(page, f"{name}-{width}")


def faults_of(page: Page, name: str) -> list[str]:
    """Return what axe finds on the open page and what sticks out; keep pictures where the run keeps them.

    The page is left wide and light.
    """
    wait_for_looks(page)
    page.evaluate(AXE_SCRIPT)
    found: list[str] = []
    for width, theme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        found += [f"{name}, {width} {theme}: {fault}" for fault in page.evaluate(_ASK, _EVERY_RULE)]
        if not page.evaluate(_FITS):
            found.append(f"{name}, {width} {theme}: sticks out")
        found += [f"{name}, {width} {theme}: {part}" for part in page.evaluate(_COVERED)]
        keep_picture(page, f"{name}-{width}-{theme}")
    page.set_viewport_size({"width": WIDE, "height": 900})
    page.emulate_media(color_scheme="light")
    return found


def sticking_out(page: Page) -> dict[int, list[str]]:
    """Return by width the parts of the open page that stick out."""
    wait_for_looks(page)
    found: dict[int, list[str]] = {}
    for width in _WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if parts := page.evaluate(_STICKING_OUT):
            found[width] = parts
    return found


def moved_by_what_people_write(page: Page, name: str) -> list[str]:
    """Return the parts of the open page that stick out or are cut off with each hostile text in place of people's."""
    wait_for_looks(page)
    found: list[str] = []
    for width in _WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for what, parts in page.evaluate(_WRITE_AND_LOOK, _WRITTEN).items():
            found += [f"{name}, {width}, {what}: {part}" for part in parts]
    return found

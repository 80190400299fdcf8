# SPDX-License-Identifier: Apache-2.0
"""A person's hands on a keyboard: every key press and mouse click counts, and only keys move the focus."""

from dataclasses import dataclass, field
from typing import Any, Final, Self

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.pages.desk_world import PASSWORD

# Enter or Space on a control is a click whose detail is 0; a mouse's click has more.
WATCH_THE_MOUSE: Final = (
    "addEventListener('click', (e) => { if (e.isTrusted && e.detail) noteClick(); }, true);"
)
# A page focuses its first field (`autofocus`) when it is drawn, which is after it is loaded.
SAY_WHEN_DRAWN: Final = """addEventListener('load', () => requestAnimationFrame(() => requestAnimationFrame(
  () => document.documentElement.toggleAttribute('data-drawn', true))));"""
SETTLED: Final = "node => node === document.activeElement"
FOCUS: Final = """target => {
  const here = document.activeElement;
  return {
    isThere: here === target,
    isAtTop: here === document.body || here === document.documentElement,
    isInside: Boolean(document.querySelector("main")?.contains(target)),
  };
}"""


@dataclass
class Tally:
    """The tally of one job. Letters of a text count apart, since any product needs them."""

    clicks: int = 0
    keys: int = 0
    letters: int = 0

    def line(self, job: str) -> str:
        return f"job {job}: {self.clicks} clicks, {self.keys} keys, {self.letters} characters typed"


@dataclass
class Hands:
    """Hands on one page; `on` moves them to the page of another device and continues the tally."""

    page: Page
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        self.page.expose_function("noteClick", self._note_click)
        self.page.add_init_script(WATCH_THE_MOUSE)
        self.page.add_init_script(SAY_WHEN_DRAWN)
        # A listener added at the press may be too late: the system's own dialog would open.
        self.page.on("filechooser", lambda _chooser: None)

    def _note_click(self) -> None:
        self.tally.clicks += 1

    def on(self, page: Page) -> Self:
        return type(self)(page, self.tally)

    @property
    def keys(self) -> int:
        return self.tally.keys

    @property
    def letters(self) -> int:
        return self.tally.letters

    def wait_until_drawn(self) -> None:
        """Wait until the page has run its scripts and set the focus; before, a person sees nothing to press."""
        self.page.locator("html[data-drawn]").wait_for(state="attached")

    def press(self, key: str, times: int = 1) -> None:
        self.wait_until_drawn()
        for _ in range(times):
            self.page.keyboard.press(key)
            self.tally.keys += 1

    def type(self, text: str) -> None:
        self.wait_until_drawn()
        self.page.keyboard.type(text)
        self.tally.letters += len(text)

    def open_from_mail(self, address: str) -> None:
        """Press Enter on the link in the mail program."""
        self.tally.keys += 1
        self.page.goto(address)

    def go_back(self) -> None:
        """Press Alt and the left arrow, which a browser without a window does not support."""
        self.tally.keys += 1
        self.page.go_back()

    def tab_to(self, target: Locator, *, key: str = "Tab", at_most: int = 60) -> None:
        """Press Tab until the control has the focus; from the top of a page skip the menu by its own link."""
        expect(target).to_be_attached()
        self.wait_until_drawn()
        found = target.evaluate(FOCUS)
        if found["isAtTop"] and found["isInside"] and key == "Tab":
            self.press("Tab")
            self.press("Enter")
        for _ in range(at_most):
            if target.evaluate(SETTLED):
                return
            self.press(key)
        pytest.fail(f"{target} is not reached within {at_most} presses of {key}")

    def use(self, target: Locator, key: str = "Enter", **more: Any) -> None:
        """Tab to a link, a button or a box, and press a key on it."""
        self.tab_to(target, **more)
        self.press(key)

    def open_first_row(self) -> None:
        """Open the first row of a list, once the page has loaded it."""
        first = self.page.locator("[data-rows] .row-link").first
        expect(first).to_be_visible()
        self.press("j")
        expect(first).to_be_focused()
        self.press("o")

    def fill(self, target: Locator, text: str, **more: Any) -> None:
        """Tab to a field and type; in a closed list the letters choose."""
        self.tab_to(target, **more)
        self.type(text)

    def choose(self, target: Locator) -> None:
        """Choose a radio button: the group is one stop of the tab key, arrows move within it."""
        group = self.page.locator(f'input[type=radio][name="{target.get_attribute("name")}"]')
        if not group.evaluate_all("nodes => nodes.includes(document.activeElement)"):
            self._tab_into(group)
        for _ in range(group.count()):
            if target.is_checked():
                return
            self.press("ArrowDown")
        self.press("Space")
        expect(target).to_be_checked()

    def _tab_into(self, group: Locator) -> None:
        self.wait_until_drawn()
        found = group.first.evaluate(FOCUS)
        if found["isAtTop"] and found["isInside"]:
            self.press("Tab")
            self.press("Enter")
        for _ in range(60):
            self.press("Tab")
            if group.evaluate_all("nodes => nodes.includes(document.activeElement)"):
                return
        pytest.fail(f"{group} is not reached")

    def hand_over(self, target: Locator, name: str, content: bytes) -> None:
        """Press Space on a file field; the system's own dialog is not counted."""
        self.tab_to(target)
        with self.page.expect_file_chooser() as chooser:
            self.press("Space")
        chooser.value.set_files({"name": name, "mimeType": "application/octet-stream", "buffer": content})

    def go_on(self, step: str) -> None:
        """Go to the form's next step from anywhere in it."""
        self.press("Control+Enter")
        expect(self.page.get_by_role("button", name=step)).to_have_attribute("aria-current", "step")


def press_on(page: Page, role: str, name: str, key: str = "Enter") -> None:
    """Focus a control as a keyboard does, and press a key on it."""
    control = page.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]
    control.focus()
    control.press(key)


def sign_in_by_form(page: Page, address: str, email: str) -> None:
    page.goto(f"{address}/login/")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.type(email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="My work")).to_be_visible()


def sign_out(page: Page) -> None:
    press_on(page, "button", "Sign out")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

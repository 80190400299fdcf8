# SPDX-License-Identifier: Apache-2.0
"""An officer's mouse and keyboard on one page, and what their use costs.

    hands = Mouse(page)
    hands.begin(address)                                # the page that the officer begins at; not counted
    hands.press(page.get_by_role("link", name="Inbox"))
    hands.type(page.get_by_label("Title"), "Blue tablets")
    hands.done("writes the title")

- Nothing but real presses moves the page on; the first page alone is opened by its address.
- The browser counts the presses too, by trusted events, and `done` compares both counts.
- Not counted as presses: scrolling, of which only is told how often it was needed; reading, deciding, the machine's time.

An option of a closed list is one press more. Chromium draws that list outside the page, where the test cannot press: letters
and Enter stand in for the press and are not counted.

Seconds are those of the keystroke-level model: S. K. Card, T. P. Moran, A. Newell, "The keystroke-level model for user
performance time with interactive systems", Communications of the ACM 23 (1980), 396-410.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from playwright.sync_api import Locator, Page, expect

from tests.browser.keyboard import SAY_WHEN_DRAWN

KEY: Final = 0.2
"""Seconds of a key, or of the mouse's button: K of a skilled typist."""
POINT: Final = 1.1
"""Seconds to bring the pointer to a target: P."""
CLICK: Final = POINT + KEY
CHANGE_OF_HAND: Final = 0.4
"""Seconds to move the hand between mouse and keyboard: H."""
LOOK: Final = 1.35
"""Seconds to prepare for what comes next on a page: M, once a page. Reading what it says takes longer and is not in it."""

_WATCH: Final = "addEventListener('pointerdown', (e) => { if (e.isTrusted) notePress(); }, true);"
_IN_SIGHT: Final = """(node) => {
    const { top, bottom } = node.getBoundingClientRect(), middle = (top + bottom) / 2;
    return middle >= 0 && middle <= innerHeight;
}"""


@dataclass(frozen=True)
class Cost:
    """Presses of the mouse, keys, and pages that were loaded after the first one.

    - `keys` has every key; `typed` are those of them that write a text.
    - `scrolls`: how often what one presses or looks for was out of sight. They are not in `seconds`.
    """

    clicks: int = 0
    keys: int = 0
    typed: int = 0
    pages: int = 0
    changes_of_hand: int = 0
    scrolls: int = 0

    @property
    def seconds(self) -> float:
        """Seconds by the model; the page that one begins at is looked at too."""
        presses = CLICK * self.clicks + KEY * self.keys + CHANGE_OF_HAND * self.changes_of_hand
        return presses + LOOK * (self.pages + 1)

    def plus(self, **more: int) -> "Cost":
        return replace(self, **{name: getattr(self, name) + n for name, n in more.items()})

    def since(self, before: "Cost") -> "Cost":
        return self.plus(**{name: -n for name, n in vars(before).items()})

    def line(self) -> str:
        return (
            f"{self.clicks} clicks, {self.keys} keys, {self.typed} of them typed, {self.pages} pages, "
            f"{self.scrolls} scrolls, {self.seconds:.0f} s"
        )


@dataclass
class Mouse:
    page: Page
    cost: Cost = Cost()
    steps: list[tuple[str, Cost]] = field(default_factory=list)
    """What was done so far, with the cost of each."""
    _hand: Literal["mouse", "keys"] = "mouse"
    _seen: int = 0
    _of_options: int = 0
    _marked: Cost = Cost()

    def begin(self, address: str) -> None:
        """Open the page at which the officer begins, and count from there."""
        self.page.expose_function("notePress", self._note_press)
        self.page.add_init_script(_WATCH)
        self.page.add_init_script(SAY_WHEN_DRAWN)
        self.page.goto(address)
        self.page.on("domcontentloaded", lambda _page: self._add(pages=1))

    def press(self, target: Locator) -> None:
        """Press a link, a button or a control."""
        self._reach(target)
        target.click()

    def read(self, target: Locator) -> None:
        """Look at what a step is to find."""
        expect(target).to_be_visible()
        self._see(target)
        target.scroll_into_view_if_needed()

    def type(self, target: Locator, text: str) -> None:
        """Write a text, after a press into its field where the cursor is not there yet."""
        target.wait_for()
        # A page sets the cursor when it is drawn.
        self.page.locator("html[data-drawn]").wait_for(state="attached")
        if not target.evaluate("node => node === document.activeElement"):
            self.press(target)
        self._write(text)
        expect(target).to_have_value(text)

    def choose(self, closed_list: Locator, option: str) -> None:
        """Press a closed list and then its option, which begins with these letters."""
        self.press(closed_list)
        self._add(clicks=1)
        self._of_options += 1
        self.page.keyboard.type(option)
        self.page.keyboard.press("Enter")
        expect(closed_list.locator("option:checked")).to_have_text(re.compile(f"^{re.escape(option)}"))

    def key(self, name: str) -> None:
        self._turn_to("keys")
        self._add(keys=1)
        self.page.keyboard.press(name)

    def done(self, step: str) -> None:
        """Note what has been reached; the browser must have seen each press of the mouse, and no other."""
        self.page.wait_for_load_state("domcontentloaded")
        assert self._seen == self.cost.clicks - self._of_options, step
        self.steps.append((step, self.cost.since(self._marked)))
        self._marked = self.cost

    def report(self, who: str) -> str:
        lines = (f"    {step}: {cost.line()}" for step, cost in self.steps)
        return "\n".join([f"{who}: {self.cost.line()}", *lines])

    def _reach(self, target: Locator) -> None:
        """Count a press on a target that is there."""
        target.wait_for()
        self._turn_to("mouse")
        self._see(target)
        self._add(clicks=1)

    def _see(self, target: Locator) -> None:
        if not target.evaluate(_IN_SIGHT):
            self._add(scrolls=1)

    def _write(self, text: str) -> None:
        self._turn_to("keys")
        self._add(keys=len(text), typed=len(text))
        self.page.keyboard.type(text)

    def _turn_to(self, hand: Literal["mouse", "keys"]) -> None:
        if hand != self._hand:
            self._hand = hand
            self._add(changes_of_hand=1)

    def _add(self, **more: int) -> None:
        self.cost = self.cost.plus(**more)

    def _note_press(self) -> None:
        self._seen += 1


@dataclass
class Thumb(Mouse):
    """The same on a phone: a tap is a press, and the thumb stays where it is."""

    def press(self, target: Locator) -> None:
        self._reach(target)
        target.tap()

# SPDX-License-Identifier: Apache-2.0
"""The people of an own desk, in a browser, following docs/own-desk.md: each page and each field is counted."""

import re
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import geteuid
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from demo.telephone import Telephone
from devtool.chromium import HOW_TO_GET_ONE, QUIET, find_chromium
from devtool.errors import DevtoolError

PASSWORD: Final = secrets.token_urlsafe(18)
"""Everybody's password: the people are invented, and the desk is removed at the end."""


@dataclass(frozen=True)
class Person:
    """A person with an account at the desk, and the telephone that shows one-time codes."""

    email: str
    telephone: Telephone
    has_codes: bool = False


@dataclass
class People:
    """One browser that the people use in turn."""

    page: Page
    address: str
    folder: Path
    pictures: Path | None = None
    pages: int = 0
    fields: int = 0
    counts: bool = True
    known: dict[str, Person] = field(default_factory=dict)

    # --- hands ----------------------------------------------------------------------------------------------------

    def find(self, role: str, name: str | re.Pattern[str]) -> Locator:
        exact = isinstance(name, str)
        return self.page.get_by_role(role, name=name, exact=exact).first  # type: ignore[arg-type]

    def press(self, name: str, role: str = "button") -> None:
        self.find(role, name).click()

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label, exact=True).first.fill(text)
        self.fields += self.counts

    def at(self, heading: str | re.Pattern[str]) -> None:
        """Require that the page with this heading has loaded."""
        expect(self.find("heading", heading)).to_be_visible()
        self.pages += self.counts
        self._shoot(heading if isinstance(heading, str) else heading.pattern)

    def go(self, name: str) -> None:
        """Open a page by the menu."""
        self.page.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True).click()

    def _shoot(self, name: str) -> None:
        if self.pictures is None:
            return
        self.pictures.mkdir(parents=True, exist_ok=True)
        plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
        for width, look in ((1280, "light"), (390, "dark")):
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.emulate_media(color_scheme=look)  # type: ignore[arg-type]
            self.page.screenshot(path=self.pictures / f"{self.pages:02d}-{plain}-{width}.png", full_page=True)
        self.page.set_viewport_size({"width": 1280, "height": 900})
        self.page.emulate_media(color_scheme="light")

    # --- the first start --------------------------------------------------------------------------------------------

    def open_first_start(self, code: str, passphrase: str, email: str) -> str:
        """Go from the console's code to a keeper with a second factor; return the recovery key."""
        self.page.goto(self.address)
        self.at("First start of this desk")
        self.fill("Code", code)
        self.press("Continue")
        self.at(re.compile("^First start, 1 of 2"))
        recovery_key = self.page.locator(".secret").inner_text().strip()
        self.fill("Last group of the recovery key", recovery_key.rpartition("-")[2])
        self.fill("Passphrase", passphrase)
        self.fill("Passphrase once more", passphrase)
        self.press("Continue")
        self.at(re.compile("^First start, 2 of 2"))
        for label, text in {
            "Code": code,
            "Your name": "Noor Ashdene",
            "Your e-mail": email,
            "Password": PASSWORD,
            "Password once more": PASSWORD,
        }.items():
            self.fill(label, text)
        self.press("Continue")
        self.at("You are the keeper")
        self.press("Sign in", "link")
        self._meet(email)
        self.sign_in(email)
        self.at("This desk")
        return recovery_key

    def tell_exchange(self, url: str, vkey: str) -> str:
        """Name the exchange; return the fingerprint that the page shows for comparison."""
        self.press("Name the exchange…", "link")
        self.at("Which exchange does this desk belong to?")
        self.fill("Address of the exchange", url)
        self.fill("Verifier key of its log", vkey)
        self.press("Continue")
        self.at("Compare the fingerprint")
        shown = self.page.locator("main").inner_text()
        self.press("It is the same: keep it")
        expect(self.page.get_by_text("The desk knows its exchange now.")).to_be_visible()
        return shown

    def take_in(self, agency: str, entry_key: str) -> None:
        self.press("Take in the agency…", "link")
        self.at("Take in an agency")
        self.fill("Agency id", agency)
        self.fill("Key for entering", entry_key)
        self.press("Continue")
        self.at(re.compile("^Take in "))
        self.press("All agrees: take it in")
        expect(self.page.get_by_text("The agency is taken in.")).to_be_visible()

    def invite_admin(self, name: str, email: str) -> str:
        """Invite the admin; return the link, which is handed over."""
        self.press("Invite…", "link")
        self.at(re.compile("^Invite the first agency admin"))
        self.fill("Name", name)
        self.fill("E-mail", email)
        self.press("Invite")
        return self._link()

    # --- accounts -------------------------------------------------------------------------------------------------

    def accept(self, link: str, email: str) -> None:
        """Have the invited person choose a password, sign in and set up one-time codes."""
        self.page.context.clear_cookies()
        self.page.goto(link)
        self.fill("Password", PASSWORD)
        self.fill("Password once more", PASSWORD)
        self.press("Set password")
        self.press("Sign in", "link")
        self._meet(email)
        self.sign_in(email)

    def sign_in(self, email: str) -> None:
        """Sign in with both factors; the first time, set up the second one."""
        person = self.known[email]
        self.page.get_by_label("E-mail", exact=True).fill(email)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.press("Sign in")
        if person.has_codes:
            self.page.get_by_label("One-time code").fill(person.telephone.code())
            self.page.keyboard.press("Enter")
        elif self._is_asked_for_factor():
            self._set_up_codes(person)
        expect(self.find("button", "Sign out")).to_be_visible()

    def change_to(self, email: str) -> None:
        """Let another person use the browser."""
        self.page.context.clear_cookies()
        self.page.goto(f"{self.address}/login/")
        self.sign_in(email)

    def invite(self, name: str, email: str, *roles: str) -> str:
        """Invite somebody as the agency admin; return the link, which is handed over."""
        self.go("People")
        self.press("Invite…", "link")
        self.page.get_by_label("Name", exact=True).fill(name)
        self.page.get_by_label("E-mail", exact=True).fill(email)
        for role in ("Reader", *roles):
            self.find("checkbox", re.compile(f"^{role}:")).check()
        self.page.keyboard.press("Enter")
        return self._link()

    def _link(self) -> str:
        self.at("Hand this link over")
        link = self.page.locator(".secret").inner_text().strip()
        self.press("I have copied it", "link")
        return link

    def _is_asked_for_factor(self) -> bool:
        button = self.find("button", "Set up one-time codes")
        expect(self.find("button", "Sign out")).to_be_visible()
        return button.is_visible()

    def _set_up_codes(self, person: Person) -> None:
        self.press("Set up one-time codes")
        person.telephone.keep(self.page.locator("#totp-secret").inner_text())
        self.fill("One-time code", person.telephone.code())
        self.page.keyboard.press("Enter")
        self.press("I have kept them", "link")
        expect(self.page.get_by_text("Set up on").first).to_be_visible()
        self.known[person.email] = Person(person.email, person.telephone, has_codes=True)
        self.page.goto(self.address)

    def _meet(self, email: str) -> None:
        self.known[email] = Person(email, Telephone(self.folder / f"{email}.telephone"))

    # --- keys, partners, alerts -------------------------------------------------------------------------------------

    def propose_keys(self, card: Path, next_fingerprint: str, folder: Path) -> Path:
        """Propose keys as the key officer; return the proposal for the head, as a file."""
        self.go("Signing keys")
        self.press("Create keys…", "link")
        self.page.get_by_label("Root, public half").set_input_files(card)
        self.page.get_by_label("Fingerprint of the root after it").fill(next_fingerprint)
        self.page.keyboard.press("Enter")
        with self.page.expect_download() as download:
            self.page.locator("a[download]").first.click()
        path = folder / "first.json"
        download.value.save_as(path)
        return path

    def hand_in_keys(self, signed: Path) -> None:
        self.page.locator("input[type=file]").set_input_files(signed)
        self.press("Hand it in")
        self.at("Signing keys")

    def compare(self, agency: str) -> None:
        """Compare the fingerprint that is also on the partner's paper."""
        self.page.goto(f"{self.address}/peers/{agency}/compare/")
        self.page.locator("main form button").last.click()
        self.at("Fingerprints")


@contextmanager
def people_of(address: str, folder: Path, pictures: Path | None) -> Generator[People]:
    """Yield a browser for the length of a block; raise DevtoolError where there is none."""
    executable = find_chromium()
    if executable is None:
        raise DevtoolError("No Chromium was found.", HOW_TO_GET_ONE)
    arguments = [*QUIET, *(["--no-sandbox"] if geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        # The certificate is made on this machine; its fingerprint is on the console.
        page = browser.new_context(ignore_https_errors=True).new_page()
        page.set_default_timeout(30_000)
        expect.set_options(timeout=30_000)
        yield People(page, address, folder, pictures)
        browser.close()


def draw_passphrase() -> str:
    """Draw a passphrase as a person would who writes it down."""
    return secrets.token_urlsafe(18)

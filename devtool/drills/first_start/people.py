# SPDX-License-Identifier: Apache-2.0
"""The people of a first start, at its pages over HTTP: each reads the desk's state and takes the next step."""

import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from urllib3.exceptions import HTTPError

from demo.desk import SECOND_STEP, SECRET, DeskBrowser
from demo.telephone import Telephone
from demo.ticks import StepFailedError

CODES: Final = "/security/totp/"
HIDDEN: Final = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
SHOWN: Final = re.compile(r'class="secret[^"]*"[^>]*>(?:<bdi>)?([^<]+)<')
TITLE: Final = re.compile(r"<h1[^>]*>(.*?)</h1>", re.DOTALL)


class Browser(DeskBrowser):
    """One person's browser; a desk that dies during a call gives no answer."""

    def look(self, path: str) -> tuple[int, str, str]:
        """Return status, redirect target, and the page."""
        answer = self._call("GET", path, None, {})
        return answer.status, answer.headers.get("Location", ""), answer.data.decode()

    def press(self, path: str, page: str = "", **fields: Any) -> str:
        """Send a form and follow its redirect; return the page. Empty where the desk died during the call."""
        try:
            answer = self.send_form(path, page, **fields)
            there = answer.headers.get("Location", "")
            return self.look(there)[2] if there.startswith("/") else answer.data.decode()
        except HTTPError:
            return ""

    def json(self, path: str) -> dict[str, Any]:
        """Return the desk's JSON answer."""
        answer = self._call("GET", f"/api/v1{path}", None, {"Accept": "application/json"})
        if answer.status != 200:
            raise StepFailedError(f"{path}: {answer.status} {answer.data.decode()[:300]}")
        value: dict[str, Any] = answer.json()
        return value


@dataclass
class Person:
    """A person with an account, and the person's things: a password, and a telephone with one-time codes."""

    url: str
    email: str
    name: str
    folder: Path
    password: str = field(default_factory=lambda: secrets.token_urlsafe(18), repr=False)
    has_codes: bool = False
    link: str = ""
    """The invitation, as it was handed over."""
    has_come: bool = False

    def __post_init__(self) -> None:
        self.browser = Browser(self.url)
        self.telephone = Telephone(self.folder / f"{self.email}.telephone")

    def sign_in(self) -> None:
        """Sign in with the password, and a code where required."""
        self.browser = Browser(self.url)
        answer = self.browser.send_form("/login/", username=self.email, password=self.password, next="/")
        if answer.status != 302:
            raise StepFailedError(f"{self.email} could not sign in ({answer.status}).")
        if answer.headers["Location"] == SECOND_STEP:
            self.has_codes = True
            self.browser.send_form(SECOND_STEP, proof_code=self.telephone.code())

    def is_signed_in(self) -> bool:
        return self.browser.look("/")[0] == 200

    def set_up_codes(self) -> None:
        """Set up codes after the password; the secret is stored before the code is sent."""
        page = self.browser.press(CODES)
        found = SECRET.search(page)
        if found is None:
            return
        self.telephone.keep(found[1])
        self.browser.press(CODES, page, code=self.telephone.code())


def shown_in(page: str) -> str:
    """Return the text that a page shows once, to be written down; empty without one."""
    found = SHOWN.search(page)
    return found[1].strip() if found else ""


def title_of(page: str) -> str:
    """Return the heading, as the person reads it."""
    found = TITLE.search(page)
    return re.sub(r"<[^>]+>", "", found[1]).strip() if found else ""

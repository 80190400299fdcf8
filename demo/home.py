# SPDX-License-Identifier: Apache-2.0
"""`python -m demo.home STEP`: the people of an own desk beside the demonstration's hub, over HTTP like a browser.

- `enter`: first start, exchange, agency, officers, keys; standard input has the console's code and the key for entering as
  JSON.
- `come`: the same up to the officers, for an agency that another desk has held; with its API key and its root's fingerprint.
- `meet`: two officers of each side compare the other's fingerprint.
- `open`: unlock a desk that was started again.
- `story`: an alert goes to the own desk, which opens it; both halves of the hub are searched for its words.
"""

import json
import os
import re
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from demo.cast import Cast, wait_for
from demo.desk import DeskBrowser, DeskSession
from demo.halves import halves_here
from demo.head import Head
from demo.joining import compare, received, send, wait_until_active
from demo.telephone import Telephone
from demo.ticks import StepFailedError, Ticks

AGENCY: Final = "xn-coast"
NAME: Final = "Coast Guard, Norrland"
LAB: Final = "xa-lab"
LAB_AUTHOR, LAB_RELEASER = "ilka", "benno"
KEEPER, ADMIN, KEYS, AUTHOR, RELEASER = "noor", "pavo", "ketil", "runa", "sigrid"
PEOPLE: Final = {
    KEEPER: "Noor Ashdene",
    ADMIN: "Pavo Lindqvar",
    KEYS: "Ketil Varga",
    AUTHOR: "Runa Skarsholm",
    RELEASER: "Sigrid Moen",
}
ROLES: Final = {KEYS: "key_officer", AUTHOR: "author", RELEASER: "releaser"}
TITLE: Final = "Powder in a buoy, only for Norrland"
_SECRET: Final = re.compile(r'class="secret[^"]*"[^>]*>(?:<bdi>)?([^<]+)<')
_HIDDEN: Final = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


@dataclass
class Home:
    """The own desk and everything its people have written down, in a folder of the demonstration."""

    url: str
    folder: Path
    agency: str = AGENCY
    passwords: dict[str, str] = field(default_factory=dict)
    passphrase: str = ""
    recovery_key: str = ""

    @classmethod
    def here(cls) -> "Home":
        """Return the desk that the environment names, with what was written down before."""
        return cls.at(os.environ["HOME_URL"], Path(os.environ["HOME_DIR"]), os.environ["HOME_AGENCY"])

    @classmethod
    def at(cls, url: str, folder: Path, agency: str) -> "Home":
        """Return the desk at this address, with what was written down in this folder."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = folder / "written-down.json"
        return cls(url, folder, agency, **json.loads(kept.read_text()) if kept.exists() else {})

    @property
    def head(self) -> Head:
        """The head of the agency, whose machine is in truth elsewhere."""
        return Head(self.folder / "head")

    def write_down(self) -> None:
        path = self.folder / "written-down.json"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            written = {
                "passwords": self.passwords,
                "passphrase": self.passphrase,
                "recovery_key": self.recovery_key,
            }
            json.dump(written, file)

    def password_of(self, login: str) -> str:
        return self.passwords.setdefault(login, secrets.token_urlsafe(18))

    def address_of(self, login: str) -> str:
        return f"{login}@{self.agency.partition('-')[2]}.example"

    def officer(
        self,
        login: str,
        session: type[DeskSession] = DeskSession,
        clock: Callable[[], float] = time.time,
    ) -> DeskSession:
        """Return the officer signed in; the first time, set up the second factor."""
        telephone = Telephone(self.folder / f"{login}.telephone", clock)
        return session(self.url, self.address_of(login), self.password_of(login), telephone)


def enter(home: Home) -> None:
    """Go from the console's code to a published keyset."""
    given = json.load(sys.stdin)
    keeper = _begin(home, given["code"])
    _take_in(keeper, home.agency, given["entry_key"])
    _bring_people(home, keeper)
    _bring_keys(home, home.officer(KEYS))
    home.write_down()


def come(home: Home) -> None:
    """Go from the console's code to the officers of an agency that another desk has held."""
    given = json.load(sys.stdin)
    keeper = _begin(home, given["code"])
    facts = {name: given[name] for name in ("api_key", "fingerprint")}
    answer = keeper.send_form("/desk/agencies/come/", **facts)
    _require(answer.status == 302, "The agency was not taken over.")
    _bring_people(home, keeper)
    home.write_down()


def _begin(home: Home, code: str) -> DeskSession:
    """Set up the key ring, the keeper and the exchange."""
    _make_keeper(home, code)
    keeper = home.officer(KEEPER)
    _tell_exchange(keeper)
    return keeper


def _bring_people(home: Home, keeper: DeskSession) -> None:
    admin = f"/desk/agencies/{home.agency}/admin/"
    _accept(home, ADMIN, keeper.send_form(admin, full_name=PEOPLE[ADMIN], email=home.address_of(ADMIN)))
    _invite_others(home)


def _make_keeper(home: Home, code: str) -> None:
    anybody = DeskBrowser(home.url)
    shown = anybody.send_form("/first-start/", code=code).data.decode()
    recovery_key = home.recovery_key = _secret_in(shown)
    home.passphrase = secrets.token_urlsafe(18)
    answer = anybody.send_form(
        "/first-start/",
        shown,
        code=code,
        recovery_key=recovery_key,
        written_down=recovery_key.rpartition("-")[2],
        passphrase=home.passphrase,
        passphrase_again=home.passphrase,
    )
    _require(answer.status == 302, "The desk's ring was not made.")
    password = home.password_of(KEEPER)
    answer = anybody.send_form(
        "/first-start/",
        code=code,
        full_name=PEOPLE[KEEPER],
        email=home.address_of(KEEPER),
        password=password,
        again=password,
    )
    _require(answer.status == 200, "The keeper was not made.")
    home.write_down()


def _tell_exchange(keeper: DeskSession) -> None:
    told = {"url": os.environ["HOME_EXCHANGE_URL"], "vkey": os.environ["LEDGER_VKEY"]}
    answer = keeper.send_form("/desk/exchange/", compared="on", **told)
    _require(answer.status == 302, "The desk was not told its exchange.")


def _take_in(keeper: DeskSession, agency: str, entry_key: str) -> None:
    path = "/desk/agencies/take-in/"
    shown = keeper.send_form(path, agency_id=agency, entry_key=entry_key).data.decode()
    confirmed = {name: value for name, value in _HIDDEN.findall(shown) if name != "csrfmiddlewaretoken"}
    _require(keeper.send_form(path, shown, **confirmed).status == 302, "The agency was not taken in.")


def _invite_others(home: Home) -> None:
    admin = home.officer(ADMIN)
    for login, role in ROLES.items():
        answer = admin.send_form(
            "/officers/invite/",
            full_name=PEOPLE[login],
            email=home.address_of(login),
            roles=["reader", role],
        )
        _accept(home, login, answer)


def _accept(home: Home, login: str, shown: Any) -> None:
    """Follow the link that the page shows once, and choose the invited person's password."""
    page = shown.data.decode()
    link, password = _secret_in(page), home.password_of(login)
    guest = DeskBrowser(home.url)
    guest.page(link.removeprefix(home.url))
    answer = guest.send_form("/welcome/", password=password, again=password)
    _require(answer.status == 200, f"{login} could not choose a password.")


def _bring_keys(home: Home, officer: DeskSession) -> None:
    """Have the key officer propose keys and the head sign them, and bring the signed file back."""
    head = home.head
    answer = officer.send_form(
        "/keys/create/",
        version="0",
        go="do",
        root=("root.public.json", head.card.read_bytes()),
        announce=head.next_fingerprint,
        suites=["PQ1", "EC1"],
    )
    _require(answer.status == 302, "The keys were not proposed.")
    proposal, path = str(answer.headers["Location"]), home.folder / "first.json"
    path.write_bytes(officer.file(f"{proposal}file/"))
    answer = officer.send_form(proposal, signed=("first.signed", head.sign(path).read_bytes()))
    _require(answer.status == 302, "The signed keyset was not taken.")
    wait_until_active(officer, home.agency)


def meet(home: Home) -> None:
    """Have two officers on either side compare fingerprints."""
    for login in (AUTHOR, RELEASER):
        compare(home.officer(login), LAB)
    for login in (LAB_AUTHOR, LAB_RELEASER):
        compare(Cast().officer(login), home.agency)
    home.write_down()


def open_desk(home: Home) -> None:
    """Type the passphrase, as at each start."""
    anybody = DeskBrowser(home.url)
    if "secret" in (page := anybody.page("/unlock/")):
        answer = anybody.send_form("/unlock/", page, secret=home.passphrase)
        _require(answer.status == 303, "The passphrase does not open the desk.")


def story(home: Home) -> None:
    """Send one alert to the own desk, and show what each half could see of it."""
    cast, ticks, halves = Cast(), Ticks(), halves_here()
    for half in halves:
        half.grown()
    with ticks.step(f"{LAB} sends an alert to the own desk of {home.agency}") as step:
        md = send(cast.officer(LAB_AUTHOR), cast.officer(LAB_RELEASER), home.agency, TITLE)
        step.evidence(f"{md[:12]}...")
    with ticks.step("The own desk verifies and opens it, in rooms of its own") as step:
        reader = home.officer(AUTHOR)
        found = wait_for(lambda: received(reader, md), "The alert at the own desk")
        opened = reader.post(f"/alerts/received/{found['id']}/open", {"reason": "on_duty"})
        _require(opened["document"]["title"] == TITLE, "It says something else.")
        step.evidence(f"{found['reference']}, opened by {PEOPLE[AUTHOR]}")
    with ticks.step(
        "Of the own desk's officers, keys and reading neither half of the hub has a word"
    ) as step:
        for half in halves:
            held = half.holds(PEOPLE[AUTHOR], home.address_of(AUTHOR), home.passphrase)
            _require(not held, f"The {half.name} has words of the own desk in {', '.join(held)}.")
            step.evidence(f"{half.name}: {half.grown()}")


def _secret_in(page: str) -> str:
    found = _SECRET.search(page)
    if found is None:
        raise StepFailedError("The page shows nothing to write down.")
    return found[1].strip()


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise StepFailedError(otherwise)


STEPS: Final = {"enter": enter, "come": come, "meet": meet, "open": open_desk, "story": story}


def main(step: str) -> int:
    """Take one step; return 1 and print a sentence where it failed."""
    try:
        STEPS[step](Home.here())
    except StepFailedError as failed:
        sys.stderr.write(f"{failed.what}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

# SPDX-License-Identifier: Apache-2.0
"""The cast: officers with their passwords, and agencies with their own keys as their own machines hold them."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from accord.calls.exchange import Exchange, HttpExchange
from accord.calls.transport import HttpTransport
from accord.client.client import Client, system_clock
from demo.desk import DeskSession
from demo.telephone import Telephone
from demo.ticks import StepFailedError

T = TypeVar("T")
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class OwnSystem:
    """An agency that holds its own keys: home folder, passphrase and API key."""

    home: Path
    passphrase: str
    api_key: str
    exchange_url: str

    def client(
        self,
        exchange: Exchange | None = None,
        home: Path | None = None,
        clock: Callable[[], int] = system_clock,
    ) -> Client:
        """Return its client, connected to the running exchange or to `exchange`."""
        return Client(
            home or self.home,
            self.passphrase,
            clock=clock,
            connect=lambda hub, key: exchange or HttpExchange(HttpTransport(self.exchange_url, api_key=key)),
        )

    def transport(self) -> HttpTransport:
        return HttpTransport(self.exchange_url, api_key=self.api_key)


class Cast:
    """Everybody of the demonstration world, found through the environment of `./dev run`."""

    def __init__(self) -> None:
        self.folder = Path(os.environ["DEMO_DIR"])
        self.hub_url = os.environ["HUB_URL"]
        self.exchange_url = os.environ["EXCHANGE_URL"]
        self.mail_dir = Path(os.environ["MAIL_DIR"])
        # With a mail server of the operator's own (EMAIL_URL) no mail is kept here to read.
        self.mail_is_kept = os.environ.get("MAIL_IS_KEPT", "yes") == "yes"
        self.ledger_vkey = os.environ["LEDGER_VKEY"]

    @cached_property
    def _logins(self) -> dict[str, dict[str, str]]:
        rows = json.loads((self.folder / "logins.json").read_text(encoding="utf-8"))
        return {row["email"].partition("@")[0]: row for row in rows}

    def officer(self, login: str, session: type[DeskSession] = DeskSession) -> DeskSession:
        """Sign the officer in."""
        row = self._logins[login]
        telephone = Telephone(self.folder / "telephones" / login)
        return session(self.hub_url, row["email"], row["password"], telephone)

    def public_id(self, login: str) -> str:
        for named in self.folder.glob("agencies/*/officers.json"):
            if found := json.loads(named.read_text(encoding="utf-8")).get(login):
                return str(found)
        return self._logins[login]["public_id"]

    def own_system(self, agency: str) -> OwnSystem:
        home = self.folder / "agencies" / agency
        held = json.loads((home / "secrets.json").read_text(encoding="utf-8"))
        return OwnSystem(home, held["passphrase"], held["api_key"], self.exchange_url)


def wait_for(look: Callable[[], T | None], what: str, *, within_seconds: float = PATIENCE_SECONDS) -> T:
    """Return what `look` finds, once it finds something; raise StepFailedError when it never does."""
    deadline = time.monotonic() + within_seconds
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise StepFailedError(f"{what}: not within {within_seconds:.0f} s.", "See the logs in .dev/logs.")
        time.sleep(0.1)
    return found

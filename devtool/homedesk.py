# SPDX-License-Identifier: Apache-2.0
"""The own desk of one agency beside the hub of `./dev run`: set up at the first run, opened at later ones.

It is started as by `./dev own-desk`, with production's settings, a database, a broker and a vault of its own, and calls the
hub's exchange over TLS. Its people's passwords are stored beside those of the demonstration.
"""

import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from demo.head import Head
from demo.home import ADMIN, AGENCY, KEEPER, LAB, NAME, ROLES, Home
from demo.joining import agreement_between
from demo.ticks import StepFailedError, Ticks
from devtool.drills.home.tls import tls_in_front_of
from devtool.environments import ROOT
from devtool.owndesk.folder import OwnDeskFolder
from devtool.owndesk.supervision import Listening, OwnDesk
from devtool.processes import run_to_end
from devtool.programs import port_of
from devtool.supervision import Hub

OPERATOR = "Demonstration"


class HomeDesk:
    """One own desk and the hub that it belongs to; its people's notes lie in `folder`."""

    def __init__(
        self,
        hub: Hub,
        desk: OwnDesk,
        exchange_url: str,
        *,
        folder: Path | None = None,
        agency: str = AGENCY,
        name: str = NAME,
    ) -> None:
        self._hub, self.desk, self._exchange_url = hub, desk, exchange_url
        self.folder = folder or hub.state.demo / "home"
        self.agency, self._name = agency, name
        self._ready = self.folder / "ready"

    def bring(self) -> None:
        """Set it up, or open it; raise StepFailedError."""
        if self._ready.exists():
            self.open()
            return
        if self.desk.code is None:
            raise StepFailedError("The own desk was interrupted while it was set up.", "Run: ./dev reset")
        self.enter()
        with self._hub.ticks.step(f"An agreement with {LAB}; two officers of each compare fingerprints"):
            self._agree()
            self._play("meet")
        self._ready.touch()

    def enter(self) -> None:
        """Set it up to its published keys; raise StepFailedError."""
        with self._hub.ticks.step(f"{self.agency} sets its own desk up, from the console's code to its keys"):
            head = Head(self.folder / "head")
            head.make_root()
            self._play("enter", {"code": self.desk.code, "entry_key": self._admit(head.fingerprint)})

    def come(self, api_key: str, fingerprint: str) -> None:
        """Set it up to the officers of an agency that another desk has held; raise StepFailedError."""
        with self._hub.ticks.step(
            f"{self.agency} sets its own desk up, takes itself over, invites its people"
        ):
            self._play("come", {"code": self.desk.code, "api_key": api_key, "fingerprint": fingerprint})

    def open(self) -> None:
        """Open it after a start, with the passphrase; raise StepFailedError."""
        with self._hub.ticks.step(f"{self.agency} opens its own desk with its passphrase"):
            self._play("open")

    def people(self) -> list[tuple[str, str]]:
        """List under which address each of its people signs in, and as what."""
        home = Home.at(self.desk.listening.url, self.folder, self.agency)
        roles = {KEEPER: "keeper", ADMIN: "agency_admin", **ROLES}
        return [(home.address_of(login), role) for login, role in roles.items()]

    def play_story(self) -> None:
        """Send one alert to it; this prints its own steps."""
        self._play("story", is_shown=True)

    def _admit(self, fingerprint: str) -> str:
        """Have the operator admit it; return the key for entering."""
        self._hub.invite_operator(OPERATOR)
        self._operate(
            *("admit_agency", self.agency, "--name", self._name, "--kind", "customs"),
            *("--country", self.agency[:2].upper()),
            *("--custody", "agency", "--fingerprint", fingerprint),
        )
        return self._operate("issue_entry_key", self.agency, "own desk").split()[-1]

    def _agree(self) -> None:
        path = self.folder / "agreement.json"
        path.write_text(json.dumps(agreement_between("G9", self.agency, LAB)))
        self._operate("record_agreement", str(path))

    def _operate(self, *words: str) -> str:
        return self._hub.manage("operator", *words, "--by", OPERATOR).strip()

    def _play(self, step: str, given: object = None, *, is_shown: bool = False) -> None:
        environment = {
            **self._hub.demo_environment(),
            "HOME_AGENCY": self.agency,
            "HOME_DIR": str(self.folder),
            "HOME_URL": self.desk.listening.url,
            "HOME_EXCHANGE_URL": self._exchange_url,
            "SSL_CERT_FILE": str(self.desk.certificate.path),
        }
        done = run_to_end(
            [sys.executable, "-m", "demo.home", step],
            environment,
            capture=not is_shown,
            cwd=ROOT,
            given=json.dumps(given) if given is not None else None,
        )
        if done.returncode:
            raise StepFailedError((done.stderr or "It failed.").strip()[-500:])


@contextmanager
def home_desk(hub: Hub, port: int, ticks: Ticks) -> Generator[HomeDesk]:
    """Run one for the length of a block, started and not opened yet."""
    folder = OwnDeskFolder(hub.state.path / "home")
    folder.make()
    with (
        folder.locked(),
        # The same address at each start: the desk stores which exchange is its own.
        tls_in_front_of(port_of(hub.world.exchange_url), hub.state.path / "home-proxy", port + 1) as front,
    ):
        folder.end_leftovers()
        desk = OwnDesk(folder, Listening("localhost", port), ticks=ticks, exchange_ca=front.certificate)
        try:
            desk.start()
            yield HomeDesk(hub, desk, front.url)
        finally:
            desk.stop()

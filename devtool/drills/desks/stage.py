# SPDX-License-Identifier: Apache-2.0
"""A scratch hub behind TLS, and own desks beside it: set up, introduced to everybody, restarted, moved, powered off."""

import json
import os
import tempfile
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from demo.cast import Cast
from demo.desk import DeskSession
from demo.home import AUTHOR, LAB_AUTHOR, LAB_RELEASER, RELEASER, Home
from demo.joining import agreement_between, compare
from demo.ticks import Ticks
from devtool.closedfiles import write_closed
from devtool.drills.apart.bursts import Impatient
from devtool.drills.apart.officers import OWN_KEYS, READING, Inbox, Officers
from devtool.drills.apart.partner import Partner
from devtool.drills.apart.stage import Stage, environment, staged
from devtool.drills.home.tls import HOST, Front, tls_in_front_of
from devtool.drills.partners import READER
from devtool.homedesk import HomeDesk
from devtool.owndesk.folder import OwnDeskFolder
from devtool.owndesk.places import OwnDeskPlaces
from devtool.owndesk.supervision import Listening, OwnDesk
from devtool.ports import free_ports
from devtool.programs import port_of
from hub.roles import DESK, SEQUENCES

COAST: Final = ("xn-coast", "Coast Guard, Norrland")
RIVER: Final = ("xo-river", "River Police, Ostland")
LAB: Final = READING
"""The hosted agency."""
PARTNER, OTHER = OWN_KEYS, READER
"""Two agencies with the `accord` command."""
OPERATOR: Final = "Drill"
SETTLES_WITHIN_SECONDS: Final = 240


@dataclass(frozen=True)
class _MovedPlaces(OwnDeskPlaces):
    """The places of an own desk in a trial whose time is moved, which production refuses."""

    offset_seconds: float = 0.0

    def environment_of(self, role: str) -> dict[str, str]:
        moved = {"HUB_ENV": "development", "CLOCK_OFFSET_SECONDS": str(self.offset_seconds)}
        return super().environment_of(role) | moved


class _TrialDesk(OwnDesk):
    """An own desk whose processes may run at another time."""

    offset_seconds: float = 0.0

    @property
    def world(self) -> OwnDeskPlaces:
        world = super().world
        if not self.offset_seconds:
            return world
        return _MovedPlaces(**vars(world), offset_seconds=self.offset_seconds)


class SignedIn(Cast):
    """Everybody of the hub's world, each signed in once.

    A code of the second factor is valid once, and the next one comes half a minute later.
    """

    def __init__(self, stage: Stage) -> None:
        with environment(stage.hub.demo_environment()):
            super().__init__()
        self.stage = stage
        self._sessions: dict[str, DeskSession] = {}

    def officer(self, login: str, session: type[DeskSession] = Impatient) -> DeskSession:
        if login not in self._sessions:
            self._sessions[login] = self._sign_in(login, session)
        return self._sessions[login]

    def sign_out(self) -> None:
        """Forget the sessions; each officer signs in anew."""
        self._sessions.clear()

    def _sign_in(self, login: str, session: type[DeskSession]) -> DeskSession:
        return super().officer(login, session)


class OwnCast(SignedIn):
    """A cast in which the officers of an own desk replace those of the hosted desk."""

    home: Home

    def _sign_in(self, login: str, session: type[DeskSession]) -> DeskSession:
        return self.home.officer(login, session, self._seconds)

    def _seconds(self) -> float:
        return self.stage.now.timestamp()


class OwnSide:
    """An agency at its own desk: the processes, the people, and what they have written down."""

    def __init__(self, stage: Stage, front: Front, folder: Path, who: tuple[str, str]) -> None:
        self.stage, self.front, self.agency = stage, front, who[0]
        self._name, self._written = who[1], folder / f"{who[0]}-written"
        self.data = folder / who[0]
        self._listening = _anywhere()
        self.exchange_ca = front.certificate
        self.desk: _TrialDesk | None = None
        self._held = ExitStack()
        self.cast = OwnCast(stage)

    @property
    def running(self) -> OwnDesk:
        """The running processes. Raises AssertionError where none run."""
        assert self.desk is not None, f"The desk of {self.agency} does not run."
        return self.desk

    @property
    def home(self) -> Home:
        return self.cast.home

    def start(self) -> None:
        """Start its processes at the hub's time; after the first start somebody opens it."""
        folder = OwnDeskFolder(self.data)
        folder.make()
        self._held.enter_context(folder.locked())
        folder.end_leftovers()
        self.desk = _TrialDesk(folder, self._listening, ticks=self.stage.ticks, exchange_ca=self.exchange_ca)
        self.desk.offset_seconds = self.stage.hub.clock_offset.total_seconds()
        self.desk.start()
        _trust(self.desk.certificate.path)

    def enter(self) -> None:
        """Go from the console's code to published keys."""
        self.start()
        self._household().enter()
        self._learn()

    def come(self, api_key: str, fingerprint: str) -> None:
        """Go from the console's code to the officers of an agency that another desk has held."""
        self.start()
        self._household().come(api_key, fingerprint)
        self._learn()

    def open(self) -> None:
        """Open it after a start, and sign in anew."""
        self._household().open()
        self.cast.sign_out()

    def begin_again(self) -> None:
        """Restart it and open it."""
        self.start()
        self.open()

    def send_mail_by(self, url: str) -> None:
        """Set a mail server, and restart it: without one it sends no mail."""
        self.stop()
        write_closed(self.data / "mail-url", f"{url}\n")
        self.begin_again()

    def stop(self) -> None:
        if self.desk is not None:
            self.desk.stop()
            self._leave()

    def power_off(self) -> None:
        """Kill everything at once, losing all memory."""
        self.running.kill()
        self._leave()

    def move_to(self, data: Path) -> "OwnSide":
        """Return the same agency and people at another machine, with its data in this folder."""
        there = OwnSide(self.stage, self.front, data.parent, (self.agency, self._name))
        there.data, there._written, there.exchange_ca = data, self._written, self.exchange_ca
        there._learn()
        return there

    def verify(self) -> str:
        """Verify the desk's own log; return its report. Raises StepFailedError."""
        return self.running.manage(SEQUENCES[DESK], "verify_ledger").strip().splitlines()[0]

    def officers(self, *to: str) -> Officers:
        """Return its author and releaser, whose alerts go to these agencies."""
        return Officers(self.cast, AUTHOR, RELEASER, to)

    def inbox(self) -> Inbox:
        return Inbox(self.officers(), self.agency, AUTHOR)

    def compare(self, *peers: str) -> None:
        """Have two officers compare each peer's fingerprint."""
        for login in (AUTHOR, RELEASER):
            for peer in peers:
                compare(self.cast.officer(login), peer)
        self.home.write_down()

    def _leave(self) -> None:
        self.desk = None
        self._held.close()

    def _household(self) -> HomeDesk:
        return HomeDesk(
            self.stage.hub,
            self.running,
            self.front.url,
            folder=self._written,
            agency=self.agency,
            name=self._name,
        )

    def _learn(self) -> None:
        self.cast.home = Home.at(self._listening.url, self._written, self.agency)


@dataclass
class OwnStage:
    """The hub, a TLS proxy before its exchange, and the own desks."""

    stage: Stage
    front: Front
    folder: Path
    sides: list[OwnSide] = field(default_factory=list)

    @property
    def lab(self) -> Officers:
        """The hosted agency's officers, who write to every own desk."""
        return Officers(self.stage.cast, LAB_AUTHOR, LAB_RELEASER, [side.agency for side in self.sides])

    def partner(self, agency: str = PARTNER) -> Partner:
        return Partner(self.stage.client(agency))

    def operate(self, *words: str) -> str:
        return self.stage.hub.manage("operator", *words, "--by", OPERATOR).strip()

    def acquaint(self) -> None:
        """Record an agreement of all; have everybody compare the fingerprints that they have not compared yet."""
        own = [side.agency for side in self.sides]
        everybody = [*own, LAB, PARTNER, OTHER]
        with self.stage.ticks.step("An agreement; fingerprints are compared") as step:
            path = self.folder / "agreement.json"
            path.write_text(json.dumps(agreement_between("G8", *everybody, lanes=LANES)))
            self.operate("record_agreement", str(path))
            for side in self.sides:
                side.compare(*(agency for agency in everybody if agency != side.agency))
            for login in (LAB_AUTHOR, LAB_RELEASER):
                officer = self.stage.cast.officer(login)
                for agency in own:
                    compare(officer, agency)
            self._pin(own)
            step.evidence(", ".join(everybody))

    def _pin(self, own: Sequence[str]) -> None:
        items = self.stage.cast.officer(LAB_RELEASER).get("/peers")["items"]
        for item in items:
            if item["agency"] in own:
                for agency in (PARTNER, OTHER):
                    self.stage.client(agency).pin(item["agency"], item["fingerprint"])


LANES: Final = ("science", "public_health")


@contextmanager
def own_stage(ticks: Ticks, *agencies: tuple[str, str]) -> Generator[OwnStage]:
    """Yield a hub and these agencies at own desks of theirs, all introduced; remove them afterwards."""
    with (
        staged(ticks) as stage,
        tempfile.TemporaryDirectory(prefix="accord-desks-", ignore_cleanup_errors=True) as name,
        environment({"SSL_CERT_FILE": str(Path(name) / "desks.pem")}),
        ExitStack() as stopping,
    ):
        folder = Path(name)
        # A database server that may not run as root must be able to enter this folder.
        folder.chmod(0o711)
        front = stopping.enter_context(tls_in_front_of(port_of(stage.cast.exchange_url), folder / "proxy"))
        own = OwnStage(stage, front, folder)
        stage.hub.invite_operator(OPERATOR)
        for who in agencies:
            side = OwnSide(stage, front, folder, who)
            stopping.callback(side.stop)
            own.sides.append(side)
            side.enter()
        own.acquaint()
        yield own


def _trust(certificate: Path) -> None:
    """Make this process trust the certificate, in addition to earlier ones."""
    with Path(os.environ["SSL_CERT_FILE"]).open("a", encoding="ascii") as file:
        file.write(certificate.read_text(encoding="ascii"))


def _anywhere() -> Listening:
    (port,) = free_ports(1)
    return Listening(HOST, port)

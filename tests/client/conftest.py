# SPDX-License-Identifier: Apache-2.0
"""Partners with their own keys at a live exchange, over real HTTP and PostgreSQL."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.conf import settings
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from accord.client.client import Client
from accord.client.home import Home, NewKeys, create_keys
from accord.client.outgoing import AlertToSend
from accord.client.results import Sent
from accord.envelope.content import Attachment
from accord.envelope.keysets import KeyRow, read_keyset
from accord.envelope.private import generate_decryption_key
from accord.keyfile import Argon2Cost
from agencies.accession import admit_agency
from agencies.entrykeys import issue_entry_key
from agencies.models import Keyset
from callers.actors import SystemActor
from callers.capabilities import Capability, usual_scopes
from callers.directory import AgencyKind, Custody
from devtool.wheel import WHEELS, build_wheel
from peers.models import Agency
from tests.builders import DAY_SECS, OPERATOR, HeldAgency, Hub, seconds
from tests.client.altered_answers import Instead, Lie, lying_connection
from tests.client.scripted_hub import ScriptedHub, served
from tests.client.terminals import Terminal
from tests.exchange_keys import give_api_key
from tests.restored_worlds import restored_world

PASSPHRASE = "correct horse battery staple"
FRESH_SECONDS = 240.0
"""The age up to which enrolled partners are used again: no limit of the client or the exchange is shorter."""
T = TypeVar("T")
CHEAP = Argon2Cost(memory_kib=64, passes=1, lanes=1)
DOCUMENT = {
    "schema": "accord-alert/1",
    "alert_type": "new_substance",
    "title": "Metodesnitazene in blue tablets",
    "harm_evidence": "none_yet",
}


@dataclass
class PartnerWorld:
    """A hub that is served, and the homes of the partners that enrol with it."""

    hub: Hub
    address: str
    folder: Path
    clients: list[Client] = field(default_factory=list)
    passphrase: str = PASSPHRASE
    is_building: bool = False

    def sequence(self) -> None:
        """Run one batch of the sequencer now."""
        self.hub.now = timezone.now()
        self.hub.sequence()

    def home(self, agency: str) -> Path:
        return self.folder / agency

    def make_keys(self, agency: str, *suites: str) -> NewKeys:
        return create_keys(
            self.home(agency), PASSPHRASE, suites=suites or ("PQ1",), now=int(time.time()), cost=CHEAP
        )

    def admit(self, agency: str, fingerprint: str) -> str:
        """Enter the fingerprint from paper as the operator; return an entry key."""
        now = timezone.now()
        row = admit_agency(
            OPERATOR,
            agency,
            name=f"Agency {agency}",
            kind=AgencyKind.LABORATORY,
            country=agency[:2].upper(),
            timezone="Europe/Vienna",
            language="en",
            custody=Custody.AGENCY,
            root_fingerprint=fingerprint,
            now=now,
        )
        return issue_entry_key(OPERATOR, row.pk, client="accord", now=now)[1]

    def another_api_key(self, agency: str) -> str:
        """Issue another API key as the agency's admin when the first one ends."""
        self.hub.now = timezone.now()
        return give_api_key(agency, scopes=usual_scopes(), client="accord", now=self.hub.now)[1]

    def client(self, agency: str) -> Client:
        """A client of an existing home; the sequencer runs whenever the client waits."""
        return self.client_with(agency)

    def client_with(self, home: str | Path, *, off_by: float = 0, **how: Any) -> Client:
        """A client of an agency's home or of a folder, on a machine whose clock is so many seconds off.

        The sequencer runs whenever the client waits, unless `how` says otherwise.
        """
        usual = {"clock": lambda: int(time.time() + off_by), "sleep": lambda seconds: self.sequence()}
        client = Client(self.folder / home, PASSPHRASE, **(usual | how))
        self.clients.append(client)
        return client

    def lied_to(self, agency: str, *, off_by: float = 0, **lies: Lie | Instead) -> Client:
        """A client as above, to which the exchange tells these lies."""
        return self.client_with(agency, off_by=off_by, connect=lying_connection(**lies))

    def restored(self, name: str, build: Callable[[], T]) -> T:
        """Return what `build` makes in this empty world; rows and homes that were built a while ago are put back."""
        if self.is_building:
            return build()
        self.is_building = True
        self.hub, made = restored_world(
            f"{name} {self.address}",
            lambda folder: (self.hub, build()),
            self.folder,
            fresh_seconds=FRESH_SECONDS,
        )
        self.is_building = False
        self.hub.folder = self.folder / "ledger"
        return made

    def enrol(self, agency: str, *suites: str) -> Client:
        """Make keys, admit the agency, and enrol it."""
        self.restored(f"enrolled {agency} {suites}", lambda: self._enrol(agency, *suites).close())
        return self.client(agency)

    def _enrol(self, agency: str, *suites: str) -> Client:
        made = self.make_keys(agency, *suites)
        secret = self.admit(agency, made.fingerprint)
        client = self.client(agency)
        client.enrol(agency, hub=self.address, ledger_vkey=self.hub.key.vkey, api_key=secret)
        return client

    def partners(self, *agencies: str) -> list[Client]:
        """Partners who have pinned one another and share under one agreement, enrolled unless they are."""
        if Agency.objects.filter(pk__in=agencies).count() < len(agencies):
            self.restored(f"partners {agencies}", lambda: self._make_partners(agencies))
        return [self.client(agency) for agency in agencies]

    def _make_partners(self, agencies: Sequence[str]) -> None:
        clients = [self._enrol(agency) for agency in agencies]
        for client in clients:
            for agency, other in zip(agencies, clients, strict=True):
                client.pin(agency, other.fingerprint)
        self.hub.now = timezone.now()
        self.hub.make_agreement("G1", *agencies)

    def deliver(self, *agencies: str, file: Attachment | None = None) -> Sent:
        """Make partners, and deliver an alert of the first to the second, with this file; it has not fetched it."""

        def build() -> Sent:
            self._make_partners(agencies)
            order = alert_to(agencies[1], attachments=() if file is None else (file,))
            return self.client(agencies[0]).submit(order, wait_secs=10)

        return self.restored(f"delivered {agencies} {file and file.plain!r}", build)

    def row(self, agency: str) -> Agency:
        return Agency.objects.get(pk=agency)

    def manager(self, agency: str) -> SystemActor:
        """The actor who decides on agreements for an agency."""
        return SystemActor("seed", agency, frozenset({Capability.AGENCY_MANAGE, Capability.AGREEMENT_READ}))

    def rotate(self, held: HeldAgency) -> None:
        """Add a new encryption key to the keyset of a held agency now."""
        first = read_keyset(bytes(Keyset.objects.get(agency_id=held.row.pk).jws))
        held.decryption["new"] = generate_decryption_key("PQ1")
        begin = seconds(self.hub.now)
        added = KeyRow(held.decryption["new"].public, begin, begin + 366 * DAY_SECS)
        self.hub.publish_keyset(held, rows=[*first.rows, added], version=2, prev=first.od)
        self.sequence()

    def place(self, agency: str) -> Home:
        return Home(self.home(agency))


@pytest.fixture(scope="session")
def static_folder() -> Path:
    """The served hub warns without a folder of static files, so an empty one is made."""
    folder = Path(settings.STATIC_ROOT)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def world(static_folder: Path, live_server: LiveServer, tmp_path: Path) -> Iterator[PartnerWorld]:
    hub = Hub(tmp_path / "ledger", now=timezone.now())
    world = PartnerWorld(hub, live_server.url, tmp_path)
    yield world
    for client in world.clients:
        client.close()


@pytest.fixture
def hub() -> Iterator[ScriptedHub]:
    """A hub that answers as a test says."""
    with served((200, {}, b"{}")) as hub:
        yield hub


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheels of the client and of the science core, by package."""
    folder = tmp_path_factory.mktemp("wheels")
    return {package: build_wheel(folder, package) for package in WHEELS}


@pytest.fixture
def pair(world: PartnerWorld) -> tuple[Client, Client]:
    """The clients of two partners."""
    alpha, bravo = world.partners("xa-alpha", "xb-bravo")
    return alpha, bravo


@pytest.fixture
def terminals(world: PartnerWorld, capsys: pytest.CaptureFixture[str]) -> tuple[Terminal, Terminal]:
    """The terminals of two partners."""
    world.partners("xa-alpha", "xb-bravo")
    return Terminal(world, "xa-alpha", capsys), Terminal(world, "xb-bravo", capsys)


def alert_to(*agencies: str, **changes: object) -> AlertToSend:
    """A routine GREEN alert on the science lane, with these changes."""
    usual: dict[str, object] = {
        "alert": DOCUMENT,
        "to": agencies,
        "lane": "science",
        "purpose": "prevent",
        "tlp": "GREEN",
    }
    return AlertToSend(**(usual | changes))  # type: ignore[arg-type]

# SPDX-License-Identifier: Apache-2.0
"""An agency's own desk as children of this process: one half, with production's settings, on one machine."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from demo.ticks import Ticks
from devtool import programs
from devtool.datastores import DataStores
from devtool.owndesk.certificates import Certificate, given_certificate, made_certificate
from devtool.owndesk.desksecrets import DeskSecrets, load_or_draw
from devtool.owndesk.firststart import FirstStart
from devtool.owndesk.folder import OwnDeskFolder
from devtool.owndesk.logbounds import bound_logs
from devtool.owndesk.places import OwnDeskPlaces, given_proxy
from devtool.owndesk.ramfolder import forget_ram_folder, make_ram_folder, ram_folder_of
from devtool.ports import LOOPBACK
from devtool.postgres import PostgreSQL
from devtool.supervisor import Part, Supervisor
from devtool.valkey import Valkey
from hub.roles import DESK, MIGRATES, SEQUENCES

HTTPS_PORT = 443
WILDCARDS = {"0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104


@dataclass(frozen=True)
class Listening:
    """The name and address of a desk, and its certificate."""

    host: str
    port: int
    address: str = LOOPBACK
    certificate: Path | None = None
    """Given with its `key`; without one, a certificate is made."""
    key: Path | None = None

    @property
    def url(self) -> str:
        return f"https://{self.host}" if self.port == HTTPS_PORT else f"https://{self.host}:{self.port}"

    @property
    def near_address(self) -> str:
        """The address by which this machine reaches it."""
        return WILDCARDS.get(self.address, self.address)


class OwnDeskStores(DataStores):
    """Database and broker that survive a crash of the machine, with only the desk's logins."""

    def __init__(self, folder: OwnDeskFolder, secrets: DeskSecrets) -> None:
        self.postgres = PostgreSQL(folder.pg, secrets.logins, log=folder.logs / "postgresql.log")
        self.valkey = Valkey(folder.valkey, secrets.broker_passwords, log=folder.logs / "valkey.log")


class OwnDesk(Supervisor):
    """Everything `./dev own-desk` starts, in the order it is needed."""

    def __init__(
        self,
        folder: OwnDeskFolder,
        listening: Listening,
        *,
        ticks: Ticks,
        exchange_ca: Path | None = None,
        exchange_proxy: str = "",
        ask_every: str = "",
    ) -> None:
        """Prepare the desk; raise DevtoolError for any unfit setting, before anything is started."""
        super().__init__(ticks)
        self.state: OwnDeskFolder = folder
        self.listening = listening
        self.first_start = FirstStart(folder.path)
        self.first_start.require_listening(listening.address)
        self.certificate = _certificate(folder, listening)
        self.mail_url = folder.mail_url()
        self.secrets = load_or_draw(folder.secrets_file, listening.host)
        self.stores = OwnDeskStores(folder, self.secrets)
        self.code: str | None = None
        """The code that the person at the console types at the first start."""
        self._exchange_ca = exchange_ca
        self._ask_every = ask_every
        self._exchange_proxy = given_proxy(exchange_proxy, folder)
        self._ram_folder = ram_folder_of(folder.path)

    @property
    def world(self) -> OwnDeskPlaces:
        return OwnDeskPlaces(
            folder=self.state,
            secrets=self.secrets,
            host=self.listening.host,
            hub_url=self.listening.url,
            database_urls=self.stores.database_urls,
            owner_url=self.stores.owner_urls[DESK],
            redis_urls=self.stores.redis_urls,
            email_url=self.mail_url,
            first_start_file=self.first_start.digest_file,
            certificate=self.certificate.path,
            opened_ring=self._ram_folder / "ring",
            exchange_ca=self._exchange_ca,
            exchange_proxy=self._exchange_proxy,
            ask_every=self._ask_every,
        )

    def start(self) -> None:
        """Return once every process answers; raise `StepFailedError`."""
        # A ring that a killed run left open is locked again.
        make_ram_folder(self._ram_folder)
        with ThreadPoolExecutor(1) as pool:
            with self.ticks.step(self.stores.summary()):
                self.stores.start()
            collected = pool.submit(self._collect_static)
            with self.ticks.step("Tables, append-only guards and grants; files of the pages"):
                self._migrate()
                collected.result()
        with self.ticks.step("Desk, workers, sequencer"):
            self.state.empty_temporary()
            self.code = self.first_start.draw_code()
            self._parts = []
            self._start_parts(self.make_parts())

    def make_parts(self) -> list[Part]:
        world, logs, here = self.world, self.state.logs, self.listening
        tls = programs.Tls(self.certificate.path, self.certificate.key_path, here.host)
        web = programs.web("desk", world, here.port, logs, address=here.address, tls=tls)
        workers = [programs.queue_worker(role, world, logs) for role in self._workers()]
        beat = programs.beat("desk-beat", world, logs)
        sequencer = programs.sequencer(world, logs, DESK)
        beats = programs.sequencer_beats(world.database_urls[SEQUENCES[DESK]], DESK)
        return [
            Part(web, programs.web_answers(here.port, address=here.near_address, tls=tls)),
            *(Part(worker, programs.worker_listens(worker)) for worker in workers),
            Part(beat, programs.worker_listens(beat)),
            Part(sequencer, beats),
        ]

    def revive(self, *, now: float) -> list[str]:
        bound_logs(self.state.logs)
        return super().revive(now=now)

    def stop(self) -> None:
        super().stop()
        forget_ram_folder(self._ram_folder)

    def kill(self) -> None:
        super().kill()
        forget_ram_folder(self._ram_folder)

    def _workers(self) -> list[str]:
        """Return the workers; without a mail server the mailer is left out, and its mails wait in the database."""
        return ["desk-worker", "mailer"] if self.mail_url else ["desk-worker"]

    def _announce(self) -> None:
        self.state.note_running(self.world.told(), self.children)

    def _migrate(self) -> None:
        if not self.state.is_prepared("migrate"):
            self.manage(MIGRATES[DESK], "migrate", "--noinput", "--verbosity", "0")
            self.state.note_prepared("migrate")

    def _collect_static(self) -> None:
        if not self.state.is_prepared("static"):
            self.manage("build", "collectstatic", "--noinput", "--clear", "--verbosity", "0")
            self.state.note_prepared("static")


def _certificate(folder: OwnDeskFolder, listening: Listening) -> Certificate:
    now = datetime.now(UTC)
    if listening.certificate is None or listening.key is None:
        return made_certificate(folder.path, listening.host, now)
    return given_certificate(listening.certificate, listening.key, listening.host, now)

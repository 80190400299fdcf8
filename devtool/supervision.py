# SPDX-License-Identifier: Apache-2.0
"""A whole hub as children of this process: prepared, started, kept running, and stopped without a trace."""

import os
import sys
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg

from demo.ticks import Ticks
from devtool import programs
from devtool.datastores import DataStores
from devtool.environments import (
    ROOT,
    World,
    inherited,
    process_environment,
    role_environment,
    secret_files,
)
from devtool.mailsink import MailSink
from devtool.ports import LOOPBACK
from devtool.secretstore import load_or_draw_secrets
from devtool.statefolder import StateFolder
from devtool.supervisor import Part, Supervisor
from hub.roles import DESK, EXCHANGE, HALVES, MIGRATES, SEQUENCES

SEEDING = "seeding"
WORKERS = ("exchange-worker", "mailer", "desk-worker")
BEATS = ("exchange-beat", "desk-beat")


class Hub(Supervisor):
    """Everything `./dev run` starts, in the order it is needed."""

    def __init__(
        self,
        state: StateFolder,
        desk_port: int,
        exchange_port: int,
        *,
        scratch: bool,
        ticks: Ticks,
        operator_port: int | None = None,
    ) -> None:
        """Make the hub; without an `operator_port` no operator's process runs."""
        super().__init__(ticks)
        self.state: StateFolder = state
        self._scratch = scratch
        self._ports = (desk_port, exchange_port)
        self._operator_port = operator_port
        state.make()
        self.secrets = load_or_draw_secrets(state.secrets_file)
        self.stores = DataStores(state, self.secrets, volatile=scratch)
        self._sink = None if os.environ.get("EMAIL_URL") else MailSink(state.mail)
        self.clock_offset = timedelta(0)
        """The offset from the machine's time of processes that are started from now on."""
        self.is_whole = False
        """Whether a world that is built has every story."""
        self.seeded = ""
        """What a world that was built says of itself."""

    @property
    def world(self) -> World:
        desk_port, exchange_port = self._ports
        return World(
            secrets=self.secrets,
            database_urls=self.stores.database_urls,
            owner_urls=self.stores.owner_urls,
            redis_urls=self.stores.redis_urls,
            redis_super_url=self.stores.redis_super_url,
            email_url=self._sink.url if self._sink else os.environ["EMAIL_URL"],
            hub_url=f"http://{LOOPBACK}:{desk_port}",
            exchange_url=f"http://{LOOPBACK}:{exchange_port}",
            ledger_state_dirs=self.state.ledgers,
            mail_dir=self.state.mail,
            secrets_dir=self.state.secrets,
            operator_url=f"http://localhost:{self._operator_port or exchange_port + 1}",
            clock_offset_seconds=self.clock_offset.total_seconds(),
            invented_countries=ROOT / "demo" / "data" / "countries.json",
        )

    def start_stores(self) -> None:
        """Start database, broker and mail sink."""
        with self.ticks.step("PostgreSQL and Valkey answer") as step:
            self._forget_half_a_world()
            self.stores.start()
            (ROOT / ".dev" / "static").mkdir(parents=True, exist_ok=True)
            step.title = self.stores.summary()
            if self._sink:
                self._sink.start()

    def prepare(self) -> None:
        """Make tables and grants, then the demonstration world; leave a private database alone that has them."""
        if not self._known("migrate"):
            self.make_tables()
            self.state.note_prepared("migrate")
        if not self._known("seed"):
            with self.ticks.step("Demonstration world") as step:
                self.state.note_prepared(SEEDING)
                said = self._run_quietly([sys.executable, "-m", "demo.seed"], self._seed_environment())
                self.seeded = step.title = said.strip().rpartition("\n")[2] or step.title
                if not self._scratch:
                    step.evidence("of the last two months; fourteen, once: ./dev world, then ./dev reset")
                self.state.note_prepared("seed")

    def make_tables(self) -> None:
        """Make tables and grants, as a step that is told."""
        with self.ticks.step("Tables, append-only guards and grants of both halves"):
            self.migrate()

    def migrate(self) -> None:
        """Make the tables of both halves, each in its database, at once; raise `StepFailedError`."""
        with ThreadPoolExecutor(len(MIGRATES)) as pool:
            for made in [
                pool.submit(self.manage, role, "migrate", "--verbosity", "0") for role in MIGRATES.values()
            ]:
                made.result()

    def verify_ledgers(self) -> str:
        """Verify the logs of both halves; return their reports. Raises `StepFailedError`."""
        said = {
            half: self.manage(role, "verify_ledger").strip().splitlines()[0]
            for half, role in SEQUENCES.items()
        }
        return "; ".join(f"{half}: {line}" for half, line in said.items())

    def start_processes(self, *, without: Collection[str] = ()) -> None:
        """Start all but those named, at once, since each spends its first seconds alone."""
        with self.ticks.step(
            "Desk, exchange, workers, sequencers, mail sink" if not without else "The others"
        ):
            self.state.empty_temporary()
            self._parts = []
            self._start_parts([part for part in self.make_parts() if part.child.name not in without])

    def demo_environment(self) -> dict[str, str]:
        """Return the environment of the story and its clients: addresses, no secret of the hub."""
        return {
            **inherited(os.environ),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "DEMO_DIR": str(self.state.demo),
            "MAIL_IS_KEPT": "yes" if self._sink else "no",
            **self.world.addresses(),
            "EXCHANGE_DATABASE_URL": self.world.database_urls["exchange"],
        }

    def bench_environment(self) -> dict[str, str]:
        """Return the environment of a benchmark: it may read all of a desk's data, and exchange's and desk-worker's costs."""
        pids = {child.name: str(child.pid) for child in self.children}
        held = role_environment("desk", self.world)
        return {
            **self.demo_environment(),
            **held,
            "BENCH_OWNER_URL": self.world.owner_urls[DESK],
            "BENCH_EXCHANGE_OWNER_URL": self.world.owner_urls[EXCHANGE],
            "BENCH_EXCHANGE_PEPPER": self.secrets.api_peppers[EXCHANGE],
            "EXCHANGE_PID": pids["exchange"],
            "DESK_WORKER_PID": pids["desk-worker"],
        }

    def _announce(self) -> None:
        self.state.announce(self.world, self.children)

    def invite_operator(self, name: str) -> str:
        """Return the link by which an operator makes a passkey; it is valid once."""
        return self.manage("operator", "invite_operator", name).strip()

    def stop(self) -> None:
        """Stop everything, workers first, the database last."""
        self.stop_processes()
        if self._sink:
            self._sink.stop()
        super().stop()

    def make_parts(self) -> list[Part]:
        """Return the processes that use the database, not started yet."""
        world, logs = self.world, self.state.logs
        desk_port, exchange_port = self._ports
        workers = [programs.queue_worker(role, world, logs) for role in WORKERS]
        beats = [programs.beat(role, world, logs) for role in BEATS]
        ports = {"desk": desk_port, "exchange": exchange_port}
        if self._operator_port is not None:
            ports["operator"] = self._operator_port
        return [
            *(
                Part(programs.web(role, world, port, logs), programs.web_answers(port))
                for role, port in ports.items()
            ),
            *(Part(worker, programs.worker_listens(worker)) for worker in workers),
            *(Part(beat, programs.worker_listens(beat)) for beat in beats),
            *(self._sequencer(world, half) for half in SEQUENCES),
        ]

    def _sequencer(self, world: World, half: str) -> Part:
        beats = programs.sequencer_beats(
            world.database_urls[SEQUENCES[half]], half, clock_offset_seconds=world.clock_offset_seconds
        )
        return Part(programs.sequencer(world, self.state.logs, half), beats)

    def _known(self, step: str) -> bool:
        if self.stores.postgres is not None:
            return self.state.is_prepared(step)
        return step == "seed" and self._ledger_has_entries()

    def _ledger_has_entries(self) -> bool:
        with psycopg.connect(self.world.database_urls["exchange"]) as connection:
            return connection.execute("SELECT 1 FROM ledger_entry LIMIT 1").fetchone() is not None

    def _forget_half_a_world(self) -> None:
        """Remove an unfinished world: a start that was interrupted while building it leaves an unusable database."""
        interrupted = self.state.is_prepared(SEEDING) and not self.state.is_prepared("seed")
        if interrupted and self.stores.postgres is not None:
            self.ticks.line(
                "The last start was interrupted while it built its world; this one starts afresh."
            )
            self.state.forget_world()

    def _seed_environment(self) -> dict[str, str]:
        # The one process that plays every role of the past, before any of them runs.
        return {
            **process_environment("desk", self.world),
            **secret_files(
                self.state.secrets / "seed",
                {
                    f"{half.upper()}_{name}": value
                    for half in HALVES
                    for name, value in (
                        ("LEDGER_KEY", self.secrets.ledger_keys[half]),
                        ("OWNER_URL", self.world.owner_urls[half]),
                        ("API_PEPPER", self.secrets.api_peppers[half]),
                    )
                },
            ),
            **{f"{half.upper()}_LEDGER_STATE_DIR": str(self.state.ledgers[half]) for half in HALVES},
            "DEMO_DIR": str(self.state.demo),
            "DEMO_WORLD": "whole" if self.is_whole else "small",
            "MAIL_DIR": str(self.state.mail),
        }

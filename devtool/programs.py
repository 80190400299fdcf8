# SPDX-License-Identifier: Apache-2.0
"""The hub's processes: the command of each role, and its sign of readiness."""

import http.client
import socket
import ssl
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import psycopg

from callers.slots import THREADS
from devtool.environments import ROOT
from devtool.ports import LOOPBACK
from devtool.processes import Child
from hub.roles import EXCHANGE, ROLES, SEQUENCES
from hub.vitals import BEATS

WEB_THREADS = 36
"""As many as `hub.bulkhead` expects."""


class Places(Protocol):
    """The places of the processes: each role's environment, and each sequencer's state folder."""

    @property
    def ledger_state_dirs(self) -> Mapping[str, Path]:
        """The folders by half."""

    def environment_of(self, role: str) -> dict[str, str]:
        """Return the whole environment of a process of `role`, its secrets in files."""


@dataclass(frozen=True)
class Tls:
    """The certificate by which a web process without a proxy proves its name."""

    certificate: Path
    key: Path
    name: str

    def options(self) -> tuple[str, ...]:
        """Return the server's options; with them its port speaks only TLS."""
        files = ("--ssl-certificate", str(self.certificate), "--ssl-keyfile", str(self.key))
        return (*files, "--ssl-protocol-min", "tls1.3")

    def wrap(self, connection: socket.socket) -> socket.socket:
        """Trust only this very certificate, under its name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(cafile=self.certificate)
        return context.wrap_socket(connection, server_hostname=self.name)


def web(
    role: str, world: Places, port: int, logs: Path, *, address: str = LOOPBACK, tls: Tls | None = None
) -> Child:
    """Return a web process: `desk`, `exchange` or `operator`; with `tls` it is reached without a proxy."""
    return Child(
        role,
        [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws"),
            *("--host", address, "--port", str(port), "--workers", "1", *(tls.options() if tls else ())),
            *("--blocking-threads", str(WEB_THREADS), "--log-level", "warning", "hub.wsgi:application"),
        ],
        env=world.environment_of(role),
        log=logs / f"{role}.log",
        cwd=ROOT,
    )


def queue_worker(role: str, world: Places, logs: Path, *, beat: bool = False) -> Child:
    """Return the Celery worker of a role's queue; with `beat` it also schedules its half's periodic work."""
    with_beat = ("--beat", "--scheduler", "hub.beat_scheduler:MemoryScheduler") if beat else ()
    mark = logs / f"{role}.heartbeat"
    # hub/settings.py sets the threads.
    concurrency = () if role in THREADS else ("--concurrency", "1")
    return Child(
        role,
        [
            *(sys.executable, "-m", "celery", "-A", "hub", "worker", "--hostname", f"{role}@accord"),
            *("--queues", str(ROLES[role].queue), *concurrency, "--loglevel", "INFO"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat", *with_beat),
        ],
        env={**world.environment_of(role), "HEARTBEAT_FILE": str(mark)},
        log=logs / f"{role}.log",
        cwd=ROOT,
        mark=mark,
    )


def beat(role: str, world: Places, logs: Path) -> Child:
    """Return the one process that schedules a half's periodic work; it keeps its schedule in memory."""
    mark = logs / f"{role}.heartbeat"
    return Child(
        role,
        [
            *(sys.executable, "-m", "celery", "-A", "hub", "beat"),
            *("--scheduler", "hub.beat_scheduler:MemoryScheduler", "--loglevel", "INFO"),
        ],
        env={**world.environment_of(role), "HEARTBEAT_FILE": str(mark)},
        log=logs / f"{role}.log",
        cwd=ROOT,
        mark=mark,
    )


def sequencer(world: Places, logs: Path, half: str = EXCHANGE) -> Child:
    """Return the one process that signs the log of a half; the exchange's also numbers feeds."""
    role = SEQUENCES[half]
    world.ledger_state_dirs[half].mkdir(parents=True, exist_ok=True, mode=0o700)
    return Child(
        role,
        [sys.executable, "manage.py", "run_sequencer"],
        env=world.environment_of(role),
        log=logs / f"{role}.log",
        cwd=ROOT,
    )


def management(role: str, world: Places, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """Return command line and environment of one management command in a role."""
    return [sys.executable, str(ROOT / "manage.py"), *arguments], world.environment_of(role)


def web_answers(
    port: int, path: str = "/livez", *, address: str = LOOPBACK, tls: Tls | None = None
) -> Callable[[], bool]:
    """Return a function that tells whether a web process answers 200 at `path`."""

    def answers() -> bool:
        connection = http.client.HTTPConnection(tls.name if tls else address, port, timeout=5)
        try:
            if tls is not None:
                connection.sock = tls.wrap(socket.create_connection((address, port), timeout=5))
            connection.request("GET", path)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return answers


def worker_listens(worker: Child) -> Callable[[], bool]:
    """Return a function that tells whether a queue worker listens since its last start; its log says "ready" too early."""

    def listens() -> bool:
        return worker.mark is not None and worker.mark.exists()

    return listens


def sequencer_beats(
    database_url: str, half: str = EXCHANGE, *, clock_offset_seconds: float = 0.0
) -> Callable[[], bool]:
    """Return a function that tells whether a half's sequencer gave a sign of life within two seconds of its own time."""
    table = BEATS[SEQUENCES[half]]
    oldest = timedelta(seconds=clock_offset_seconds - 2)

    def beats() -> bool:
        with suppress(psycopg.Error), psycopg.connect(database_url, connect_timeout=5) as connection:
            row = connection.execute(
                f"SELECT 1 FROM {table} WHERE beat > clock_timestamp() + %s",  # noqa: S608
                [oldest],
            ).fetchone()
            return row is not None
        return False

    return beats


def port_of(url: str) -> int:
    """Return the port in an address."""
    port = urlsplit(url).port
    assert port is not None, f"{url} names no port"
    return port

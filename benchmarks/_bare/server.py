# SPDX-License-Identifier: Apache-2.0
"""The bare views behind the hub's server program, on a database server of their own."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devtool.environments import ROOT, inherited
from devtool.ports import LOOPBACK, free_ports
from devtool.postgres import DATABASES, OWNERS, PostgreSQL
from devtool.processes import Child, run_to_end, wait_until
from devtool.programs import WEB_THREADS, web_answers
from devtool.secretstore import draw_secrets

START_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Bare:
    """The bare server's address, the `Authorization` header of its caller, and its leading process."""

    address: str
    authorization: str
    pid: int


@contextmanager
def bare_server() -> Iterator[Bare]:
    """Start and prepare the bare server; remove everything afterwards."""
    with tempfile.TemporaryDirectory(prefix="accord-bare-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # A database server that may not run as root must be able to enter this folder.
        folder.chmod(0o711)
        # As in a scratch hub: its data may be lost with the machine.
        database = PostgreSQL(
            folder / "pg", draw_secrets().logins, log=folder / "postgresql.log", volatile=True
        )
        database.start()
        try:
            yield from _serve(folder, database.url(OWNERS["desk"], DATABASES["desk"]))
        finally:
            database.stop()


def _serve(folder: Path, database_url: str) -> Iterator[Bare]:
    environment = {
        **inherited(os.environ),
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "benchmarks._bare.settings",
        "BARE_DATABASE_URL": database_url,
    }
    token = _prepare(environment)
    (port,) = free_ports(1)
    server = _server(port, folder, environment)
    server.start()
    try:
        wait_until(
            web_answers(port, "/octets"),
            "bare server",
            timeout_seconds=START_TIMEOUT_SECONDS,
            children=[server],
        )
        yield Bare(f"http://{LOOPBACK}:{port}", f"Token {token}", server.pid)
    finally:
        server.stop()


def _prepare(environment: dict[str, str]) -> str:
    done = run_to_end([sys.executable, "-m", "benchmarks._bare.prepare"], environment, cwd=ROOT)
    if done.returncode:
        raise RuntimeError(f"the bare service could not be prepared: {done.stderr[-300:]}")
    return done.stdout.strip()


def _server(port: int, folder: Path, environment: dict[str, str]) -> Child:
    return Child(
        "bare",
        [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws"),
            *("--host", LOOPBACK, "--port", str(port), "--workers", "1"),
            *("--blocking-threads", str(WEB_THREADS), "--log-level", "warning"),
            "benchmarks._bare.wsgi:application",
        ],
        env=environment,
        log=folder / "bare.log",
        cwd=ROOT,
    )

# SPDX-License-Identifier: Apache-2.0
"""The bare view behind the server program that the hub uses, on a database server of its own."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from devtool.environments import ROOT, inherited
from devtool.ports import LOOPBACK, free_ports
from devtool.postgres import OWNER, PostgreSQL
from devtool.processes import Child, wait_until
from devtool.programs import WEB_THREADS, web_answers
from devtool.secretstore import draw_secrets

PATH = "/received"
TABLE = "CREATE TABLE received (id bigserial PRIMARY KEY, content bytea NOT NULL)"
START_TIMEOUT_SECONDS = 60


@contextmanager
def bare_server() -> Iterator[str]:
    """Its address; everything is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="accord-bare-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # A database server that may not run as root has to pass through here.
        folder.chmod(0o711)
        # As a scratch hub's: what it holds may be lost with the machine.
        database = PostgreSQL(
            folder / "pg", draw_secrets().logins, log=folder / "postgresql.log", volatile=True
        )
        database.start()
        try:
            yield from _serve(folder, database.url(OWNER))
        finally:
            database.stop()


def _serve(folder: Path, database_url: str) -> Iterator[str]:
    with psycopg.connect(database_url) as connection:
        connection.execute(TABLE)
    (port,) = free_ports(1)
    server = _server(port, folder, database_url)
    server.start()
    try:
        wait_until(
            web_answers(port, PATH), "bare server", timeout_seconds=START_TIMEOUT_SECONDS, children=[server]
        )
        yield f"http://{LOOPBACK}:{port}"
    finally:
        server.stop()


def _server(port: int, folder: Path, database_url: str) -> Child:
    return Child(
        "bare",
        [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws"),
            *("--host", LOOPBACK, "--port", str(port), "--workers", "1"),
            *("--blocking-threads", str(WEB_THREADS), "--log-level", "warning"),
            "benchmarks._bare.wsgi:application",
        ],
        env={
            **inherited(os.environ),
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "benchmarks._bare.settings",
            "BARE_DATABASE_URL": database_url,
        },
        log=folder / "bare.log",
        cwd=ROOT,
    )

# SPDX-License-Identifier: Apache-2.0
"""The hub's processes: which command each role is started with, and how it shows that it is ready."""

import http.client
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from celery import Celery

from devtool.environments import ROOT, World, role_environment
from devtool.ports import LOOPBACK
from devtool.processes import Child

WEB_THREADS = 8


def web(role: str, world: World, port: int, logs: Path) -> Child:
    """A web process: `desk` or `exchange`."""
    return Child(
        role,
        [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws"),
            *("--host", LOOPBACK, "--port", str(port), "--workers", "1"),
            *("--blocking-threads", str(WEB_THREADS), "--log-level", "warning", "hub.wsgi:application"),
        ],
        env=role_environment(role, world),
        log=logs / f"{role}.log",
        cwd=ROOT,
    )


def queue_worker(role: str, queue: str, world: World, logs: Path, *, beat_file: Path | None = None) -> Child:
    """A Celery worker that consumes one queue; with `beat_file` it also keeps the static schedule."""
    beat = ("--beat", "--schedule", str(beat_file)) if beat_file else ()
    return Child(
        role,
        [
            *(sys.executable, "-m", "celery", "-A", "hub", "worker", "--hostname", node_name(role)),
            *("--queues", queue, "--concurrency", "1", "--loglevel", "INFO"),
            *("--without-gossip", "--without-mingle", *beat),
        ],
        env=role_environment(role, world),
        log=logs / f"{role}.log",
        cwd=ROOT,
    )


def sequencer(world: World, logs: Path) -> Child:
    """The one process that signs checkpoints and numbers feeds."""
    world.ledger_state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Child(
        "sequencer",
        [sys.executable, "manage.py", "run_sequencer"],
        env=role_environment("sequencer", world),
        log=logs / "sequencer.log",
        cwd=ROOT,
    )


def management(role: str, world: World, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """Command line and environment of one management command in a role."""
    return [sys.executable, str(ROOT / "manage.py"), *arguments], role_environment(role, world)


def node_name(role: str) -> str:
    return f"{role}@accord"


def web_answers(port: int, path: str = "/livez") -> Callable[[], bool]:
    """Whether a web process answers 200 at `path`."""

    def answers() -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return answers


def worker_answers(role: str, redis_url: str) -> Callable[[], bool]:
    """Whether a queue worker answers to its name; its log says "ready" too early."""
    asking = Celery("devtool", broker=redis_url, set_as_current=False)
    asking.conf.broker_connection_retry = False

    def answers() -> bool:
        with suppress(OSError, asking.connection().recoverable_connection_errors):
            return bool(asking.control.ping(destination=[node_name(role)], timeout=0.5, limit=1))
        return False

    return answers


def sequencer_beats(database_url: str) -> Callable[[], bool]:
    """Whether the sequencer has marked its beat within the last two seconds."""

    def beats() -> bool:
        with suppress(psycopg.Error), psycopg.connect(database_url, connect_timeout=5) as connection:
            row = connection.execute(
                "SELECT 1 FROM sharing_feedmark WHERE beat > clock_timestamp() - interval '2 seconds'"
            ).fetchone()
            return row is not None
        return False

    return beats


def port_of(url: str) -> int:
    """The port an address names."""
    port = urlsplit(url).port
    assert port is not None, f"{url} names no port"
    return port

# SPDX-License-Identifier: Apache-2.0
"""Fixtures for all tests: the database with its logins, the mail server, and the hub's real processes."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis
from django.apps import apps
from django.core.servers.basehttp import WSGIRequestHandler
from django.db import connection
from pytest_django import DjangoDbBlocker, Settings

from devtool import programs
from devtool.environments import World
from devtool.ports import LOOPBACK, free_ports
from devtool.processes import Child, wait_until
from hub.roles import HALVES
from tests.mail_server import MailServer
from tests.role_logins import requests_and_tasks_under_their_logins
from tests.services import surroundings
from tests.speedups import exempt_from_collection, speedups

if TYPE_CHECKING:
    from tests.desk_calls import ViewsInPlaceOfSockets

START_TIMEOUT_SECONDS = 150


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run slow tests first: none may be left over for one worker at the end of a parallel run.

    Before them come all that use the engines' world, which takes longest to build: workers take over from the end of
    each other's list, so the first worker keeps these, and no other builds that world.
    """
    items.sort(key=_precedence)


def _precedence(item: pytest.Item) -> tuple[bool, bool]:
    uses_the_engines_world = hasattr(getattr(item, "module", None), "SecurityWorld")
    return not uses_the_engines_world, item.get_closest_marker("slow") is None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    with exempt_from_collection():
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def _live_server_answers_at_once() -> None:
    """Turn Nagle's algorithm off in Django's test server, where it would hold each body for 40 ms.

    The test server writes head and body apart. Granian, which serves the hub, and urllib3, which the client uses,
    turn it off themselves.
    """
    WSGIRequestHandler.disable_nagle_algorithm = True


@pytest.fixture(scope="session", autouse=True)
def _speedups() -> Generator[None]:
    with speedups(), requests_and_tasks_under_their_logins(), _desk_calls():
        yield


@contextmanager
def _desk_calls() -> Generator[None]:
    """Run the desk's calls in this process if there is a desk: tests of the envelope run under a role without one."""
    if not apps.is_installed("alerts"):
        yield
        return
    from tests.described_problems import problems_are_described
    from tests.desk_calls import desk_calls_in_this_process
    from tests.entries import the_desk_is_told_at_once
    from tests.stages import patches_are_given

    with (
        problems_are_described(),
        desk_calls_in_this_process(),
        the_desk_is_told_at_once(),
        patches_are_given(),
    ):
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Generator[None]:
    """End all other connections before the test database is dropped: PostgreSQL drops none that is in use.

    While a browser is open its event loop runs in this thread, and Django keeps one connection for code under a loop
    and another for code without; at the end it closes the one it sees.
    """
    yield
    others = "datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")  # noqa: S608


@pytest.fixture(autouse=True)
def _append_only_tables_can_be_emptied(
    request: pytest.FixtureRequest, _django_db_marker: None
) -> Generator[None]:
    """Switch triggers off after a transactional test: Django then empties all tables, which append-only triggers refuse.

    Django closes the owner's connection, for which they are off, right after the flush.
    """
    if {"transactional_db", "live_server"} & set(request.fixturenames):
        request.getfixturevalue("_django_db_helper")
    yield
    if _is_transactional(request):
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")


def _is_transactional(request: pytest.FixtureRequest) -> bool:
    marker = request.node.get_closest_marker("django_db")
    marked = bool(marker and (marker.kwargs.get("transaction") or (marker.args and marker.args[0])))
    return marked or bool({"transactional_db", "live_server"} & set(request.fixturenames))


@pytest.fixture
def mail_server(settings: Settings) -> Generator[MailServer]:
    """A real SMTP server, well-behaved and empty, to which this process and every started one send."""
    server = surroundings().mail_server
    server.behave()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = LOOPBACK, server.port
    yield server
    server.behave()


@pytest.fixture
def exchange_as_asked() -> "Generator[ViewsInPlaceOfSockets]":
    """The exchange as the desk reaches it in this process; a test can make it misbehave."""
    from tests.desk_calls import the_exchange

    the_exchange.behave()
    yield the_exchange
    the_exchange.behave()


@pytest.fixture
def world(transactional_db: None, tmp_path: Path) -> World:
    """Addresses and secrets of this test's hub: its database, an empty broker, a ledger state folder of its own."""
    with redis.Redis.from_url(surroundings().world.redis_super_url) as broker:
        broker.flushdb()
    desk_port, exchange_port, operator_port = free_ports(3)
    return replace(
        surroundings().world_on(connection.settings_dict["NAME"]),
        hub_url=f"http://{LOOPBACK}:{desk_port}",
        exchange_url=f"http://{LOOPBACK}:{exchange_port}",
        ledger_state_dirs=dict.fromkeys(HALVES, tmp_path / "ledger"),
        mail_dir=tmp_path / "mail",
        secrets_dir=tmp_path / "secrets",
        operator_url=f"http://localhost:{operator_port}",
    )


class HubProcesses:
    """Real processes by role on the test's database, each under its role's logins; `stop` ends them all."""

    def __init__(self, world: World, logs: Path) -> None:
        self.world = world
        self.logs = logs
        self._children: list[Child] = []
        self._exchange: Child | None = None

    def desk(self) -> Child:
        self._be_reached()
        return self._web("desk", self.world.hub_url)

    def exchange(self) -> Child:
        """Return the one exchange; start it at the first call."""
        if self._exchange is None:
            self._exchange = self._web("exchange", self.world.exchange_url)
        return self._exchange

    def operator(self) -> Child:
        return self._web("operator", self.world.operator_url)

    def exchange_worker(self, *, beat: bool = False) -> Child:
        return self._queue_worker("exchange-worker", beat=beat)

    def mailer(self, *, beat: bool = False) -> Child:
        """Start the mailer; with `beat`, the desk-worker too is told when something is due."""
        return self._queue_worker("mailer", beat=beat)

    def desk_worker(self) -> Child:
        self._be_reached()
        return self._queue_worker("desk-worker")

    def sequencer(self) -> Child:
        child = self._start(programs.sequencer(self.world, self.logs))
        beats = programs.sequencer_beats(self.world.database_urls["sequencer"])
        wait_until(beats, "sequencer", timeout_seconds=START_TIMEOUT_SECONDS, children=[child])
        return child

    def _be_reached(self) -> None:
        """Start the exchange, and give the agencies of the test API keys for their desk."""
        from tests.desk_calls import give_exchange_keys

        self.exchange()
        give_exchange_keys()

    def stop(self) -> None:
        for child in reversed(self._children):
            child.stop()

    def _web(self, role: str, url: str) -> Child:
        port = programs.port_of(url)
        child = self._start(programs.web(role, self.world, port, self.logs))
        wait_until(programs.web_answers(port), role, timeout_seconds=START_TIMEOUT_SECONDS, children=[child])
        return child

    def _queue_worker(self, role: str, *, beat: bool = False) -> Child:
        child = self._start(programs.queue_worker(role, self.world, self.logs, beat=beat))
        listens = programs.worker_listens(child)
        wait_until(listens, child.name, timeout_seconds=START_TIMEOUT_SECONDS, children=[child])
        return child

    def _start(self, child: Child) -> Child:
        child.start()
        self._children.append(child)
        return child


@pytest.fixture
def hub_processes(world: World, mail_server: MailServer, tmp_path: Path) -> Generator[HubProcesses]:
    """Processes for a test to start: `hub_processes.mailer()`, `.sequencer()`, `.exchange()`, `.desk()`, `.operator()` ..."""
    processes = HubProcesses(world, tmp_path / "logs")
    yield processes
    processes.stop()


@pytest.fixture
def mailer(hub_processes: HubProcesses) -> Child:
    """The real worker of queue `notify`."""
    return hub_processes.mailer()


@pytest.fixture
def desk_worker(hub_processes: HubProcesses) -> Child:
    """The real worker of queue `desk`."""
    return hub_processes.desk_worker()


@pytest.fixture
def sequencer(hub_processes: HubProcesses) -> Child:
    return hub_processes.sequencer()


@pytest.fixture
def exchange_server(hub_processes: HubProcesses) -> str:
    """Address of a real exchange."""
    hub_processes.exchange()
    return hub_processes.world.exchange_url


@pytest.fixture
def desk_server(hub_processes: HubProcesses) -> str:
    """Address of a real desk."""
    hub_processes.desk()
    return hub_processes.world.hub_url


@pytest.fixture
def desk_connection(transactional_db: None) -> Generator[psycopg.Connection]:
    """A connection to the test's database as the desk's login, which owns nothing."""
    world = surroundings().world_on(connection.settings_dict["NAME"])
    with psycopg.connect(world.database_urls["desk"], autocommit=True) as opened:
        yield opened

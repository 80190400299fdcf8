# SPDX-License-Identifier: Apache-2.0
"""The real services the suite runs on, started before Django reads its settings.

A private PostgreSQL comes from a wheel unless `DATABASE_URL` (with {login} for the logins of the roles) and
`DATABASE_OWNER_URL` name another; a private Valkey always does. Parallel workers share the PostgreSQL server (each has
a database of its own) and get a Valkey each.
"""

import atexit
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from demo.ownership import have_every_app, take_owners_login
from devtool.datastores import given_urls
from devtool.environments import World, role_environment
from devtool.postgres import DATABASES, OWNERS, SUPERUSER, PostgreSQL
from devtool.secretstore import Secrets, draw_secrets
from devtool.valkey import Valkey
from hub.roles import DESK, EXCHANGE, HALVES, LOGINS
from tests.mail_server import MailServer

OWNER = OWNERS[DESK]
"""The login that owns all tables of a test."""

# Worker processes of a parallel run find in these variables the servers that their controller started.
_OWNER_URL = "ACCORD_TEST_OWNER_URL"
_ROLE_URLS = "ACCORD_TEST_ROLE_URLS"
_PRIVATE_DATABASE = "ACCORD_TEST_PRIVATE_DATABASE"


@dataclass(frozen=True)
class Surroundings:
    """The services and folders of one test process. Its one database holds the tables of both halves, and so one log."""

    world: World
    mail_server: MailServer
    folder: Path

    def world_on(self, database: str) -> World:
        """Return the same world on another database, for the processes that a test starts."""
        return replace(
            self.world,
            database_urls={
                role: _on_database(url, database) for role, url in self.world.database_urls.items()
            },
            owner_urls={half: _on_database(url, database) for half, url in self.world.owner_urls.items()},
        )


_surroundings: list[Surroundings] = []
_to_be_closed = ExitStack()
atexit.register(_to_be_closed.close)


def surroundings() -> Surroundings:
    """Return the surroundings of this test process."""
    return _surroundings[0]


def has_private_database() -> bool:
    """Tell whether the PostgreSQL server is this run's own, not one that `DATABASE_URL` named."""
    return _PRIVATE_DATABASE in os.environ


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None]:
    # As a wrapper it runs before pytest-django's own implementation, which reads the settings.
    if not _surroundings:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        _heed_interrupts()
        _surroundings.append(_start())
    return (yield)


def _heed_interrupts() -> None:
    """Restore Ctrl-C, which processes that a shell starts in the background ignore; programs that tests interrupt inherit it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_unconfigure() -> None:
    # Workers of a parallel run exit without running exit handlers.
    _to_be_closed.close()


def _start() -> Surroundings:
    folder = Path(tempfile.mkdtemp(prefix="accord-tests-"))
    folder.chmod(0o711)
    _to_be_closed.callback(shutil.rmtree, folder, ignore_errors=True)
    secrets = _of_one_database(draw_secrets())
    owner_url, role_urls = _database(folder, secrets)
    redis_super_url, redis_urls = _broker(folder, secrets)
    mail_server = MailServer()
    mail_server.start()
    _to_be_closed.callback(mail_server.stop)
    world = World(
        secrets=secrets,
        database_urls=role_urls,
        owner_urls=dict.fromkeys(HALVES, owner_url),
        redis_urls=redis_urls,
        redis_super_url=redis_super_url,
        email_url=mail_server.url,
        hub_url="http://testserver",
        exchange_url="http://testserver",
        ledger_state_dirs=dict.fromkeys(HALVES, folder / "ledger"),
        mail_dir=folder / "mail",
        secrets_dir=folder / "secrets",
    )
    _export(world)
    return Surroundings(world, mail_server, folder)


def _database(folder: Path, secrets: Secrets) -> tuple[str, dict[str, str]]:
    """Return the addresses for the owner's login and for each role's."""
    if _ROLE_URLS in os.environ:
        return os.environ[_OWNER_URL], dict(json.loads(os.environ[_ROLE_URLS]))
    if "DATABASE_URL" in os.environ:
        return os.environ["DATABASE_OWNER_URL"], given_urls(
            "DATABASE_URL", os.environ["DATABASE_URL"], LOGINS
        )
    server = PostgreSQL(folder / "pg", secrets.logins, log=folder / "postgresql.log", volatile=True)
    _to_be_closed.callback(server.stop)
    server.start()
    os.environ[_PRIVATE_DATABASE] = "1"
    _let_owner_run_tests(server)
    urls = {role: server.url(login, DATABASES[DESK]) for role, login in LOGINS.items()}
    return server.url(OWNER, DATABASES[DESK]), urls


def _of_one_database(drawn: Secrets) -> Secrets:
    """Return the secrets with one log and one pepper for both halves."""
    return replace(
        drawn,
        ledger_keys=dict.fromkeys(HALVES, drawn.ledger_keys[EXCHANGE]),
        api_peppers=dict.fromkeys(HALVES, drawn.api_peppers[EXCHANGE]),
    )


def _let_owner_run_tests(server: PostgreSQL) -> None:
    """Give the owner the rights to make and empty test databases, and to take each role's login."""
    with psycopg.connect(server.url(SUPERUSER, "postgres"), autocommit=True) as connection:
        owner = sql.Identifier(OWNER)
        connection.execute(sql.SQL("ALTER ROLE {} CREATEDB").format(owner))
        connection.execute(sql.SQL("GRANT SET ON PARAMETER session_replication_role TO {}").format(owner))
        for login in LOGINS.values():
            connection.execute(
                sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE").format(sql.Identifier(login), owner)
            )


def _broker(folder: Path, secrets: Secrets) -> tuple[str, dict[str, str]]:
    """Start this process's own broker; return the addresses for its superuser and for each role's login."""
    server = Valkey(folder / "valkey", secrets.broker_passwords, log=folder / "valkey.log", durable=False)
    _to_be_closed.callback(server.stop)
    server.start()
    return server.url, server.role_urls()


def _on_database(url: str, database: str) -> str:
    # Not urlunsplit: it drops the empty host, and with it the meaning of `?host=`.
    head, _, query = url.partition("?")
    base = head.rsplit("/", 1)[0]
    return f"{base}/{database}" + (f"?{query}" if query else "")


def _export(world: World) -> None:
    """Set the desk's environment for this process, with the owner's login, so that it can make the test database."""
    for name in ("LEDGER_KEY", "DATABASE_OWNER_URL"):
        os.environ.pop(name, None)
    os.environ.update(role_environment("desk", world))
    os.environ[_OWNER_URL] = world.owner_urls[DESK]
    os.environ[_ROLE_URLS] = json.dumps(dict(world.database_urls))
    os.environ["DATABASE_POOL"] = "false"
    static = world.mail_dir.parent / "static"
    static.mkdir(exist_ok=True)
    os.environ["STATIC_ROOT"] = str(static)
    # Playwright's synchronous interface runs an event loop in the thread of the test.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    # This process plays every role, also the exchange's, whose modules no desk has.
    have_every_app()
    _work_as_owner(world)


def _work_as_owner(world: World) -> None:
    """Have this process make the test database and see all of the broker."""
    from django.conf import settings

    from tests.speedups import WITHOUT_SPEEDUPS

    take_owners_login(world.owner_urls[DESK])
    settings.REDIS_URL = settings.CELERY_BROKER_URL = world.redis_super_url
    framework: dict[str, Any] = settings.REST_FRAMEWORK
    framework["DEFAULT_AUTHENTICATION_CLASSES"].insert(0, "agencies.authentication.ApiKeyAuthentication")
    if not WITHOUT_SPEEDUPS:
        settings.PASSWORD_HASHERS = ["tests.quick_hasher.QuickArgon2"]

# SPDX-License-Identifier: Apache-2.0
"""Both halves in one process that plays every role: apps, owners' logins and both databases. No process of a hub does this.

Such a process works at the desk, and inside a block `at_the_exchange` at the exchange: on its connection and with its secrets.
Where there is one database, as in tests, both halves use it.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import django
import environ
from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import load_backend

OF_THE_EXCHANGE: Final = ("agencies", "sharing", "operators")
HALF_SETTINGS: Final = ("API_PEPPER", "LEDGER_VKEY")
"""Settings of which each half has its own."""

_exchange: list[tuple[BaseDatabaseWrapper, dict[str, Any]]] = []
"""Connection and settings of the exchange, where they differ from the desk's."""


def have_every_app() -> None:
    """Install the exchange's apps beside the desk's; call it before Django is set up."""
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, *OF_THE_EXCHANGE]


def set_up_every_app() -> None:
    """Set Django up with the apps of both halves."""
    have_every_app()
    django.setup()


def take_owners_login(url: str) -> None:
    """Make this process use the owner's login from now on, whatever its role's settings named."""
    connections.settings["default"].update(_database_at(url))


def _database_at(url: str) -> dict[str, Any]:
    """Return the settings of a database, without a pool: pools are kept by a name that both halves share."""
    database: dict[str, Any] = environ.Env.db_url_config(url)
    return {"OPTIONS": {}, **database}


def keep_exchange_apart(url: str, **own: Any) -> None:
    """Make the exchange use the database at `url`, with these settings of its own (`HALF_SETTINGS`)."""
    connections["default"]  # completes the settings that follow
    database = connections.settings["default"] | _database_at(url)
    # Every statement of either half finds its database under this name.
    wrapper = load_backend(database["ENGINE"]).DatabaseWrapper(database, "default")
    _exchange[:] = [(wrapper, own)]


@contextmanager
def at_the_exchange() -> Generator[None]:
    """Run the block at the exchange."""
    if not _exchange:
        yield
        return
    wrapper, own = _exchange[0]
    desk, kept = connections["default"], {name: getattr(settings, name) for name in HALF_SETTINGS}
    connections["default"] = wrapper
    _set(own)
    try:
        yield
    finally:
        connections["default"] = desk
        _set(kept)


def _set(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(settings, name, value)

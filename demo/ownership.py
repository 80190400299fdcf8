# SPDX-License-Identifier: Apache-2.0
"""The apps of both halves, the owners' logins and both databases for a process that plays every role at once; no process of
a hub does.

Such a process works at the desk, and for as long as a block `at_the_exchange` lasts at the exchange: on its connection and
with its secrets. Where there is one database, as in tests, both halves work on that.
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
"""Of which each half has its own."""

_exchange: list[tuple[BaseDatabaseWrapper, dict[str, Any]]] = []
"""Connection and settings of the exchange, where they are not the desk's."""


def have_every_app() -> None:
    """Install the exchange's apps beside the desk's; before Django is set up."""
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, *OF_THE_EXCHANGE]


def set_up_every_app() -> None:
    """Set Django up with the apps of both halves."""
    have_every_app()
    django.setup()


def take_owners_login(url: str) -> None:
    """Have this process work under the owner's login from now on, whatever its role's settings named."""
    connections.settings["default"].update(_database_at(url))


def _database_at(url: str) -> dict[str, Any]:
    """The settings of a database, without a pool: pools are kept by a name that both halves have."""
    database: dict[str, Any] = environ.Env.db_url_config(url)
    return {"OPTIONS": {}, **database}


def keep_exchange_apart(url: str, **own: Any) -> None:
    """Have the exchange work in the database at `url`, with these settings of its own (`HALF_SETTINGS`)."""
    connections["default"]  # completes the settings that follow
    database = connections.settings["default"] | _database_at(url)
    # Under the name by which every statement of either half finds its database.
    wrapper = load_backend(database["ENGINE"]).DatabaseWrapper(database, "default")
    _exchange[:] = [(wrapper, own)]


@contextmanager
def at_the_exchange() -> Generator[None]:
    """Have the exchange do what is done in the block."""
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

# SPDX-License-Identifier: Apache-2.0
"""The database and the broker of one hub: those that `DATABASE_URL` and `REDIS_URL` name, else private ones."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from devtool.errors import DevtoolError
from devtool.postgres import PostgreSQL
from devtool.processes import Child
from devtool.secretstore import Secrets
from devtool.statefolder import StateFolder
from devtool.valkey import Valkey
from hub.roles import BROKER_LOGINS, HALVES, LOGINS, ROLES

LOGIN = "{login}"
"""The placeholder for each role's login name in a given address."""
HALF = "{half}"
"""The placeholder for `desk` or `exchange` in the given addresses of databases."""


def given_urls(name: str, url: str, logins: Mapping[str, str]) -> dict[str, str]:
    """Return the address for each role; raise DevtoolError where the given one has no place for the login."""
    if LOGIN not in url:
        raise DevtoolError(
            f"{name} names one login; each role works under its own: {', '.join(logins.values())}.",
            f"Write {LOGIN} for the login's name, for example postgres://{LOGIN}:password@host/accord_{HALF}.",
        )
    return {role: url.replace(LOGIN, login).replace(HALF, ROLES[role].half) for role, login in logins.items()}


def _require_half(name: str, url: str) -> None:
    if HALF not in url:
        raise DevtoolError(
            f"{name} names one database; desk and exchange have one each.",
            f"Write {HALF} where desk or exchange goes, for example postgres://{LOGIN}:password@host/accord_{HALF}.",
        )


class DataStores:
    """PostgreSQL and Valkey; servers given from outside are neither started nor stopped."""

    def __init__(self, state: StateFolder, secrets: Secrets, *, volatile: bool) -> None:
        self._given_database = os.environ.get("DATABASE_URL", "")
        self._given_broker = os.environ.get("REDIS_URL", "")
        self.postgres = (
            None
            if self._given_database
            else PostgreSQL(state.pg, secrets.logins, log=state.logs / "postgresql.log", volatile=volatile)
        )
        self.valkey = (
            None
            if self._given_broker
            else Valkey(
                state.valkey,
                secrets.broker_passwords,
                log=state.logs / "valkey.log",
                durable=not volatile,
            )
        )

    def start(self) -> None:
        """Start both at once."""
        own = [service for service in (self.postgres, self.valkey) if service is not None]
        with ThreadPoolExecutor(2) as pool:
            for started in [pool.submit(service.start) for service in own]:
                started.result()

    def stop(self) -> None:
        for service in (self.valkey, self.postgres):
            if service is not None:
                service.stop()

    @property
    def database_urls(self) -> dict[str, str]:
        """Addresses by role; a given DATABASE_URL holds {login} for the login's name, and {half} for the database's half."""
        if self.postgres:
            return self.postgres.role_urls()
        _require_half("DATABASE_URL", self._given_database)
        return given_urls("DATABASE_URL", self._given_database, LOGINS)

    @property
    def owner_urls(self) -> dict[str, str]:
        """Addresses by half; a given DATABASE_OWNER_URL holds {half} for the half's name."""
        if self.postgres:
            return self.postgres.owner_urls()
        given = os.environ.get("DATABASE_OWNER_URL", "")
        if not given:
            raise DevtoolError(
                "DATABASE_URL is set, DATABASE_OWNER_URL is not.", "Name the tables' owner, too."
            )
        _require_half("DATABASE_OWNER_URL", given)
        return {half: given.replace(HALF, half) for half in HALVES}

    @property
    def redis_urls(self) -> dict[str, str]:
        """Addresses by role; a given REDIS_URL holds {login} for the login's name."""
        if self.valkey:
            return self.valkey.role_urls()
        return given_urls("REDIS_URL", self._given_broker, BROKER_LOGINS)

    @property
    def redis_super_url(self) -> str:
        return self.valkey.url if self.valkey else ""

    @property
    def children(self) -> list[Child]:
        """The server processes that are ours."""
        return [service.child for service in (self.postgres, self.valkey) if service and service.child]

    def dead(self) -> dict[str, Callable[[], None]]:
        """Return by name how to start each server of ours that has died."""
        services = (("PostgreSQL", self.postgres), ("Valkey", self.valkey))
        return {
            name: service.restart
            for name, service in services
            if service is not None and service.child is not None and not service.child.alive
        }

    def summary(self) -> str:
        """Return the title of the step that starts them."""
        names = (
            (self.postgres and "PostgreSQL") or "given database",
            (self.valkey and "Valkey") or "given broker",
        )
        text = " and ".join(names)
        return text[0].upper() + text[1:] + " answer"

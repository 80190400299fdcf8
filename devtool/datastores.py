# SPDX-License-Identifier: Apache-2.0
"""The database and the broker of one hub: those that `DATABASE_URL` and `REDIS_URL` name, else private ones."""

import os
from concurrent.futures import ThreadPoolExecutor

from devtool.postgres import APPLICATION, OWNER, PostgreSQL
from devtool.processes import Child
from devtool.secretstore import Secrets
from devtool.statefolder import StateFolder
from devtool.valkey import Valkey


class DataStores:
    """PostgreSQL and Valkey; what was given from outside is neither started nor stopped."""

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
            else Valkey(state.valkey, log=state.logs / "valkey.log", durable=not volatile)
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
    def database_url(self) -> str:
        return self.postgres.url(APPLICATION) if self.postgres else self._given_database

    @property
    def database_owner_url(self) -> str:
        if self.postgres:
            return self.postgres.url(OWNER)
        return os.environ.get("DATABASE_OWNER_URL") or self._given_database

    @property
    def redis_url(self) -> str:
        return self.valkey.url if self.valkey else self._given_broker

    @property
    def children(self) -> list[Child]:
        """The processes behind it that are ours."""
        return [service.child for service in (self.postgres, self.valkey) if service and service.child]

    def revive(self) -> list[str]:
        """Start again what died; the names."""
        revived = []
        for name, service in (("PostgreSQL", self.postgres), ("Valkey", self.valkey)):
            if service is not None and service.child is not None and not service.child.alive:
                service.restart()
                revived.append(name)
        return revived

    def summary(self) -> str:
        """Title of the step that starts them."""
        names = (
            (self.postgres and "PostgreSQL") or "given database",
            (self.valkey and "Valkey") or "given broker",
        )
        text = " and ".join(names)
        return text[0].upper() + text[1:] + " answer"

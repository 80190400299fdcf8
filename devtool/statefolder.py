# SPDX-License-Identifier: Apache-2.0
"""Where one hub keeps its data and what it says about itself while it runs (`.dev/`, or a scratch folder)."""

import fcntl
import hashlib
import json
import os
import shutil
import signal
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from devtool.environments import ROOT, World
from devtool.errors import DevtoolError
from devtool.postgres import end_leftover
from devtool.processes import Child, identity
from devtool.secretstore import load_or_draw_secrets
from hub.roles import DESK, EXCHANGE

DEFAULT = ROOT / ".dev"

# What `./dev reset` removes; the stamps of the installed requirements stay.
DATA = (
    "pg",
    "valkey",
    "ledger",
    "desk-ledger",
    "mail",
    "logs",
    "demo",
    "secrets",
    "secrets.json",
    "running.json",
    "prepared.json",
    "tmp",
)


class StateFolder:
    """Paths of one hub."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.pg = path / "pg"
        self.valkey = path / "valkey"
        self.ledgers = {EXCHANGE: path / "ledger", DESK: path / "desk-ledger"}
        self.mail = path / "mail"
        self.logs = path / "logs"
        self.demo = path / "demo"
        self.temporary = path / "tmp"
        self.secrets = path / "secrets"
        self.secrets_file = path / "secrets.json"
        self._running_file = path / "running.json"
        self._prepared_file = path / "prepared.json"
        self._lock_file = path / "run.lock"

    def make(self) -> None:
        """Make the folder; others may pass through it, every part with secrets is closed."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o711)
        self.demo.mkdir(exist_ok=True, mode=0o700)
        for ledger in self.ledgers.values():
            ledger.mkdir(exist_ok=True, mode=0o700)

    def empty_temporary(self) -> None:
        """Make the processes' folder for temporary files anew: one that was killed left its own there."""
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.temporary.mkdir(mode=0o700)

    @contextmanager
    def locked(self) -> Generator[None]:
        """Hold the folder for one running hub; a second one is told where the first is."""
        self.path.mkdir(parents=True, exist_ok=True)
        with self._lock_file.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as exc:
                raise self._already_running() from exc
            yield

    @property
    def in_use(self) -> bool:
        """Whether a hub runs on this folder at this moment."""
        if not self._lock_file.exists():
            return False
        with self._lock_file.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return True
        return False

    def announce(self, world: World, children: Sequence[Child]) -> None:
        """Write down the running hub's addresses and processes (readable by the owner only)."""
        processes = [
            {"name": child.name, "pid": child.pid, "identity": identity(child.pid)} for child in children
        ]
        self._write(
            self._running_file,
            {
                "addresses": world.addresses(),
                "database_urls": dict(world.database_urls),
                "owner_urls": dict(world.owner_urls),
                "redis_urls": dict(world.redis_urls),
                "email_url": world.email_url,
                "processes": processes,
            },
        )

    def withdraw(self) -> None:
        """Nothing runs any more."""
        self._running_file.unlink(missing_ok=True)

    def running_world(self) -> World:
        """The running hub; raises a sentence when there is none."""
        if not self.in_use or not self._running_file.exists():
            raise DevtoolError("No hub is running here.", "Start one in another terminal: ./dev run")
        told = json.loads(self._running_file.read_text())
        addresses = told["addresses"]
        return World(
            secrets=load_or_draw_secrets(self.secrets_file),
            database_urls=told["database_urls"],
            owner_urls=told["owner_urls"],
            redis_urls=told["redis_urls"],
            redis_super_url="",
            email_url=told["email_url"],
            hub_url=addresses["HUB_URL"],
            exchange_url=addresses["EXCHANGE_URL"],
            ledger_state_dirs=self.ledgers,
            mail_dir=Path(addresses["MAIL_DIR"]),
            secrets_dir=self.secrets,
            operator_url=addresses["OPERATOR_URL"],
        )

    def end_leftovers(self) -> bool:
        """End what a killed `./dev run` left behind, found by number and start time; whether there was any."""
        if not self._running_file.exists():
            return False
        for told in json.loads(self._running_file.read_text())["processes"]:
            # PostgreSQL is stopped by its own supervisor, gently.
            if (
                told["name"] != "PostgreSQL"
                and told["identity"]
                and identity(told["pid"]) == told["identity"]
            ):
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(told["pid"], signal.SIGKILL)
        self.withdraw()
        return True

    def is_prepared(self, step: str) -> bool:
        """Whether `migrate` or `seed` was done on this folder's database for the code as it is now."""
        return bool(self._prepared().get(step) == (schema_checksum() if step == "migrate" else True))

    def note_prepared(self, step: str) -> None:
        done = {**self._prepared(), step: schema_checksum() if step == "migrate" else True}
        self._write(self._prepared_file, done)

    def forget_world(self) -> None:
        """Remove a half-built demonstration world from a private database; the secrets stay."""
        end_leftover(self.pg)
        for path in (self.pg, self.valkey, *self.ledgers.values(), self.mail, self.demo):
            shutil.rmtree(path, ignore_errors=True)
        self._prepared_file.unlink(missing_ok=True)
        self.make()

    def remove_data(self) -> list[str]:
        """Remove everything a hub keeps here; what was removed."""
        removed = []
        for name in DATA:
            path = self.path / name
            if path.is_dir():
                shutil.rmtree(path)
            elif path.exists():
                path.unlink()
            else:
                continue
            removed.append(name)
        return removed

    def _prepared(self) -> dict[str, Any]:
        return dict(json.loads(self._prepared_file.read_text())) if self._prepared_file.exists() else {}

    def _already_running(self) -> DevtoolError:
        with suppress(OSError, ValueError, KeyError):
            address = json.loads(self._running_file.read_text())["addresses"]["HUB_URL"]
            return DevtoolError(
                f"A hub is already running here: {address}", "Stop it, or try ./dev run --once."
            )
        return DevtoolError("A hub is just starting or stopping here.", "Wait a moment and try again.")

    def _write(self, path: Path, content: Any) -> None:
        unfinished = path.with_suffix(".new")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(content, file, indent=1)
        unfinished.replace(path)


def schema_checksum() -> str:
    """Changes whenever a migration or a grant does."""
    files = [
        # Ours and the libraries'; what a run leaves in its own folder changes under our feet.
        *sorted(ROOT.glob("[!.]*/**/migrations/*.py")),
        *sorted(ROOT.glob(".venv/**/migrations/*.py")),
        ROOT / "hub" / "grants.py",
        ROOT / "hub" / "rights.py",
        ROOT / "hub" / "roles.py",
    ]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()

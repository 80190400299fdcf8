# SPDX-License-Identifier: Apache-2.0
"""The folder of one hub's data and of its facts while it runs (`.dev/`, or a scratch folder)."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from devtool.environments import ROOT, World
from devtool.errors import DevtoolError
from devtool.postgres import end_leftover
from devtool.processes import Child
from devtool.runfolder import RunFolder
from devtool.secretstore import load_or_draw_secrets
from hub.roles import DESK, EXCHANGE

DEFAULT = ROOT / ".dev"

# Removed by `./dev reset`; the stamps of the installed requirements stay.
DATA = (
    "pg",
    "valkey",
    "ledger",
    "desk-ledger",
    "mail",
    "logs",
    "demo",
    "home",
    "home-proxy",
    "secrets",
    "secrets.json",
    "running.json",
    "prepared.json",
    "tmp",
)


class StateFolder(RunFolder):
    """Paths of one hub, and the facts it writes while it runs."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.ledgers = {EXCHANGE: path / "ledger", DESK: path / "desk-ledger"}
        self.mail = path / "mail"
        self.demo = path / "demo"

    def make(self) -> None:
        """Make the folder; others may pass through it, every part with secrets is closed."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o711)
        self.demo.mkdir(exist_ok=True, mode=0o700)
        for ledger in self.ledgers.values():
            ledger.mkdir(exist_ok=True, mode=0o700)

    def announce(self, world: World, children: Sequence[Child]) -> None:
        """Write down the running hub's addresses and processes (readable by the owner only)."""
        told = {
            "addresses": world.addresses(),
            "database_urls": dict(world.database_urls),
            "owner_urls": dict(world.owner_urls),
            "redis_urls": dict(world.redis_urls),
            "email_url": world.email_url,
        }
        self.note_running(told, children)

    def running_world(self) -> World:
        """Return the running hub; raise a sentence when there is none."""
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

    def forget_world(self) -> None:
        """Remove a half-built demonstration world from a private database; the secrets stay."""
        end_leftover(self.pg)
        for path in (self.pg, self.valkey, *self.ledgers.values(), self.mail, self.demo):
            shutil.rmtree(path, ignore_errors=True)
        self._prepared_file.unlink(missing_ok=True)
        self.make()

    def remove_data(self) -> list[str]:
        """Remove everything a hub keeps here; return what was removed."""
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

# SPDX-License-Identifier: Apache-2.0
"""A hub whose halves run as on two machines: each under its own user, in its own namespaces of network and mounts.

Each has its folders, its PostgreSQL and its broker. There is one wire between the two, from the desk to the exchange's web
port; one from each to the mail server; and one from outside to each web port. Linux, as root.
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from demo.ticks import Ticks
from devtool.datastores import DataStores
from devtool.drills.apart.wires import HERE, Wires
from devtool.environments import ROOT
from devtool.errors import DevtoolError
from devtool.postgres import DATABASES, OWNERS, Account, Logins, PostgreSQL
from devtool.processes import Child, program_name, wait_until
from devtool.programs import port_of
from devtool.secretstore import Secrets
from devtool.statefolder import StateFolder
from devtool.supervision import Hub
from devtool.supervisor import Part
from devtool.valkey import Valkey
from hub.roles import BROKER_LOGINS, DESK, EXCHANGE, HALVES, LOGINS, ROLES

USERS = {EXCHANGE: 61_101, DESK: 61_102}
"""User ids that no account of the machine has."""
PROGRAMS = ("unshare", "nsenter", "setpriv", "ip")
BARE = ("--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all")
HOLDING = "mount --bind {accounts} /etc/passwd && ip link set lo up && exec sleep infinity"
STARTS_WITHIN_SECONDS = 10


class Machine:
    """User, folder and namespaces of one half, which last as long as the process that holds them."""

    def __init__(self, half: str, folder: Path, logs: Path) -> None:
        self.half, self.user, self.folder = half, USERS[half], folder
        self._accounts = folder.with_suffix(".passwd")
        # initdb looks up its user's name. The machine's own list of accounts is left alone.
        known = HOLDING.format(accounts=shlex.quote(str(self._accounts)))
        self._holder = Child(
            f"namespaces of the {half}",
            ["unshare", "--net", "--mount", "sh", "-c", known],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            log=logs / f"namespaces-{half}.log",
        )

    def start(self) -> None:
        """Create the namespaces."""
        account = f"accord-{self.half}:x:{self.user}:{self.user}::{self.folder}:/bin/sh\n"
        self._accounts.write_text(Path("/etc/passwd").read_text() + account)
        self.own(self.folder)
        self._holder.start()
        wait_until(
            self._stands,
            self._holder.name,
            timeout_seconds=STARTS_WITHIN_SECONDS,
            children=[self._holder],
        )

    def _stands(self) -> bool:
        """Tell whether they exist: the process that holds them has reached its wait."""
        return program_name(self._holder.pid) == "sleep"

    def stop(self) -> None:
        self._holder.stop()

    @property
    def namespace(self) -> Path:
        return Path(f"/proc/{self._holder.pid}/ns/net")

    @property
    def prefix(self) -> list[str]:
        """The prefix of a command that is to run there, as its user and with no further right."""
        return [
            *("nsenter", f"--target={self._holder.pid}", "--net", "--mount", f"--wdns={ROOT}", "--"),
            *("setpriv", f"--reuid={self.user}", f"--regid={self.user}", *BARE, "--"),
        ]

    @property
    def account(self) -> Account:
        """The account of its servers."""
        return Account(self.prefix, owner=self.user)

    def own(self, *paths: Path) -> None:
        """Give files and folders, with everything in them, to its user."""
        for path in paths:
            for one in (path, *path.rglob("*")):
                os.chown(one, self.user, self.user)

    def make_folder(self, name: str) -> Path:
        """Make a closed folder of its own."""
        path = self.folder / name
        path.mkdir(mode=0o700, exist_ok=True)
        self.own(path)
        return path


class _Broker(Valkey):
    """A broker that the supervisor reaches by a wire."""

    def __init__(self, machine: Machine, passwords: Mapping[str, str], wires: Wires, *, log: Path) -> None:
        folder, account = machine.folder / "valkey", machine.account
        super().__init__(folder, passwords, log=log, durable=False, account=account)
        self._machine, self._wires, self._laid = machine, wires, set[int]()

    def restart(self) -> None:
        if self.port not in self._laid:
            self._laid.add(self.port)
            self._wires.lay(HERE, self._machine.namespace, self.port)
        super().restart()


class _Stores(DataStores):
    """A database server and a broker of each half, with only the logins of that half."""

    def __init__(
        self, state: StateFolder, secrets: Secrets, machines: Mapping[str, Machine], wires: Wires
    ) -> None:
        self.databases = {
            half: PostgreSQL(
                machine.folder / "pg",
                _logins_of(half, secrets),
                log=state.logs / f"postgresql-{half}.log",
                volatile=True,
                account=machine.account,
            )
            for half, machine in machines.items()
        }
        self.brokers = {
            half: _Broker(machine, _passwords_of(half, secrets), wires, log=state.logs / f"valkey-{half}.log")
            for half, machine in machines.items()
        }
        self.postgres, self.valkey = self.databases[DESK], self.brokers[DESK]
        self._servers: list[PostgreSQL | Valkey] = [*self.databases.values(), *self.brokers.values()]

    def start(self) -> None:
        for server in self._servers:
            server.start()

    def stop(self) -> None:
        for server in reversed(self._servers):
            server.stop()

    @property
    def database_urls(self) -> dict[str, str]:
        return {role: url for one in self.databases.values() for role, url in one.role_urls().items()}

    @property
    def owner_urls(self) -> dict[str, str]:
        return {half: url for one in self.databases.values() for half, url in one.owner_urls().items()}

    @property
    def redis_urls(self) -> dict[str, str]:
        return {role: url for one in self.brokers.values() for role, url in one.role_urls().items()}

    @property
    def children(self) -> list[Child]:
        return [server.child for server in self._servers if server.child is not None]

    def dead(self) -> dict[str, Callable[[], None]]:
        """Return nothing: servers are not restarted here."""
        return {}

    def summary(self) -> str:
        return "A PostgreSQL and a Valkey of each half answer"


class TwoMachines(Hub):
    """The processes of `./dev run`, each on its half's machine."""

    def __init__(
        self,
        state: StateFolder,
        desk_port: int,
        exchange_port: int,
        *,
        scratch: bool,
        ticks: Ticks,
        operator_port: int | None = None,
    ) -> None:
        self.machines = {half: Machine(half, state.path / f"{half}-machine", state.logs) for half in HALVES}
        for machine in self.machines.values():
            machine.folder.mkdir(mode=0o700)
        state.ledgers = {half: machine.folder / "ledger" for half, machine in self.machines.items()}
        super().__init__(state, desk_port, exchange_port, scratch=scratch, ticks=ticks)
        self.wires = Wires()

    def start_stores(self) -> None:
        with self.ticks.step("A user, folders and namespaces of each half") as step:
            self.wires.start()
            for machine in self.machines.values():
                machine.start()
                step.evidence(f"{machine.half}: uid {machine.user}, {machine.namespace.readlink()}")
            self.stores = self._stores = _Stores(self.state, self.secrets, self.machines, self.wires)
        super().start_stores()
        self._lay_wires()

    def _lay_wires(self) -> None:
        """Lay wires to both web ports from outside, to the exchange's from the desk, to the mail server from both."""
        desk, exchange = (self.machines[half].namespace for half in (DESK, EXCHANGE))
        self.wires.lay(HERE, desk, port_of(self.world.hub_url))
        self.wires.lay(HERE, exchange, port_of(self.world.exchange_url))
        self.wires.lay(desk, exchange, port_of(self.world.exchange_url))
        for half in (desk, exchange):
            self.wires.lay(half, HERE, port_of(self.world.email_url))

    def expected_ports(self, half: str) -> set[int]:
        """Return the ports that answer in the namespace of a half: its own, and the near ends of its wires."""
        world = self.world
        own = {DESK: {port_of(world.hub_url)}, EXCHANGE: set[int]()}[half]
        return {
            *own,
            port_of(world.exchange_url),
            port_of(world.email_url),
            port_of(next(url for role, url in world.redis_urls.items() if ROLES[role].half == half)),
        }

    def children_of(self, half: str) -> list[Child]:
        """Return the processes of a half, its servers included."""
        servers = [self._stores.databases[half].child, self._stores.brokers[half].child]
        return [
            *(server for server in servers if server is not None),
            *(part.child for part in self._parts if ROLES[part.child.name].half == half),
        ]

    def folders_of_servers(self, half: str) -> list[Path]:
        """Return where the database server and the broker of a half keep their data, and the socket of the first."""
        database, broker = self._stores.databases[half], self._stores.brokers[half]
        assert database.socket_folder is not None, "it was started"
        return [database.folder, broker.folder, database.socket_folder]

    def database_addresses(self, holder: str, half: str) -> dict[str, str]:
        """Return by login its address at a half's database server, for the logins that `holder` holds."""
        held, asked = self._stores.databases[holder], self._stores.databases[half]
        addresses = {**held.role_urls(), f"owner of the {holder}'s tables": held.owner_urls()[holder]}
        return {
            f"{name} at the {half}'s database": url.replace(
                str(held.socket_folder), str(asked.socket_folder)
            ).replace(f"/{DATABASES[holder]}?", f"/{DATABASES[half]}?")
            for name, url in addresses.items()
        }

    def broker_addresses(self, holder: str, half: str) -> dict[str, str]:
        """Return by login its address at a half's broker, for the logins that `holder` holds."""
        held, asked = self._stores.brokers[holder], self._stores.brokers[half]
        return {
            f"{name} at the {half}'s broker": url.replace(f":{held.port}/", f":{asked.port}/")
            for name, url in held.role_urls().items()
        }

    def prepare(self) -> None:
        """Build the world as a user who may see both halves; then give each half its own part."""
        super().prepare()
        for half, machine in self.machines.items():
            machine.own(self.state.ledgers[half])
            machine.make_folder("tmp")
        # The seeding process held the secrets of both.
        shutil.rmtree(self.state.secrets / "seed", ignore_errors=True)

    def make_parts(self) -> list[Part]:
        parts = super().make_parts()
        for part in parts:
            self._settle(part.child)
        return parts

    def _settle(self, child: Child) -> None:
        """Make it run on the machine of its half, with its secrets and its output there."""
        machine = self.machine_of(child.name)
        machine.own(machine.folder, self.state.secrets / child.name)
        child.command = [*machine.prefix, *child.command]
        env = {**child.env, "HOME": str(machine.folder)}
        if child.mark is not None:
            child.mark = machine.folder / child.mark.name
            env["HEARTBEAT_FILE"] = str(child.mark)
        child.env = env

    def _temporary_of(self, name: str) -> Path:
        return self.machine_of(name).folder / "tmp"

    def machine_of(self, role: str) -> Machine:
        return self.machines[ROLES[role].half]

    def stop(self) -> None:
        super().stop()
        self._end_machines()

    def kill(self) -> None:
        super().kill()
        self._end_machines()

    def _end_machines(self) -> None:
        self.wires.stop()
        for machine in self.machines.values():
            machine.stop()


def require_machines() -> None:
    """Raise `DevtoolError` where this machine cannot play two."""
    if not sys.platform.startswith("linux"):
        raise DevtoolError("Two machines are played on Linux only.", "Leave this part out.")
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        raise DevtoolError(f"There is no {', '.join(missing)} here.", "Install util-linux and iproute2.")
    user = str(next(iter(USERS.values())))
    # The other user must be able to run the interpreter and read the checkout.
    tried = [
        *("unshare", "--net", "--mount", "setpriv", f"--reuid={user}", f"--regid={user}", *BARE, "--"),
        *(sys.executable, "-c", "import devtool, psycopg"),
    ]
    done = subprocess.run(tried, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DevtoolError(
            f"Another user, in other namespaces, cannot run it: {done.stderr.strip()[-300:]}",
            "Run as root, with a checkout and an interpreter that every user may read.",
        )


def _logins_of(half: str, secrets: Secrets) -> Logins:
    whole = secrets.logins
    mine = {login for role, login in LOGINS.items() if ROLES[role].half == half}
    return Logins(
        f"{whole.superuser} of the {half}",
        {owner: word for owner, word in whole.owners.items() if owner == OWNERS[half]},
        {login: word for login, word in whole.roles.items() if login in mine},
    )


def _passwords_of(half: str, secrets: Secrets) -> dict[str, str]:
    mine = {login for role, login in BROKER_LOGINS.items() if ROLES[role].half == half}
    return {login: word for login, word in secrets.broker_passwords.items() if login in mine}

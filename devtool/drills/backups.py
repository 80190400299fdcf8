# SPDX-License-Identifier: Apache-2.0
"""Two backups of a hub's databases, as in docs/operations.md: a dump, and any moment from archived log."""

import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg import sql

from demo.ticks import StepFailedError
from devtool.postgres import SUPERUSER, PostgreSQL, binaries, hand_over
from devtool.processes import wait_until
from devtool.supervision import Hub

ARCHIVED_WITHIN_SECONDS = 60


class Backup(Protocol):
    """One way of backing up; the hub goes on between `begin` and `take`, and after it."""

    name: str

    def begin(self) -> None:
        """Prepare the backup before anything is sent."""
        ...

    def take(self) -> None:
        """Take the backup: a restore loses what the hub does afterwards."""
        ...

    def put_back(self) -> None:
        """Restore the database as it was at `take`; nothing but the database may run."""
        ...


class Dump:
    """`pg_dump` and `pg_restore` under the owner's login."""

    def __init__(self, half: str, owner_url: str, file: Path) -> None:
        self.name = f"a dump of the {half}'s database"
        self._owner_url, self._file = owner_url, file

    def begin(self) -> None:
        """Do nothing: a dump needs no preparation."""

    def take(self) -> None:
        dump(self._owner_url, self._file)

    def put_back(self) -> None:
        restore_dump(self._owner_url, self._file)


class Moment:
    """A base backup and the write-ahead log archived since: the whole cluster goes back to a moment."""

    name = "a moment of both halves, by archived write-ahead log"

    def __init__(self, hub: Hub, cluster: PostgreSQL) -> None:
        self._hub, self._cluster = hub, cluster
        self._archive = hub.state.path / "archive"
        self._base = hub.state.path / "base"
        self._moment = ""

    def begin(self) -> None:
        self._archive.mkdir(mode=0o700)
        hand_over(self._archive)
        folder = shlex.quote(str(self._archive))
        _ask(
            self._cluster,
            "ALTER SYSTEM SET archive_mode = on",
            f"ALTER SYSTEM SET archive_command = 'test ! -f {folder}/%f && cp %p {folder}/%f'",
        )
        self._hub.stop_processes()
        _stop(self._cluster)
        self._cluster.restart()
        _run_tool(
            "pg_basebackup",
            f"--pgdata={self._base}",
            f"--dbname={self._cluster.url(SUPERUSER, 'postgres')}",
            "--checkpoint=fast",
        )
        self._hub.start_processes()

    def take(self) -> None:
        self._moment = _ask(self._cluster, "SELECT clock_timestamp()::text")

    def put_back(self) -> None:
        self._wait_for_archive()
        _stop(self._cluster)
        self._cluster.folder.rename(self._cluster.folder.with_name("pg.before"))
        shutil.copytree(self._base, self._cluster.folder)
        with (self._cluster.folder / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"restore_command = 'cp {shlex.quote(str(self._archive))}/%f %p'\n")
            settings.write(f"recovery_target_time = '{self._moment}'\nrecovery_target_action = 'promote'\n")
        (self._cluster.folder / "recovery.signal").touch()
        for path in (self._cluster.folder, *self._cluster.folder.rglob("*")):
            hand_over(path)
        self._cluster.restart()

    def _wait_for_archive(self) -> None:
        segment = _ask(self._cluster, "SELECT pg_walfile_name(pg_switch_wal())")
        wait_until(
            (self._archive / segment).exists,
            f"Segment {segment} in the archive",
            timeout_seconds=ARCHIVED_WITHIN_SECONDS,
        )


def dump(owner_url: str, file: Path) -> None:
    """Dump the whole database to `file`."""
    _run_tool("pg_dump", "--format=custom", f"--file={file}", owner_url)


def restore_dump(owner_url: str, file: Path) -> None:
    """Restore what `dump` wrote, into an emptied database: `--clean` would leave what a newer version has added."""
    _run_tool("psql", owner_url, "--command=DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    _run_tool("pg_restore", "--single-transaction", f"--dbname={owner_url}", str(file))


def _ask(cluster: PostgreSQL, *statements: str) -> str:
    """Run statements of ours as the superuser; return the first column of the last answer, if there is one."""
    with psycopg.connect(cluster.url(SUPERUSER, "postgres"), autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(sql.SQL(statement))
        row = cursor.fetchone() if cursor.description else None
        return str(row[0]) if row else ""


def _stop(cluster: PostgreSQL) -> None:
    if cluster.child is not None:
        cluster.child.stop()


def _run_tool(program: str, *arguments: str) -> None:
    done = subprocess.run(
        [str(binaries() / program), *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise StepFailedError(f"{program} failed: {done.stderr.strip()[-600:]}")

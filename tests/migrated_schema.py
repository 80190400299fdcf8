# SPDX-License-Identifier: Apache-2.0
"""The schema after all migrations, kept in `.dev/test-schema` and loaded instead of migrating again.

- The file's name is a digest of every migration, of the lock file and of what runs after migrating: a change of any
  makes a new one.
- `migrate` still runs on the loaded schema, finds nothing to do, and gives the logins their grants.
- One of several parallel workers makes it; the others wait and load.
- It is used on the private PostgreSQL only. On another server, and without the kept file, the migrations run.
"""

import fcntl
import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from django.db.backends.base.creation import BaseDatabaseCreation

from devtool.environments import ROOT
from devtool.errors import ServiceError
from devtool.postgres import binaries
from hub.roles import DESK

FOLDER: Final = ROOT / ".dev" / "test-schema"
KEPT_AT_MOST: Final = 3
CREATE: Final = "_create_test_db"
"""Django's step that makes the empty database; the type stubs leave it out."""
LOADING: Final = (
    "--no-psqlrc",
    "--quiet",
    "--single-transaction",
    "--set=ON_ERROR_STOP=1",
    "--output=/dev/null",
)


def pytest_configure(config: pytest.Config) -> None:
    from tests.services import has_private_database
    from tests.speedups import WITHOUT_SPEEDUPS

    if WITHOUT_SPEEDUPS or not has_private_database():
        return
    create = getattr(BaseDatabaseCreation, CREATE)
    make = BaseDatabaseCreation.create_test_db

    def create_and_load(self: Any, *args: Any, **kwargs: Any) -> Any:
        name = create(self, *args, **kwargs)
        if kept_schema().is_file():
            load_schema(name, kept_schema())
        return name

    def make_and_keep(self: Any, *args: Any, **kwargs: Any) -> Any:
        with _made_by_one():
            name = make(self, *args, **kwargs)
            if not kept_schema().is_file():
                keep_schema(name, kept_schema())
        return name

    _replace(config, CREATE, create_and_load)
    _replace(config, "create_test_db", make_and_keep)


def _replace(config: pytest.Config, name: str, function: Callable[..., Any]) -> None:
    patch = pytest.MonkeyPatch()
    patch.setattr(BaseDatabaseCreation, name, function)
    config.add_cleanup(patch.undo)


@contextmanager
def _made_by_one() -> Iterator[None]:
    """Wait while another process makes the schema; hold the lock inside the block if there is none yet."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if kept_schema().is_file():
            fcntl.flock(lock, fcntl.LOCK_UN)
        yield


def kept_schema() -> Path:
    """Return the path for the schema of the present migrations; the file need not exist."""
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return FOLDER / f"{digest.hexdigest()[:32]}.sql"


def _sources() -> Iterator[Path]:
    yield ROOT / "requirements.txt"
    yield from sorted((ROOT / "hub").glob("*.py"))
    for app in (
        "agencies",
        "alerts",
        "callers",
        "casework",
        "ledger",
        "notices",
        "officers",
        "operators",
        "peers",
        "reciprocity",
        "science",
        "sharing",
        "substances",
        "vault",
    ):
        yield from sorted((ROOT / app).rglob("migrations/*.py"))


def keep_schema(database: str, path: Path) -> None:
    """Write the schema of `database` to `path`; keep only the newest of the older files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Parallel workers may write at the same time, so each writes under a name of its own and then renames it.
    scratch = path.with_suffix(f".{os.getpid()}")
    _run("pg_dump", "--no-owner", f"--file={scratch}", _address(database))
    scratch.replace(path)
    for old in sorted(FOLDER.glob("*.sql"), key=os.path.getmtime)[:-KEPT_AT_MOST]:
        old.unlink(missing_ok=True)


def load_schema(database: str, path: Path) -> None:
    """Load a kept schema into an empty database."""
    _run("psql", *LOADING, f"--file={path}", _address(database))


def _address(database: str) -> str:
    from tests.services import surroundings

    return surroundings().world_on(database).owner_urls[DESK]


def _run(program: str, *arguments: str) -> None:
    done = subprocess.run(
        [str(binaries() / program), *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ServiceError(f"{program} failed: {done.stderr.strip()}", f"Remove {FOLDER} and try again.")

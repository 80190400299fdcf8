# SPDX-License-Identifier: Apache-2.0
"""The database of an own desk as a stream, out and in, and the servers of a desk that does not run.

The tools get the owner's password by their environment: everybody on the machine can read a command line.
"""

import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg

from devtool.errors import DevtoolError
from devtool.owndesk.contents import pieces_of
from devtool.owndesk.desksecrets import DeskSecrets, load_or_draw
from devtool.owndesk.folder import OwnDeskFolder
from devtool.owndesk.places import OwnDeskPlaces, running_places
from devtool.owndesk.ramfolder import ram_folder_of
from devtool.owndesk.supervision import OwnDeskStores
from devtool.postgres import binaries
from devtool.processes import run_to_end
from devtool.programs import management
from hub.roles import DESK, MIGRATES, SEQUENCES

_HOST: Final = "localhost"
"""Named in the addresses of a desk that nobody reaches."""
_LAST_WORDS: Final = 600


@contextmanager
def database_of(folder: OwnDeskFolder) -> Generator[str]:
    """Yield the address of the owner's login, at the running desk, else at servers started for the length of a block."""
    if folder.in_use:
        yield running_places(folder).owner_url
        return
    with folder.locked(), stopped_desk(folder) as places:
        yield places.owner_url


@contextmanager
def stopped_desk(folder: OwnDeskFolder) -> Generator[OwnDeskPlaces]:
    """Run the servers of a desk whose processes do not run; the caller holds the folder."""
    folder.end_leftovers()
    secrets = load_or_draw(folder.secrets_file, _HOST)
    stores = OwnDeskStores(folder, secrets)
    try:
        stores.start()
        yield _places(folder, secrets, stores)
    finally:
        stores.stop()


def dump_of(owner_url: str) -> Iterator[bytes]:
    """Yield a dump as `pg_restore` reads it, consistent as of its beginning; raise DevtoolError at its end if it failed."""
    with TemporaryFile() as said:
        command = [str(binaries() / "pg_dump"), "--format=custom", "--no-password"]
        with subprocess.Popen(
            command, env=_login(owner_url), stdout=subprocess.PIPE, stderr=said, stdin=subprocess.DEVNULL
        ) as tool:
            assert tool.stdout is not None
            yield from pieces_of(tool.stdout)
        if tool.returncode:
            raise _failed("The database could not be dumped", said)


def restore_dump(owner_url: str, dump: Path) -> None:
    """Restore a dump into an empty database, whole or not at all; raise DevtoolError."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    with TemporaryFile() as said:
        database = unquote(urlsplit(owner_url).path.removeprefix("/"))
        command = [
            *(str(binaries() / "pg_restore"), "--single-transaction", "--no-password"),
            *(f"--dbname={database}", str(dump)),
        ]
        done = subprocess.run(
            command, env=_login(owner_url), stdout=subprocess.DEVNULL, stderr=said, check=False
        )
        if done.returncode:
            raise _failed("The database could not be restored", said)


def begin_anew(places: OwnDeskPlaces) -> str:
    """Prepare a restored database before anybody works on it; return the report on the desk's log. Raises DevtoolError.

    It migrates the tables, draws another id for the exchange, adopts the log, which closes sign-in, and verifies the log.
    """
    _manage(places, MIGRATES[DESK], "migrate", "--noinput", "--verbosity", "0")
    places.folder.note_prepared("migrate")
    _manage(places, MIGRATES[DESK], "forget_instance")
    _manage(places, SEQUENCES[DESK], "adopt_ledger", "--yes")
    return _manage(places, SEQUENCES[DESK], "verify_ledger").strip()


def _places(folder: OwnDeskFolder, secrets: DeskSecrets, stores: OwnDeskStores) -> OwnDeskPlaces:
    return OwnDeskPlaces(
        folder=folder,
        secrets=secrets,
        host=_HOST,
        hub_url=f"https://{_HOST}",
        database_urls=stores.database_urls,
        owner_url=stores.owner_urls[DESK],
        redis_urls=stores.redis_urls,
        email_url="",
        first_start_file=folder.path / "first-start",
        opened_ring=ram_folder_of(folder.path) / "ring",
    )


def _manage(places: OwnDeskPlaces, role: str, *arguments: str) -> str:
    command, env = management(role, places, *arguments)
    done = run_to_end(command, env)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-_LAST_WORDS:]
        raise DevtoolError(f"{arguments[0]} failed: {said}", "Nothing was kept.")
    return done.stdout


def _login(owner_url: str) -> dict[str, str]:
    """Return the login as PostgreSQL's tools read it; it is always one of ours."""
    parts = urlsplit(owner_url)
    return {
        "LC_ALL": "C",
        "PGHOST": parse_qs(parts.query)["host"][0],
        "PGDATABASE": unquote(parts.path.removeprefix("/")),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
    }


def _failed(what: str, said: IO[bytes]) -> DevtoolError:
    said.seek(0)
    words = said.read().decode(errors="replace").strip()[-_LAST_WORDS:]
    return DevtoolError(f"{what}: {words}", "Nothing was kept.")

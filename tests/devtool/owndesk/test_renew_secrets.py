# SPDX-License-Identifier: Apache-2.0
"""Renewal of every secret of an own desk's processes, on its real database; a broken one is completed by running it again."""

import json
from pathlib import Path

import psycopg
import pytest

from demo.ticks import Ticks
from devtool.closedfiles import write_closed
from devtool.errors import DevtoolError
from devtool.owndesk.database import stopped_desk
from devtool.owndesk.folder import OwnDeskFolder
from devtool.owndesk.renewing import renew_secrets
from devtool.postgres import unprivileged

_ANOTHER_USERS_SERVER = unprivileged().owner is not None and not unprivileged().prefix

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        _ANOTHER_USERS_SERVER, reason="as root without namespaces the database may not enter a closed folder"
    ),
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> OwnDeskFolder:
    tmp_path = tmp_path_factory.mktemp("own")
    for parent in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        parent.chmod(0o711)
    folder = OwnDeskFolder(tmp_path / "desk")
    folder.make()
    with folder.locked(), stopped_desk(folder) as places, psycopg.connect(places.owner_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    (folder.path / "certificate.pem").touch()
    return folder


def flat(folder: OwnDeskFolder) -> dict[str, str]:
    said = json.loads(folder.secrets_file.read_text())
    inner = {
        f"{name} {key}": text for name, by in said.items() if isinstance(by, dict) for key, text in by.items()
    }
    return {name: text for name, text in said.items() if isinstance(text, str)} | inner


def test_all_but_the_logs_key_is_another_and_the_old_passwords_open_nothing(desk: OwnDeskFolder) -> None:
    before = flat(desk)
    renew_secrets(desk, Ticks())
    after = flat(desk)
    assert {name for name in before if before[name] == after[name]} == {"ledger_key"}
    assert desk.secrets_file.stat().st_mode & 0o777 == 0o600
    assert not (desk.path / "certificate.pem").exists()
    with desk.locked(), stopped_desk(desk) as places:
        with psycopg.connect(places.owner_url) as connection:
            assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]
        for url in places.database_urls.values():
            # The passwords are accepted; access is granted by migrations, which this database has not run.
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                psycopg.connect(url)
        stale = places.owner_url.replace(after["owner_password"], before["owner_password"])
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(stale)


def test_broken_off_it_lets_nothing_start_until_it_was_done_again(desk: OwnDeskFolder) -> None:
    """The machine went off after the file was written, and before the database had the passwords."""
    desk.begin_renewal()
    said = json.loads(desk.secrets_file.read_text()) | {"superuser_password": "s", "owner_password": "o"}
    write_closed(desk.secrets_file, json.dumps(said))
    with pytest.raises(DevtoolError, match="being renewed"):
        desk.make()
    renew_secrets(desk, Ticks())
    desk.make()
    with desk.locked(), stopped_desk(desk) as places, psycopg.connect(places.owner_url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]


def test_a_desk_that_runs_or_is_none_is_left_alone(desk: OwnDeskFolder, tmp_path: Path) -> None:
    before = flat(desk)
    with desk.locked(), pytest.raises(DevtoolError):
        renew_secrets(desk, Ticks())
    assert flat(desk) == before
    with pytest.raises(DevtoolError, match="no desk"):
        renew_secrets(OwnDeskFolder(tmp_path / "none"), Ticks())
    assert not (tmp_path / "none").exists()

# SPDX-License-Identifier: Apache-2.0
"""A desk's folder with its real database, backed up, lost and restored: whole and stopped, or not at all."""

import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Final

import psycopg
import pytest

from demo.ticks import Ticks
from devtool.errors import DevtoolError
from devtool.owndesk.backups import back_up, dump_plainly
from devtool.owndesk.contents import Description, SealedSink
from devtool.owndesk.database import stopped_desk
from devtool.owndesk.folder import OwnDeskFolder
from devtool.owndesk.restoring import check_backup, restore
from devtool.postgres import unprivileged
from devtool.processes import run_to_end
from devtool.programs import management
from hub.roles import DESK, MIGRATES
from vault.backupseal import KIND, SealedWriter
from vault.locking import backup_key_of, draw_recovery_key, draw_ring, lock_ring, open_ring

_ANOTHER_USERS_SERVER = unprivileged().owner is not None and not unprivileged().prefix

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        _ANOTHER_USERS_SERVER, reason="as root without namespaces the database may not enter a closed folder"
    ),
]

PASSPHRASE: Final = "kalter kaffee am gleis neun"
RECOVERY_KEY: Final = draw_recovery_key()
INSTANCE: Final = "5f6f2c6e-9d07-4b43-b6b5-5f0f2c6e9d07"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("own")
    for parent in (place, place.parent, place.parent.parent):
        parent.chmod(0o711)
    (place / "key").write_text(f"{RECOVERY_KEY}\n")
    return place


@pytest.fixture(scope="module")
def desk(place: Path) -> OwnDeskFolder:
    """A desk whose database says that it has announced itself."""
    folder = OwnDeskFolder(place / "desk")
    folder.make()
    with folder.locked(), stopped_desk(folder) as places:
        done = run_to_end(*management(MIGRATES[DESK], places, "migrate", "--verbosity", "0"))
        assert done.returncode == 0, done.stderr
        with psycopg.connect(places.owner_url) as connection:
            connection.execute(
                "INSERT INTO vault_deskinstance (id, instance_id, mac) VALUES (1, %s, 'mac')", [INSTANCE]
            )
    folder.locked_ring.write_bytes(lock_ring(draw_ring(), passphrase=PASSPHRASE, recovery_key=RECOVERY_KEY))
    (folder.path / "first-start-closed").touch()
    return folder


@pytest.fixture(scope="module")
def backup(desk: OwnDeskFolder, place: Path) -> Path:
    back_up(desk, place / "desk.backup", Ticks())
    return place / "desk.backup"


@pytest.fixture(scope="module")
def dump(desk: OwnDeskFolder, place: Path) -> Path:
    """A folder in clear, which has taken the place of an earlier one."""
    for _ in range(2):
        dump_plainly(desk, place / "dump", Ticks())
    return place / "dump"


@pytest.fixture
def target(place: Path) -> Generator[OwnDeskFolder]:
    folder = OwnDeskFolder(place / "another")
    yield folder
    assert not folder.path.exists(), "what fails leaves no folder behind"


def key_file(place: Path) -> str:
    return str(place / "key")


def held_by(folder: OwnDeskFolder) -> tuple[list[str], int]:
    """Return the ids under which the desk has announced itself, and how often its log was restored, which closes sign-in."""
    with folder.locked(), stopped_desk(folder) as places, psycopg.connect(places.owner_url) as connection:
        announced = connection.execute("SELECT instance_id FROM vault_deskinstance").fetchall()
        restored = connection.execute("SELECT 1 FROM ledger_restore").fetchall()
    return [name for (name,) in announced], len(restored)


def test_it_is_one_closed_file_that_shows_nothing(backup: Path) -> None:
    assert backup.stat().st_mode & 0o777 == 0o600
    assert not [
        words for words in (b"PGDMP", b"kek.locked", INSTANCE.encode()) if words in backup.read_bytes()
    ]


def test_never_over_another_file_and_never_into_the_desks_own_folder(
    desk: OwnDeskFolder, backup: Path
) -> None:
    with pytest.raises(DevtoolError, match="there already"):
        back_up(desk, backup, Ticks())
    with pytest.raises(DevtoolError, match="lost with it"):
        back_up(desk, desk.path / "desk.backup", Ticks())


def test_a_desk_whose_first_start_is_not_over_has_no_backup(tmp_path: Path) -> None:
    with pytest.raises(DevtoolError, match="no recovery key yet"):
        back_up(OwnDeskFolder(tmp_path), tmp_path.parent / "desk.backup", Ticks())


def test_restored_it_is_the_same_desk_under_another_id_and_locked(
    desk: OwnDeskFolder, backup: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = OwnDeskFolder(place / "restored")
    restore(backup, folder, key_file(place), Ticks())
    assert "Desk's log   Sound" in capsys.readouterr().out
    for name in ("secrets.json", "kek.locked", "first-start-closed"):
        assert (folder.path / name).read_bytes() == (desk.path / name).read_bytes()
        assert (folder.path / name).stat().st_mode & 0o777 == 0o600
    assert open_ring(folder.locked_ring.read_bytes(), PASSPHRASE)
    assert not folder.in_use
    folder.make()
    assert held_by(desk) == ([INSTANCE], 0)
    assert held_by(folder) == ([], 1)
    with pytest.raises(DevtoolError, match="is not empty"):
        restore(backup, folder, key_file(place), Ticks())


def test_a_backup_is_rehearsed_and_leaves_nothing(
    backup: Path, place: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = place / "scratch"
    scratch.mkdir(mode=0o711)
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    check_backup(backup, key_file(place), Ticks())
    assert list(scratch.iterdir()) == []


def test_a_folder_in_clear_restores_without_the_recovery_key(dump: Path, place: Path) -> None:
    assert not [path for path in dump.rglob("*") if path.stat().st_mode & 0o077]
    assert {path.name for path in place.iterdir() if path.name.startswith("dump")} == {"dump"}
    folder = OwnDeskFolder(place / "of-a-dump")
    restore(dump, folder, "", Ticks())
    assert held_by(folder) == ([], 1)


def test_a_folder_that_holds_other_things_is_not_replaced(desk: OwnDeskFolder, place: Path) -> None:
    (place / "letters").mkdir()
    (place / "letters" / "one.txt").touch()
    with pytest.raises(DevtoolError, match="holds other things"):
        dump_plainly(desk, place / "letters", Ticks())
    assert (place / "letters" / "one.txt").exists()


def test_another_recovery_key_or_none_restores_nothing(
    backup: Path, place: Path, target: OwnDeskFolder
) -> None:
    mistyped = RECOVERY_KEY[:-1] + ("0" if RECOVERY_KEY[-1] != "0" else "1")
    for typed, words in (
        (draw_recovery_key(), "another desk's"),
        (PASSPHRASE, "no recovery key"),
        (mistyped, "wrong or missing"),
    ):
        (place / "typed").write_text(f"{typed}\n")
        with pytest.raises(DevtoolError, match=words) as refused:
            restore(backup, target, str(place / "typed"), Ticks())
        assert refused.value.remedy


def test_a_later_ledger_that_is_none_restores_nothing(
    backup: Path, place: Path, target: OwnDeskFolder
) -> None:
    with pytest.raises(DevtoolError, match=r"state\.json is not there"):
        restore(backup, target, key_file(place), Ticks(), ledger=place)


def test_one_that_was_cut_restores_nothing(backup: Path, place: Path, target: OwnDeskFolder) -> None:
    (place / "cut.backup").write_bytes(backup.read_bytes()[:-1000])
    with pytest.raises(DevtoolError, match="not whole"):
        restore(place / "cut.backup", target, key_file(place), Ticks())


def test_another_file_and_that_of_a_newer_version_are_named_before_any_key_is_asked_for(
    backup: Path, place: Path, target: OwnDeskFolder
) -> None:
    newer = backup.read_bytes().replace(f"{KIND} 1".encode(), f"{KIND} 2".encode(), 1)
    for octets, words in ((b"a letter", "no backup of an own desk"), (newer, "newer version of Accord")):
        (place / "other").write_bytes(octets)
        with pytest.raises(DevtoolError, match=words) as refused:
            restore(place / "other", target, "/nowhere", Ticks())
        assert refused.value.remedy


def test_a_dump_that_the_database_refuses_restores_nothing_and_an_empty_folder_stays(
    dump: Path, place: Path
) -> None:
    cut = place / "cut"
    shutil.copytree(dump, cut)
    whole = (dump / "database.dump").read_bytes()
    (cut / "database.dump").write_bytes(whole[: len(whole) // 2])
    empty = place / "empty"
    empty.mkdir()
    with pytest.raises(DevtoolError, match="could not be restored"):
        restore(cut, OwnDeskFolder(empty), "", Ticks())
    assert list(empty.iterdir()) == []


def test_a_restore_that_was_broken_off_is_no_desk(place: Path) -> None:
    folder = OwnDeskFolder(place / "broken-off")
    folder.make()
    with folder.locked():
        (folder.path / "restoring").touch()
    with pytest.raises(DevtoolError, match="broken off") as refused:
        folder.make()
    assert "restore once more" in refused.value.remedy


def test_keys_of_another_desk_in_a_backup_are_refused(
    desk: OwnDeskFolder, place: Path, target: OwnDeskFolder
) -> None:
    """Anybody with the public key can make such a backup."""
    key = backup_key_of(desk.locked_ring.read_bytes())
    other = lock_ring(draw_ring(), passphrase=PASSPHRASE, recovery_key=draw_recovery_key())
    with (place / "mixed.backup").open("wb") as file:
        sealed = SealedWriter(file, key)
        sink = SealedSink(sealed)
        for name, octets in (("kek.locked", other), ("secrets.json", b"{}"), ("database.dump", b"x")):
            sink.put(name, [octets])
        sink.put("backup.json", [Description.of_now().encode()])
        sink.finish()
        sealed.finish()
    with pytest.raises(DevtoolError, match="do not open with this recovery key"):
        restore(place / "mixed.backup", target, key_file(place), Ticks())

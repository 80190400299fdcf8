# SPDX-License-Identifier: Apache-2.0
"""The snapshot of the whole world is unpacked as it was packed, and refused by name where it does not fit."""

import io
import json
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from demo.ticks import Ticks
from devtool import worldsnapshot
from devtool.postgres import PostgreSQL
from devtool.secretstore import load_or_draw_secrets
from devtool.statefolder import StateFolder
from devtool.worldsnapshot import (
    FRESH_FOR,
    KEPT,
    Snapshot,
    SnapshotRefusedError,
    begin_with_snapshot,
    own_snapshot,
)

VERSIONS = {"the schema": "a", "the code": "b"}
NOW = datetime(2027, 1, 12, tzinfo=UTC)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder as a stopped hub leaves it, and one file that no snapshot keeps."""
    folder = tmp_path / "state"
    for name in KEPT:
        if "." in name:
            (folder / name).parent.mkdir(exist_ok=True, parents=True)
            (folder / name).write_text(f"content of {name}")
        else:
            (folder / name / "base").mkdir(parents=True)
            (folder / name / "base" / "1").write_bytes(name.encode() * 100)
    (folder / "pg").chmod(0o700)
    (folder / "running.json").write_text("{}")
    return folder


@pytest.fixture
def snapshot(tmp_path: Path, state: Path) -> Snapshot:
    made = Snapshot(tmp_path / "world", VERSIONS)
    made.pack(state, "6 agencies", now=NOW)
    return made


def test_a_snapshot_is_unpacked_as_it_was_packed(snapshot: Snapshot, state: Path, tmp_path: Path) -> None:
    assert snapshot.check(now=NOW) == "6 agencies"
    fresh = tmp_path / "fresh"
    snapshot.unpack(fresh)
    assert {path.name for path in fresh.iterdir()} == set(KEPT)
    assert (fresh / "pg" / "base" / "1").read_bytes() == (state / "pg" / "base" / "1").read_bytes()
    assert (fresh / "pg").stat().st_mode & 0o777 == 0o700


def test_a_snapshot_is_for_its_owner_alone(snapshot: Snapshot) -> None:
    assert snapshot.folder.stat().st_mode & 0o077 == 0
    assert [path.name for path in snapshot.folder.iterdir() if path.stat().st_mode & 0o077] == []


def _alter_archive(snapshot: Snapshot) -> None:
    octets = bytearray(snapshot.archive.read_bytes())
    octets[-1] ^= 1
    snapshot.archive.write_bytes(octets)


def _alter_manifest(snapshot: Snapshot) -> None:
    snapshot.manifest.write_text(snapshot.manifest.read_text().replace("6 agencies", "7 agencies"))


def _lose_key(snapshot: Snapshot) -> None:
    (snapshot.folder / "key").unlink()


def _break_manifest(snapshot: Snapshot) -> None:
    snapshot.manifest.write_text("{")


@pytest.mark.parametrize(
    ("alter", "reason"),
    [
        (_alter_archive, "its archive was altered"),
        (_alter_manifest, "it was altered, or built by another installation"),
        (_lose_key, "it was altered, or built by another installation"),
        (_break_manifest, "its manifest cannot be read"),
    ],
)
def test_an_altered_snapshot_is_refused(
    snapshot: Snapshot, alter: Callable[[Snapshot], None], reason: str
) -> None:
    alter(snapshot)
    with pytest.raises(SnapshotRefusedError, match=reason) as refused:
        snapshot.check(now=NOW)
    assert "./dev world" in refused.value.remedy


@pytest.mark.parametrize("name", VERSIONS)
def test_a_snapshot_of_another_version_is_refused_by_its_name(snapshot: Snapshot, name: str) -> None:
    of_today = Snapshot(snapshot.folder, {**VERSIONS, name: "another"})
    with pytest.raises(SnapshotRefusedError, match=f"another version of {name}"):
        of_today.check(now=NOW)


def test_the_checkout_names_what_a_snapshot_depends_on() -> None:
    assert set(own_snapshot().versions) == {"the schema", "the code", "PostgreSQL", "the machine"}


def test_an_old_snapshot_is_refused(snapshot: Snapshot) -> None:
    snapshot.check(now=NOW + FRESH_FOR)
    with pytest.raises(SnapshotRefusedError, match="older than 30 days"):
        snapshot.check(now=NOW + FRESH_FOR + timedelta(seconds=1))


def test_a_snapshot_whose_packing_was_interrupted_is_none(snapshot: Snapshot, state: Path) -> None:
    shutil.rmtree(state / "ledger")
    with pytest.raises(FileNotFoundError):
        snapshot.pack(state, "half", now=NOW)
    assert not snapshot.manifest.exists()


def test_the_manifest_tells_no_secret(snapshot: Snapshot, state: Path) -> None:
    held = json.loads(json.loads(snapshot.manifest.read_text())["manifest"])
    assert set(held) == {"title", "built_at", "sha256", "versions"}


@pytest.fixture
def packed(tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> Snapshot:
    """A snapshot of this checkout's versions, where a run looks for one."""
    monkeypatch.setattr(worldsnapshot, "FOLDER", tmp_path / "world")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    made = own_snapshot()
    made.pack(state, "6 agencies", now=datetime.now(UTC))
    return made


def _begun(folder: Path) -> str:
    """Begin a run in a folder; return what is said."""
    said = io.StringIO()
    begin_with_snapshot(StateFolder(folder), Ticks(said))
    return said.getvalue()


def test_a_run_without_data_begins_with_the_snapshot(packed: Snapshot, state: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    assert "Unpacked: 6 agencies" in _begun(fresh)
    assert (fresh / "pg" / "base" / "1").read_bytes() == (state / "pg" / "base" / "1").read_bytes()
    (fresh / "pg" / "base" / "1").write_text("worked on")
    assert _begun(fresh) == "", "what is there is left alone"
    assert (fresh / "pg" / "base" / "1").read_text() == "worked on"


def test_a_run_says_why_it_does_not_begin_with_a_snapshot(packed: Snapshot, tmp_path: Path) -> None:
    _alter_archive(packed)
    said = _begun(tmp_path / "fresh")
    assert "its archive was altered" in said and "./dev world" in said
    assert not (tmp_path / "fresh").exists()


def test_a_run_on_given_services_or_without_a_snapshot_begins_by_itself(
    packed: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/accord")
    assert _begun(tmp_path / "fresh") == ""
    monkeypatch.delenv("DATABASE_URL")
    shutil.rmtree(packed.folder)
    assert _begun(tmp_path / "fresh") == "" and not (tmp_path / "fresh").exists()


@pytest.mark.slow
def test_a_database_goes_on_from_the_snapshot_under_its_own_logins(tmp_path: Path) -> None:
    state = StateFolder(tmp_path / "built")
    state.make()
    tmp_path.chmod(0o711)
    logins = load_or_draw_secrets(state.secrets_file).logins
    state.note_prepared("seed")
    with _running(PostgreSQL(state.pg, logins, log=tmp_path / "log", volatile=True)) as built:
        _asked(built, "CREATE TABLE kept AS SELECT 7 AS n")
    snapshot, fresh = Snapshot(tmp_path / "world", VERSIONS), StateFolder(tmp_path / "fresh")
    snapshot.pack(state.path, "one table", now=NOW)
    snapshot.unpack(fresh.path)
    fresh.make()
    kept = load_or_draw_secrets(fresh.secrets_file).logins
    with _running(PostgreSQL(fresh.pg, kept, log=tmp_path / "log", volatile=True)) as begun:
        assert _asked(begun, "SELECT n FROM kept") == [(7,)]
    assert fresh.is_prepared("seed")


@contextmanager
def _running(server: PostgreSQL) -> Generator[PostgreSQL]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _asked(server: PostgreSQL, statement: LiteralString) -> list[tuple[Any, ...]]:
    """Return the rows of a statement of the owner of the exchange's tables."""
    with psycopg.connect(server.owner_urls()["exchange"], autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []

# SPDX-License-Identifier: Apache-2.0
"""The contents of an own desk's backup, as one file or as a folder, and backups that are refused."""

import io
import json
import os
import tarfile
from pathlib import Path
from typing import Final

import pytest

from devtool.errors import DevtoolError
from devtool.owndesk.contents import (
    DESCRIPTION,
    DUMP,
    FolderSink,
    SealedSink,
    Sink,
    append,
    copy_plain,
    gather,
    in_words,
    unpack,
)
from devtool.owndesk.folder import OwnDeskFolder
from vault.backupseal import NotWholeError, SealedReader, SealedWriter
from vault.locking import derive_backup_key

KEY: Final = derive_backup_key(os.urandom(32))
DUMPED: Final = (b"PGDMP" + os.urandom(1_500_000), b"and more")
HELD: Final = {
    "kek.locked": b"locked",
    "secrets.json": b"{}",
    "certificate.pem": b"certificate",
    "host": b"desk.agency.example\n",
    "mail-url": b"smtp://mail.agency.example:25\n",
    "proxy-login": b"desk:pw\n",
    "ledger/state.json": b"{}",
    "ledger/leaves.jsonl": os.urandom(2_000_000),
    "first-start-closed": b"",
}
LEFT_OUT: Final = {
    "prepared.json": b"{}",
    "run.lock": b"",
    "logs/desk.log": b"words",
    "secrets/desk/url": b"x",
}


@pytest.fixture
def desk(tmp_path: Path) -> OwnDeskFolder:
    folder = OwnDeskFolder(tmp_path / "desk")
    for name, octets in {**HELD, **LEFT_OUT}.items():
        path = folder.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)
    return folder


def sealed(desk: OwnDeskFolder, dump: tuple[bytes, ...] = DUMPED) -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(file, KEY.public)
    sink = SealedSink(writer)
    gather(desk, dump, sink)
    sink.finish()
    writer.finish()
    return file.getvalue()


def sealed_archive(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """Seal an archive with the public key alone, as anybody who has it could."""
    file, archive = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for entry, octets in entries:
            entry.size = len(octets)
            tar.addfile(entry, io.BytesIO(octets))
    writer = SealedWriter(file, KEY.public)
    writer.write(archive.getvalue())
    writer.finish()
    return file.getvalue()


def reader(octets: bytes) -> SealedReader:
    found = SealedReader(io.BytesIO(octets))
    found.open_with(KEY)
    return found


def held_in(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_it_holds_what_a_desk_needs_elsewhere_and_no_more(desk: OwnDeskFolder, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    described = unpack(reader(sealed(desk)), tmp_path / "target")
    held = held_in(tmp_path / "target")
    assert described.made_at == json.loads(held.pop(DESCRIPTION))["made_at"]
    assert held == {**HELD, DUMP: b"".join(DUMPED)}


def test_a_folder_holds_the_same(desk: OwnDeskFolder, tmp_path: Path) -> None:
    for name in ("plain", "target"):
        (tmp_path / name).mkdir()
    sink: Sink = FolderSink(tmp_path / "plain")
    gather(desk, DUMPED, sink)
    copy_plain(tmp_path / "plain", tmp_path / "target")
    assert held_in(tmp_path / "target") == held_in(tmp_path / "plain")
    (tmp_path / "plain" / DUMP).unlink()
    (tmp_path / "again").mkdir()
    with pytest.raises(NotWholeError):
        copy_plain(tmp_path / "plain", tmp_path / "again")


@pytest.mark.parametrize("name", ["../elsewhere", "/etc/passwd", "pg/postgresql.conf", "kek.locked/x"])
def test_nothing_is_written_that_is_no_part_of_a_backup(name: str, tmp_path: Path) -> None:
    with pytest.raises(NotWholeError):
        unpack(reader(sealed_archive((tarfile.TarInfo(name), b"x"))), tmp_path)
    assert held_in_nothing(tmp_path)


def held_in_nothing(folder: Path) -> bool:
    return list(folder.iterdir()) == []


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_no_link_or_folder_stands_for_a_part(kind: bytes, tmp_path: Path) -> None:
    entry = tarfile.TarInfo("kek.locked")
    entry.type, entry.linkname = kind, "/etc/passwd"
    with pytest.raises(NotWholeError):
        unpack(reader(sealed_archive((entry, b""))), tmp_path)
    assert held_in_nothing(tmp_path)


def test_no_archive_or_half_of_one_is_not_whole(desk: OwnDeskFolder, tmp_path: Path) -> None:
    for octets in (sealed_archive(), sealed_archive((tarfile.TarInfo("kek.locked"), b"x"))):
        with pytest.raises(NotWholeError):
            unpack(reader(octets), tmp_path)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"software": "99.0.0"}, "made by Accord 99.0.0"),
        ({"form": 2}, "made by Accord"),
        ({"kind": "another"}, "not whole"),
        ({"software": "new"}, "not whole"),
        ({"more": 1}, "not whole"),
    ],
)
def test_that_of_a_newer_version_is_refused_by_name(
    desk: OwnDeskFolder, tmp_path: Path, said: dict[str, object], words: str
) -> None:
    plain, target = tmp_path / "plain", tmp_path / "target"
    plain.mkdir()
    target.mkdir()
    gather(desk, DUMPED, FolderSink(plain))
    described = {**json.loads((plain / DESCRIPTION).read_bytes()), **said}
    (plain / DESCRIPTION).unlink()
    append(plain, DESCRIPTION, [json.dumps(described).encode()])
    with pytest.raises(DevtoolError, match=words) as refused, in_words():
        copy_plain(plain, target)
    assert refused.value.remedy

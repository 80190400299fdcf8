# SPDX-License-Identifier: Apache-2.0
"""A folder in which one supervisor runs: its lock, its data and logs, and its notes on what it started."""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

from devtool.closedfiles import write_closed
from devtool.environments import ROOT
from devtool.errors import DevtoolError
from devtool.processes import Child, identity


class RunFolder:
    """Paths and state of whatever is supervised here."""

    inhabitant: ClassVar[str] = "A hub"
    other_way: ClassVar[str] = "Stop it, or try ./dev run --once."

    def __init__(self, path: Path) -> None:
        self.path = path
        self.pg = path / "pg"
        self.valkey = path / "valkey"
        self.logs = path / "logs"
        self.temporary = path / "tmp"
        self.secrets = path / "secrets"
        self.secrets_file = path / "secrets.json"
        self._running_file = path / "running.json"
        self._prepared_file = path / "prepared.json"
        self._lock_file = path / "run.lock"

    def empty_temporary(self) -> None:
        """Make the processes' folder for temporary files anew: a killed one left its own there."""
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.temporary.mkdir(mode=0o700)

    @contextmanager
    def locked(self) -> Generator[None]:
        """Hold the folder for one supervisor; a second one is told where the first is."""
        self.path.mkdir(parents=True, exist_ok=True)
        with self._lock_file.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as exc:
                raise self._already_running() from exc
            yield

    @property
    def in_use(self) -> bool:
        """Tell whether somebody supervises this folder at this moment."""
        if not self._lock_file.exists():
            return False
        with self._lock_file.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return True
        return False

    def note_running(self, told: Mapping[str, Any], children: Sequence[Child]) -> None:
        """Write down the running processes and further facts (readable by the owner only)."""
        processes = [
            {"name": child.name, "pid": child.pid, "identity": identity(child.pid)} for child in children
        ]
        _write_json(self._running_file, {**told, "processes": processes})

    def withdraw(self) -> None:
        """Record that nothing runs any more."""
        self._running_file.unlink(missing_ok=True)

    def end_leftovers(self) -> bool:
        """End what a killed supervisor left behind, found by number and start time; return whether there was any."""
        if not self._running_file.exists():
            return False
        for told in json.loads(self._running_file.read_text())["processes"]:
            # PostgreSQL is stopped by its own supervisor, gently.
            if (
                told["name"] != "PostgreSQL"
                and told["identity"]
                and identity(told["pid"]) == told["identity"]
            ):
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(told["pid"], signal.SIGKILL)
        self.withdraw()
        return True

    def is_prepared(self, step: str) -> bool:
        """Tell whether a step was done on this folder's data for the present code."""
        return bool(self._prepared().get(step) == self._stamp(step))

    def note_prepared(self, step: str) -> None:
        _write_json(self._prepared_file, {**self._prepared(), step: self._stamp(step)})

    def _stamp(self, step: str) -> str | bool:
        """Return a value that changes when the step has to be done again."""
        return schema_checksum() if step == "migrate" else True

    def _prepared(self) -> dict[str, Any]:
        return dict(json.loads(self._prepared_file.read_text())) if self._prepared_file.exists() else {}

    def _already_running(self) -> DevtoolError:
        with suppress(OSError, ValueError, KeyError):
            address = json.loads(self._running_file.read_text())["addresses"]["HUB_URL"]
            return DevtoolError(f"{self.inhabitant} is already running here: {address}", self.other_way)
        return DevtoolError(
            f"{self.inhabitant} is just starting or stopping here.", "Wait a moment and try again."
        )


def schema_checksum() -> str:
    """Return a checksum that changes with every migration or grant."""
    return checksum_of(
        [
            # Ours and the libraries'; files that a run leaves in its own folder change meanwhile.
            *sorted(ROOT.glob("[!.]*/**/migrations/*.py")),
            *sorted(Path(sys.prefix).glob("lib/**/migrations/*.py")),
            ROOT / "hub" / "grants.py",
            ROOT / "hub" / "rights.py",
            ROOT / "hub" / "roles.py",
        ]
    )


def checksum_of(files: Sequence[Path]) -> str:
    """Return a checksum that changes with every changed, added or removed file."""
    digest = hashlib.sha256()
    for file in files:
        # The libraries may lie elsewhere (ACCORD_VENV).
        name = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
        digest.update(name.as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    write_closed(path, json.dumps(content, indent=1))

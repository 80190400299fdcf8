# SPDX-License-Identifier: Apache-2.0
"""The folder in which an agency's own desk keeps everything: nobody else may enter."""

import json
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Final

from devtool.closedfiles import write_closed
from devtool.environments import ROOT
from devtool.errors import DevtoolError
from devtool.runfolder import RunFolder, checksum_of
from hub.roles import ROLES

DEFAULT: Final = Path("own-desk")
_PUT_THERE_BEFORE: Final = frozenset({"mail-url", "mail-from", "proxy-login", "lost+found"})
"""Files that an agency, or its file system, may have put into the folder before the first start."""
_OF_THE_FILE_SYSTEM: Final = "lost+found"


class OwnDeskFolder(RunFolder):
    """Paths of one own desk."""

    inhabitant: ClassVar[str] = "A desk"
    other_way: ClassVar[str] = "Stop it, or name another folder: ./dev own-desk --folder PATH"

    def __init__(self, path: Path) -> None:
        super().__init__(path.absolute())
        self.ledger = self.path / "ledger"
        self.static = self.path / "static"
        self.locked_ring = self.path / "kek.locked"
        self._mail_url_file = self.path / "mail-url"
        self._mail_from_file = self.path / "mail-from"
        self._proxy_login_file = self.path / "proxy-login"
        self._host_file = self.path / "host"
        self._restoring_file = self.path / "restoring"
        self._renewing_file = self.path / "renewing-secrets"

    def make(self) -> None:
        """Make the folder for this user alone; raise DevtoolError for one that holds something else."""
        if self.path.exists():
            self._require_ours()
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path.chmod(0o700)
        self._make_folders()

    def require_empty(self) -> None:
        """Raise DevtoolError for a folder that holds anything."""
        if self.path.exists() and (not self.path.is_dir() or self._found()):
            raise DevtoolError(
                f"{self.path} is not empty, and a backup is never written over anything.",
                "Name a folder that is empty or not there yet: --folder PATH",
            )

    @contextmanager
    def restored(self) -> Generator[None]:
        """Hold an empty folder while a backup is put into it; a failure leaves it empty, or absent as it was.

        Raises DevtoolError for a folder that holds anything.
        """
        was_there = self.path.exists()
        self.require_empty()
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path.chmod(0o700)
        with self.locked():
            # A start refuses the folder while this file exists, also after a power failure.
            self._restoring_file.touch(mode=0o600)
            try:
                self._make_folders()
                yield
            except BaseException:
                self._empty()
                if not was_there:
                    self.path.rmdir()
                raise
            self._restoring_file.unlink()

    def begin_renewal(self) -> None:
        """Mark the renewal of secrets: a start refuses the folder until `end_renewal`, also after a power failure."""
        self._renewing_file.touch(mode=0o600)

    def end_renewal(self) -> None:
        """Record that the database has the passwords of the secrets' file."""
        self._renewing_file.unlink(missing_ok=True)

    def forget_certificate(self) -> None:
        """Remove the certificate that was made here, so that the next start makes another with another key."""
        for name in ("certificate.pem", "certificate-key.pem"):
            (self.path / name).unlink(missing_ok=True)

    def mail_url(self) -> str:
        """Return the mail server that somebody wrote down here; empty without one. Raises DevtoolError."""
        return _closed_text(self._mail_url_file)

    def proxy_login(self) -> str:
        """Return USER:PASSWORD for the proxy to the exchange, read as `mail_url`."""
        return _closed_text(self._proxy_login_file)

    def mail_from(self, host: str) -> str:
        """Return the sender of mail."""
        if self._mail_from_file.exists():
            return self._mail_from_file.read_text(encoding="utf-8").strip()
        return f"accord@{host}"

    def note_host(self, host: str) -> str:
        """Record the name under which the desk is reached, and return a differing earlier one; empty without one."""
        before = self._host_file.read_text(encoding="ascii").strip() if self._host_file.exists() else ""
        if before == host:
            return ""
        write_closed(self._host_file, f"{host}\n")
        return before

    def running(self) -> dict[str, Any]:
        """Return the facts written by the running desk; raise a sentence when there is none."""
        if not self.in_use or not self._running_file.exists():
            raise DevtoolError(
                f"No desk is running in {self.path}.", "Start it in another terminal: ./dev own-desk"
            )
        return dict(json.loads(self._running_file.read_text()))

    def _make_folders(self) -> None:
        for folder in (self.ledger, self.static, self.logs):
            folder.mkdir(exist_ok=True, mode=0o700)

    def _found(self) -> set[str]:
        return {item.name for item in self.path.iterdir()} - {_OF_THE_FILE_SYSTEM}

    def _empty(self) -> None:
        for name in self._found():
            path = self.path / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def _stamp(self, step: str) -> str | bool:
        return static_checksum() if step == "static" else super()._stamp(step)

    def _require_ours(self) -> None:
        if not self.path.is_dir() or self.path.stat().st_uid != os.geteuid():
            raise DevtoolError(
                f"{self.path} is no folder of this user's own.",
                "Name another one: ./dev own-desk --folder PATH",
            )
        if self._restoring_file.exists():
            raise DevtoolError(
                f"In {self.path} a restore is under way, or was broken off.",
                "Wait for it. Where none runs, remove the folder and restore once more.",
            )
        if self._renewing_file.exists():
            raise DevtoolError(
                f"In {self.path} the secrets are being renewed, or that was broken off.",
                f"Wait for it. Where none runs: ./dev own-desk --folder {self.path} --renew-secrets",
            )
        found = {item.name for item in self.path.iterdir()}
        if found - _PUT_THERE_BEFORE and not self._lock_file.exists():
            raise DevtoolError(
                f"{self.path} holds other things than a desk.",
                "Name an empty folder, or none: ./dev own-desk --folder PATH",
            )


def _closed_text(path: Path) -> str:
    """Return a text in a file that is closed to others; empty where there is none. Raises DevtoolError."""
    if not path.exists():
        return ""
    if path.stat().st_mode & 0o077:
        raise DevtoolError(
            f"{path} may hold a password, and others than its owner may read it.",
            f"Run: chmod 600 {path}",
        )
    return path.read_text(encoding="utf-8").strip()


def static_checksum() -> str:
    """Return a checksum that changes with every static file of ours, and with the libraries that bring their own."""
    apps = sorted(app for app in ROLES["build"].apps if (ROOT / app / "static").is_dir())
    own = [path for app in apps for path in sorted((ROOT / app / "static").rglob("*")) if path.is_file()]
    return checksum_of([*own, ROOT / "requirements.txt", ROOT / "hub" / "roles.py"])

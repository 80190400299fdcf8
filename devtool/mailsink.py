# SPDX-License-Identifier: Apache-2.0
"""A local SMTP server that delivers to nobody and stores every mail as one .eml file.

`python -m devtool.mailsink FOLDER HOST PORT` runs it by itself, until it is told to stop.
"""

import itertools
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from devtool.ports import LOOPBACK, free_ports


class MailKeeper:
    """A handler that writes each accepted mail, whole or not at all, with its SMTP envelope in two header lines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._numbers = itertools.count(1 + _highest_number(folder))
        self._lock = threading.Lock()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.keep(envelope.mail_from, envelope.rcpt_tos, envelope.original_content)
        return "250 OK kept"

    def keep(self, sender: str, recipients: list[str], content: bytes) -> Path:
        with self._lock:
            number = next(self._numbers)
        head = f"X-Envelope-From: {sender}\r\nX-Envelope-To: {', '.join(recipients)}\r\n"
        path = self.folder / f"{number:06d}.eml"
        # Somebody may have removed the folder to start counting afresh.
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".new")
        unfinished.write_bytes(head.encode() + content)
        os.replace(unfinished, path)
        return path


class MailSink:
    """The server in a thread of this process."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self.port = port or free_ports(1)[0]
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        """Its address, as `EMAIL_URL`."""
        return f"smtp://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        keeper = MailKeeper(self.folder)
        self._controller = Controller(keeper, hostname=LOOPBACK, port=self.port, ident="Accord mail sink")
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            with suppress(AssertionError):
                self._controller.stop()


def main(folder: str, host: str, port: str) -> None:
    """Serve until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    controller = Controller(MailKeeper(Path(folder)), hostname=host, port=int(port), ident="Accord mail sink")
    controller.start()
    stop.wait()
    controller.stop()


def _highest_number(folder: Path) -> int:
    return max((int(path.stem) for path in folder.glob("[0-9]*.eml")), default=0)


if __name__ == "__main__":
    main(*sys.argv[1:])

# SPDX-License-Identifier: Apache-2.0
"""A TLS proxy in front of a trial's exchange, as a real one has: an own desk sends API keys only over https."""

import socket
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from devtool.owndesk.certificates import made_certificate
from devtool.ports import LOOPBACK, free_ports

HOST: Final = "localhost"
_CHUNK_BYTES: Final = 65536


@dataclass
class Front:
    """The proxy: the https address that leads to a port of this machine, and its certificate."""

    url: str
    certificate: Path
    folder: Path
    port: int
    own_port: int
    served: int = 0
    """The number of callers that have trusted its certificate."""
    _server: socket.socket | None = None
    _lines: set[socket.socket] = field(default_factory=set)

    def open(self) -> None:
        """Listen, with the certificate in its folder."""
        self.certificate = made_certificate(self.folder, HOST, datetime.now(UTC)).path
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.certificate.with_name("certificate-key.pem"))
        self._server = socket.create_server((LOOPBACK, self.own_port))
        threading.Thread(target=self._serve, args=(self._server, context), daemon=True).start()

    def close(self) -> None:
        """Hang up, and answer nobody any more."""
        for line in (self._server, *self._lines):
            if line is not None:
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)
                line.close()
        self._server = None
        self._lines.clear()

    def replace_certificate(self) -> None:
        """Continue with another certificate, in a folder of its own."""
        self.close()
        self.folder, self.served = self.folder.with_name(f"{self.folder.name}-next"), 0
        self.folder.mkdir(mode=0o700)
        self.open()

    def _serve(self, server: socket.socket, context: ssl.SSLContext) -> None:
        # The loop ends when its socket is closed.
        with suppress(OSError):
            while True:
                plain, _address = server.accept()
                threading.Thread(target=self._carry, args=(plain, context), daemon=True).start()

    def _carry(self, plain: socket.socket, context: ssl.SSLContext) -> None:
        with (
            suppress(OSError),
            context.wrap_socket(plain, server_side=True) as caller,
            socket.create_connection((LOOPBACK, self.port)) as behind,
        ):
            self.served += 1
            self._lines |= {caller, behind}
            back = threading.Thread(target=_copy, args=(behind, caller), daemon=True)
            back.start()
            _copy(caller, behind)
            back.join()
            self._lines -= {caller, behind}


@contextmanager
def tls_in_front_of(port: int, folder: Path, own_port: int | None = None) -> Generator[Front]:
    """Run a proxy for the length of a block, on `own_port` or any free port."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    own = own_port or free_ports(1)[0]
    front = Front(f"https://{HOST}:{own}", folder / "certificate.pem", folder, port, own)
    front.open()
    try:
        yield front
    finally:
        front.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while octets := source.recv(_CHUNK_BYTES):
            target.sendall(octets)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)

# SPDX-License-Identifier: Apache-2.0
"""A TLS proxy in front of a trial's exchange, as a real one has: an own desk sends API keys over https alone."""

import socket
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from devtool.owndesk.certificates import made_certificate
from devtool.ports import LOOPBACK, free_ports

HOST: Final = "localhost"
_CHUNK_BYTES: Final = 65536


@contextmanager
def tls_in_front_of(port: int, folder: Path, own_port: int | None = None) -> Generator[tuple[str, Path]]:
    """Run one for the length of a block: the https address that leads to a port of this machine, and its certificate.

    It listens on `own_port`, or on any that is free.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    certificate = made_certificate(folder, HOST, datetime.now(UTC))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.path, certificate.key_path)
    own = own_port or free_ports(1)[0]
    with socket.create_server((LOOPBACK, own)) as server:
        threading.Thread(target=_serve, args=(server, context, port), daemon=True).start()
        yield f"https://{HOST}:{own}", certificate.path


def _serve(server: socket.socket, context: ssl.SSLContext, port: int) -> None:
    # It ends when the block closes its socket.
    with suppress(OSError):
        while True:
            plain, _address = server.accept()
            threading.Thread(target=_carry, args=(plain, context, port), daemon=True).start()


def _carry(plain: socket.socket, context: ssl.SSLContext, port: int) -> None:
    with (
        suppress(OSError),
        context.wrap_socket(plain, server_side=True) as caller,
        socket.create_connection((LOOPBACK, port)) as behind,
    ):
        back = threading.Thread(target=_copy, args=(behind, caller), daemon=True)
        back.start()
        _copy(caller, behind)
        back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while octets := source.recv(_CHUNK_BYTES):
            target.sendall(octets)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)

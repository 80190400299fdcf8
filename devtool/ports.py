# SPDX-License-Identifier: Apache-2.0
"""Free ports of this machine's loopback."""

import socket
import time
from contextlib import ExitStack

from devtool.errors import PortBusyError

LOOPBACK = "127.0.0.1"


def require_free_port(
    port: int, command: str, *, patience_seconds: float = 0.0, address: str = LOOPBACK
) -> None:
    """Raise `PortBusyError` naming the port, and the command for another, if it is still in use after the patience."""
    deadline = time.monotonic() + patience_seconds
    while not _is_free(address, port):
        if time.monotonic() >= deadline:
            raise PortBusyError(port, command)
        time.sleep(0.1)


def _is_free(address: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Return `count` different ports that nobody uses at this moment."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((LOOPBACK, 0))
        return [int(probe.getsockname()[1]) for probe in probes]

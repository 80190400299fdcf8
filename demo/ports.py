# SPDX-License-Identifier: Apache-2.0
"""A free port on this machine."""

import socket


def free_port() -> int:
    """Return a port nobody listens on now; another program may take it before its use."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

# SPDX-License-Identifier: Apache-2.0
"""A sender that stalls in the middle of its body delays nobody else, and its place is freed."""

import socket
from collections.abc import Generator
from contextlib import ExitStack, contextmanager

import pytest

from devtool import programs
from devtool.ports import LOOPBACK
from devtool.processes import wait_until
from devtool.programs import WEB_THREADS
from tests.conftest import HubProcesses

pytestmark = pytest.mark.slow
HEAD = b"POST /api/v1/statements HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/jose+json\r\n"


@contextmanager
def stalled(port: int) -> Generator[socket.socket]:
    """A connection that has announced a kilobyte and sent one octet of it."""
    with socket.create_connection((LOOPBACK, port), timeout=30) as connection:
        connection.sendall(HEAD + b"Content-Length: 1024\r\n\r\n{")
        yield connection


def test_others_are_answered_meanwhile_and_afterwards(hub_processes: HubProcesses) -> None:
    hub_processes.exchange()
    port = programs.port_of(hub_processes.world.exchange_url)
    answers = programs.web_answers(port)
    with ExitStack() as stack:
        for _ in range(WEB_THREADS - 1):
            stack.enter_context(stalled(port))
        assert answers()
    wait_until(answers, "exchange", timeout_seconds=90, children=[])

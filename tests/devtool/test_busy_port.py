# SPDX-License-Identifier: Apache-2.0
"""A port that another program holds is named in one sentence; nothing is started."""

import socket
from collections.abc import Generator

import pytest

from devtool.errors import PortBusyError
from devtool.ports import LOOPBACK, free_ports, require_free_port


@pytest.fixture
def busy_port() -> Generator[int]:
    with socket.socket() as holder:
        holder.bind((LOOPBACK, 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_a_busy_port_is_named_with_the_way_out(busy_port: int) -> None:
    with pytest.raises(PortBusyError) as refusal:
        require_free_port(busy_port, "./dev run --port 9000")
    assert refusal.value.what == f"Port {busy_port} is in use by another program."
    assert refusal.value.remedy.endswith("./dev run --port 9000")


def test_a_free_port_is_accepted() -> None:
    require_free_port(free_ports(1)[0], "./dev run --port 9000")


def test_free_ports_are_different_ones() -> None:
    assert len(set(free_ports(20))) == 20

# SPDX-License-Identifier: Apache-2.0
"""The drill of the two halves: it counts correctly, and its wires carry one port and no other."""

import socket
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from demo.ticks import StepFailedError
from devtool.drills.apart.counting import Mailboxes, require_once
from devtool.drills.apart.probe import Tries, probe
from devtool.drills.apart.twomachines import Machine, require_machines
from devtool.drills.apart.wires import HERE, Wires
from devtool.errors import DevtoolError
from devtool.ports import LOOPBACK, free_ports
from devtool.processes import Child, wait_until

OFFICER = "ilka@xa-lab.example"
ANSWERS = """
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    while True:
        caller, _ = server.accept()
        with caller:
            caller.sendall(b"here " + caller.recv(100))
"""


def keep(folder: Path, number: int, *, reference: str = "AAAA-BBBB", message_id: str = "<1@hub>") -> None:
    head = (
        f"X-Envelope-To: {OFFICER}\r\nSubject: [Accord] ROUTINE {reference}\r\nMessage-ID: {message_id}\r\n"
    )
    (folder / f"{number:06d}.eml").write_text(f"{head}\r\nOpen.\r\n")


def test_what_is_missing_what_is_there_twice_and_what_nobody_sent_is_named() -> None:
    require_once(["a", "b"], {"a": 1, "b": 1}, "There")
    named = r"There: lost \['c'\], more than once \['b'\], nobody's \['d'\]"
    with pytest.raises(StepFailedError, match=named):
        require_once(["a", "b", "c"], {"a": 1, "b": 2, "d": 1}, "There")


class TestMails:
    def test_a_mail_that_came_once_is_right(self, tmp_path: Path) -> None:
        keep(tmp_path, 1)
        assert Mailboxes(tmp_path).require_told(["AAAA-BBBB"], [OFFICER]) == 0

    def test_one_that_came_twice_is_right_only_where_it_is_marked(self, tmp_path: Path) -> None:
        mails = Mailboxes(tmp_path)
        keep(tmp_path, 1)
        keep(tmp_path, 2)
        assert mails.require_told(["AAAA-BBBB"], [OFFICER], uncertain={"<1@hub>"}) == 1
        with pytest.raises(StepFailedError, match="told 2 times"):
            mails.require_told(["AAAA-BBBB"], [OFFICER])

    def test_two_different_mails_about_one_alert_are_never_right(self, tmp_path: Path) -> None:
        keep(tmp_path, 1)
        keep(tmp_path, 2, message_id="<2@hub>")
        with pytest.raises(StepFailedError, match="told 2 times"):
            Mailboxes(tmp_path).require_told(["AAAA-BBBB"], [OFFICER], uncertain={"<1@hub>", "<2@hub>"})

    def test_they_are_found_by_the_words_of_their_subject(self, tmp_path: Path) -> None:
        keep(tmp_path, 1)
        mails = Mailboxes(tmp_path)
        assert (mails.with_words("ROUTINE"), mails.with_words("FLASH")) == ({OFFICER: 1}, {})


def test_the_probe_says_what_is_open_and_why_the_rest_is_not(tmp_path: Path) -> None:
    nowhere = free_ports(1)[0]
    closed = {"login at the broker": f"redis://login:word@{LOOPBACK}:{nowhere}/0"}
    found = probe(Tries(paths=[str(tmp_path), str(tmp_path / "none")], brokers=closed), ports=[nowhere])
    assert (found.paths, found.brokers, found.ports) == ([str(tmp_path)], [], [])
    assert found.refusals == ["Connection refused", "No such file or directory"]


@pytest.fixture
def machines(tmp_path: Path) -> Generator[tuple[Machine, Machine]]:
    """Two machines, where this one can simulate them."""
    try:
        require_machines()
    except DevtoolError as cannot:
        pytest.skip(cannot.what)
    with ExitStack() as ends:
        started = []
        for half in ("desk", "exchange"):
            (tmp_path / half).mkdir()
            machine = Machine(half, tmp_path / half, tmp_path)
            ends.callback(machine.stop)
            machine.start()
            started.append(machine)
        yield started[0], started[1]


def test_a_wire_carries_one_port_from_one_machine_to_another(
    machines: tuple[Machine, Machine], tmp_path: Path
) -> None:
    desk, exchange = machines
    carried, other = free_ports(2)
    wires = Wires()
    wires.start()
    answering = [
        Child(str(port), [*exchange.prefix, sys.executable, "-c", ANSWERS, str(port)], {}, tmp_path / "log")
        for port in (carried, other)
    ]
    try:
        for child in answering:
            child.start()
        wires.lay(HERE, exchange.namespace, carried)
        wait_until(
            lambda: _said(carried) == b"here hello", "an answer", timeout_seconds=60, children=answering
        )
        assert _said(other) == b""
        assert _answering(desk, [carried, other]) == []
        wires.lay(desk.namespace, exchange.namespace, carried)
        assert _answering(desk, [carried, other]) == [carried]
    finally:
        for child in answering:
            child.kill()
        wires.stop()


def _said(port: int) -> bytes:
    """The answer to a greeting at this port; empty if nobody listens."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=5) as calling:
            calling.sendall(b"hello")
            return calling.recv(100)
    except OSError:
        return b""


def _answering(machine: Machine, ports: Sequence[int]) -> list[int]:
    """The ports of these that answer on that machine, to its user."""
    code = f"from devtool.drills.apart.probe import answering; print(*answering({ports!r}))"
    asked = subprocess.run(
        [*machine.prefix, sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return [int(port) for port in asked.stdout.split()]

# SPDX-License-Identifier: Apache-2.0
"""`./dev run --once` on free ports, interrupted: nothing is left afterwards.

`test_run_on_given_services.py` plays the story to its end; these runs bring services of their own, and no world.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from devtool.environments import ROOT, inherited

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
RUN_ONCE: Final = ("devtool", "run", "--once")
RUN_WITHOUT_A_WORLD: Final = ("tests.devtool.run_without_a_world",)


class Run:
    """One `./dev run --once`, with its output as it comes and its own temporary folder."""

    def __init__(self, temporary: Path, services: Mapping[str, str], command: Sequence[str]) -> None:
        """`command`: a module and its arguments."""
        self.temporary = temporary
        self.output: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env={
                **inherited(os.environ),
                "PYTHONPATH": str(ROOT),
                "TMPDIR": str(temporary),
                **services,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def read_until(self, words: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output.append(line)
            if words in line:
                return
        pytest.fail(f"It ended without saying {words!r}:\n{self.text}")

    def end(self) -> int:
        assert self.process.stdout is not None
        self.output += self.process.stdout.readlines()
        return self.process.wait(timeout=120)

    @property
    def text(self) -> str:
        return "".join(self.output)

    def lingering(self) -> list[str]:
        """Process ids of live processes that this run started."""
        listing = subprocess.run(
            ["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True
        ).stdout
        pids = [line.split()[0] for line in listing.splitlines() if not line.endswith("<defunct>")]
        return [pid for pid in pids if str(self.temporary) in _environment_of(pid)]


def _environment_of(pid: str) -> str:
    try:
        process = Path("/proc", pid)
        return (process / "environ").read_text(errors="replace") + (process / "cmdline").read_text(
            errors="replace"
        )
    except OSError:
        return ""


@contextmanager
def started_run(
    temporary: Path, services: Mapping[str, str] | None = None, command: Sequence[str] = RUN_ONCE
) -> Generator[Run]:
    """Yield a run of the demonstration, on services of its own unless others are given; end it if it still runs."""
    for parent in (temporary, temporary.parent, temporary.parent.parent):
        parent.chmod(0o711)
    started = Run(temporary, services or {}, command)
    guard = threading.Timer(540, started.process.kill)
    guard.start()
    try:
        yield started
    finally:
        guard.cancel()
        if started.process.poll() is None:
            started.process.send_signal(signal.SIGTERM)
            started.process.wait(timeout=180)
        if started.process.stdout is not None:
            started.process.stdout.close()


@pytest.fixture
def run(tmp_path_factory: pytest.TempPathFactory) -> Generator[Run]:
    with started_run(tmp_path_factory.mktemp("once"), command=RUN_WITHOUT_A_WORLD) as started:
        yield started


@pytest.mark.parametrize(
    ("shown", "interruption"),
    [("PostgreSQL and Valkey answer", signal.SIGINT), ("Desk, exchange, workers", signal.SIGTERM)],
    ids=["while tables are made", "while processes start"],
)
def test_interrupted_it_leaves_nothing_and_does_not_claim_success(
    run: Run, shown: str, interruption: signal.Signals
) -> None:
    run.read_until(shown)
    run.process.send_signal(interruption)
    assert_it_ended_and_left_nothing(run)


def assert_it_told_the_story_and_left_nothing(run: Run) -> None:
    """Check that a run plays every step of the story, and that no process or file of it is left."""
    status = run.end()
    assert status == 0, run.text
    assert "FAILED" not in run.text
    assert run.text.isascii()
    assert run.lingering() == []
    assert list(run.temporary.iterdir()) == []


def assert_it_ended_and_left_nothing(run: Run) -> None:
    """Check that an interrupted run ends without success, traceback, process or file."""
    assert run.end() != 0
    assert "Traceback" not in run.text
    assert run.lingering() == []
    assert list(run.temporary.iterdir()) == []

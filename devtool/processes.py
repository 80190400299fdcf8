# SPDX-License-Identifier: Apache-2.0
"""Child processes that never outlive their parent: each leads a process group of its own, which is stopped whole."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devtool.errors import ServiceError


@dataclass
class Child:
    """One program: how to start it, how to stop it, and how long that may take."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    cwd: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 10.0
    spawn_options: Mapping[str, Any] = field(default_factory=dict)
    mark: Path | None = None
    """A file that it touches once it is ready; removed before each start."""
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it in a new process group, its output appended to the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.mark is not None:
            self.mark.unlink(missing_ok=True)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                env=dict(self.env),
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self.spawn_options,
            )

    def restart(self) -> None:
        """Start it again after it died; end the rest of its group first."""
        self.kill()
        self.start()

    @property
    def pid(self) -> int:
        assert self.process is not None, f"{self.name} was never started"
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Ask it to stop, wait, then end the rest of its group."""
        if self.process is None:
            return
        if self.alive:
            with suppress(ProcessLookupError):
                self.process.send_signal(self.stop_signal)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(self.grace_seconds)
        self.kill()

    def kill(self) -> None:
        """End the whole group at once (SIGKILL)."""
        if self.process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def tail(self, lines: int = 12) -> str:
        """Return the last lines it wrote, for an error message."""
        with suppress(FileNotFoundError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return ""


def identity(pid: int) -> str | None:
    """Return what distinguishes this process from a later one with the same number; None when there is none."""
    proc = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        with suppress(OSError, IndexError):
            fields = proc.read_text().rpartition(")")[2].split()
            return None if fields[0] == "Z" else fields[19]
        return None
    asked = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or None


def followers_of(leader: int) -> list[int]:
    """Return the running processes that one has started: its children, and all others of its group."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid=,pgid=,stat="], capture_output=True, text=True, check=True
    )
    rows = [line.split() for line in listed.stdout.splitlines()]
    return [
        int(pid)
        for pid, parent, group, state in rows
        if leader in (int(parent), int(group)) and int(pid) != leader and not state.startswith("Z")
    ]


def program_name(pid: int) -> str:
    """Return the name of the program a process runs, or ""."""
    proc = Path(f"/proc/{pid}/comm")
    if Path("/proc/self/comm").exists():
        with suppress(OSError):
            return proc.read_text().strip()
        return ""
    asked = subprocess.run(["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return asked.stdout.strip()


def run_to_end(
    command: Sequence[str],
    env: Mapping[str, str],
    *,
    capture: bool = True,
    cwd: Path | None = None,
    given: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program in a group of its own, which ends with us if we are interrupted; `given` is its standard input."""
    pipe = subprocess.PIPE if capture else None
    with subprocess.Popen(
        command,
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
        stdout=pipe,
        stderr=pipe,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, errors = process.communicate(given)
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
    return subprocess.CompletedProcess(command, process.returncode, output or "", errors or "")


def wait_until(
    ready: Callable[[], bool],
    what: str,
    *,
    timeout_seconds: float,
    children: Sequence[Child] = (),
    pause_seconds: float = 0.05,
) -> None:
    """Return once `ready()` holds; raise `ServiceError` when a needed child ends or the time is over."""
    deadline = time.monotonic() + timeout_seconds
    while not ready():
        for child in children:
            if not child.alive:
                raise ServiceError(
                    f"{what}: {child.name} ended early.\n{child.tail()}", f"Its log: {child.log}"
                )
        if time.monotonic() > deadline:
            logs = ", ".join(str(child.log) for child in children)
            raise ServiceError(
                f"{what}: no answer after {timeout_seconds:.0f} s.", f"Look into: {logs or 'the logs'}"
            )
        time.sleep(pause_seconds)

# SPDX-License-Identifier: Apache-2.0
"""Processes and their servers as children of this process: started, kept running, and stopped without a trace.

Subclasses say which parts there are and what is told about them: a whole hub (`devtool.supervision`), or an agency's own desk
(`devtool.owndesk`).
"""

import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from demo.ticks import StepFailedError, Ticks
from devtool import programs
from devtool.datastores import DataStores
from devtool.environments import ROOT
from devtool.errors import ServiceError
from devtool.processes import Child, run_to_end, wait_until
from devtool.restarts import Restarts
from devtool.runfolder import RunFolder

START_TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class Part:
    """One process and its readiness question."""

    child: Child
    ready: Callable[[], bool]


class Supervisor(ABC):
    """Database, broker and the processes that use them, in one folder."""

    state: RunFolder
    stores: DataStores

    def __init__(self, ticks: Ticks) -> None:
        self.ticks = ticks
        self._parts: list[Part] = []
        self._restarts: defaultdict[str, Restarts] = defaultdict(Restarts)

    @property
    @abstractmethod
    def world(self) -> programs.Places:
        """The present places of its parts."""

    @abstractmethod
    def make_parts(self) -> list[Part]:
        """Return the processes that use the database, not started yet."""

    @abstractmethod
    def _announce(self) -> None:
        """Write down what runs, so that leftovers are found."""

    def start_some(self, names: Collection[str]) -> None:
        """Start these again, beside the running ones, at their present time."""
        self._start_parts([part for part in self.make_parts() if part.child.name in names])

    def _start_parts(self, parts: Sequence[Part]) -> None:
        self._parts += parts
        for part in parts:
            part.child.env = {**part.child.env, "TMPDIR": str(self._temporary_of(part.child.name))}
            part.child.start()
        self._announce()
        self.wait_until_ready()

    def _temporary_of(self, name: str) -> Path:
        """Return the folder of this process's temporary files."""
        return self.state.temporary

    def wait_until_ready(self) -> None:
        """Return once every process answers."""
        with ThreadPoolExecutor(len(self._parts)) as pool:
            for waiting in [pool.submit(_wait_for, part) for part in self._parts]:
                waiting.result()

    @property
    def children(self) -> list[Child]:
        """Every process that is ours, the database and the broker first."""
        return [*self.stores.children, *(part.child for part in self._parts)]

    def keep_running(self, beside: Collection["Supervisor"] = ()) -> None:
        """Restart whatever dies, also of the supervisors `beside`, after longer and longer waits. Never returns."""
        while True:
            time.sleep(0.5)
            for supervisor in (self, *beside):
                supervisor.revive(now=time.monotonic())

    def revive(self, *, now: float) -> list[str]:
        """Restart dead parts whose time has come; return their names. Every part has run once, so none is given up."""
        revived = []
        for name, start in self._dead().items():
            restarts = self._restarts[name]
            if restarts.due is None:
                self._say_end(name, restarts.note_end(now))
            if restarts.due is not None and now >= restarts.due:
                restarts.note_start(now)
                # One that does not start is dead at the next look, and waits longer.
                with suppress(ServiceError):
                    start()
                revived.append(name)
        if revived:
            self._announce()
        return revived

    def _dead(self) -> dict[str, Callable[[], None]]:
        """Return by name how to start each part that does not run; database and broker first."""
        parts = {part.child.name: part.child.restart for part in self._parts if not part.child.alive}
        return {**self.stores.dead(), **parts}

    def _say_end(self, name: str, wait: int) -> None:
        when = f"again in {wait} s" if wait else "again"
        self.ticks.line(f"{name} ended and is started {when}; its log is in {self.state.logs}.")

    def stop_processes(self) -> None:
        """Stop the processes that use the database, and leave its servers."""
        _stop_parts(self._parts)

    def stop_some(self, names: Collection[str]) -> None:
        """Stop these without restarting them by itself."""
        stopping = [part for part in self._parts if part.child.name in names]
        self._parts = [part for part in self._parts if part not in stopping]
        _stop_parts(stopping)

    def stop(self) -> None:
        """Stop everything, workers first, the database last."""
        self.stop_processes()
        self.stores.stop()
        self.state.withdraw()

    def kill(self) -> None:
        """End everything at once."""
        for child in reversed(self.children):
            child.kill()
        self.stores.stop()
        self.state.withdraw()

    def manage(self, role: str, *arguments: str) -> str:
        """Run one management command in a role; return its output, raise `StepFailedError`."""
        return self._run_quietly(*programs.management(role, self.world, *arguments))

    def _run_quietly(self, command: list[str], env: dict[str, str]) -> str:
        done = run_to_end(command, env, cwd=ROOT)
        if done.returncode:
            log = self._keep_output(command, done.stdout + done.stderr)
            last = "\n".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-5:])
            raise StepFailedError(last or f"It ended with {done.returncode}.", f"Its whole output: {log}")
        return done.stdout

    def _keep_output(self, command: list[str], output: str) -> Path:
        self.state.logs.mkdir(parents=True, exist_ok=True)
        name = command[2] if "manage.py" in command[1] else command[-1]
        path = self.state.logs / f"{name}.log"
        path.write_text(output)
        return path


def _stop_parts(parts: Sequence[Part]) -> None:
    with ThreadPoolExecutor(max(1, len(parts))) as pool:
        list(pool.map(lambda part: part.child.stop(), parts))


def _wait_for(part: Part) -> None:
    wait_until(part.ready, part.child.name, timeout_seconds=START_TIMEOUT_SECONDS, children=[part.child])

# SPDX-License-Identifier: Apache-2.0
"""Kills of a supervisor's processes in the middle of bursts of alerts, by a partner and by desks at once."""

import os
import signal
import threading
import time
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

from urllib3.exceptions import HTTPError

from demo.cast import wait_for
from demo.desk import DeskSession
from demo.ticks import StepFailedError
from devtool.drills.apart.officers import has_left_the_releaser, press
from devtool.drills.apart.partner import ARRIVES_WITHIN_SECONDS, Partner
from devtool.errors import ServiceError
from devtool.processes import identity, wait_until
from devtool.supervisor import Supervisor

LOOKS_EVERY_SECONDS = 0.2
COMES_BACK_WITHIN_SECONDS = 120


@contextmanager
def supervised(supervisor: Supervisor) -> Generator[None]:
    """Start again whatever dies, as `./dev run` does, until the block ends."""
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(LOOKS_EVERY_SECONDS):
            supervisor.revive(now=time.monotonic())

    thread = threading.Thread(target=look, name="supervision", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


@dataclass(frozen=True)
class Pressing:
    """A releaser and the checked alerts to be released."""

    releaser: DeskSession
    alerts: Sequence[str]


@dataclass
class Burst:
    """Alerts of a partner and of desks at once; each is tried once, then again until it is out."""

    partner: Partner
    to: Sequence[str]
    """Agencies that receive the partner's alerts."""
    titles: Sequence[str]
    desks: Sequence[Pressing]
    mds: list[str] = field(default_factory=list)
    """Digests of the partner's signed alerts."""
    _begun: set[int] = field(default_factory=set)
    """Those whose first attempt has ended, well or not: the desks by their index, the partner as -1."""
    _unsigned: list[str] = field(default_factory=list)

    def is_under_way(self) -> bool:
        """Tell whether all have begun."""
        return self._begun == {-1, *range(len(self.desks))}

    @contextmanager
    def begun(self) -> Generator[None]:
        """Try each once, all at the same time, while the block runs."""
        with ThreadPoolExecutor(1 + len(self.desks)) as pool:
            trying: list[Future[None]] = [
                pool.submit(self._send),
                *(pool.submit(self._press, place) for place in range(len(self.desks))),
            ]
            yield
            for one in trying:
                one.result()

    def _send(self) -> None:
        for title in self.titles:
            self._send_one(title)
            self._begun.add(-1)

    def _send_one(self, title: str) -> None:
        md = self.partner.send(title, self.to)
        if md is None:
            self._unsigned.append(title)
        else:
            self.mds.append(md)

    def _press(self, place: int) -> None:
        desk = self.desks[place]
        for alert in desk.alerts:
            with suppress(HTTPError, StepFailedError):
                press(desk.releaser, alert)
            self._begun.add(place)

    def finish(self) -> None:
        """Repeat what did not get out, as people and systems would."""
        for title in self._unsigned:
            self.mds.append(self.partner.send_surely(title, self.to))
        self._unsigned.clear()
        self.partner.settle()
        for desk in self.desks:
            for alert in desk.alerts:
                wait_for(
                    partial(_released, desk.releaser, alert),
                    "A release that the desk has taken",
                    within_seconds=ARRIVES_WITHIN_SECONDS,
                )


def _released(releaser: DeskSession, alert: str) -> bool | None:
    """Check whether it has left, and press again where it has not."""
    with suppress(HTTPError, StepFailedError):
        if has_left_the_releaser(releaser, alert):
            return True
        press(releaser, alert)
    return None


def all_stand(supervisor: Supervisor) -> bool:
    """Tell whether every process runs and answers; supervision restarts one that has just ended."""
    running = [child.pid for child in supervisor.children if child.alive]
    if len(running) < len(supervisor.children):
        return False
    try:
        supervisor.wait_until_ready()
    except ServiceError:
        return False
    return running == [child.pid for child in supervisor.children if child.alive]


def kill(supervisor: Supervisor, pids: Sequence[int]) -> float:
    """Kill these and wait until supervision has restored everything; return the seconds that it took."""
    began = time.monotonic()
    signal_all(pids, signal.SIGKILL)
    wait_until(
        lambda: not any(map(identity, pids)) and all_stand(supervisor),
        "Everything in its place again",
        timeout_seconds=COMES_BACK_WITHIN_SECONDS,
    )
    return time.monotonic() - began


def signal_all(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


class Impatient(DeskSession):
    """An officer who soon gives up on a desk that does not answer, and presses again."""

    READ_SECONDS = 10

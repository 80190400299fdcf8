# SPDX-License-Identifier: Apache-2.0
"""A scratch hub whose halves stop, start and move in time independently."""

import os
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from accord.calls.exchange import HttpExchange
from accord.calls.transport import HttpTransport, Patience
from accord.client.client import Client
from demo.cast import Cast
from demo.ticks import Ticks
from devtool.running import scratch_hub_of
from devtool.supervision import Hub
from hub.roles import HALVES, ROLES

PROCESSES = {half: tuple(role.name for role in ROLES.values() if role.half == half) for half in HALVES}
"""The roles of each half; only some of them run."""
BRIEF = Patience(connect_secs=2, read_secs=8, tries=1)
"""A partner's system waits for one answer, and tries again by itself."""
QUICK = {"NOTICE_LEASE_SECONDS": "10", "SWEEP_SECONDS": "5"}
"""How soon missed wake-ups, and mails held by a killed mailer, are looked at."""


@dataclass(frozen=True)
class Stage:
    """The hub, its players, and its output."""

    hub: Hub
    cast: Cast
    ticks: Ticks

    def stop(self, half: str) -> None:
        """Stop the processes of a half; database and broker stay."""
        self.hub.stop_some(PROCESSES[half])

    def start(self, half: str) -> None:
        """Start them again, at the hub's present time."""
        self.hub.start_some(PROCESSES[half])

    def pass_time(self, hours: float) -> None:
        """Move the time of processes that are started from now on; partners and officers move at once."""
        self.hub.clock_offset += timedelta(hours=hours)

    @property
    def now(self) -> datetime:
        """The time of the processes that were started last."""
        return datetime.now(UTC) + self.hub.clock_offset

    def client(self, agency: str) -> Client:
        """Return the system of an agency with keys of its own, at the hub's time."""
        system = self.cast.own_system(agency)
        calls = HttpTransport(system.exchange_url, api_key=system.api_key, patience=BRIEF)
        return system.client(HttpExchange(calls), clock=self._seconds)

    def _seconds(self) -> int:
        return int(time.time() + self.hub.clock_offset.total_seconds())


@contextmanager
def staged(ticks: Ticks, *, is_whole: bool = False) -> Generator[Stage]:
    """Yield a hub of its own, up and seeded; remove it afterwards. The whole one has an operator's process and durable stores."""
    making = scratch_hub_of(Hub, ticks, has_operator=is_whole, is_durable=is_whole)
    with environment(QUICK), making as hub:
        yield Stage(hub, cast_of(hub), ticks)


def cast_of(hub: Hub) -> Cast:
    """Return everybody of this hub's world."""
    with environment(hub.demo_environment()):
        return Cast()


@contextmanager
def environment(values: Mapping[str, str]) -> Generator[None]:
    """Set these variables, and restore the earlier ones afterwards: the next hub is another."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)

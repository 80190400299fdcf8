# SPDX-License-Identifier: Apache-2.0
"""Kills each process in turn, or has it stand still for a while, in the middle of a burst: nothing is lost, nothing comes twice.

A burst is alerts of a partner with its own keys and, beside them, alerts that an officer releases. Supervision goes on all
the while, as `./dev run` has it. Database and broker, which both halves share here, are among the processes.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

from urllib3.exceptions import HTTPError

from demo.cast import wait_for
from demo.desk import DeskSession
from demo.ticks import Step, StepFailedError, Ticks
from devtool.drills.apart.counting import Mailboxes
from devtool.drills.apart.notices import uncertain_mails, wait_until_told
from devtool.drills.apart.officers import (
    OWN_KEYS,
    READING,
    RELEASER,
    SENDING,
    Inbox,
    Officers,
    addresses_of,
    has_left_the_releaser,
    press,
)
from devtool.drills.apart.partner import ARRIVES_WITHIN_SECONDS, Partner
from devtool.drills.apart.stage import Stage, staged
from devtool.drills.partners import READER
from devtool.errors import ServiceError
from devtool.processes import Child, followers_of, identity, wait_until
from devtool.supervision import Hub

FROM_PARTNER, FROM_DESK = 2, 2
"""Alerts of one burst. Two come to a blow: it falls in the middle of the first, and the second follows at once."""
LOOKS_EVERY_SECONDS = 0.2
COMES_BACK_WITHIN_SECONDS = 120


def play(ticks: Ticks) -> None:
    """The part."""
    with staged(ticks, is_whole=True) as stage, _supervised(stage.hub):
        _Kills(stage).play()


@contextmanager
def _supervised(hub: Hub) -> Generator[None]:
    """Start again whatever dies, as `./dev run` does, until the block ends."""
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(LOOKS_EVERY_SECONDS):
            hub.revive(now=time.monotonic())

    thread = threading.Thread(target=look, name="supervision", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


@dataclass
class _Burst:
    """Alerts of a partner and of a desk at once; each is tried once, then again until it is out."""

    partner: Partner
    releaser: DeskSession
    alerts: Sequence[str]
    titles: Sequence[str]
    tried: list[str] = field(default_factory=list)
    """Of whom an attempt has ended, well or not."""
    mds: list[str] = field(default_factory=list)
    """Of the partner's alerts that are signed."""
    _unsigned: list[str] = field(default_factory=list)

    def is_under_way(self) -> bool:
        """Tell whether both have begun."""
        return {"partner", "desk"} <= set(self.tried)

    @contextmanager
    def begun(self) -> Generator[None]:
        """Try each once, both at the same time; what the block does happens meanwhile."""
        with ThreadPoolExecutor(2) as pool:
            trying: list[Future[None]] = [pool.submit(self._send), pool.submit(self._press)]
            yield
            for one in trying:
                one.result()

    def _send(self) -> None:
        for title in self.titles:
            self._send_one(title)
            self.tried.append("partner")

    def _send_one(self, title: str) -> None:
        md = self.partner.send(title, (SENDING, READER))
        if md is None:
            self._unsigned.append(title)
        else:
            self.mds.append(md)

    def _press(self) -> None:
        for alert in self.alerts:
            with suppress(HTTPError, StepFailedError):
                press(self.releaser, alert)
            self.tried.append("desk")

    def finish(self) -> None:
        """Do again what did not get out, as its people and systems would."""
        for title in self._unsigned:
            self.mds.append(self.partner.send_surely(title, (SENDING, READER)))
        self._unsigned.clear()
        self.partner.settle()
        for alert in self.alerts:
            wait_for(
                partial(self._released, alert),
                "A release that the desk has taken",
                within_seconds=ARRIVES_WITHIN_SECONDS,
            )

    def _released(self, alert: str) -> bool | None:
        """Look whether it has left, and press again where it has not."""
        with suppress(HTTPError, StepFailedError):
            if has_left_the_releaser(self.releaser, alert):
                return True
            press(self.releaser, alert)
        return None


@dataclass(frozen=True)
class _Blow:
    """Blow to one process in the middle of a burst."""

    title: str
    name: str
    fall: Callable[["_Kills", str, _Burst, _Burst], str]
    """Has both bursts tried; what is said of it afterwards."""


class _Kills:
    def __init__(self, stage: Stage) -> None:
        self._stage, self._hub, self._ticks = stage, stage.hub, stage.ticks
        self._officers = Officers(stage.cast)
        self._sender = Partner(stage.client(OWN_KEYS))
        self._reader = Partner(stage.client(READER))
        self._inboxes = {agency: Inbox(self._officers, agency) for agency in (SENDING, READING)}
        self._mails = Mailboxes(stage.cast.mail_dir)
        self._of_partner: list[str] = []
        self._of_desk: list[str] = []

    def play(self) -> None:
        blows = list(self._blows())
        each = 2 * (FROM_PARTNER + FROM_DESK)
        self._ticks.heading(f"{len(blows)} blows, each in the middle of {each} alerts")
        prepared = self._prepare(2 * len(blows))
        for n, blow in enumerate(blows):
            with self._ticks.step(blow.title) as step:
                self._strike(blow, prepared[2 * n : 2 * n + 2], f"blow {n + 1}", step)
        self._require_all_once()
        with self._ticks.step("The logs of both halves are sound") as step:
            step.evidence(self._hub.verify_ledgers())

    def _blows(self) -> Iterator[_Blow]:
        """Yield for each process: it is killed, then all that it has started, then all of it stands still."""
        for child in self._hub.children:
            yield _Blow(f"{child.name}: killed", child.name, _Kills.kill_leader)
            if followers_of(child.pid):
                yield _Blow(f"{child.name}: its children killed", child.name, _Kills.kill_followers)
            yield _Blow(f"{child.name}: stands still", child.name, _Kills.halt)

    def _prepare(self, bursts: int) -> list[list[str]]:
        count = bursts * FROM_DESK
        with self._ticks.step(f"{count} alerts are written and checked"):
            alerts = self._officers.write(*(f"alert {n}" for n in range(count)))
            self._officers.check(*alerts)
        return [alerts[n : n + FROM_DESK] for n in range(0, count, FROM_DESK)]

    def _strike(self, blow: _Blow, prepared: Sequence[Sequence[str]], title: str, step: Step) -> None:
        releaser, leader = self._stage.cast.officer(RELEASER, _Impatient), self._child(blow.name).pid
        first, second = (
            _Burst(self._sender, releaser, alerts, [f"{title}, {word} {n}" for n in range(FROM_PARTNER)])
            for word, alerts in zip(("first", "second"), prepared, strict=True)
        )
        said = blow.fall(self, blow.name, first, second)
        for burst in (first, second):
            burst.finish()
            self._of_partner += burst.mds
        logged = self._officers.wait_until_logged(
            *first.alerts, *second.alerts, within_seconds=ARRIVES_WITHIN_SECONDS
        )
        self._of_desk += [str(one["md"]) for one in logged]
        self._require_shown()
        outlived = self._child(blow.name).pid == leader
        step.evidence(f"{said}, {'the same process goes on' if outlived else 'started again'}")

    def kill_leader(self, name: str, first: _Burst, second: _Burst) -> str:
        """Kill the process itself; what it had started outlives it until it is started again."""
        return self._kill(name, lambda leader: [leader], first, second)

    def kill_followers(self, name: str, first: _Burst, second: _Burst) -> str:
        """Kill all that it has started, and leave it alone with that."""
        return self._kill(name, followers_of, first, second)

    def _kill(self, name: str, chosen: Callable[[int], Sequence[int]], first: _Burst, second: _Burst) -> str:
        with self._in_the_middle_of(first, name):
            began, pids = time.monotonic(), chosen(self._child(name).pid)
            _signal_all(pids, signal.SIGKILL)
            wait_until(
                lambda: not any(map(identity, pids)) and self._all_stand(),
                f"{name} in its place again",
                timeout_seconds=COMES_BACK_WITHIN_SECONDS,
            )
        said = f"{len(pids)} killed, all answer after {time.monotonic() - began:.1f} s"
        with second.begun():
            pass
        return said

    def halt(self, name: str, first: _Burst, second: _Burst) -> str:
        """Stop it with all that it has started, until everything of both bursts was tried, then let it go on."""
        with ExitStack() as halted:
            with self._in_the_middle_of(first, name):
                leader, began = self._child(name).pid, time.monotonic()
                pids = [leader, *followers_of(leader)]
                halted.callback(_signal_all, pids, signal.SIGCONT)
                _signal_all(pids, signal.SIGSTOP)
            with second.begun():
                pass
        return f"stood still for {time.monotonic() - began:.1f} s"

    @contextmanager
    def _in_the_middle_of(self, burst: _Burst, name: str) -> Generator[None]:
        """Begin the burst, and do what the block does once it is under way; for the mailer, once a mail has gone out."""
        before = self._mails.count()
        with burst.begun():
            wait_until(
                lambda: burst.is_under_way() and (name != "mailer" or self._mails.count() > before),
                "The burst under way",
                timeout_seconds=COMES_BACK_WITHIN_SECONDS,
            )
            yield

    def _all_stand(self) -> bool:
        """Tell whether every process runs, and answers; one that has just ended is started again by supervision."""
        running = [child.pid for child in self._hub.children if child.alive]
        if len(running) < len(self._hub.children):
            return False
        try:
            self._hub.wait_until_ready()
        except ServiceError:
            return False
        return running == [child.pid for child in self._hub.children if child.alive]

    def _child(self, name: str) -> Child:
        """The process that has this name now: a server that was started again is another one."""
        return next(one for one in self._hub.children if one.name == name)

    def _require_shown(self) -> None:
        """Both partners were shown all so far, once."""
        self._reader.require_shown(self._of_partner)
        self._sender.require_shown(self._of_desk)

    def _require_all_once(self) -> None:
        sent = len(self._of_partner) + len(self._of_desk)
        with self._ticks.step("At both partners: each alert once") as step:
            self._require_shown()
            step.evidence(f"{sent} alerts: lost 0, doubled 0")
        for agency, expected in ((SENDING, self._of_partner), (READING, self._of_desk)):
            with self._ticks.step(f"At {agency}: each once, each officer told once") as step:
                step.evidence(self._require_at(agency, expected))

    def _require_at(self, agency: str, expected: Sequence[str]) -> str:
        rows = self._inboxes[agency].require(expected)
        references, addresses = [str(row["received"]["reference"]) for row in rows], addresses_of(agency)
        wait_until_told(self._hub)
        again = self._mails.require_told(references, addresses, uncertain_mails(self._hub))
        mails = len(references) * len(addresses)
        return f"{len(rows)} alerts: lost 0, doubled 0; mails {mails}, twice and marked so {again}"


def _signal_all(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


class _Impatient(DeskSession):
    """An officer who does not wait long for a desk that stands still, and presses again."""

    READ_SECONDS = 10

# SPDX-License-Identifier: Apache-2.0
"""Kill each process in turn, or suspend it for a while, in the middle of a burst: nothing is lost, nothing comes twice.

A burst is alerts of a partner with its own keys and, at the same time, alerts that an officer releases. Supervision goes on
throughout, as in `./dev run`. Database and broker, which both halves share here, are among the processes.
"""

import signal
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from demo.ticks import Step, Ticks
from devtool.drills.apart.bursts import (
    COMES_BACK_WITHIN_SECONDS,
    Burst,
    Impatient,
    Pressing,
    kill,
    signal_all,
    supervised,
)
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
)
from devtool.drills.apart.partner import ARRIVES_WITHIN_SECONDS, Partner
from devtool.drills.apart.stage import Stage, staged
from devtool.drills.partners import READER
from devtool.processes import Child, followers_of, wait_until

FROM_PARTNER, FROM_DESK = 2, 2
"""Alerts of one burst, of which each kill has two: it falls in the middle of the first, and the second follows at once."""


def play(ticks: Ticks) -> None:
    """Play this part."""
    with staged(ticks, is_whole=True) as stage, supervised(stage.hub):
        _Kills(stage).play()


@dataclass(frozen=True)
class _Blow:
    """A kill or suspension of one process in the middle of a burst."""

    title: str
    name: str
    fall: Callable[["_Kills", str, Burst, Burst], str]
    """Tries both bursts; returns the report."""


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
        """Yield for each process: kill it, then kill everything it has started, then suspend all of it."""
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
        releaser, leader = self._stage.cast.officer(RELEASER, Impatient), self._child(blow.name).pid
        first, second = (
            Burst(
                self._sender,
                (SENDING, READER),
                [f"{title}, {word} {n}" for n in range(FROM_PARTNER)],
                [Pressing(releaser, alerts)],
            )
            for word, alerts in zip(("first", "second"), prepared, strict=True)
        )
        said = blow.fall(self, blow.name, first, second)
        for burst in (first, second):
            burst.finish()
            self._of_partner += burst.mds
        logged = self._officers.wait_until_logged(
            *prepared[0], *prepared[1], within_seconds=ARRIVES_WITHIN_SECONDS
        )
        self._of_desk += [str(one["md"]) for one in logged]
        self._require_shown()
        outlived = self._child(blow.name).pid == leader
        step.evidence(f"{said}, {'the same process goes on' if outlived else 'started again'}")

    def kill_leader(self, name: str, first: Burst, second: Burst) -> str:
        """Kill the process itself; its children outlive it until it is started again."""
        return self._kill(name, lambda leader: [leader], first, second)

    def kill_followers(self, name: str, first: Burst, second: Burst) -> str:
        """Kill everything that it has started, but not the process itself."""
        return self._kill(name, followers_of, first, second)

    def _kill(self, name: str, chosen: Callable[[int], Sequence[int]], first: Burst, second: Burst) -> str:
        with self._in_the_middle_of(first, name):
            pids = chosen(self._child(name).pid)
            seconds = kill(self._hub, pids)
        said = f"{len(pids)} killed, all answer after {seconds:.1f} s"
        with second.begun():
            pass
        return said

    def halt(self, name: str, first: Burst, second: Burst) -> str:
        """Suspend it with everything that it has started, until both bursts were tried, then resume it."""
        with ExitStack() as halted:
            with self._in_the_middle_of(first, name):
                leader, began = self._child(name).pid, time.monotonic()
                pids = [leader, *followers_of(leader)]
                halted.callback(signal_all, pids, signal.SIGCONT)
                signal_all(pids, signal.SIGSTOP)
            with second.begun():
                pass
        return f"stood still for {time.monotonic() - began:.1f} s"

    @contextmanager
    def _in_the_middle_of(self, burst: Burst, name: str) -> Generator[None]:
        """Begin the burst, and run the block once it is under way; for the mailer, once a mail has gone out."""
        before = self._mails.count()
        with burst.begun():
            wait_until(
                lambda: burst.is_under_way() and (name != "mailer" or self._mails.count() > before),
                "The burst under way",
                timeout_seconds=COMES_BACK_WITHIN_SECONDS,
            )
            yield

    def _child(self, name: str) -> Child:
        """Return the process that has this name now: a restarted server is another one."""
        return next(one for one in self._hub.children if one.name == name)

    def _require_shown(self) -> None:
        """Require that both partners were shown everything so far, once."""
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

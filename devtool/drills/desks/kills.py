# SPDX-License-Identifier: Apache-2.0
"""Kill every process of one of two own desks while they and a hosted one write to each other: no loss, no repetition.

The order and the moments are random, by a seed that is printed. Then everything is killed at once, and at last the machine goes
off with its supervision: started again it is locked until somebody opens it.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from devtool.drills.apart.bursts import (
    COMES_BACK_WITHIN_SECONDS,
    Burst,
    Impatient,
    Pressing,
    kill,
    supervised,
)
from devtool.drills.apart.officers import Inbox, Officers
from devtool.drills.apart.partner import ARRIVES_WITHIN_SECONDS
from devtool.drills.desks.stage import LAB, OTHER, PARTNER, OwnStage
from devtool.processes import followers_of, wait_until
from devtool.supervisor import Supervisor

FROM_EACH: Final = 2
"""Alerts of the partner and of each desk in one burst."""
KILLED_AT_ONCE: Final = 2
WITHIN_SECONDS: Final = 3.0
"""The latest time of a kill after the beginning of a burst."""


def play(own: OwnStage, seed: int) -> None:
    """Play this part."""
    _Kills(own, seed).play()


class _Kills:
    def __init__(self, own: OwnStage, seed: int) -> None:
        self._own, self._ticks = own, own.stage.ticks
        self._struck, self._other = own.sides
        self._chance = random.Random(seed)  # noqa: S311 (which process dies is no secret)
        coast, river = self._struck.agency, self._other.agency
        self._partner = own.partner()
        self._reader = own.partner(OTHER)
        self._desks: dict[str, Officers] = {
            coast: self._struck.officers(river, LAB, PARTNER),
            river: self._other.officers(coast, LAB),
            LAB: own.lab,
        }
        self._inboxes = {
            coast: self._struck.inbox(),
            river: self._other.inbox(),
            LAB: Inbox(own.lab, LAB),
        }
        self._sent: dict[str, list[str]] = {agency: [] for agency in (PARTNER, *self._desks)}
        """By agency, the digests of what it sent."""
        self._blows = 0
        ticks = self._ticks
        ticks.heading(f"Every process of {coast} is killed while all write; seed {seed}")

    def play(self) -> None:
        names = [child.name for child in self._struck.running.children]
        self._chance.shuffle(names)
        groups = [names[n : n + KILLED_AT_ONCE] for n in range(0, len(names), KILLED_AT_ONCE)]
        prepared = self._prepare(len(groups) + 2)
        with supervised(self._struck.running):
            for group in groups:
                self._round(", ".join(group), next(prepared), self._killing(group))
            self._round("all of it at once", next(prepared), self._killing(names))
        self._round("the machine goes off", next(prepared), self._go_off)
        self._require_all_once()

    def _prepare(self, rounds: int) -> Iterator[dict[str, Sequence[str]]]:
        """Have every desk write and check the alerts to release; yield them by agency, one round each."""
        count = rounds * FROM_EACH
        with self._ticks.step(f"{count} alerts are written and checked at each of {len(self._desks)} desks"):
            written = {}
            for agency, officers in self._desks.items():
                written[agency] = officers.write(*(f"{agency} {n}" for n in range(count)))
                officers.check(*written[agency])
        return (
            {agency: alerts[n : n + FROM_EACH] for agency, alerts in written.items()}
            for n in range(0, count, FROM_EACH)
        )

    def _round(self, what: str, prepared: dict[str, Sequence[str]], fall: Callable[[], str]) -> None:
        with self._ticks.step(f"Killed: {what}") as step:
            burst = self._burst(what, prepared)
            with burst.begun():
                wait_until(
                    burst.is_under_way, "The burst under way", timeout_seconds=COMES_BACK_WITHIN_SECONDS
                )
                # A kill meets a process at a random point of its work.
                time.sleep(self._chance.uniform(0, WITHIN_SECONDS))
                step.evidence(fall())
            burst.finish()
            self._sent[PARTNER] += burst.mds
            for agency, officers in self._desks.items():
                logged = officers.wait_until_logged(*prepared[agency], within_seconds=ARRIVES_WITHIN_SECONDS)
                self._sent[agency] += [str(one["md"]) for one in logged]
            self._require_shown()

    def _burst(self, what: str, prepared: dict[str, Sequence[str]]) -> Burst:
        presses = [
            Pressing(officers.cast.officer(officers.releaser, Impatient), prepared[agency])
            for agency, officers in self._desks.items()
        ]
        titles = [f"{what} {n}" for n in range(FROM_EACH)]
        return Burst(self._partner, (*self._desks, OTHER), titles, presses)

    def _killing(self, names: Sequence[str]) -> Callable[[], str]:
        def fall() -> str:
            pids = _pids_of(self._struck.running, names)
            seconds = kill(self._struck.running, pids)
            self._blows += len(pids)
            return f"{len(pids)} processes, all answer after {seconds:.1f} s"

        return fall

    def _go_off(self) -> str:
        self._struck.power_off()
        began = time.monotonic()
        self._struck.begin_again()
        return f"started and opened again in {time.monotonic() - began:.1f} s"

    def _require_shown(self) -> None:
        self._partner.require_shown(self._sent[self._struck.agency])
        self._reader.require_shown(self._sent[PARTNER])

    def _require_all_once(self) -> None:
        total = sum(map(len, self._sent.values()))
        deliveries = 0
        for agency, inbox in self._inboxes.items():
            with self._ticks.step(f"At {agency}: each alert once") as step:
                expected = [md for sender, mds in self._sent.items() if sender != agency for md in mds]
                deliveries += len(inbox.require(expected))
                step.evidence(f"{len(expected)} alerts: lost 0, doubled 0")
        with self._ticks.step("At both agencies with the command: each alert once") as step:
            self._require_shown()
            deliveries += len(self._sent[self._struck.agency]) + len(self._sent[PARTNER])
            step.evidence(f"{total} alerts, {deliveries} deliveries, {self._blows} killed: lost 0, doubled 0")
        for side in self._own.sides:
            with self._ticks.step(f"The log of {side.agency}'s desk is sound") as step:
                step.evidence(side.verify())


def _pids_of(supervisor: Supervisor, names: Sequence[str]) -> list[int]:
    """Return the process ids of these names and of everything that they have started."""
    leaders = [child.pid for child in supervisor.children if child.name in names]
    return [*leaders, *(pid for leader in leaders for pid in followers_of(leader))]

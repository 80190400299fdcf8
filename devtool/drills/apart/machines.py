# SPDX-License-Identifier: Apache-2.0
"""The halves as on two machines: what each of the two users, in its network namespace, can reach of the other half.

Each user tries, with everything that its processes hold. The half itself makes the same attempts, to show that they are valid
ones.
"""

import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from demo.ticks import StepFailedError, Ticks
from devtool.drills.apart.probe import Found, Tries
from devtool.drills.apart.twomachines import TwoMachines
from devtool.environments import ROOT
from devtool.processes import followers_of
from devtool.running import play_story, scratch_hub_of
from hub.roles import DESK, EXCHANGE, HALVES, ROLES

OTHER = {DESK: EXCHANGE, EXCHANGE: DESK}


def play(ticks: Ticks) -> None:
    """Play this part, on a machine that can play two."""
    ticks.heading("Each half under a user, in a network namespace, on servers of its own")
    with scratch_hub_of(TwoMachines, ticks) as hub:
        _Walls(hub, ticks).play()


@dataclass(frozen=True)
class _Walls:
    hub: TwoMachines
    ticks: Ticks

    def play(self) -> None:
        if play_story(self.hub):
            raise SystemExit(1)
        self.ticks.heading("What one half's user can reach of the other half")
        with self.ticks.step("Every process has its half's user and namespace") as step:
            step.lines.extend(self._require_in_place())
        for half in HALVES:
            with self.ticks.step(f"The {half}'s user finds what is its own") as step:
                step.evidence(self._require_own(half))
            with self.ticks.step(f"The {half}'s user reaches nothing of the {OTHER[half]}") as step:
                step.lines.extend(self._require_walled(half))
        with self.ticks.step("The logs of both halves are sound") as step:
            step.evidence(self.hub.verify_ledgers())

    def _require_in_place(self) -> list[str]:
        said = []
        for half, machine in self.hub.machines.items():
            leaders = self._leaders_of(half)
            pids = [pid for leader in leaders for pid in (leader, *followers_of(leader))]
            places = {pid: place for pid in pids if (place := _place_of(pid)) is not None}
            strays = [
                pid for pid, place in places.items() if place != (machine.user, machine.namespace.readlink())
            ]
            if strays:
                raise StepFailedError(f"Of the {half} these run elsewhere: {[places[pid] for pid in strays]}")
            said.append(f"{half}: {len(places)} processes, uid {machine.user}")
        return said

    def _leaders_of(self, half: str) -> list[int]:
        """Return the processes of a half, its servers included, without their children, which come and go."""
        return [child.pid for child in self.hub.children_of(half)]

    def _require_own(self, half: str) -> str:
        """Require that the same attempts succeed for the half that they are about."""
        user, asked = self.hub.machines[half].user, self._tries(half, half)
        # The secret that makes its tables belongs to that machine's operator, not to a process of the half.
        mine = [path for path in asked.paths if Path(path).stat().st_uid == user]
        tries = replace(asked, paths=mine)
        found = self._probe(half, tries)
        missing = [
            *(set(tries.paths) - set(found.paths)),
            *(set(tries.databases) - set(found.databases)),
            *(set(tries.brokers) - set(found.brokers)),
            *(set(tries.pids) - set(found.pids)),
        ]
        if missing:
            raise StepFailedError(f"Its own user cannot reach: {missing} ({'; '.join(found.refusals)})")
        return _counts(tries)

    def _require_walled(self, half: str) -> list[str]:
        tries = self._tries(half, OTHER[half])
        found = self._probe(half, tries)
        if reached := [*found.paths, *found.databases, *found.brokers, *found.pids]:
            raise StepFailedError(f"It reaches: {reached}")
        expected = self.hub.expected_ports(half)
        if set(found.ports) != expected:
            raise StepFailedError(
                f"In its namespace these ports answer: {found.ports}, not {sorted(expected)}"
            )
        if found.interfaces != ["lo"]:
            raise StepFailedError(f"Its namespace has the interfaces {found.interfaces}.")
        return [
            f"refused: {_counts(tries)}: {'; '.join(found.refusals)}",
            f"of 65,535 ports {len(found.ports)} answer there: {self._names_of(half)}",
        ]

    def _names_of(self, half: str) -> str:
        own = (
            "its web port, its broker"
            if half == EXCHANGE
            else "its web port, its broker, the exchange's web port"
        )
        return f"{own}, the mail server"

    def _tries(self, asking: str, about: str) -> Tries:
        """Return everything at one half to try; its servers with every login that the asking half holds, and with its own."""
        machine, kept = self.hub.machines[about], self.hub.state.secrets
        secrets = [kept / role.name for role in ROLES.values() if role.half == about]
        folders = [folder for folder in secrets if folder.exists()]
        files = [file for folder in folders for file in folder.iterdir()]
        stored = [machine.folder, self.hub.state.ledgers[about], *self.hub.folders_of_servers(about)]
        return Tries(
            paths=[str(path) for path in (*folders, *files, *stored)],
            databases=self.hub.database_addresses(asking, about) | self.hub.database_addresses(about, about),
            brokers=self.hub.broker_addresses(asking, about) | self.hub.broker_addresses(about, about),
            pids=self._leaders_of(about),
        )

    def _probe(self, half: str, tries: Tries) -> Found:
        """Run the probe as that half's user, in its namespace; return its findings."""
        asked = subprocess.run(
            [*self.hub.machines[half].prefix, sys.executable, "-m", "devtool.drills.apart.probe"],
            input=json.dumps(asdict(tries)),
            env={"PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.returncode:
            raise StepFailedError(f"The probe ended with {asked.returncode}: {asked.stderr.strip()[-600:]}")
        found = Found(**json.loads(asked.stdout))
        if found.uid != self.hub.machines[half].user:
            raise StepFailedError(f"The probe ran as {found.uid}.")
        return found


def _place_of(pid: int) -> tuple[int, Path] | None:
    """Return user and network namespace of a process; None for one that has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}").stat().st_uid, Path(f"/proc/{pid}/ns/net").readlink()
    return None


def _counts(tries: Tries) -> str:
    return (
        f"{len(tries.paths)} folders and files, {len(tries.databases)} logins at the database,"
        f" {len(tries.brokers)} at the broker, {len(tries.pids)} processes"
    )

# SPDX-License-Identifier: Apache-2.0
"""The whole stack: start it, check its health, inspect it, remove it."""

import json
import re
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from devtool.drills.production.engine import Engine, failed
from devtool.environments import ROOT
from devtool.errors import DevtoolError
from devtool.processes import run_to_end
from hub.roles import HALVES, MIGRATES

FILES = ("docker-compose.yml", "deploy/compose.proxy.yml", "deploy/drill/compose.yml")
PROJECT = "accord-drill"
ALL_PROFILES = (*HALVES, "own-desk", "own-desk-mail", "once")
HEALTHY_WITHIN_SECONDS = 240.0
PAUSE_SECONDS = 1.0
# The compose client emits escape sequences even where it is told not to draw.
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class Container:
    """One container as the engine describes it."""

    id: str
    service: str
    facts: dict[str, Any] = field(repr=False, compare=False)

    @property
    def health(self) -> str:
        """Its state if it does not run: a container that ended keeps its last health."""
        state = self.facts["State"]
        if state["Status"] != "running":
            return str(state["Status"])
        return str((state.get("Health") or {}).get("Status", "without health check"))

    @property
    def is_well(self) -> bool:
        return self.health == "healthy"

    @property
    def exit_code(self) -> int:
        return int(self.facts["State"]["ExitCode"])

    def addresses(self) -> dict[str, str]:
        """Return its addresses by the network's name within the stack."""
        networks: dict[str, Any] = self.facts["NetworkSettings"]["Networks"]
        return {name.removeprefix(f"{PROJECT}_"): facts["IPAddress"] for name, facts in networks.items()}


@dataclass(frozen=True)
class Stack:
    """The compose project of one drill, or its services in some profiles."""

    engine: Engine
    settings: Mapping[str, str] = field(repr=False)
    profiles: tuple[str, ...] = HALVES
    files: tuple[str, ...] = FILES

    def compose(
        self, *arguments: str, capture: bool = True, profiles: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        files = [part for name in self.files for part in ("--file", str(ROOT / name))]
        chosen = [part for name in profiles or self.profiles for part in ("--profile", name)]
        command = [*self.engine.compose_client, "--project-name", PROJECT, *files, *chosen]
        # No .env of this folder, and no progress display.
        command += ["--env-file", "/dev/null", "--ansi", "never", "--progress", "plain", *arguments]
        return run_to_end(command, {**self.engine.env, **self.settings}, capture=capture, cwd=ROOT)

    def must(self, *arguments: str) -> str:
        done = self.compose(*arguments)
        if done.returncode:
            raise failed(f"docker compose {arguments[0]}", done)
        return done.stdout

    def start(self, *services: str) -> None:
        """Start the services and return once each of them (all, unless named) is healthy; raise DevtoolError naming the others."""
        self.must("up", "--detach", "--no-build", *services)
        self._wait_for(services)

    def _wait_for(self, services: tuple[str, ...]) -> None:
        deadline = time.monotonic() + HEALTHY_WITHIN_SECONDS
        while waiting := self.unwell(services):
            if time.monotonic() > deadline:
                raise DevtoolError(f"Not healthy: {', '.join(waiting)}.", self.logs()[-3000:])
            time.sleep(PAUSE_SECONDS)

    def unwell(self, services: tuple[str, ...] = ()) -> list[str]:
        """Return every container that is not healthy, except those that make tables and end."""
        containers = [one for one in self.containers() if one.service not in MIGRATES.values()]
        chosen = [one for one in containers if not services or one.service in services]
        return [f"{one.service} ({one.health})" for one in chosen if not one.is_well]

    def once(self, service: str, *command: str) -> str:
        """Run a one-off service to its end."""
        return self.must("run", "--rm", "--no-TTY", "--no-deps", service, *command)

    def play(self, *command: str) -> bool:
        """Run the guest, which prints for itself; return whether it ended well."""
        return (
            self.compose("run", "--rm", "--no-TTY", "--no-deps", "guest", *command, capture=False).returncode
            == 0
        )

    def containers(self, service: str = "") -> list[Container]:
        ids = self.must("ps", "--all", "--quiet", *filter(None, [service])).split()
        if not ids:
            return []
        rows = json.loads(self.engine.run("container", "inspect", *ids))
        return [
            Container(row["Id"], row["Config"]["Labels"]["com.docker.compose.service"], row) for row in rows
        ]

    def inside(self, container: Container, *command: str) -> subprocess.CompletedProcess[str]:
        return self.engine.try_run("exec", container.id, *command)

    def sql(self, half: str, query: str) -> str:
        """Query one value, as the owner inside the container of a half's database."""
        (database,) = self.containers(f"{half}-db")
        command = (
            "psql",
            "--no-psqlrc",
            "-tA",
            "--host=/run/postgresql",
            "--username=accord_owner",
            "--dbname=accord",
        )
        done = self.inside(database, *command, f"--command={query}")
        if done.returncode:
            raise failed("psql", done)
        return done.stdout.strip()

    def logs(self) -> str:
        return ESCAPES.sub("", self.must("logs", "--no-color"))

    def replace(self, service: str) -> None:
        """Replace a container as an upgrade does; return once the new one is healthy."""
        self.must("up", "--detach", "--no-build", "--no-deps", "--force-recreate", service)
        self._wait_for((service,))

    def memory(self) -> dict[str, str]:
        """Return the memory use of each container, as the engine reports it."""
        rows = self.engine.run("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}").splitlines()
        names = (row.split()[:2] for row in rows if row.startswith(PROJECT))
        return {name.removeprefix(f"{PROJECT}-"): used for name, used in names}

    def remove(self) -> None:
        """Remove everything that a drill may have started, with its data."""
        self.compose(*("down", "--volumes", "--remove-orphans", "--timeout", "60"), profiles=ALL_PROFILES)

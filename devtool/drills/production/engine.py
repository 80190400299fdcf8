# SPDX-License-Identifier: Apache-2.0
"""The container engine of this machine: Docker's where it answers, else a podman of our own behind the same client."""

import os
import shutil
import subprocess
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from devtool.environments import ROOT
from devtool.errors import DevtoolError
from devtool.processes import Child, run_to_end, wait_until

REMEDY = (
    "Start Docker with its compose plug-in; or install, as on Debian: apt-get install --no-install-recommends"
    " podman runc netavark aardvark-dns nftables catatonit docker-compose openssl debootstrap"
)
PODMAN_PARTS = ("podman", "runc", "nft")
HEALTH_PAUSE_SECONDS = 2.0
NOT_YET_HEALTHY = ("--filter", "health=starting", "--filter", "health=unhealthy")

# runc, because crun refuses hybrid cgroups; file events and cgroupfs, because there may be no systemd; podman's default limits
# exceed what a machine within a machine may grant.
CONTAINERS_CONF = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=65536:65536"]
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "{running}/libpod"
[network]
network_config_dir = "{home}/networks"
"""
STORAGE_CONF = """\
[storage]
driver = "overlay"
graphroot = "{home}/store"
runroot = "{running}"
"""


@dataclass(frozen=True)
class Engine:
    """A container engine: its own program, the compose client, and the environment both need."""

    program: str
    compose_client: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)

    def try_run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_to_end([self.program, *arguments], self.env, cwd=ROOT)

    def run(self, *arguments: str) -> str:
        """Return its standard output; raise DevtoolError with its last lines."""
        done = self.try_run(*arguments)
        if done.returncode:
            raise failed(f"{self.program} {arguments[0]}", done)
        return done.stdout.strip()

    @property
    def is_podman(self) -> bool:
        return self.program == "podman"

    def summary(self) -> str:
        own = self.run("version", "--format", "{{.Server.Version}}" if not self.is_podman else "{{.Version}}")
        client = run_to_end([*self.compose_client, "version", "--short"], self.env).stdout.strip()
        return f"{self.program} {own} behind docker compose {client}"


def failed(what: str, done: subprocess.CompletedProcess[str]) -> DevtoolError:
    """Return the error of a program that failed."""
    last = "\n".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-12:])
    return DevtoolError(f"{what} ended with {done.returncode}.", last)


@contextmanager
def running_engine(home: Path, logs: Path) -> Generator[Engine]:
    """Yield an engine that answers until the block ends; raise DevtoolError naming what to install."""
    env = dict(os.environ)
    client = _compose_client(env)
    docker = Engine("docker", client, env)
    if shutil.which("docker") and docker.try_run("info").returncode == 0:
        yield docker
        return
    missing = [part for part in PODMAN_PARTS if not shutil.which(part)]
    if missing or os.geteuid() != 0:
        lacking = f"{', '.join(missing)} missing" if missing else "podman is used as root only"
        raise DevtoolError(f"No Docker engine answers, and {lacking}.", REMEDY)
    with _podman(home, logs, client) as podman:
        yield podman


def _compose_client(env: Mapping[str, str]) -> tuple[str, ...]:
    for client in (("docker", "compose"), ("docker-compose",)):
        if shutil.which(client[0]) and run_to_end([*client, "version"], env).returncode == 0:
            return client
    raise DevtoolError("No compose client was found.", REMEDY)


@contextmanager
def _podman(home: Path, logs: Path, client: tuple[str, ...]) -> Generator[Engine]:
    """Yield podman with its own images and settings, its service for the client, and periodic health checks."""
    running = Path("/run", f"accord-drill-{sha256(str(ROOT).encode()).hexdigest()[:8]}")
    running.mkdir(mode=0o700, exist_ok=True)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, text in (("containers.conf", CONTAINERS_CONF), ("storage.conf", STORAGE_CONF)):
        (home / name).write_text(text.format(home=home, running=running / "podman"))
    socket = running / "podman.sock"
    env = {
        **os.environ,
        "CONTAINERS_CONF": str(home / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(home / "storage.conf"),
        "PODMAN_IGNORE_CGROUPSV1_WARNING": "1",
        "DOCKER_HOST": f"unix://{socket}",
    }
    engine = Engine("podman", client, env)
    command = ["podman", "system", "service", "--time=0", f"unix://{socket}"]
    service = Child("podman", command, env=env, log=logs / "podman.log")
    socket.unlink(missing_ok=True)
    service.start()
    try:
        wait_until(socket.exists, "podman's service", timeout_seconds=30, children=[service])
        with _health_asked(engine):
            yield engine
    finally:
        service.stop()


@contextmanager
def _health_asked(engine: Engine) -> Generator[None]:
    """Run podman's health checks, which it leaves to systemd's timers: without systemd nobody would."""
    over = threading.Event()

    def ask() -> None:
        while not over.wait(HEALTH_PAUSE_SECONDS):
            for container in engine.try_run("ps", "--quiet", *NOT_YET_HEALTHY).stdout.split():
                if not over.is_set():
                    engine.try_run("healthcheck", "run", container)

    if Path("/run/systemd/system").exists():
        yield
        return
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    try:
        yield
    finally:
        over.set()
        asking.join()

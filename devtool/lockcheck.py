# SPDX-License-Identifier: Apache-2.0
"""Checks of the lock: every requirement pinned with hashes, no URL in it, and a fresh compile changes nothing."""

import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from demo.ticks import StepFailedError
from devtool.environments import ROOT, inherited
from devtool.processes import run_to_end

SETS = (
    "requirements-exchange",
    "requirements",
    "requirements-embedded",
    "requirements-dev",
    "requirements-drill",
)
COMPILE = (
    "pip",
    "compile",
    "--quiet",
    "--universal",
    "--generate-hashes",
    "--no-header",
    "--python-version",
    "3.11",
)
UNREACHABLE = re.compile(
    r"error sending request|Failed to fetch|Connect|dns error|Network|timed out", re.IGNORECASE
)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
REMEDY = f"Run for each set: uv {' '.join(COMPILE)} NAME.in -o NAME.txt"


@dataclass(frozen=True)
class Pin:
    """One line of a lock."""

    requirement: Requirement
    hashes: frozenset[str]
    """SHA-256 of each file that may be installed, in hexadecimal."""

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        return str(self.requirement.specifier).removeprefix("==")


def check_lock(root: Path = ROOT) -> list[str]:
    """Return evidence lines; raise with the faults."""
    faults = [fault for name in SETS for fault in faults_of(root, name)]
    faults += _embedded_in_production(root)
    faults += _otherwise_at_the_exchange(root)
    if faults:
        raise StepFailedError("\n".join(faults), REMEDY)
    return [f"{sum(len(pins_of(root / f'{name}.txt')) for name in SETS)} pins", *_compile_afresh(root)]


def faults_of(root: Path, name: str) -> list[str]:
    """Return the faults of one pair of files, without the network."""
    text = (root / f"{name}.txt").read_text()
    pins = pins_of(root / f"{name}.txt")
    faults = [f"{name}.txt: holds an address"] if re.search(r"https?:", text) else []
    faults += [f"{name}.txt: {pin.name} is not pinned" for pin in pins if not _is_exact(pin)]
    faults += [f"{name}.txt: {pin.name} has no hash" for pin in pins if not pin.hashes]
    for wanted in wanted_in(root / f"{name}.in"):
        found = [pin for pin in pins if pin.name == canonicalize_name(wanted.name)]
        if not any(wanted.specifier.contains(pin.version) for pin in found):
            faults.append(f"{name}.txt: nothing satisfies {wanted}")
    return faults


def pins_of(path: Path) -> list[Pin]:
    """Return the pins of a lock file."""
    joined = path.read_text().replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [
        Pin(Requirement(line.split("--hash")[0].strip()), frozenset(HASH.findall(line))) for line in lines
    ]


def wanted_in(path: Path) -> list[Requirement]:
    """Return the requirements that somebody wrote by hand."""
    lines = [line.partition("#")[0].strip() for line in path.read_text().splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def _is_exact(pin: Pin) -> bool:
    return re.fullmatch(r"==[^,*]+", str(pin.requirement.specifier)) is not None


def _embedded_in_production(root: Path) -> list[str]:
    production = {pin.name for pin in pins_of(root / "requirements.txt")}
    embedded = {canonicalize_name(wanted.name) for wanted in wanted_in(root / "requirements-embedded.in")}
    return [f"requirements.txt: {name} is for development only" for name in sorted(production & embedded)]


def _otherwise_at_the_exchange(root: Path) -> list[str]:
    """Return differences: the two halves must run one version of everything they share."""
    desk = {(pin.name, pin.version) for pin in pins_of(root / "requirements.txt")}
    exchange = {(pin.name, pin.version) for pin in pins_of(root / "requirements-exchange.txt")}
    return [
        f"requirements.txt: lacks {name} {version} of the exchange"
        for name, version in sorted(exchange - desk)
    ]


def _compile_afresh(root: Path) -> list[str]:
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch)
        for name in SETS:
            for ending in ("in", "txt"):
                shutil.copy(root / f"{name}.{ending}", copy)
        for name in SETS:
            command = [sys.executable, "-m", "uv", *COMPILE, f"{name}.in", "-o", f"{name}.txt"]
            done = run_to_end(command, _uv_environment(), cwd=copy)
            if done.returncode:
                return _not_compiled(done.stderr)
            if (copy / f"{name}.txt").read_bytes() != (root / f"{name}.txt").read_bytes():
                raise StepFailedError(f"A fresh compile changes {name}.txt.", REMEDY)
    return ["a fresh compile changes nothing"]


def _not_compiled(reason: str) -> list[str]:
    if UNREACHABLE.search(reason) and "CI" not in os.environ:
        return ["NOT compiled afresh: the package index cannot be reached from here; CI does it"]
    raise StepFailedError(f"The lock could not be compiled afresh.\n{reason.strip()}", REMEDY)


def _uv_environment() -> dict[str, str]:
    """Return the environment with the machine's own index or proxy."""
    own = {name: value for name, value in os.environ.items() if name.startswith(("UV_", "PIP_", "SSL_"))}
    proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    return {**inherited(os.environ), **own, **proxies}

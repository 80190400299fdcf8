# SPDX-License-Identifier: Apache-2.0
"""`python -m devtool.drills.apart.probe`: try everything in the JSON on standard input, and report what succeeded.

It runs as one of the two users, in that user's namespace, and has what an attacker in one of its processes has.
"""

import json
import os
import re
import socket
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeVar

import psycopg
import redis

from devtool.ports import LOOPBACK

PORTS = range(1, 65536)
WITHIN_SECONDS = 5
T = TypeVar("T")


@dataclass(frozen=True)
class Tries:
    """Attempts to make: paths to read, and by name addresses of databases and brokers, and processes."""

    paths: list[str] = field(default_factory=list)
    databases: dict[str, str] = field(default_factory=dict)
    brokers: dict[str, str] = field(default_factory=dict)
    pids: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Found:
    """Attempts that succeeded; each reason of the others once; ports that answer, names of interfaces."""

    paths: list[str]
    databases: list[str]
    brokers: list[str]
    pids: list[int]
    refusals: list[str]
    ports: list[int]
    interfaces: list[str]
    uid: int


class _Prober:
    def __init__(self) -> None:
        self.refusals: set[str] = set()

    def open_of(self, tries: Mapping[str, T], attempt: Callable[[T], object]) -> list[str]:
        """Return the names of those for which the attempt raises nothing."""
        return [name for name, what in tries.items() if self._is_open(attempt, what)]

    def _is_open(self, attempt: Callable[[T], object], what: T) -> bool:
        try:
            attempt(what)
        except (OSError, psycopg.Error, redis.RedisError) as refused:
            self.refusals.add(_reason(refused))
            return False
        return True


def probe(tries: Tries, ports: Iterable[int] = PORTS) -> Found:
    """Try all of them, and these ports."""
    prober = _Prober()
    pids = prober.open_of({str(pid): pid for pid in tries.pids}, _reach)
    return Found(
        paths=prober.open_of({path: Path(path) for path in tries.paths}, _read),
        databases=prober.open_of(tries.databases, _ask),
        brokers=prober.open_of(tries.brokers, _ping),
        pids=[int(pid) for pid in pids],
        refusals=sorted(prober.refusals),
        ports=answering(ports),
        interfaces=[name for _, name in socket.if_nameindex()],
        uid=os.getuid(),
    )


def _reason(refused: Exception) -> str:
    """Return the system's message, without the address that it names."""
    if isinstance(refused, OSError) and refused.strerror:
        return refused.strerror
    line = next(line for line in str(refused).splitlines() if line.strip())
    return re.split(r"[:.] ", line.strip(" ."))[-1]


def _read(path: Path) -> None:
    if path.is_dir():
        os.listdir(path)
    else:
        path.read_bytes()


def _ask(url: str) -> None:
    with psycopg.connect(url, connect_timeout=WITHIN_SECONDS) as connection:
        connection.execute("SELECT 1")


def _ping(url: str) -> None:
    with redis.Redis.from_url(url, socket_connect_timeout=WITHIN_SECONDS) as broker:
        broker.ping()


def _reach(pid: int) -> None:
    """End a process, or read its start arguments: either counts, since reading those allows reading its memory."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        Path(f"/proc/{pid}/environ").read_bytes()


def answering(ports: Iterable[int]) -> list[int]:
    """Return those ports at which somebody answers."""
    return [port for port in ports if _answers(port)]


def _answers(port: int) -> bool:
    with socket.socket() as calling:
        calling.settimeout(WITHIN_SECONDS)
        answered = calling.connect_ex((LOOPBACK, port)) == 0
        # A connection whose own end got this very port has reached itself.
        return answered and calling.getsockname() != calling.getpeername()


if __name__ == "__main__":
    json.dump(asdict(probe(Tries(**json.load(sys.stdin)))), sys.stdout)

# SPDX-License-Identifier: Apache-2.0
"""Run tests once, record which lines each of them ran, then run the matching ones on changed code.

Every change gets a process of its own: a fork of the one that has everything loaded, in which one function's code is replaced.
It ends at the first test that fails, so a change costs only the tests up to the one that notices it.
"""

import os
import resource
import select
import signal
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from types import CodeType, FunctionType, ModuleType
from typing import Any

import coverage
import pytest
from _pytest.runner import runtestprotocol

NOTICED, SURVIVED, HUNG, UNTRIED = "noticed", "survived", "hung", "untried"


class DoesNotLoadError(Exception):
    """The changed code cannot even be imported, which nobody overlooks."""


@dataclass
class Change:
    """One change: its effect on the loaded code, and the tests to run, the likeliest first."""

    apply: Callable[[], None]
    tests: Sequence[str]
    outcome: str = ""
    witness: str = ""


@dataclass
class FirstRun:
    """The first run, on unchanged code: the tests that ran each line of each file, and the duration of each test."""

    tests_by_line: dict[str, dict[int, frozenset[str]]]
    seconds: dict[str, float]

    def tests_of(self, file: str, lines: Collection[int]) -> set[str]:
        """Return every test that ran one of these lines."""
        by_line = self.tests_by_line.get(file, {})
        return set().union(*(by_line.get(line, frozenset()) for line in lines))


class TestsDoNotPassError(Exception):
    """The unchanged code does not pass its tests, so changed code cannot be judged."""


@dataclass
class ForkedTests:
    """A pytest plug-in that takes over the session's loop. `plan` returns the changes after the first run.

    `timeout_seconds` is wall time for a whole change, `test_cpu_seconds` processor time for each test.
    """

    files: Sequence[str]
    plan: Callable[[FirstRun], Iterator[Change]]
    jobs: int
    timeout_seconds: float
    test_cpu_seconds: int | None = None
    changes: list[Change] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def run(self, arguments: Sequence[str]) -> None:
        """Run pytest with this plug-in; raise TestsDoNotPassError when nothing could be tried."""
        pytest.main([*arguments, "-p", "no:xdist"], plugins=[self])
        if self.failed:
            raise TestsDoNotPassError(", ".join(self.failed))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run all tests on the unchanged code, then every change."""
        if session.testsfailed:
            self.failed.append("collecting them")
            return True
        items = {item.nodeid: item for item in session.items}
        first = self._first_run(session.items)
        if not self.failed:
            self._try_all(self.plan(first), items)
        return True

    def _first_run(self, items: Sequence[pytest.Item]) -> FirstRun:
        recorder = coverage.Coverage(data_file=None, config_file=False, include=list(self.files))
        seconds = {}
        recorder.start()
        for item, following in zip(items, [*items[1:], None], strict=True):
            recorder.switch_context(item.nodeid)
            begun = time.monotonic()
            if not _passes(item, following):
                self.failed.append(item.nodeid)
            seconds[item.nodeid] = time.monotonic() - begun
        recorder.stop()
        data = recorder.get_data()
        lines = {
            file: {line: frozenset(tests) for line, tests in data.contexts_by_lineno(file).items()}
            for file in self.files
        }
        return FirstRun(lines, seconds)

    def _try_all(self, changes: Iterator[Change], items: dict[str, pytest.Item]) -> None:
        running: dict[int, tuple[int, Change, float]] = {}
        upcoming = next(changes, None)
        while upcoming is not None or running:
            while upcoming is not None and len(running) < self.jobs:
                pid, pipe = _fork(upcoming, items, self.test_cpu_seconds)
                running[pipe] = (pid, upcoming, time.monotonic() + self.timeout_seconds)
                self.changes.append(upcoming)
                upcoming = next(changes, None)
            self._gather(running)

    def _gather(self, running: dict[int, tuple[int, Change, float]]) -> None:
        ready, _, _ = select.select(list(running), [], [], 1)
        for pipe in ready:
            pid, change, _ = running.pop(pipe)
            change.witness = os.read(pipe, 4096).decode()
            os.close(pipe)
            _, status = os.waitpid(pid, 0)
            change.outcome = _outcome(os.waitstatus_to_exitcode(status), change.witness)
        for pipe, (pid, change, deadline) in list(running.items()):
            if time.monotonic() > deadline:
                del running[pipe]
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                os.close(pipe)
                change.outcome = HUNG


def _outcome(exit_code: int, witness: str) -> str:
    """Name the outcome: a child that ends without naming a test ran none; a signal ends one that takes too long."""
    if exit_code < 0:
        return HUNG
    if exit_code == 0:
        return SURVIVED
    return NOTICED if witness else UNTRIED


def _fork(change: Change, items: dict[str, pytest.Item], test_cpu_seconds: int | None) -> tuple[int, int]:
    """Fork a child that exits with 1 at the first failing test and with 0 when all pass; its pipe names the test."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    status = 1
    try:
        _be_silent()
        witness = _fails_to_load(change) or _first_failure(
            [items[test] for test in change.tests], test_cpu_seconds
        )
        os.write(writing, witness.encode()[:4096])
        status = 1 if witness else 0
    finally:
        os._exit(status)


def _fails_to_load(change: Change) -> str:
    try:
        change.apply()
    except DoesNotLoadError:
        return "the import"
    return ""


def _be_silent() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)


def _first_failure(items: Sequence[pytest.Item], test_cpu_seconds: int | None) -> str:
    for place, item in enumerate(items):
        if test_cpu_seconds is not None:
            _allow(test_cpu_seconds)
        if not _passes(item, items[place + 1] if place + 1 < len(items) else None):
            return item.nodeid
    return ""


def _allow(cpu_seconds: int) -> None:
    """Limit this process's processor time from now on; then a signal ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + cpu_seconds, most))


def _passes(item: pytest.Item, following: pytest.Item | None) -> bool:
    reports = runtestprotocol(item, log=False, nextitem=following)
    return not any(report.failed for report in reports)


def replace_code(module: ModuleType, function: str, code: CodeType) -> None:
    """Replace the code of `function` (its qualified name) in the loaded module by that of a compiled module.

    All importers of the function hold the same object, so they run the new code as well.
    """
    wanted = next(found for found in _codes_in(code) if found.co_qualname == function)
    holder: Any = module
    for name in function.split("."):
        holder = vars(holder)[name]
    cached = getattr(holder, "cache_clear", None)
    if cached is not None:
        cached()
    plain_function(holder).__code__ = wanted


def _codes_in(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes_in(constant)


def plain_function(holder: Any) -> FunctionType:
    """Return the function under a property, a class method or a cache."""
    while not isinstance(holder, FunctionType):
        for name in ("fget", "func", "__wrapped__", "__func__"):
            inner = getattr(holder, name, None)
            if inner is not None:
                holder = inner
                break
        else:
            raise TypeError(f"no function under {holder!r}")
    return holder

# SPDX-License-Identifier: Apache-2.0
"""`./dev drill mutation`: change `accord/envelope/` in thousands of places and require a failing test for each change.

mutmut makes the mutants (`devtool.drills.mutants` says which are left out). Each is loaded into a process of its own, a fork
that has the tests loaded, and meets the tests that run the changed statement, the quickest first. Nothing is written: the tree
stays as it is. A mutant that no test notices must be listed, with its reason, in `tests/envelope/settled_mutants.toml`; an
entry there that no surviving mutant needs is a fault as well.
"""

import argparse
import importlib
import os
import resource
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from devtool.checking import imagined_world
from devtool.drills.forked_tests import (
    SURVIVED,
    UNTRIED,
    Change,
    DoesNotLoadError,
    FirstRun,
    ForkedTests,
    TestsDoNotPassError,
    plain_function,
)
from devtool.drills.mutants import Mutant, mutants_of, positions_of_texts
from devtool.envelopetests import ENVELOPE_TESTS, PLAIN_PYTEST, WITHOUT_PROPERTIES
from devtool.environments import ROOT, role_environment
from devtool.errors import DevtoolError

PACKAGE = ROOT / "accord" / "envelope"
SETTLED = ROOT / "tests" / "envelope" / "settled_mutants.toml"
# Wall time; the limit of processor time ends endless loops much earlier.
MUTANT_TIMEOUT_SECONDS = 1800
LEAST_CPU_SECONDS = 10
# A mutant that collects for ever is ended before the machine is full.
MOST_MEMORY_BYTES = 3 * 1024**3


@dataclass(frozen=True)
class Outcome:
    """The result of one mutant."""

    mutant: Mutant
    change: Change


@dataclass
class Asking:
    """The tests to run for a mutant, and their order."""

    first: FirstRun
    made: list[tuple[Mutant, Change]] = field(default_factory=list)

    told: int = 0

    def tell_survivors(self) -> None:
        """Print at once what no test has noticed, settled or not: a run may take hours."""
        while self.told < len(self.made) and self.made[self.told][1].outcome:
            mutant, change = self.made[self.told]
            if change.outcome == SURVIVED:
                print(f"survived: {mutant}", file=sys.stderr, flush=True)
            self.told += 1

    def tests_for(self, mutant: Mutant, file: str) -> list[str]:
        """Return all tests that run the changed statement: first those that noticed a neighbour, then the quickest."""
        near = {change.witness for other, change in self.made if other.function == mutant.function}
        far = {change.witness for other, change in self.made if other.module == mutant.module}
        tests = self.first.tests_of(file, mutant.lines)
        return sorted(
            tests, key=lambda test: (test not in near, test not in far, self.first.seconds[test], test)
        )


def run(arguments: list[str]) -> int:
    """Run the drill; return 0 only if every mutant was noticed or is settled, and no settled one is left over."""
    options = _options(arguments)
    os.chdir(ROOT)
    mutants = [
        mutant
        for path in _files(options.module)
        for mutant in _mutants(path)
        if not options.function or mutant.function in options.function
    ]
    if options.list:
        print(*mutants, f"{len(mutants)} mutants", sep="\n")
        return 0
    begun = time.monotonic()
    outcomes = _try_each(mutants, options.tests, options.jobs)
    if outcomes is None:
        return 1
    return _report(outcomes, time.monotonic() - begun)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev drill mutation", description="Mutate the envelope.")
    parser.add_argument("module", nargs="*", help="only these, e.g. jws tree.merkle; all without")
    parser.add_argument("--function", action="append", help="only these, e.g. verify_slice; repeatable")
    parser.add_argument("--list", action="store_true", help="print the mutants and stop")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="mutants at once")
    parser.add_argument("--tests", nargs="+", default=list(ENVELOPE_TESTS), help="the tests to ask")
    return parser.parse_args(arguments)


def _files(modules: Collection[str]) -> list[Path]:
    files = {
        _module_of(path).removeprefix("accord.envelope."): path for path in sorted(PACKAGE.rglob("*.py"))
    }
    unknown = [name for name in modules if name not in files]
    if unknown:
        raise DevtoolError(
            f"There is no module `{unknown[0]}` in accord/envelope.", f"There are: {', '.join(files)}"
        )
    return [files[name] for name in modules or files]


def _module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def _mutants(path: Path) -> Iterator[Mutant]:
    return mutants_of(path, _module_of(path), positions_of_texts(PACKAGE))


def _try_each(mutants: Sequence[Mutant], tests: Sequence[str], jobs: int) -> list[Outcome] | None:
    # Settings that lead nowhere: these tests need no service, and none is started.
    os.environ.update(role_environment("build", imagined_world()))
    files = {mutant.module: str(ROOT.joinpath(*mutant.module.split("."))) + ".py" for mutant in mutants}

    def plan(first: FirstRun) -> Iterator[Change]:
        asking = Asking(first)
        for number, mutant in enumerate(mutants):
            if number % 100 == 0:
                print(f"{number} of {len(mutants)} mutants …", file=sys.stderr, flush=True)
            asking.tell_survivors()
            asked = asking.tests_for(mutant, files[mutant.module])
            cpu_seconds = int(LEAST_CPU_SECONDS + 2 * sum(first.seconds[test] for test in asked))
            change = Change(partial(_load, mutant, cpu_seconds), asked)
            asking.made.append((mutant, change))
            yield change

    forked = ForkedTests(sorted(set(files.values())), plan, jobs, MUTANT_TIMEOUT_SECONDS)
    try:
        forked.run([*PLAIN_PYTEST, *WITHOUT_PROPERTIES, *tests])
    except TestsDoNotPassError as failed:
        print(f"These tests fail on the unchanged code: {failed}")
        return None
    return [Outcome(mutant, change) for mutant, change in zip(mutants, forked.changes, strict=True)]


def _load(mutant: Mutant, cpu_seconds: int) -> None:
    """Put the changed function, with its defaults, into this process."""
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    live = importlib.import_module(mutant.module)
    changed = ModuleType(mutant.module)
    changed.__file__ = live.__file__
    sys.modules[mutant.module] = changed
    try:
        exec(compile(mutant.source, str(live.__file__), "exec"), vars(changed))  # noqa: S102 (our own source)
    except Exception as failed:
        raise DoesNotLoadError from failed
    finally:
        sys.modules[mutant.module] = live
    here, there = (_found(module, mutant.function) for module in (live, changed))
    here.__code__, here.__defaults__, here.__kwdefaults__ = (
        there.__code__,
        there.__defaults__,
        there.__kwdefaults__,
    )
    _forget_made_worlds()


def _found(module: ModuleType, function: str) -> Any:
    holder: Any = module
    for name in function.split("."):
        holder = vars(holder)[name]
    getattr(holder, "cache_clear", lambda: None)()
    return plain_function(holder)


def _forget_made_worlds() -> None:
    """Drop the agencies that the tests share: the unchanged code made them."""
    from tests.envelope.world import known_agency

    known_agency.cache_clear()


def _report(outcomes: Sequence[Outcome], seconds: float) -> int:
    modules = {outcome.mutant.module for outcome in outcomes}
    functions = {(outcome.mutant.module, outcome.mutant.function) for outcome in outcomes}
    settled = {key for key in _settled() if key[:2] in functions}
    survivors = [outcome.mutant for outcome in outcomes if outcome.change.outcome == SURVIVED]
    unsettled = [mutant for mutant in survivors if mutant.key not in settled]
    for mutant in unsettled:
        print(f"No test notices: {mutant}")
    untried = [outcome.mutant for outcome in outcomes if outcome.change.outcome == UNTRIED]
    for mutant in untried:
        print(f"The drill itself failed on: {mutant}")
    idle = settled - {mutant.key for mutant in survivors}
    for key in sorted(idle):
        print(f"Settled, yet noticed or gone; take it off the list: {key}")
    figures = ", ".join(
        f"{count} {name}" for name, count in sorted(Counter(o.change.outcome for o in outcomes).items())
    )
    kept = len(survivors) - len(unsettled)
    print(f"{len(outcomes)} mutants in {len(modules)} modules: {figures}; {kept} settled; {seconds:.0f} s.")
    return 1 if unsettled or untried or idle else 0


def _settled() -> set[tuple[str, str, str, str]]:
    """Return module, function, before and after of every mutant with a reason to survive."""
    with SETTLED.open("rb") as file:
        groups = tomllib.load(file)["settled"]
    return {
        (f"accord.envelope.{item['module']}", item["function"], item["before"], item["after"])
        for group in groups
        for item in group["mutants"]
        if group["reason"].strip()
    }

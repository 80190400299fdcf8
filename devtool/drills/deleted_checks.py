# SPDX-License-Identifier: Apache-2.0
"""`./dev drill checks`: remove every check of `accord/envelope/`, one at a time, and require a failing test for each.

A careless change can lose a check whose deletion no test notices. `devtool.drills.check_sites` defines the checks;
`devtool.drills.settled_checks` lists those that may survive, and why. The drill is deterministic: the same code and tests give
the same answer.
"""

import argparse
import ast
import importlib
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from devtool.checking import imagined_world
from devtool.drills.check_sites import Site, sites_of
from devtool.drills.forked_tests import (
    SURVIVED,
    UNTRIED,
    Change,
    FirstRun,
    ForkedTests,
    TestsDoNotPassError,
    replace_code,
)
from devtool.drills.settled_checks import SETTLED
from devtool.envelopetests import ENVELOPE_TESTS, PLAIN_PYTEST, WITHOUT_PROPERTIES
from devtool.environments import ROOT, role_environment

PACKAGE = ROOT / "accord" / "envelope"
# Wall time, for a busy machine; the limit of a test's processor time ends endless loops.
CHANGE_TIMEOUT_SECONDS = 1800
TEST_CPU_SECONDS = 30
# They check the library, not the input; their tests replace its answers in processes of their own.
APART = frozenset({"selftest.py", "selftest_opening.py"})


@dataclass(frozen=True)
class Check:
    """A site in its file; `number` is its position among the file's sites."""

    file: Path
    source: str
    number: int
    site: Site

    @property
    def module(self) -> str:
        """The dotted name."""
        return ".".join(self.file.relative_to(ROOT).with_suffix("").parts)

    @property
    def key(self) -> tuple[str, str, str]:
        """The key of its entry in `settled_checks`."""
        return self.module, self.site.function, self.site.words

    def __str__(self) -> str:
        place = f"{self.file.relative_to(ROOT)}:{self.site.lines.start}"
        return f"{place} {self.site.function}: {self.site.words} [{self.site.kind}]"

    def delete(self) -> None:
        """Remove it from the loaded module."""
        tree = ast.parse(self.source)
        sites_of(tree)[self.number].delete()
        code = compile(ast.fix_missing_locations(tree), str(self.file), "exec")
        replace_code(importlib.import_module(self.module), self.site.function, code)


class Checks:
    """All checks of the package, and which functions lead to which refusals."""

    def __init__(self, wanted: Sequence[str]) -> None:
        # Read once, so that editing the files meanwhile changes nothing.
        sources = {
            file: file.read_text("utf-8") for file in sorted(PACKAGE.rglob("*.py")) if file.name not in APART
        }
        self._trees = {file: ast.parse(source) for file, source in sources.items()}
        self.all = [
            Check(file, sources[file], number, site)
            for file, tree in self._trees.items()
            for number, site in enumerate(sites_of(tree))
        ]
        self.files = [str(file) for file in sources]
        self.chosen = [check for check in self.all if not wanted or check.file.stem in wanted]

    @cached_property
    def _refusals(self) -> dict[str, list[Check]]:
        """The refusals by the bare name of the function that makes them."""
        found: dict[str, list[Check]] = {}
        for check in self.all:
            if check.site.kind == "refusal":
                found.setdefault(check.site.function.rsplit(".", 1)[-1], []).append(check)
        return found

    @cached_property
    def _calls(self) -> dict[str, set[str]]:
        """The names that each function calls, by its bare name."""
        found: dict[str, set[str]] = {}
        for tree in self._trees.values():
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef):
                    called = (call.func for call in ast.walk(node) if isinstance(call, ast.Call))
                    names = {getattr(name, "id", getattr(name, "attr", "")) for name in called}
                    found.setdefault(node.name, set()).update(names)
        return found

    def tests_for(self, check: Check, first: FirstRun) -> list[str]:
        """Return the tests that ran the check, first those refused by its callee; quickest first."""
        tests = first.tests_of(str(check.file), check.site.lines)
        likely = tests & self._refused_below(check.site.callee, first) if check.site.callee else tests
        return sorted(tests, key=lambda test: (test not in likely, first.seconds[test], test))

    def _refused_below(self, callee: str, first: FirstRun) -> set[str]:
        reached, waiting = {callee}, [callee]
        while waiting:
            fresh = self._calls.get(waiting.pop(), set()) - reached
            reached |= fresh
            waiting += fresh
        refusals = [check for name in reached for check in self._refusals.get(name, ())]
        return set().union(*(first.tests_of(str(check.file), check.site.lines) for check in refusals))


def run(arguments: list[str]) -> int:
    """Run the drill; return 0 only if every deleted check was noticed or is settled."""
    parser = argparse.ArgumentParser(
        prog="./dev drill checks", description="Delete each check of the envelope."
    )
    parser.add_argument(
        "--module", action="append", default=[], help="only this module, e.g. keyrule; repeatable"
    )
    parser.add_argument("--list", action="store_true", help="print the checks and stop")
    parser.add_argument("--all", action="store_true", help="print also which test noticed each")
    parser.add_argument("--tests", nargs="+", default=list(ENVELOPE_TESTS), help="the tests to ask")
    options = parser.parse_args(arguments)
    checks = Checks(options.module)
    if options.list:
        print(*checks.chosen, sep="\n")
        return 0
    gone = sorted(SETTLED.keys() - {check.key for check in checks.all})
    for key in gone:
        print(f"Settled, yet there is no such check: {' '.join(key)}")
    begun = time.monotonic()
    changes = _try_each(checks, options.tests)
    if changes is None:
        return 1
    tried = list(zip(checks.chosen, changes, strict=True))
    if options.all:
        print(*(f"{change.outcome}: {check} <- {change.witness}" for check, change in tried), sep="\n")
    return 1 if _report(tried, time.monotonic() - begun) or gone else 0


def _try_each(checks: Checks, tests: Sequence[str]) -> list[Change] | None:
    # Settings that lead nowhere: these tests need no service, and none is started.
    os.environ.update(role_environment("build", imagined_world()))

    def plan(first: FirstRun) -> Iterator[Change]:
        for number, check in enumerate(checks.chosen):
            if number % 50 == 0:
                print(f"{number} of {len(checks.chosen)} checks …", file=sys.stderr, flush=True)
            yield Change(check.delete, checks.tests_for(check, first))

    forked = ForkedTests(checks.files, plan, os.cpu_count() or 1, CHANGE_TIMEOUT_SECONDS, TEST_CPU_SECONDS)
    os.chdir(ROOT)
    try:
        forked.run([*PLAIN_PYTEST, *WITHOUT_PROPERTIES, *tests])
    except TestsDoNotPassError as failed:
        print(f"These tests fail on the unchanged code: {failed}")
        return None
    return forked.changes


def _report(tried: list[tuple[Check, Change]], seconds: float) -> bool:
    """Print the faults and the figures; return whether there are faults."""
    outcomes = Counter(change.outcome for _, change in tried)
    survived = {check.key for check, change in tried if change.outcome == SURVIVED}
    faults = [f"Could not be deleted: {check}" for check, change in tried if change.outcome == UNTRIED]
    faults += [
        f"No test notices: {check}"
        for check, change in tried
        if change.outcome == SURVIVED and check.key not in SETTLED
    ]
    tried_keys = {check.key for check, _ in tried}
    faults += [
        f"Settled, yet noticed; take it off the list: {' '.join(key)}"
        for key in sorted((SETTLED.keys() & tried_keys) - survived)
    ]
    print(*faults, sep="\n", end="\n" if faults else "")
    figures = ", ".join(f"{outcomes[name]} {name}" for name in sorted(outcomes))
    print(
        f"{len(tried)} checks deleted: {figures}; {len(survived & SETTLED.keys())} settled; {seconds:.0f} s."
    )
    return bool(faults)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))

# SPDX-License-Identifier: Apache-2.0
"""The tests that cover `accord/envelope/` by themselves, and the check that they take every branch of it.

They are pure: no database, broker or network, so that they run under settings that lead nowhere.
"""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from demo.ticks import StepFailedError
from devtool.environments import ROOT
from devtool.processes import run_to_end

PACKAGE: Final = "accord.envelope"
ENVELOPE_TESTS: Final = (
    "tests/envelope",
    "tests/attacks",
    "tests/ledger/test_merkle.py",
    "tests/ledger/test_receipts.py",
    "tests/ledger/test_signed_notes.py",
)
# Random inputs find much, but the purpose of a branch or check needs a plain test.
WITHOUT_PROPERTIES: Final = ("--ignore-glob=tests/envelope/test_properties_*.py",)
# Makers of the kit and chains run most lines a thousand times; a branch needs one.
PLAIN_ONLY: Final = (
    *WITHOUT_PROPERTIES,
    *("--ignore-glob=*/test_own_vectors.py", "--ignore-glob=*/test_release_chain_agreement.py"),
)
# Instead of the usual options: start no service, and load no plug-in that these tests do not need.
PLAIN_PYTEST: Final = (
    "-o", "addopts=", "--import-mode=importlib", "--strict-markers", "--strict-config", "--ignore=tests/attacks/hub",
    "-p", "no:cacheprovider", "-p", "no:playwright", "-q", "--no-header",
)  # fmt: skip


def check_branches(environment: Mapping[str, str]) -> list[str]:
    """Require that these tests take every statement and branch of the envelope; raise StepFailedError."""
    with tempfile.TemporaryDirectory(prefix="accord-coverage-") as folder:
        env = {**environment, "COVERAGE_FILE": str(Path(folder) / "data"), "PYTHONPATH": str(ROOT)}
        options = (*PLAIN_PYTEST, *PLAIN_ONLY, "-n", str(min(os.cpu_count() or 1, 4)))
        coverage = (sys.executable, "-m", "coverage")
        measured = [*coverage, "run", f"--source={PACKAGE}", "-m", "pytest", *options, *ENVELOPE_TESTS]
        _run(measured, env)
        _run([*coverage, "combine", "--quiet"], env)
        report = _run([*coverage, "report", "--fail-under=100"], env)
    total = next(line.split() for line in report.splitlines() if line.startswith("TOTAL"))
    return [f"{total[1]} statements, {total[3]} branches"]


def _run(command: list[str], env: dict[str, str]) -> str:
    done = run_to_end(command, env, cwd=ROOT)
    if done.returncode:
        raise StepFailedError((done.stdout + done.stderr).strip() or f"It ended with {done.returncode}.")
    return done.stdout

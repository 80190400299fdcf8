# SPDX-License-Identifier: Apache-2.0
"""Second tries of failed tests, each alone in a fresh process.

- A test that passes then is printed as FLAKY with its seed, and is to be mended in the next change (docs/flaky.md).
- The run still fails when a test fails again, when it may not be retried (security, kills, races), when more than `MOST_FLAKY`
  failed, or when docs/flaky.md already names it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from devtool.environments import ROOT

FAILED_TESTS: Final = Path(".dev/failed-tests.json")
"""Written by the suite, relative to the checkout: the seed, and by test whether it may be retried."""
FLAKY_PAGE: Final = Path("docs/flaky.md")
MOST_FLAKY: Final = 3


def retest() -> int:
    """Judge the last run: return 0 when every failed test was allowed a second try and passed it."""
    path = ROOT / FAILED_TESTS
    if not path.is_file():
        print("The last run left no list of failed tests: it was broken off, or nothing failed.")
        return 1
    last = json.loads(path.read_text())
    known = (ROOT / FLAKY_PAGE).read_text()
    return judge(last["tests"], seed=last["seed"], known_flaky=known, passes=_passes_alone)


def judge(
    failed: Mapping[str, bool], *, seed: str, known_flaky: str, passes: Callable[[str, str], bool]
) -> int:
    """Return the exit status. `failed` says by test whether it may be retried; `passes(test, seed)` runs one.

    A run that failed without a failed test was not whole, as where its processes collected different tests.
    """
    if not failed:
        print("The last run failed, and no test of it did: it was not whole.")
        return 1
    if reasons := _reasons_against(failed, known_flaky):
        print("Not tried again:", *reasons, sep="\n  ")
        return 1
    still_failing = 0
    for test in failed:
        if passes(test, seed):
            print(f"FLAKY {test} seed={seed}: mend it in the next change and enter it in {FLAKY_PAGE}")
        else:
            print(f"FAILED AGAIN {test} seed={seed}")
            still_failing += 1
    return 1 if still_failing else 0


def _reasons_against(failed: Mapping[str, bool], known_flaky: str) -> list[str]:
    reasons = [f"{test}: its failure counts at once" for test, allowed in failed.items() if not allowed]
    reasons += [f"{test}: flaky before, see {FLAKY_PAGE}" for test in failed if f"`{test}`" in known_flaky]
    if len(failed) > MOST_FLAKY:
        reasons.append(f"{len(failed)} tests failed, more than {MOST_FLAKY}")
    return reasons


def _passes_alone(test: str, seed: str) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test]
    environment = os.environ | {"ACCORD_SEED": seed}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0

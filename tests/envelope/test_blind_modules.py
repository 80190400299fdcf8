# SPDX-License-Identifier: Apache-2.0
"""The exchange's modules can neither open nor sign, not even by modules that they import."""

import subprocess
import sys
from functools import cache
from pathlib import Path

ENVELOPE = Path(__file__).parent.parent.parent / "accord" / "envelope"
PACKAGE = "accord.envelope"
OPENING = {f"{PACKAGE}.{name}" for name in ("private", "unseal", "reading", "reseal", "selftest_opening")}
MODULES = {
    ".".join((PACKAGE, *path.relative_to(ENVELOPE).with_suffix("").parts))
    for path in ENVELOPE.rglob("*.py")
    if path.name != "__init__.py"
}
# A process of its own for each module, forked from one that has imported nothing else.
EACH_ALONE = """
import importlib, os, sys
for name in sys.argv[1:]:
    if os.fork() == 0:
        try:
            importlib.import_module(name)
            print(name, *sorted(sys.modules), flush=True)
        finally:
            os._exit(0)
    os.wait()
"""


@cache
def imported() -> dict[str, set[str]]:
    """The modules that each module loads when it is imported alone."""
    command = [sys.executable, "-c", EACH_ALONE, *sorted(MODULES)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = (line.split() for line in done.stdout.splitlines())
    return {name: set(loaded) for name, *loaded in lines}


def test_every_module_is_imported_alone() -> None:
    assert imported().keys() == MODULES
    assert all(name in loaded for name, loaded in imported().items())
    assert f"{PACKAGE}.private" in imported()[f"{PACKAGE}.unseal"]


def test_imports_no_private_half() -> None:
    assert {name for name in MODULES - OPENING if imported()[name] & OPENING} == set()


def test_imports_nothing_of_the_project_but_the_envelope() -> None:
    loaded = set().union(*imported().values())
    assert not {name.split(".")[0] for name in loaded} & {
        "agencies", "alerts", "callers", "casework", "demo", "desk", "hub", "ledger", "notices", "officers", "peers", "science",
        "sharing", "vault", "django", "celery", "requests",
    }  # fmt: skip
    packages = {PACKAGE, *(f"{PACKAGE}.{name}" for name in ("suites", "statements", "tree"))}
    assert {name for name in loaded if name.startswith("accord.")} <= packages | MODULES

# SPDX-License-Identifier: Apache-2.0
"""The exchange's modules can neither open nor sign, not even by modules that they import."""

import subprocess
import sys
from pathlib import Path

import pytest

ENVELOPE = Path(__file__).parent.parent.parent / "accord" / "envelope"
OPENING = {"private", "unseal", "reading", "reseal", "selftest_opening"}
MODULES = sorted(
    ".".join(path.relative_to(ENVELOPE).with_suffix("").parts)
    for path in ENVELOPE.rglob("*.py")
    if path.name != "__init__.py"
)


@pytest.mark.parametrize("module", [name for name in MODULES if name not in OPENING])
def test_imports_no_private_half(module: str) -> None:
    program = f"import sys, accord.envelope.{module}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    imported = set(done.stdout.split())
    assert not imported & {f"accord.envelope.{name}" for name in OPENING}


def test_imports_nothing_of_the_project_but_the_envelope() -> None:
    names = " ".join(f"accord.envelope.{name}," for name in MODULES).rstrip(",")
    program = f"import sys; import {names}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    tops = {name.split(".")[0] for name in done.stdout.split()}
    assert not tops & {
        "agencies",
        "alerts",
        "callers",
        "demo",
        "desk",
        "hub",
        "ledger",
        "notices",
        "officers",
        "peers",
        "science",
        "sharing",
        "vault",
        "django",
        "celery",
        "requests",
    }
    assert {name for name in done.stdout.split() if name.startswith("accord.")} <= {
        "accord.envelope",
        "accord.envelope.suites",
        "accord.envelope.statements",
        "accord.envelope.tree",
        *(f"accord.envelope.{name}" for name in MODULES),
    }

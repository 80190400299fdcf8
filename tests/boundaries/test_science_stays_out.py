# SPDX-License-Identifier: Apache-2.0
"""A starting process loads no toolkit of the science core, and web and workers never load one.

A start pays nothing for the toolkits, and what strangers wrote is read in processes of their own.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from devtool.environments import ROOT, World, role_environment

HEAVY = {"rdkit", "numpy", "jcamp"}


@pytest.mark.parametrize("role", ["desk", "desk-worker", "exchange", "exchange-worker", "mailer"])
def test_a_role_starts_without_any_toolkit_of_the_science_core(role: str, world: World) -> None:
    script = Path(__file__).with_name("boot_start.py")
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=ROOT,
        env=role_environment(role, world),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}
    assert "django" in loaded
    assert loaded & HEAVY == set()

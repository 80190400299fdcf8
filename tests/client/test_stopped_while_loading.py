# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C in the first moments of the command, before it has read its arguments."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.no_retry

STOPPED_AT = """
import sys

class CtrlC:
    def find_spec(self, name, path, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt

sys.meta_path.insert(0, CtrlC())
from accord.__main__ import run
sys.argv = ["accord", "completion", "bash"]
sys.exit(run())
"""


def _ended(module: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", STOPPED_AT.format(module=module)], capture_output=True, text=True, check=False
    )


def test_ctrl_c_while_loading_ends_as_always_and_without_a_traceback() -> None:
    for module in ("accord.cli.main", "urllib3", "cryptography.hazmat.primitives.kdf.argon2"):
        stopped = _ended(module)
        assert (stopped.returncode, stopped.stdout, stopped.stderr) == (130, "", ""), module


def test_the_same_without_ctrl_c_runs() -> None:
    ran = _ended("no.such.module")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "accord" in ran.stdout

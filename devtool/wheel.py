# SPDX-License-Identifier: Apache-2.0
"""`./dev wheel`: the `accord` client as a wheel of its own, byte for byte the same each time it is built."""

import os
import sys
from pathlib import Path

from devtool.environments import ROOT, inherited
from devtool.errors import DevtoolError
from devtool.processes import run_to_end

PROJECT = ROOT / "packages" / "accord"
# The earliest time a zip archive can state; without a fixed one each build would differ.
ZIP_EPOCH_SECS = "315532800"


def build_wheel(folder: Path) -> Path:
    """Builds the client's wheel into `folder` and gives its path; raises DevtoolError."""
    before = set(folder.glob("*.whl"))
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = run_to_end(command, {**inherited(os.environ), "SOURCE_DATE_EPOCH": ZIP_EPOCH_SECS}, cwd=PROJECT)
    built = sorted(folder.glob("accord_client-*.whl"))
    if done.returncode or not built:
        raise DevtoolError("The wheel could not be built.", (done.stdout + done.stderr).strip())
    return next((path for path in built if path not in before), built[-1])


def build_into(name: str) -> Path:
    """The same for the verb: the folder is made when it is not there."""
    folder = Path(name).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return build_wheel(folder)

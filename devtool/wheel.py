# SPDX-License-Identifier: Apache-2.0
"""`./dev wheel`: the `accord` client and the science core as wheels, byte for byte the same in each build."""

import os
import sys
from pathlib import Path

from devtool.environments import ROOT, inherited
from devtool.errors import DevtoolError
from devtool.processes import run_to_end

PACKAGES = ROOT / "packages"
CLIENT = "accord"
SCIENCE = "substances"
WHEELS = {CLIENT: "accord_client-*.whl", SCIENCE: "accord_substances-*.whl"}
# The earliest time a zip archive can state; without a fixed one each build would differ.
ZIP_EPOCH_SECS = "315532800"


def build_wheel(folder: Path, package: str = CLIENT) -> Path:
    """Build the wheel of a folder of `packages/` into `folder` and return its path; raise DevtoolError."""
    before = set(folder.glob("*.whl"))
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    environment = {**inherited(os.environ), "SOURCE_DATE_EPOCH": ZIP_EPOCH_SECS}
    done = run_to_end(command, environment, cwd=PACKAGES / package)
    built = sorted(folder.glob(WHEELS[package]))
    if done.returncode or not built:
        raise DevtoolError(
            f"The wheel of packages/{package} could not be built.", (done.stdout + done.stderr).strip()
        )
    return next((path for path in built if path not in before), built[-1])


def build_into(name: str) -> list[Path]:
    """Build all wheels for the verb; make the folder if needed."""
    folder = Path(name).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return [build_wheel(folder, package) for package in WHEELS]

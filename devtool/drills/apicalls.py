# SPDX-License-Identifier: Apache-2.0
"""`./dev drill api`: schemathesis as every kind of caller, every limit of every field, long sequences."""

import argparse
import os
import subprocess
import sys

from devtool.environments import ROOT


def run(arguments: list[str]) -> int:
    """Run the suite's own test with wider limits."""
    parser = argparse.ArgumentParser(prog="./dev drill api")
    parser.add_argument(
        "--examples", type=int, default=20, help="for each operation, five times as many sequences"
    )
    options = parser.parse_args(arguments)
    command = [sys.executable, "-m", "pytest", "tests/api/test_generated_calls.py", "-v"]
    environment = {**os.environ, "ACCORD_API_EXAMPLES": str(max(1, options.examples))}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode

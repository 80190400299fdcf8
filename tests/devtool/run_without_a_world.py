# SPDX-License-Identifier: Apache-2.0
"""`./dev run --once` without the demonstration world: its services, tables and processes come in a fraction of the time.

Whoever needs no more than these starts this file as a module.
"""

import runpy
import sys

from devtool import running
from devtool.supervision import Hub


class HubWithoutAWorld(Hub):
    """A hub of two empty halves."""

    def prepare(self) -> None:
        """Make tables and grants."""
        self.make_tables()


if __name__ == "__main__":
    setattr(running, "Hub", HubWithoutAWorld)  # noqa: B010 - a name that mypy would not have replaced
    sys.argv = ["devtool", "run", "--once"]
    runpy.run_module("devtool", run_name="__main__")

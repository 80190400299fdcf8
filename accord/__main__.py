# SPDX-License-Identifier: Apache-2.0
"""`python -m accord`, and what the installed `accord` command starts."""

from __future__ import annotations

import io
import sys
from typing import Final

STOPPED_WHILE_LOADING: Final = 130


def run() -> int:
    """Run the command line of this process; gives its exit code."""
    try:
        return _load_and_run()
    except KeyboardInterrupt:
        return STOPPED_WHILE_LOADING


def _load_and_run() -> int:
    # Loaded here, so that Ctrl-C in the first moments ends like any other.
    from accord.cli.main import main
    from accord.hardening import forbid_core_dumps

    forbid_core_dumps()
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a sign shows its number; it must not stop an alert from being read.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())

# SPDX-License-Identifier: Apache-2.0
"""Entry point of `python -m accord` and of the installed `accord` command."""

from __future__ import annotations

import io
import sys
from typing import Final

STOPPED_WHILE_LOADING: Final = 130


def run() -> int:
    """Run the command line of this process; return its exit code."""
    try:
        return _load_and_run()
    except KeyboardInterrupt:
        return STOPPED_WHILE_LOADING


def _load_and_run() -> int:
    # Imported here, so that Ctrl-C during the import ends like any other.
    from accord.cli.main import main
    from accord.hardening import forbid_core_dumps

    forbid_core_dumps()
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character shows its number; it must not stop an alert from being read.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())

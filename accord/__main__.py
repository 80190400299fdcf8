# SPDX-License-Identifier: Apache-2.0
"""`python -m accord`."""

from __future__ import annotations

import io
import sys

from accord.cli.main import main

if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a sign shows its number; it must not stop an alert from being read.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(main(sys.argv[1:]))

# SPDX-License-Identifier: Apache-2.0
"""Find a Chromium on this machine."""

import os
import shutil

CANDIDATES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
"""The headless shell first: the whole browser draws the same pages with three times the processor time."""
HOW_TO_GET_ONE = (
    "No Chromium was found. Install one (Debian: `apt-get install chromium-headless-shell`; Ubuntu: `chromium`) "
    "or name it in the variable CHROMIUM."
)
QUIET = (
    *("--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--disable-quic"),
    # Each page of a test or a drill lives for a second: optimised code would cost more than it saves.
    "--js-flags=--no-opt",
)


def find_chromium() -> str | None:
    """Return the path of a Chromium on this machine."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, CANDIDATES)), None)

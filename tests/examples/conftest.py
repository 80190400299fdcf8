# SPDX-License-Identifier: Apache-2.0
"""The openers of docs/examples, run as a foreign engineer would: in a real Chromium, in node, on a plain JDK."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, Final

import pytest

from devtool.chromium import HOW_TO_GET_ONE, QUIET, find_chromium

HOW_TO_GET_A_JDK: Final = (
    "No JDK was found. Install one (Debian, Ubuntu: `apt-get install default-jdk-headless`), "
    "or name the folder of its programs in the variable JDK_BIN."
)
NODE_IS_NOT_NEEDED: Final = "There is no node here; the browser runs the same module."


def find_jdk() -> tuple[str, str] | None:
    """Find the paths of `javac` and `java`; None unless both exist."""
    folder = os.environ.get("JDK_BIN")
    found = [shutil.which(name, path=folder) for name in ("javac", "java")]
    compiler, runner = found
    return (compiler, runner) if compiler and runner else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a Chromium or a JDK skip its tests with directions to get one; in CI let them fail."""
    here = Path(__file__).parent
    for item in items:
        if here not in item.path.parents:
            continue
        if "browser" in item.path.name:
            item.add_marker(pytest.mark.browser)
        missing = _what_is_missing(item.path.name)
        if missing is not None:
            item.add_marker(pytest.mark.skip(reason=missing))


def _what_is_missing(name: str) -> str | None:
    """The reason to skip a test file; in CI only node may be missing."""
    if "node" in name:
        return None if shutil.which("node") else NODE_IS_NOT_NEEDED
    if "CI" in os.environ:
        return None
    if "browser" in name:
        return None if find_chromium() else HOW_TO_GET_ONE
    return HOW_TO_GET_A_JDK if "jdk" in name and find_jdk() is None else None


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    executable = find_chromium()
    if executable is None:
        pytest.fail(HOW_TO_GET_ONE)
    arguments = [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    return {**browser_type_launch_args, "executable_path": executable, "args": arguments}

# SPDX-License-Identifier: Apache-2.0
"""The openers stay small enough to read in one sitting, and their bundled files are those of the note."""

from __future__ import annotations

import hashlib
import re

import pytest

from tests.examples.asking import EXAMPLES, asked

MAX_LINES = 150


@pytest.mark.parametrize("name", ["opener.mjs", "Opener.java", "StrictJson.java"])
def test_an_opener_is_under_150_lines(name: str) -> None:
    lines = (EXAMPLES / name).read_text("utf-8").splitlines()
    assert lines[0] == "// SPDX-License-Identifier: Apache-2.0"
    assert len(lines) < MAX_LINES


def test_bundled_files_are_those_of_the_note() -> None:
    note = (EXAMPLES / "vendor" / "README.md").read_text("utf-8")
    named = dict(re.findall(r"^\| ([\w.-]+\.mjs) \|.*\| ([0-9a-f]{64}) \|$", note, re.MULTILINE))
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (EXAMPLES / "vendor").glob("*.mjs")
    }
    assert named == found
    assert (EXAMPLES / "vendor" / "noble-LICENSE.txt").is_file()


def test_openers_are_asked_for_both_suites() -> None:
    for suite in ("PQ1", "EC1"):
        good = [case for case in asked(suite) if "ok" in case.expect]
        assert len(good) >= 3 and len(asked(suite)) - len(good) >= 10, suite

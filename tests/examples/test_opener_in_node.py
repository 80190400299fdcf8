# SPDX-License-Identifier: Apache-2.0
"""docs/examples/opener.mjs in node, on machines that have it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.envelope.kit.cases import Case
from tests.examples.asking import asked, expected_of, request_of

RUNNER = Path(__file__).parent / "run_opener.mjs"


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    """The opener's answer to every case, by the case's name."""
    cases = asked()
    lines = "".join(json.dumps(request_of(case)) + "\n" for case in cases)
    done = subprocess.run(["node", str(RUNNER)], input=lines, capture_output=True, text=True, check=True)
    return dict(zip(map(str, cases), map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("case", asked(), ids=str)
def test_node_opens_or_refuses(case: Case, answers: dict[str, Any]) -> None:
    assert answers[str(case)] == expected_of(case)

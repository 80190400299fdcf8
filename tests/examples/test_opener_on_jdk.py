# SPDX-License-Identifier: Apache-2.0
"""docs/examples/Opener.java on a plain JDK: the cases of EC1 that it opens, and those it refuses."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.envelope.kit.cases import Case
from tests.examples.asking import EXAMPLES, asked, expected_of, request_of
from tests.examples.conftest import HOW_TO_GET_A_JDK, find_jdk

SOURCES = [EXAMPLES / "StrictJson.java", EXAMPLES / "Opener.java"]
# The opener has Ed25519 and X25519 alone, as its first lines say; it digests blobs and does not decrypt them.
OTHER_CURVE = {"opening_rules: for a P-256 key", "opening_rules: signed by ES256"}
CASES = [case for case in asked("EC1") if str(case) not in OTHER_CURVE]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The opener's answer to every case, by the case's name."""
    jdk = find_jdk()
    if jdk is None:
        pytest.fail(HOW_TO_GET_A_JDK)
    compiler, runner = jdk
    classes = tmp_path_factory.mktemp("classes")
    subprocess.run([compiler, "-Xlint:all", "-Werror", "-d", str(classes), *map(str, SOURCES)], check=True)
    lines = "".join(json.dumps(request_of(case)) + "\n" for case in CASES)
    command = [runner, "-cp", str(classes), "Opener"]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True, encoding="utf-8")
    return dict(zip(map(str, CASES), map(json.loads, done.stdout.splitlines()), strict=True))


def expected_here(case: Case) -> dict[str, Any]:
    expected = expected_of(case)
    return {name: value for name, value in expected.items() if name != "files"}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_jdk_opens_or_refuses(case: Case, answers: dict[str, Any]) -> None:
    assert answers[str(case)] == expected_here(case)

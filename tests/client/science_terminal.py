# SPDX-License-Identifier: Apache-2.0
"""The command in a home of its own, for questions to the science core."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from accord.cli import exits
from accord.cli.main import main
from accord.cli.questions import FILE


@dataclass
class Terminal:
    """The command in a home of its own."""

    home: Path
    capsys: pytest.CaptureFixture[str]

    def run(self, *argv: str, expect: int = exits.OK) -> str:
        code = main(list(argv), {"ACCORD_HOME": str(self.home)})
        told = self.capsys.readouterr()
        assert code == expect, told.err
        return told.out if expect == exits.OK else told.err

    def json(self, *argv: str) -> Any:
        return json.loads(self.run(*argv, "--json"))

    @property
    def record(self) -> list[dict[str, Any]]:
        path = self.home / FILE
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

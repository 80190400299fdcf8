# SPDX-License-Identifier: Apache-2.0
"""A desk for tests of replies: two hosted agencies that may share, and one with keys of its own."""

from pathlib import Path

import pytest

from tests.pages.desk_world import DeskWorld


@pytest.fixture
def desk(db: None, tmp_path: Path) -> DeskWorld:
    """A desk at which nothing is written yet."""
    return DeskWorld.kept(tmp_path / "ledger")

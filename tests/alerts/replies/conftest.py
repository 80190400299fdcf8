# SPDX-License-Identifier: Apache-2.0
"""The desk as replies see it: two hosted agencies that may share, and one with keys of its own."""

from pathlib import Path

import pytest

from tests.pages.desk_world import DeskWorld


@pytest.fixture
def desk(db: None, tmp_path: Path) -> DeskWorld:
    """Nothing written yet."""
    return DeskWorld.kept(tmp_path / "ledger")

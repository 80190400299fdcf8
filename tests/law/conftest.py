# SPDX-License-Identifier: Apache-2.0
"""The desk, with alerts that name structures, and an authority that publishes a change of the law."""

from pathlib import Path

import pytest

from tests.law.lawful import LawDesk
from tests.pages.desk_world import DeskWorld


@pytest.fixture
def law(db: None, tmp_path: Path) -> LawDesk:
    """Two hosted agencies; nothing written yet."""
    return LawDesk(DeskWorld.kept(tmp_path / "ledger"))

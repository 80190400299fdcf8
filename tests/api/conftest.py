# SPDX-License-Identifier: Apache-2.0
"""Hosted desks whose world began now, since the API reads the real clock."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.alerts.conftest import GOOD, Desks, kept_desks_of_now


@pytest.fixture
def desks(db: None, tmp_path: Path) -> Desks:
    return kept_desks_of_now(tmp_path / "ledger")


@pytest.fixture
def fields(desks: Desks) -> Mapping[str, Any]:
    """Enough fields of a draft to submit it to the health authority."""
    return {**GOOD, "event_date": desks.hub.now.date().isoformat(), "recipients": [desks.health.id]}

# SPDX-License-Identifier: Apache-2.0
"""A desk with alerts that name structures, and an authority that publishes a change of the law."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from tests.law.lawful import LawDesk
from tests.pages.desk_world import DeskWorld


@pytest.fixture
def law(db: None, tmp_path: Path) -> LawDesk:
    """Two hosted agencies without any alert."""
    return LawDesk(DeskWorld.kept(tmp_path / "ledger"))


@pytest.fixture
def signed(law: LawDesk) -> Callable[[str], Client]:
    """Return the browser of an officer of that world, by given name."""

    def sign(login: str) -> Client:
        client = Client()
        client.force_login(getattr(law.desk, login), "officers.login.backends.EmailBackend")
        return client

    return sign

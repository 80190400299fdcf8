# SPDX-License-Identifier: Apache-2.0
"""A hub with four agencies: alpha writes, bravo and charlie receive, delta must get nothing."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from django.utils import timezone

from tests.builders import HeldAgency, Hub
from tests.restored_worlds import FRESH_SECONDS, restored_world
from tests.sharing.callers import Caller


@dataclass
class Four:
    """The agencies of a test; G1 joins the first three on every lane, delta stands alone."""

    alpha: HeldAgency
    bravo: HeldAgency
    charlie: HeldAgency
    delta: HeldAgency


@pytest.fixture
def hub(db: None, tmp_path: Path) -> Hub:
    return Hub(tmp_path / "ledger")


@pytest.fixture
def four(hub: Hub) -> Four:
    return restored_world("four", lambda folder: _make_four(hub), hub.folder)


def _make_four(hub: Hub) -> Four:
    made = Four(*hub.make_agencies("xa-alpha", "xb-bravo", "xc-charlie", "xd-delta"))
    hub.make_agreement("G1", made.alpha, made.bravo, made.charlie)
    return made


@dataclass
class Callers:
    """The four agencies by their API keys; the hub's clock is the real one."""

    hub: Hub
    four: Four
    alpha: Caller
    bravo: Caller
    charlie: Caller
    delta: Caller


@pytest.fixture
def callers(db: None, tmp_path: Path) -> Callers:
    return restored_world("callers", _make_callers, tmp_path / "ledger", fresh_seconds=FRESH_SECONDS)


def _make_callers(folder: Path) -> Callers:
    hub = Hub(folder, timezone.now())
    made = _make_four(hub)
    agencies = (made.alpha, made.bravo, made.charlie, made.delta)
    return Callers(hub, made, *(Caller(hub.api_key(agency)) for agency in agencies))

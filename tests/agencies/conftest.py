# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the `agencies` tests: an agency that enters, and hosted agencies with an alert under way."""

from pathlib import Path

import pytest

from officers.models import Officer
from peers.models import Agency
from tests.agencies.sealing import Carried, carry, seal
from tests.agencies.world import NOW, OwnKeys, admit, enrol, hosted_agency, log_everything, own_agency
from tests.restored_worlds import restored_world


@pytest.fixture
def keys() -> OwnKeys:
    return OwnKeys.draw("xa-lab")


@pytest.fixture
def agency(db: None, keys: OwnKeys) -> Agency:
    return admit("xa-lab", fingerprint=keys.root.fingerprint)


@pytest.fixture
def releaser(db: None, tmp_path: Path) -> Officer:
    """A releaser of the hosted xa-lab. xb-health is hosted too, xd-reg has its own keys; all their keysets are in force."""
    return restored_world("three agencies", _make_releaser, tmp_path)


def _make_releaser(folder: Path) -> Officer:
    agency = hosted_agency("xa-lab")
    hosted_agency("xb-health")
    own_agency("xd-reg")
    log_everything(folder, now=NOW)
    return enrol(agency, "releaser")


@pytest.fixture
def reader(releaser: Officer) -> Officer:
    return enrol(Agency.objects.get(pk="xb-health"), "reader")


@pytest.fixture
def carried(releaser: Officer, tmp_path: Path) -> Carried:
    return carry(seal(releaser, ["xb-health", "xd-reg"]), tmp_path)

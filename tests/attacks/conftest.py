# SPDX-License-Identifier: Apache-2.0
"""The scene of every attack: alpha writes to bravo and charlie; mallory must get nothing."""

import pytest

from accord.envelope.keys import EC1, PQ1
from tests.envelope.world import Agency, World, known_agency, make_world


@pytest.fixture(params=[PQ1, EC1])
def scene(request: pytest.FixtureRequest) -> World:
    """Alpha, bravo and charlie with an empty ledger, in each suite."""
    return make_world(request.param)


@pytest.fixture
def pq1() -> World:
    """Alpha, bravo and charlie in PQ1 alone, for tests that do not depend on the suite."""
    return make_world(PQ1)


@pytest.fixture
def mallory(scene: World) -> Agency:
    """A registered agency with valid keys, and the attacker."""
    agency = known_agency("xm-mallory")
    scene.directory.keysets[agency.id] = [agency.keyset]
    return agency

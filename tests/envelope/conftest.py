# SPDX-License-Identifier: Apache-2.0
"""The world of the envelope's tests, once for each suite."""

import pytest

from accord.envelope.keys import EC1, PQ1
from tests.envelope.releasing import Chain
from tests.envelope.world import World, make_world


@pytest.fixture(params=[PQ1, EC1])
def scene(request: pytest.FixtureRequest) -> World:
    """Alpha, bravo and charlie with an empty ledger; a test makes mallory itself."""
    return make_world(request.param)


@pytest.fixture
def pq1() -> World:
    """A world in PQ1 alone, for tests that do not depend on the suite."""
    return make_world(PQ1)


@pytest.fixture
def chain(scene: World) -> Chain:
    """Alpha's alert, which its recipients may release onward."""
    return Chain(scene)


@pytest.fixture
def pq1_chain(pq1: World) -> Chain:
    """The same in PQ1 alone."""
    return Chain(pq1)

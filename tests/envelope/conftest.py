# SPDX-License-Identifier: Apache-2.0
"""The scene of the envelope's tests, once per suite."""

import pytest

from accord.envelope.keys import EC1, PQ1
from tests.envelope.world import World, make_world


@pytest.fixture(params=[PQ1, EC1])
def scene(request: pytest.FixtureRequest) -> World:
    """Alpha, bravo and charlie with an empty ledger; mallory is made in the test."""
    return make_world(request.param)


@pytest.fixture
def pq1() -> World:
    """The same in PQ1 alone, for what does not depend on the suite."""
    return make_world(PQ1)

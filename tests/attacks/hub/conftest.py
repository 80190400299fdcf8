# SPDX-License-Identifier: Apache-2.0
"""Real hubs to attack: services and views on PostgreSQL, a sequencer with its state folder, a vault."""

from tests.agencies.conftest import agency, keys
from tests.alerts.conftest import desks
from tests.ledger.conftest import bench, ledger_key, make_bench
from tests.sharing.conftest import callers, four, hub

__all__ = ["agency", "bench", "callers", "desks", "four", "hub", "keys", "ledger_key", "make_bench"]

# SPDX-License-Identifier: Apache-2.0
"""Benches: ledgers for tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

from accord.envelope.private import LedgerKey
from tests.ledger.bench import Bench


@pytest.fixture(scope="session")
def ledger_key() -> LedgerKey:
    return LedgerKey.generate("ledger.example/accord")


@pytest.fixture
def make_bench(ledger_key: LedgerKey, tmp_path: Path) -> Callable[[str], Bench]:
    """Make benches on one database, each with a state folder of its own."""
    return lambda name: Bench(ledger_key, tmp_path / name)


@pytest.fixture
def bench(db: None, make_bench: Callable[[str], Bench]) -> Bench:
    return make_bench("ledger")

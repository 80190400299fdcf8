# SPDX-License-Identifier: Apache-2.0
"""Worlds of the engines, one a module: it is built once, and every change by a test is rolled back."""

import logging
from collections.abc import Generator
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from tests.security.world import SecurityWorld, undone


@pytest.fixture(scope="module")
def module_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Generator[None]:
    """The database for all tests of a module, as one transaction that is rolled back at the end."""
    with django_db_blocker.unblock(), undone():
        yield


@pytest.fixture(scope="module")
def world(module_db: None, tmp_path_factory: pytest.TempPathFactory) -> SecurityWorld:
    folder = tmp_path_factory.mktemp("world") / "ledger"
    return SecurityWorld.kept(folder)


@pytest.fixture
def silent() -> Generator[None]:
    """Switch off the log lines of thousands of refusals; other tests cover the contents of the log."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def tell(record_property: Any, capsys: pytest.CaptureFixture[str]) -> Any:
    """Print the size of an engine's run, with or without -s, and record it in the report."""

    def say(name: str, **sizes: int) -> None:
        line = f"{name}: " + ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in sizes.items())
        record_property(name, line)
        with capsys.disabled():
            print(f"\n{line}")  # noqa: T201 - the size is what the run is asked for

    return say

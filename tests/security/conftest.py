# SPDX-License-Identifier: Apache-2.0
"""One world a module: it is built once, and what a test does to it is rolled back."""

import logging
from collections.abc import Generator
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from tests.security.world import SecurityWorld, undone


@pytest.fixture(scope="module")
def module_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Generator[None]:
    """The database for all tests of a module, as one transaction that never ends well."""
    with django_db_blocker.unblock(), undone():
        yield


@pytest.fixture(scope="module")
def world(module_db: None, tmp_path_factory: pytest.TempPathFactory) -> SecurityWorld:
    folder = tmp_path_factory.mktemp("world") / "ledger"
    return SecurityWorld.kept(folder)


@pytest.fixture
def silent() -> Generator[None]:
    """Thousands of refusals are not worth a line each in the log; what a log may hold is tested elsewhere."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def tell(record_property: Any, capsys: pytest.CaptureFixture[str]) -> Any:
    """Says how large an engine's run was: on the terminal with -s or not, and in the report of the run."""

    def say(name: str, **sizes: int) -> None:
        line = f"{name}: " + ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in sizes.items())
        record_property(name, line)
        with capsys.disabled():
            print(f"\n{line}")  # noqa: T201 - the size is what the run is asked for

    return say

# SPDX-License-Identifier: Apache-2.0
"""`./dev test --quick`: the first test of each file that is neither slow nor needs a browser or processes of its own.

It says within two minutes whether something is broken at large; a change must still pass the whole suite.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest

TAKES_LONG: Final = ("slow", "browser")
STARTS_PROCESSES: Final = "hub_processes"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="of each file the first test that is quick")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("quick"):
        quick = first_of_each_file(items)
        kept = set(quick)
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = quick


def first_of_each_file(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Return the first quick test of each file, in order; files without a quick test are left out."""
    found: dict[Path, pytest.Item] = {}
    for item in items:
        if not is_long(item):
            found.setdefault(item.path, item)
    return list(found.values())


def is_long(item: pytest.Item) -> bool:
    """Tell whether a test is slow or starts a browser or processes."""
    fixtures: Iterable[str] = getattr(item, "fixturenames", ())
    return STARTS_PROCESSES in fixtures or any(item.get_closest_marker(name) for name in TAKES_LONG)

# SPDX-License-Identifier: Apache-2.0
"""`./dev test --quick` runs one quick test of each file; the whole suite runs as before."""

import pytest

from devtool.verbs import _in_parallel
from tests.quick_run import first_of_each_file, is_long


def test_one_of_each_file_is_run_and_none_that_takes_long(request: pytest.FixtureRequest) -> None:
    chosen = first_of_each_file(request.session.items)
    assert not any(map(is_long, chosen))
    assert len(chosen) == len({item.path for item in chosen})
    quick = {item.path for item in request.session.items if not is_long(item)}
    assert {item.path for item in chosen} == quick


@pytest.mark.slow
def test_a_slow_one_takes_long(request: pytest.FixtureRequest) -> None:
    assert is_long(request.node)


def test_the_whole_suite_and_the_quick_run_are_spread_and_a_chosen_part_is_not() -> None:
    assert _in_parallel([], cores=2) == ["-n", "3", "--dist", "worksteal"]
    assert _in_parallel(["--quick"], cores=2) == ["-n", "2", "--dist", "worksteal"]
    assert _in_parallel([], cores=16) == ["-n", "4", "--dist", "worksteal"]
    assert _in_parallel(["tests/sharing"], cores=2) == _in_parallel(["--quick", "-x"], cores=2) == []

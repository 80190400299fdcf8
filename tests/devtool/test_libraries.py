# SPDX-License-Identifier: Apache-2.0
"""A library without which the science toolkit does not load is named with its package, before anything is started."""

import pytest

from devtool.errors import DevtoolError
from devtool.libraries import require_libraries


def test_a_missing_library_is_named_with_the_way_out() -> None:
    with pytest.raises(DevtoolError) as refusal:
        require_libraries({"libno-such.so.1": "libno-such1"})
    assert "libno-such.so.1" in refusal.value.what
    assert refusal.value.remedy.endswith("libno-such1")


def test_a_machine_that_runs_this_suite_has_them() -> None:
    require_libraries()

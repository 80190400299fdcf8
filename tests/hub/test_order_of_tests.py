# SPDX-License-Identifier: Apache-2.0
"""The order in which tests are dealt to the workers of a parallel run."""

from pathlib import Path

import pytest

from devtool.environments import ROOT
from tests.conftest import pytest_collection_modifyitems


def test_what_uses_the_engines_world_comes_first_and_then_what_is_slow(
    request: pytest.FixtureRequest,
) -> None:
    def one_of(path: str, *markers: pytest.MarkDecorator) -> pytest.Item:
        module = pytest.Module.from_parent(request.session, path=Path(ROOT, path))
        item = pytest.Function.from_parent(module, name="test", callobj=one_of)
        for marker in markers:
            item.add_marker(marker)
        return item

    quick = one_of("tests/hub/test_order_of_tests.py")
    slow = one_of("tests/hub/test_order_of_tests.py", pytest.mark.slow)
    engine = one_of("tests/security/test_right_id_wrong_address.py")
    items = [quick, slow, engine, quick]
    pytest_collection_modifyitems(items)
    assert items == [engine, slow, quick, quick]

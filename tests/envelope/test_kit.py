# SPDX-License-Identifier: Apache-2.0
"""The test kit: a slice that opened once opens for ever; a refused case stays refused, for the same cause."""

import pytest

from tests.envelope.kit.cases import Case, all_cases
from tests.envelope.kit.operations import outcome


@pytest.mark.parametrize("case", all_cases(), ids=str)
def test_comes_out_as_the_kit_says(case: Case) -> None:
    assert outcome(case) == case.expect

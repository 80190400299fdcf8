# SPDX-License-Identifier: Apache-2.0
"""How many examples a property is tried on: always the same few, or as many as one likes.

`ACCORD_EXAMPLES=100 ./dev test tests/envelope` tries a hundred times as many, new ones each time.
"""

import os

from hypothesis import HealthCheck, settings

FACTOR = int(os.environ.get("ACCORD_EXAMPLES", "1"))


def examples(usual: int) -> settings:
    """So many examples, the same in every run, unless more are asked for."""
    return settings(
        max_examples=usual * FACTOR,
        derandomize=FACTOR == 1,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )

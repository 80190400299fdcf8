# SPDX-License-Identifier: Apache-2.0
"""The number of examples for each property: always the same few, or more on request.

`ACCORD_EXAMPLES=100 ./dev test tests/envelope` tries a hundred times as many, new ones each time.
"""

import os

from hypothesis import HealthCheck, settings

FACTOR = int(os.environ.get("ACCORD_EXAMPLES", "1"))


def examples(usual: int) -> settings:
    """Settings for `usual` examples, the same in every run, unless more are requested."""
    return settings(
        max_examples=usual * FACTOR,
        derandomize=FACTOR == 1,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )

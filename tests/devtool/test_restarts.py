# SPDX-License-Identifier: Apache-2.0
"""A process that ends is started again after longer waits; after a steady run the waits are short again."""

from devtool.restarts import STEADY_AFTER_SECONDS, Restarts


def _ends_at_once(restarts: Restarts, now: float) -> tuple[int, float]:
    wait = restarts.note_end(now)
    restarts.note_start(now + wait)
    return wait, now + wait


def test_the_waits_grow_to_half_a_minute_and_no_further() -> None:
    restarts, now, waits = Restarts(), 1000.0, []
    for _ in range(9):
        wait, now = _ends_at_once(restarts, now)
        waits.append(wait)
    assert waits == [0, 1, 2, 4, 8, 16, 30, 30, 30]


def test_one_that_ran_steadily_is_started_at_once() -> None:
    restarts, now = Restarts(), 1000.0
    for _ in range(5):
        _, now = _ends_at_once(restarts, now)
    assert restarts.note_end(now + STEADY_AFTER_SECONDS + 1) == 0

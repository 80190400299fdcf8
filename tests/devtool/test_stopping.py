# SPDX-License-Identifier: Apache-2.0
"""The end of a supervisor on a signal that the code of the moment could not pass on."""

import io
import signal
import threading
from collections.abc import Collection
from contextlib import suppress
from typing import cast

import pytest

from demo.ticks import Ticks
from devtool.stopping import StopRequestedError, stay_up, stopped_at_the_end
from devtool.supervisor import Supervisor


class Nothing:
    """A supervisor of no process."""

    def __init__(self) -> None:
        self.ticks = Ticks(io.StringIO())
        self.is_stopped = False

    def stop(self) -> None:
        self.is_stopped = True


class Staying(Nothing):
    """One that is asked to stop while it stays up, and reports a step of its own end."""

    def keep_running(self, beside: Collection[Supervisor]) -> None:
        signal.raise_signal(signal.SIGINT)

    def stop(self) -> None:
        with self.ticks.step("Stopped"):
            super().stop()


@pytest.mark.parametrize("steps", [0, 1])
def test_a_dropped_signal_stops_it_before_the_next_step_or_at_the_end(steps: int) -> None:
    supervised, begun = Nothing(), 0
    with pytest.raises(SystemExit) as ended, stopped_at_the_end(cast("Supervisor", supervised)):
        with suppress(StopRequestedError):
            signal.raise_signal(signal.SIGINT)
        for _ in range(steps):
            with supervised.ticks.step("Next"):
                begun += 1
    assert (ended.value.code, begun, supervised.is_stopped) == (128 + signal.SIGINT, 0, True)


def test_a_signal_that_ends_what_stays_up_is_a_good_end() -> None:
    supervised = Staying()
    with stopped_at_the_end(cast("Supervisor", supervised)):
        stay_up(cast("Supervisor", supervised))
    assert supervised.is_stopped


def test_a_thread_that_the_stop_ends_is_waited_for() -> None:
    """As one whose start a signal interrupted: its pool does not know of it, and it still writes a log."""
    supervised, is_left, wrote_late = Staying(), threading.Event(), list[bool]()

    def write_once_stopped() -> None:
        while not supervised.is_stopped:
            is_left.wait(0.01)
        wrote_late.append(is_left.wait(0.1))

    with stopped_at_the_end(cast("Supervisor", supervised)):
        threading.Thread(target=write_once_stopped).start()
    is_left.set()
    assert wrote_late == [False]

# SPDX-License-Identifier: Apache-2.0
"""A supervisor's end: on a signal, with nothing left behind."""

import signal
import threading
from collections.abc import Collection, Generator
from contextlib import contextmanager
from types import FrameType

from demo.ticks import StepFailedError, Ticks
from devtool.supervisor import Supervisor

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
THREAD_ENDS_SECONDS = 10.0


class StopRequestedError(BaseException):
    """Ctrl-C, or the machine asks us to end."""


@contextmanager
def stopped_at_the_end(supervisor: Supervisor) -> Generator[None]:
    """Leave nothing behind, whatever happens inside: one signal stops gently, another one at once."""
    threads_before = set(threading.enumerate())
    with _signals_raise(supervisor.ticks):
        try:
            yield
            supervisor.ticks.before_step()
        except StepFailedError:
            # The failing step has already reported it.
            raise SystemExit(1) from None
        except StopRequestedError:
            supervisor.ticks.before_step = _go_on
            supervisor.ticks.heading("Stopping before the end.")
            raise SystemExit(128 + signal.SIGINT) from None
        finally:
            try:
                supervisor.stop()
                _wait_for_threads(threads_before)
            except StopRequestedError:
                supervisor.kill()


def _wait_for_threads(but: Collection[threading.Thread]) -> None:
    """Wait for other threads than these: a pool knows nothing of a thread whose start a signal interrupted.

    What it runs ends with the stores, and then it writes a log, which must not come after the folder was removed.
    """
    for thread in set(threading.enumerate()) - set(but):
        if not thread.daemon:
            thread.join(THREAD_ENDS_SECONDS)


def stay_up(supervisor: Supervisor, said: str = "", *, beside: Collection[Supervisor] = ()) -> None:
    """Keep everything running until a signal comes, which may be right after `said` is printed."""
    try:
        if said:
            supervisor.ticks.heading(said)
        supervisor.keep_running(beside)
    except StopRequestedError:
        supervisor.ticks.before_step = _go_on
        supervisor.ticks.heading("Stopping.")


@contextmanager
def _signals_raise(ticks: Ticks) -> Generator[None]:
    def request_stop(number: int, frame: FrameType | None) -> None:
        # Python drops what is raised while it clears an object away: then the next step asks.
        ticks.before_step = _stop
        raise StopRequestedError

    before = {number: signal.signal(number, request_stop) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop() -> None:
    raise StopRequestedError


def _go_on() -> None:
    """Let steps begin: the stop that was asked for is under way."""

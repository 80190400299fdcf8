# SPDX-License-Identifier: Apache-2.0
"""Hold one step of a long job to its own limit of processor time, shorter than the job's.

A call into the chemistry toolkit cannot be interrupted by a timer. So in the sandbox process a step that takes longer ends the
process, and the caller tries the others without it. In every other process nothing is limited.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_may_die = False


def allow_death() -> None:
    """Let a step that takes too long end this process from now on; called once, by the sandbox process."""
    global _may_die  # noqa: PLW0603 -- it is a property of this process
    _may_die = True


@contextmanager
def held_to(cpu_secs: float) -> Iterator[None]:
    """Limit the processor time of the step inside the block. Not to be nested."""
    if not _may_die:
        yield
        return
    signal.setitimer(signal.ITIMER_VIRTUAL, cpu_secs)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)

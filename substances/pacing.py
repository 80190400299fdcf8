# SPDX-License-Identifier: Apache-2.0
"""Here is how one step of a long chore is held to its own processor time, shorter than the chore's.

A call into the chemistry toolkit hears nothing of a timer. So in the process that may die a step that takes longer ends
the process, and whoever asked tries the others without it. In every other process nothing is limited.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_may_die = False


def allow_death() -> None:
    """Called once by the process that may die: from now on a step that takes too long ends it."""
    global _may_die  # noqa: PLW0603 -- it is a property of this process
    _may_die = True


@contextmanager
def held_to(cpu_secs: float) -> Iterator[None]:
    """The step within takes at most so much of the process's own processor time. Not to be nested."""
    if not _may_die:
        yield
        return
    signal.setitimer(signal.ITIMER_VIRTUAL, cpu_secs)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)

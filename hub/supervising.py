# SPDX-License-Identifier: Apache-2.0
"""Parent process that ends a child which shows no life any more, and starts another.

A child that hangs keeps its locks, so that no standby can take over; one that is killed loses them. The parent has no
database connection, no lock and no secret of its own, and ends as its child ended.
"""

import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final

log = logging.getLogger(__name__)

ShowLife = Callable[[], None]
_READ_OCTETS: Final = 4096


def run_supervised(work: Callable[[ShowLife], None], *, silent_after_secs: float) -> None:
    """Run `work` in a child, and again in a new one when it was silent for that long.

    Returns in the child when the work is done, and in the parent when the child ended well; else the parent exits with
    the child's status. Call it before any thread or connection exists.
    """
    while True:
        reads, writes = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reads)
            os.set_blocking(writes, False)
            work(partial(_show_life, writes))
            return
        os.close(writes)
        try:
            ended = _watch(pid, reads, silent_after_secs)
        finally:
            os.close(reads)
        if ended is not None:
            if ended:
                sys.exit(ended)
            return


def _show_life(writes: int) -> None:
    """Write a sign of life to the parent; exit where the parent is gone, which could not end a hung child any more."""
    try:
        os.write(writes, b".")
    except BlockingIOError:
        # The parent has more unread than it needs.
        return
    except BrokenPipeError:
        raise SystemExit("the supervising process is gone") from None


def _watch(pid: int, reads: int, silent_after_secs: float) -> int | None:
    """Wait for the end of a child and return its status; None when it was silent and was killed."""
    is_stopping = False

    def forward(*_: object) -> None:
        nonlocal is_stopping
        is_stopping = True
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)

    before = {name: signal.signal(name, forward) for name in (signal.SIGTERM, signal.SIGINT)}
    try:
        if _is_heard_to_the_end(reads, silent_after_secs):
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        log.critical("silent: ended by its parent", extra={"pid": pid, "secs": silent_after_secs})
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return 1 if is_stopping else None
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _is_heard_to_the_end(reads: int, silent_after_secs: float) -> bool:
    """Tell whether the child closed its end of the pipe; False when it was silent for too long."""
    heard = time.monotonic()
    while (left := heard + silent_after_secs - time.monotonic()) > 0:
        if not select.select([reads], [], [], left)[0]:
            continue
        if not os.read(reads, _READ_OCTETS):
            return True
        heard = time.monotonic()
    return False

# SPDX-License-Identifier: Apache-2.0
"""The sandbox processes, as their parent sees them, and the small pool that a process keeps.

A child is started on first use, with an empty environment and in a session of its own. One thread at a time uses it, and it is
killed when it is late or says anything unexpected. It is replaced after some thousand jobs, so that leaks cannot grow. It dies
with its parent, since its input ends. After a fork the new process keeps children of its own.
"""

import logging
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from substances import jsonform
from substances.errors import WorkerAwayError, WorkerLostError
from substances.sandbox import framing

MAX_CHILDREN: Final = 2
MAX_CALLS: Final = 2_000
MAX_CPU_SECS: Final = 600.0
START_SECS: Final = 60.0

COMMAND: Final = (sys.executable, "-s", "-P", "-m", "substances.sandbox.process")

log = logging.getLogger(__name__)

_ROOT: Final = Path(__file__).resolve().parents[2]
_ENVIRONMENT: Final = {
    "PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "PYTHONUTF8": "1",
    "LC_ALL": "C", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1",
}  # fmt: skip
"""Nothing of the parent's environment, which holds keys and database addresses."""


class Child:
    """One child process. Two threads must not use it at once."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._process = subprocess.Popen(  # noqa: S603 -- our own interpreter and module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=_ENVIRONMENT,
            start_new_session=True,
            bufsize=0,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._into, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._into, False)
        os.set_blocking(self._out, False)
        self._owner = os.getpid()
        self._ready: dict[str, Any] | None = None
        self._calls = 0
        self._used_secs = 0.0

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """False once the child has ended by itself (as it does when idle for long) or was ended by the system."""
        return self._process.poll() is None

    @property
    def is_spent(self) -> bool:
        return self._calls >= MAX_CALLS or self._used_secs >= MAX_CPU_SECS

    def wait_until_ready(self) -> dict[str, Any]:
        """Return the child's first report: `locked`, whether its system calls are filtered, and the `unloaded` jobs.

        Raises WorkerAwayError.
        """
        if self._ready is None:
            try:
                self._ready = self._heard(time.monotonic() + START_SECS)
            except (framing.PipeError, jsonform.FormError) as failure:
                raise WorkerAwayError("not started") from failure
            if self._ready.get("locked") is not True:
                log.warning("a process that reads untrusted input runs without a filter of its system calls")
        return self._ready

    @property
    def has_spoken(self) -> bool:
        """Tell whether it is loaded, or gone, so that asking it does not wait for its start."""
        return self._ready is not None or self._has_words()

    def ask(self, message: bytes, wall_secs: float) -> dict[str, Any]:
        """Return the answer to a framed request; raise WorkerLostError, or WorkerAwayError where it has not even started."""
        self.wait_until_ready()
        if self._has_words():
            # An unrequested message would be taken for the answer to this request.
            raise WorkerAwayError("gone or spoke unasked")
        self._calls += 1
        until = time.monotonic() + wall_secs
        try:
            framing.send(self._into, message, until)
            answer = self._heard(until)
            self._used_secs = jsonform.of_type(float, answer.get("used"))
        except (framing.PipeError, jsonform.FormError) as failure:
            raise WorkerLostError(str(failure)) from None
        return answer

    def end(self) -> None:
        """Kill the child and everything it may have started, and close its pipes; in a forked copy only close the pipes."""
        if self._owner == os.getpid():
            # Once the child was waited for, its process id may belong to another process.
            if self._process.poll() is None:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, 9)
            self._process.wait()
        else:
            self._process.returncode = 0
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _has_words(self) -> bool:
        """Tell whether its pipe holds unread octets, or has ended."""
        poll = select.poll()
        poll.register(self._out, select.POLLIN)
        return bool(poll.poll(0))

    def _heard(self, until: float) -> dict[str, Any]:
        answer = jsonform.load(framing.receive(self._out, until, limit=framing.MAX_ANSWER_BYTES))
        if not isinstance(answer, dict):
            raise jsonform.FormError("no answer")
        return answer


class WorkerPool:
    """The pool of one process's children. Threads wait for a free one."""

    def __init__(self, size: int = MAX_CHILDREN, command: Sequence[str] = COMMAND) -> None:
        self._size = size
        self._command = command
        self._reset()

    def _reset(self) -> None:
        self._condition = threading.Condition()
        self._idle: list[Child] = []
        self._busy: set[Child] = set()
        self._heirs: dict[Child, Child] = {}

    def take(self, wait_secs: float) -> Child:
        """Return a living child for this thread alone; raise WorkerAwayError where none becomes free in time."""
        until = time.monotonic() + wait_secs
        with self._condition:
            while not self._idle and len(self._busy) >= self._size:
                if not self._condition.wait(until - time.monotonic()):
                    raise WorkerAwayError("all busy")
            child = self._living() or self._started()
            if child is None:
                raise WorkerAwayError("not started")
            self._busy.add(child)
            return child

    def prepare(self) -> None:
        """Start a child where there is none, without waiting for it; for a page whose reader will soon need one."""
        with self._condition:
            if not self._idle and not self._busy:
                child = self._started()
                self._idle += [child] if child is not None else []

    def give_back(self, child: Child, *, fit: bool) -> None:
        """Take back a child, and kill an unfit one.

        A worn-out child is used until its successor has loaded, so that nobody waits for it.
        """
        after: Child | None = child
        if not fit:
            child.end()
            after = self._heirs.pop(child, None) or self._started()
        elif child.is_spent:
            after = self._succeeded(child)
        with self._condition:
            self._busy.discard(child)
            if after is not None:
                self._idle.append(after)
            self._condition.notify()

    def _succeeded(self, child: Child) -> Child:
        heir = self._heirs.pop(child, None) or self._started()
        if heir is None or not heir.has_spoken:
            if heir is not None:
                self._heirs[child] = heir
            return child
        child.end()
        return heir

    def _started(self) -> Child | None:
        """Return None where the system has no room for another process now; the next caller tries again."""
        try:
            return Child(self._command)
        except OSError:
            return None

    def end_all(self) -> None:
        """Kill the idle children; busy ones are killed by whoever returns them late, or end with the process."""
        with self._condition:
            idle, self._idle = self._idle, []
            heirs = [heir for child in idle if (heir := self._heirs.pop(child, None))]
        for child in [*idle, *heirs]:
            child.end()

    def forget(self) -> None:
        """Drop the parent's children in a forked copy. Locks are made anew, since another thread may hold them."""
        for child in [*self._idle, *self._busy, *self._heirs.values()]:
            child.end()
        self._reset()

    def pids(self) -> set[int]:
        with self._condition:
            return {child.pid for child in [*self._idle, *self._busy]}

    def _living(self) -> Child | None:
        while self._idle:
            child = self._idle.pop()
            if child.is_alive:
                return child
            child.end()
            heir = self._heirs.pop(child, None)
            if heir is not None:
                self._idle.append(heir)
        return None


POOL: Final = WorkerPool()
os.register_at_fork(after_in_child=POOL.forget)

# SPDX-License-Identifier: Apache-2.0
"""Progress on a terminal: one line a step, its evidence below it, its seconds on the right.

A terminal that supports UTF-8 shows a green tick and dim evidence, and names a step that takes longer than two seconds. A pipe,
`NO_COLOR` or another encoding gives `ok` or `FAILED` in plain ASCII.

    with ticks.step("Ledger entry 212, inclusion proved") as step:
        step.evidence("root 3rKq0mZ8")
"""

import os
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

COLUMNS = 56
PATIENCE_SECONDS = 2.0

GREEN, RED, DIM, PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[2m", "\x1b[0m"
CLEAR_LINE = "\r\x1b[2K"


class StepFailedError(Exception):
    """A step failed: what happened, and what the person at the terminal can do."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


@dataclass
class Step:
    """One step; its title may become more exact while it runs."""

    title: str
    lines: list[str] = field(default_factory=list)

    def evidence(self, line: str) -> None:
        """Add one line that shows the step's effect."""
        self.lines.append(line)


class Ticks:
    """A printer of steps to a stream."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self.before_step: Callable[[], None] = lambda: None
        """What each step asks first; it raises where the step is not to begin."""
        self.fancy = self._stream.isatty() and _speaks_utf8(self._stream) and not os.environ.get("NO_COLOR")

    def heading(self, text: str) -> None:
        """Print a line that is no step, after an empty line."""
        self.line("")
        self.line(text)

    def line(self, text: str) -> None:
        print(text if self.fancy else as_ascii(text), file=self._stream, flush=True)

    @contextmanager
    def step(self, title: str) -> Generator[Step]:
        """Run a step; an exception prints the failure and its remedy, and is raised as `StepFailedError`."""
        self.before_step()
        step = Step(title)
        began = time.monotonic()
        waiting = _Waiting(self, step, began)
        try:
            with waiting:
                yield step
        except StepFailedError as failure:
            self._failed(step, failure, began)
            raise
        except Exception as exc:
            unforeseen = StepFailedError(f"{type(exc).__name__}: {exc}")
            self._failed(step, unforeseen, began)
            raise unforeseen from exc
        self._report("✓" if self.fancy else "ok", GREEN, step, began)

    def _failed(self, step: Step, failure: StepFailedError, began: float) -> None:
        self._report("✗" if self.fancy else "FAILED", RED, step, began)
        for text in (failure.what, failure.remedy):
            for line in filter(None, text.splitlines()):
                self.line(f"   {line}")

    def _report(self, mark: str, color: str, step: Step, began: float) -> None:
        seconds = time.monotonic() - began
        title = _padded(step.title, COLUMNS)
        if self.fancy:
            self.line(f" {color}{mark}{PLAIN} {title}{seconds:5.1f} s")
        else:
            self.line(f" {mark:<6} {title}{seconds:5.1f} s")
        for line in step.lines:
            self.line(f"   {DIM}{line}{PLAIN}" if self.fancy else f"        {line}")


class _Waiting:
    """A display of the current step's name once it takes longer than a person waits without asking."""

    def __init__(self, ticks: Ticks, step: Step, began: float) -> None:
        self._ticks = ticks
        self._step = step
        self._began = began
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._show, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _show(self) -> None:
        if self._over.wait(PATIENCE_SECONDS):
            return
        if not self._ticks.fancy:
            self._ticks.line(f" ...    {self._step.title}")
            return
        while not self._over.is_set():
            seconds = time.monotonic() - self._began
            self._write(f"{CLEAR_LINE} … {_padded(self._step.title, COLUMNS)}{DIM}{seconds:5.0f} s{PLAIN}")
            self._over.wait(0.5)
        self._write(CLEAR_LINE)

    def _write(self, text: str) -> None:
        self._ticks._stream.write(text)
        self._ticks._stream.flush()


def as_ascii(text: str) -> str:
    """Return the text in ASCII: accents are dropped, other characters become question marks."""
    likeness = text.translate({0x2026: "...", 0x2013: "-", 0x2019: "'", 0x2192: "->", 0xD7: "x"})
    decomposed = unicodedata.normalize("NFKD", likeness)
    bare = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return bare.encode("ascii", "replace").decode()


def _speaks_utf8(stream: TextIO) -> bool:
    """Tell whether the terminal asked for UTF-8; Python alone would write it even where the locale is C."""
    if (stream.encoding or "").lower().replace("-", "") != "utf8":
        return False
    wanted = {name: os.environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")}
    if wanted["LC_CTYPE"] == "C.UTF-8":  # set by Python itself when it found the locale C
        wanted["LC_CTYPE"] = ""
    locale = wanted["LC_ALL"] or wanted["LC_CTYPE"] or wanted["LANG"]
    return "utf8" in locale.lower().replace("-", "")


def _padded(title: str, columns: int) -> str:
    return title.ljust(columns) if len(title) < columns else title + " "

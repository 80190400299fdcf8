# SPDX-License-Identifier: Apache-2.0
"""Results of an evaluation: bars with their values, tables beside them, and what could not be measured."""

from collections.abc import Sequence
from dataclasses import dataclass


class MalformedError(Exception):
    """A file of the folder is not in the reference format; the text names it, the line and the fault."""


@dataclass(frozen=True)
class Bar:
    """One number that has to be reached: its name, its value, the bar, and whether it is met."""

    what: str
    value: str
    asked: str
    met: bool


@dataclass(frozen=True)
class Table:
    """Rows under heads; the first column is the name of the row."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Part:
    """The results of one file: its bars, the tables behind them, single cases that went wrong, and facts without a bar."""

    title: str
    bars: tuple[Bar, ...]
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    not_measured: tuple[str, ...] = ()


def at_least(what: str, value: float, bar: float, *, digits: int = 3) -> Bar:
    """Return a bar from below; nothing is rounded in its favour."""
    return Bar(what, f"{value:.{digits}f}", f"at least {bar:g}", value >= bar)


def at_most(what: str, value: float, bar: float, *, digits: int = 3) -> Bar:
    """Return a bar from above."""
    return Bar(what, f"{value:.{digits}f}", f"at most {bar:g}", value <= bar)


def percent_at_least(what: str, right: int, of: int, bar: float) -> Bar:
    """Return a share in percent with its counts; with a total of zero nothing is wrong."""
    return Bar(what, counted(right, of), f"at least {bar:g} %", right * 100 >= bar * of)


def counted(right: int, of: int) -> str:
    """Format `98.40 % (123 of 125)`; cut, not rounded, so that 100 means all."""
    if not of:
        return "none there"
    return f"{int(right * 10_000 / of) / 100:.2f} % ({right} of {of})"


def mean(values: Sequence[float]) -> float:
    """Return the mean; 0 for no values."""
    return sum(values) / len(values) if values else 0.0

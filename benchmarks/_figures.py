# SPDX-License-Identifier: Apache-2.0
"""Measuring and printing a figure.

A figure is a ratio: our work to a floor that does only what cannot be left out, both measured in the same run. Contestants take
turns in short rounds, so that a busy machine slows all of them, and each counts with its median.
"""

import gc
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping

Clock = Callable[[], float]
Work = Callable[[], object]


def median_seconds(
    contestants: Mapping[str, Work],
    *,
    rounds: int = 15,
    calls: int = 1,
    clock: Clock = time.process_time,
) -> dict[str, float]:
    """Return the median time of one call of each contestant; `calls` a round, where one is too short to be timed.

    The default clock counts this process's processor time, which leaves out other work on the machine.
    """
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for work in contestants.values():
        work()
    # Otherwise the collector would scan the keys of a thousand agencies in the middle of a round.
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        for name, work in contestants.items():
            taken[name].append(_time(work, calls, clock))
    return {name: statistics.median(times) for name, times in taken.items()}


def _time(work: Work, calls: int, clock: Clock) -> float:
    began = clock()
    for _ in range(calls):
        work()
    return (clock() - began) / calls


def report(
    name: str,
    value: float,
    floor: float,
    *,
    unit: str = "ms",
    bar: float | None = None,
    limit: float | None = None,
) -> None:
    """Print one line on standard output; a missed `bar` (of the ratio) or `limit` (of the value) on standard error."""
    ratio = value / floor
    line = {
        "name": name,
        "value": _shown(value),
        "unit": unit,
        "floor": _shown(floor),
        "ratio": round(ratio, 2) if ratio >= 1 else float(f"{ratio:.3g}"),
    }
    print(json.dumps(line), flush=True)
    if bar is not None and ratio > bar:
        print(f"{name}: {ratio:.2f} is over its bar of {bar:.2f}", file=sys.stderr, flush=True)
    if limit is not None and value > limit:
        print(f"{name}: {_shown(value)} {unit} are over {limit:g} {unit}", file=sys.stderr, flush=True)


def report_ms(name: str, seconds: float, floor_seconds: float, *, bar: float | None = None) -> None:
    """Report milliseconds, given seconds."""
    report(name, seconds * 1000, floor_seconds * 1000, bar=bar)


def _shown(number: float) -> float:
    """Round to four significant digits."""
    return float(f"{number:.4g}")

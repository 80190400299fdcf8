# SPDX-License-Identifier: Apache-2.0
"""The arithmetic of a plot: round ticks, positions on paper, and labels that do not overlap."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from substances.spectra.spectrum import Peak


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale from values to positions; `low` lies at `start`, `high` at `end` (which may be the smaller position)."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Return the position of a value, to a tenth."""
        return round(self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start), 1)


def ticks_between(low: float, high: float, wanted: int) -> list[float]:
    """Return round values (1, 2 or 5 times a power of ten apart) between two values, about as many as wanted."""
    span = high - low
    rough = span / max(wanted, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if rough <= power * factor * 1.25)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(place * step, 10) for place in range(first, last + 1)]


def span_of(values: Iterable[float], *, margin: float, least: float) -> tuple[float, float]:
    """Return the ends of an axis for values: with a margin (a share of the span) and no narrower than `least`."""
    found = list(values)
    low, high = min(found), max(found)
    pad = max((high - low) * margin, (least - (high - low)) / 2, least * 0.02)
    return low - pad, high + pad


def labels_that_fit(places: list[tuple[float, float]], *, apart: float, most: int) -> list[int]:
    """Choose which of (place, weight) are labelled: heaviest first, none nearer than `apart` to one chosen."""
    chosen: list[int] = []
    for index in sorted(range(len(places)), key=lambda i: (-places[i][1], places[i][0])):
        if len(chosen) == most:
            break
        if all(abs(places[index][0] - places[other][0]) >= apart for other in chosen):
            chosen.append(index)
    return sorted(chosen)


def short_number(value: float, digits: int = 4) -> str:
    """Return a number without trailing zeros and without an exponent."""
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def thinned(points: Sequence[Peak], most: int) -> Sequence[Peak]:
    """Thin the points of a curve, keeping the lowest and highest of every stretch, so that no line is lost."""
    if len(points) <= most:
        return points
    stretch = -(-len(points) // (most // 2))
    kept: list[Peak] = []
    for start in range(0, len(points), stretch):
        part = points[start : start + stretch]
        ends = {min(part, key=lambda point: point[1]), max(part, key=lambda point: point[1])}
        kept += sorted(ends)
    return kept

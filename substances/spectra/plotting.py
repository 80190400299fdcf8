# SPDX-License-Identifier: Apache-2.0
"""A spectrum as a picture: SVG text for a page, and the same peaks as table rows for readers without pictures.

The SVG holds only presentation attributes, classes and data attributes, no style and no script, so that a strict content policy
allows it; the page colours it by class. `data-peaks` lets a script redraw it when zoomed. Every word in it is an argument;
numbers and names are escaped.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from substances.errors import InputRefusedError
from substances.spectra.axes import Axis, labels_that_fit, short_number, span_of, thinned, ticks_between
from substances.spectra.spectrum import Peak, Spectrum

WIDTH: Final = 460
HEIGHT: Final = 230
MIRROR_HEIGHT: Final = 300
MAX_DRAWN: Final = 400
"""Peaks drawn of one spectrum: the most intense."""
MAX_ROWS: Final = 100
LEAST_LABELLED: Final = 3.0
TRACE_POINTS: Final = 1_200
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 12.0, 22.0, 40.0
_LABEL_APART, _MOST_LABELS = 46.0, 8


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a plot, in the reader's language. `upper` and `lower` name the halves of a mirror plot."""

    title: str = ""
    description: str = ""
    x_axis: str = ""
    y_axis: str = ""
    upper: str = ""
    lower: str = ""


@dataclass(frozen=True, slots=True)
class PeakRow:
    """One peak of the table: x as printed, height in per cent of the highest, and the half in which it matched.

    `note` is the multiplicity with its couplings for NMR, else "". `side` is "upper", "lower" or "both".
    """

    x: str
    height: str
    side: str = "upper"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawn spectrum. `rows` are its most intense peaks by x; `rows_left_out` says how many are not listed."""

    svg: str
    rows: tuple[PeakRow, ...]
    rows_left_out: int
    kind: str


@dataclass(frozen=True, slots=True)
class _Series:
    css: str
    peaks: tuple[Peak, ...]  # heights in per cent of the highest; negative ones only in traces
    matched: frozenset[int] = frozenset()
    is_trace: bool = False
    is_down: bool = False


AXIS_WORDS: Final = {
    "ms": ("m/z", "Relative intensity (%)"),
    "nmr": ("Chemical shift (ppm)", "Relative intensity (%)"),
    "ir": ("Wavenumber (1/cm)", "Relative value (%)"),
}


def plot_spectrum(spectrum: Spectrum, *, words: Words | None = None, ident: str = "sp") -> Plot:
    """Draw one spectrum. `ident` begins the ids inside the picture: use another for each picture of a page.

    Raises InputRefusedError for a spectrum without peaks, or with one that is no number.
    """
    series = _Series("sp-query", _heights(spectrum), is_trace=spectrum.is_trace)
    rows, left_out = _rows(spectrum, series.peaks)
    svg = _drawn((series,), spectrum, words or Words(), ident, HEIGHT)
    return Plot(svg, rows, left_out, spectrum.kind)


def mirror_plot(
    query: Spectrum,
    entry: Spectrum,
    *,
    words: Words | None = None,
    ident: str = "sp",
    tolerance_da: float = 0.02,
) -> Plot:
    """Draw the query upwards and a library entry downwards; peaks that agree within the tolerance are marked."""
    above, below = _heights(query), _heights(entry)
    in_above, in_below = _agreeing(above, below, tolerance_da)
    upper = _Series("sp-query", above, in_above)
    lower = _Series("sp-entry", below, in_below, is_down=True)
    svg = _drawn((upper, lower), query, words or Words(), ident, MIRROR_HEIGHT)
    rows = [
        PeakRow(short_number(x), short_number(y, 1), "both" if i in in_above else "upper")
        for i, (x, y) in enumerate(above)
    ] + [
        PeakRow(short_number(x), short_number(y, 1), "lower")
        for i, (x, y) in enumerate(below)
        if i not in in_below
    ]
    kept = sorted(sorted(rows, key=lambda row: -float(row.height))[:MAX_ROWS], key=lambda row: float(row.x))
    return Plot(svg, tuple(kept), len(rows) - len(kept), query.kind)


def _heights(spectrum: Spectrum) -> tuple[Peak, ...]:
    """Return what is drawn: at most MAX_DRAWN peaks or TRACE_POINTS points, heights in per cent of the highest."""
    peaks: Sequence[Peak] = spectrum.peaks
    if spectrum.is_trace:
        peaks = thinned(peaks, TRACE_POINTS)
    elif len(peaks) > MAX_DRAWN:
        peaks = sorted(sorted(peaks, key=lambda peak: -peak[1])[:MAX_DRAWN])
    if not peaks or not all(math.isfinite(x) and math.isfinite(y) for x, y in peaks):
        raise InputRefusedError("spectrum", "not_finite")
    top = max(abs(y) for _, y in peaks) or 1.0
    return tuple((x, y / top * 100) for x, y in peaks)


def _agreeing(
    above: Sequence[Peak], below: Sequence[Peak], tolerance_da: float
) -> tuple[frozenset[int], frozenset[int]]:
    near = []
    start = 0
    for i, (mz, _) in enumerate(above):
        while start < len(below) and below[start][0] < mz - tolerance_da:
            start += 1
        j = start
        while j < len(below) and below[j][0] <= mz + tolerance_da:
            near.append((abs(mz - below[j][0]), i, j))
            j += 1
    upper: set[int] = set()
    lower: set[int] = set()
    for _, i, j in sorted(near):
        if i not in upper and j not in lower:
            upper.add(i)
            lower.add(j)
    return frozenset(upper), frozenset(lower)


def _rows(spectrum: Spectrum, heights: Sequence[Peak]) -> tuple[tuple[PeakRow, ...], int]:
    if spectrum.is_trace:
        return (), len(spectrum.peaks)
    notes = {
        multiplet.shift_ppm: note_of(multiplet.multiplicity, multiplet.couplings_hz)
        for multiplet in spectrum.multiplets
    }
    ranked = sorted(heights, key=lambda peak: -peak[1])[:MAX_ROWS]
    digits = 4 if spectrum.kind == "ms" else 3
    rows = tuple(
        PeakRow(short_number(x, digits), short_number(y, 1), note=notes.get(x, "")) for x, y in sorted(ranked)
    )
    return rows, len(spectrum.peaks) - len(rows)


def note_of(multiplicity: str, couplings_hz: Sequence[float]) -> str:
    """Return a multiplicity with its couplings as chemists write it: "dd, J = 8.1, 2.0 Hz"."""
    couplings = ", ".join(short_number(j, 2) for j in couplings_hz)
    return ", ".join(part for part in (multiplicity, f"J = {couplings} Hz" if couplings else "") if part)


def _drawn(series: tuple[_Series, ...], spectrum: Spectrum, words: Words, ident: str, height: int) -> str:
    is_reversed = spectrum.kind != "ms"
    x_axis, y_axis = AXIS_WORDS[spectrum.kind]
    low, high = span_of(
        (x for one in series for x, _ in one.peaks), margin=0.04, least=20.0 if spectrum.kind == "ms" else 1.0
    )
    if spectrum.kind == "ms":
        low = max(low, 0.0)
    ends = (WIDTH - _RIGHT, _LEFT) if is_reversed else (_LEFT, WIDTH - _RIGHT)
    across = Axis(low, high, *ends)
    up = _upright(series, height)
    digits = 1 if spectrum.is_unit_resolution else 2
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="sp-plot" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-labelledby="{escape(ident)}-t {escape(ident)}-d" data-kind="{spectrum.kind}" '
        f'data-low="{short_number(low)}" data-high="{short_number(high)}" data-digits="{digits}" font-size="12" fill="currentColor">'
        f'<title id="{escape(ident)}-t">{escape(words.title or spectrum.name)}</title>'
        f'<desc id="{escape(ident)}-d">{escape(words.description)}</desc>'
    )
    parts = [
        head,
        _frame(across, up, words.x_axis or x_axis, words.y_axis or y_axis, height, is_mirror=len(series) > 1),
        *(_one(part, across, up, digits) for part in series),
        *_halves(words, height),
        "</svg>",
    ]
    return "".join(parts)


def _upright(series: tuple[_Series, ...], height: int) -> Axis:
    lowest = min((y for one in series for _, y in one.peaks), default=0.0)
    if any(one.is_down for one in series):
        return Axis(-120.0, 112.0, height - _BOTTOM, _TOP - 10)
    return Axis(min(0.0, lowest), 108.0, height - _BOTTOM, _TOP)


def _frame(across: Axis, up: Axis, x_axis: str, y_axis: str, height: int, *, is_mirror: bool) -> str:
    floor = height - _BOTTOM
    lines = [
        f'<path class="sp-axis" d="M{_LEFT} {up.end}V{floor}H{WIDTH - _RIGHT}" fill="none" stroke="currentColor"/>'
    ]
    if is_mirror or up.low < 0:
        zero = up.place(0)
        lines.append(
            f'<path class="sp-zero" d="M{_LEFT} {zero}H{WIDTH - _RIGHT}" fill="none" stroke="currentColor"/>'
        )
    texts = []
    for value in ticks_between(across.low, across.high, 6):
        x = across.place(value)
        lines.append(f'<path class="sp-tick" d="M{x} {floor}v4" stroke="currentColor"/>')
        texts.append(f'<text x="{x}" y="{floor + 17}" text-anchor="middle">{short_number(value)}</text>')
    for value in (-100, -50, 0, 50, 100) if is_mirror else (0, 50, 100):
        y = up.place(value)
        texts.append(f'<text x="{_LEFT - 6}" y="{round(y + 4, 1)}" text-anchor="end">{abs(value)}</text>')
    middle = round((_LEFT + WIDTH - _RIGHT) / 2, 1)
    texts.append(
        f'<text class="sp-name" x="{middle}" y="{height - 5}" text-anchor="middle">{escape(x_axis)}</text>'
    )
    texts.append(f'<text class="sp-name" x="2" y="11">{escape(y_axis)}</text>')
    return f'<g class="sp-frame">{"".join(lines)}{"".join(texts)}</g>'


def _one(series: _Series, across: Axis, up: Axis, digits: int) -> str:
    sign = -1 if series.is_down else 1
    zero = up.place(0)
    spots = [(across.place(x), up.place(sign * y)) for x, y in series.peaks]
    values = " ".join(f"{short_number(x)},{short_number(y, 2)}" for x, y in series.peaks)
    marked = " ".join(str(index) for index in sorted(series.matched))
    down = ' data-down="1"' if series.is_down else ""
    trace = ' data-trace="1"' if series.is_trace else ""
    head = f'<g class="sp-series {series.css}" data-peaks="{values}" data-matched="{marked}"{down}{trace}>'
    if series.is_trace:
        points = " ".join(f"{x},{y}" for x, y in spots)
        return f'{head}<polyline class="sp-trace" points="{points}" fill="none" stroke="currentColor"/></g>'
    plain = "".join(f"M{x} {zero}V{y}" for i, (x, y) in enumerate(spots) if i not in series.matched)
    strong = "".join(f"M{x} {zero}V{y}" for i, (x, y) in enumerate(spots) if i in series.matched)
    sticks = [f'<path class="sp-stick" d="{plain}" fill="none" stroke="currentColor"/>'] if plain else []
    if strong:
        sticks.append(
            f'<path class="sp-stick sp-matched" d="{strong}" fill="none" stroke="currentColor" stroke-width="1.6"/>'
        )
    return f"{head}{''.join(sticks)}{_labels(series, spots, digits)}</g>"


def _labels(series: _Series, spots: list[tuple[float, float]], digits: int) -> str:
    """Label the highest peaks without overlap; peaks lower than LEAST_LABELLED are left to the table."""
    weights = [(x, series.peaks[i][1]) for i, (x, _) in enumerate(spots)]
    shift = 13 if series.is_down else -4
    edge = WIDTH - _RIGHT - 18
    return "".join(
        f'<text class="sp-label" x="{min(max(spots[i][0], _LEFT + 18), edge)}" y="{round(spots[i][1] + shift, 1)}" '
        f'text-anchor="middle">{series.peaks[i][0]:.{digits}f}</text>'
        for i in labels_that_fit(weights, apart=_LABEL_APART, most=_MOST_LABELS)
        if series.peaks[i][1] >= LEAST_LABELLED
    )


def _halves(words: Words, height: int) -> list[str]:
    edge = WIDTH - _RIGHT
    texts = []
    if words.upper:
        texts.append(
            f'<text class="sp-half" x="{edge}" y="11" text-anchor="end">{escape(words.upper)}</text>'
        )
    if words.lower:
        texts.append(
            f'<text class="sp-half" x="{edge}" y="{height - _BOTTOM - 6}" text-anchor="end">{escape(words.lower)}</text>'
        )
    return texts

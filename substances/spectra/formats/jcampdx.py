# SPDX-License-Identifier: Apache-2.0
"""Reader of JCAMP-DX: mass spectra, NMR and infrared as peak tables or evenly spaced data.

Labelled records after JCAMP-DX 4.24, 5.01 (NMR) and 5.00 (mass spectra). Blocks of a compound file are read one by one,
structures and links ignored. The declared number of points is checked before a value is read. FIDs, curved mass spectra and
tables of more than two variables other than a real part are refused as such.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from substances.spectra.axes import thinned
from substances.spectra.formats.asdf import ordinates_of, pairs_of
from substances.spectra.limits import (
    KEPT_POINTS,
    MAX_INTENSITY,
    MAX_PEAKS,
    MAX_POINTS,
    MAX_SPECTRA,
    mass_peaks,
    number_of,
    plain_text,
    refuse,
    resolution_is_unit,
)
from substances.spectra.nmr import NUCLEI, check_frequency, nucleus_of, solvent_of
from substances.spectra.spectrum import Multiplet, Peak, Spectrum

_LABEL = re.compile(r"##\s*([^=]{0,80})=(.*)\Z", re.DOTALL)
_TABLES: Final = ("XYDATA", "XYPOINTS", "PEAKTABLE", "PEAKASSIGNMENTS", "DATATABLE")
Kind = Literal["ms", "nmr", "ir"]


@dataclass
class _Block:
    """The labelled records of one block: values by label, and the lines of its table."""

    place: int
    values: dict[str, str] = field(default_factory=dict)
    table: str = ""
    form: str = ""
    lines: list[tuple[int, str]] = field(default_factory=list)

    @property
    def where(self) -> str:
        return f"block {self.place}"

    def said(self, *labels: str) -> str:
        return next((plain_text(self.values[label]) for label in labels if self.values.get(label)), "")

    def number(self, label: str) -> float | None:
        text = self.values.get(label, "").strip()
        return number_of(text.split(maxsplit=1)[0], self.where) if text else None


def read_jcampdx(text: str) -> Iterator[Spectrum]:
    """Return the spectra of a JCAMP-DX file; raise InputRefusedError at the first fault."""
    for block in _blocks(text):
        if block.table:
            yield _spectrum(block)


def _blocks(text: str) -> Iterator[_Block]:
    """Split a file into blocks; each ends with its END, and a block with blocks inside is a header only."""
    seen = 0
    block: _Block | None = None
    label = ""
    for line_no, raw in enumerate(text.splitlines(), start=1):
        line = raw.split("$$", 1)[0].strip()
        found = _LABEL.match(line)
        if found is None:
            _continue(block, label, line_no, line)
            continue
        label = re.sub(r"[\s/_-]", "", found[1]).upper()
        if label == "TITLE":
            seen += 1
            block = _Block(seen) if seen <= MAX_SPECTRA else refuse("too_many_spectra")
        if label == "END":
            if block is not None:
                yield block
            block, label = None, ""
        elif block is not None:
            _begin(block, label, found[2].strip())
    if block is not None:
        refuse("format_damaged", f"block {block.place}")  # no END: cut off


def _begin(block: _Block, label: str, value: str) -> None:
    if label in _TABLES and not block.table:
        block.table, block.form = label, re.sub(r"\s", "", value).upper()
        _check_points(block)
    block.values.setdefault(label, value)


def _continue(block: _Block | None, label: str, line_no: int, line: str) -> None:
    if not line:
        return
    if block is None or not label:
        refuse("format_damaged", f"line {line_no}")
    if label == block.table:
        block.lines.append((line_no, line))
    elif len(block.values[label]) < 2_000:
        block.values[label] += f"\n{line}"


def _check_points(block: _Block) -> None:
    points = block.number("NPOINTS")
    if points is not None and not 0 < points <= MAX_POINTS:
        refuse("too_many_peaks" if points > 0 else "out_of_range", block.where)


def _spectrum(block: _Block) -> Spectrum:
    kind = _kind_of(block)
    pairs, is_trace, notices = _table_of(block)
    if kind == "ms":
        spectrum = _mass_spectrum(block, pairs, is_trace)
    elif kind == "nmr":
        spectrum = _nmr_spectrum(block, pairs, is_trace)
    else:
        spectrum = Spectrum(
            kind="ir", peaks=tuple(sorted(pairs)), is_trace=is_trace, y_unit=block.said("YUNITS")
        )
        _check_values(spectrum.peaks, (1.0, 50_000.0), block.where)
    thin = tuple(thinned(spectrum.peaks, KEPT_POINTS)) if is_trace else spectrum.peaks
    if len(thin) < len(spectrum.peaks):
        notices = (*notices, "points_thinned")
    return replace(
        spectrum,
        peaks=thin,
        name=block.said("TITLE"),
        instrument=block.said("SPECTROMETERDATASYSTEM", "INSTRUMENTPARAMETERS"),
        authors=block.said("OWNER", "ORIGIN"),
        copyright=block.said("COPYRIGHT"),
        licence=block.said("LICENSE", "LICENCE"),
        accession=block.said("SOURCEREFERENCE", "NISTMASSSPECNO", "$ACCESSION"),
        source=block.said("ORIGIN"),
        inchikey=block.said("$INCHIKEY", "INCHIKEY").upper(),
    ).noted(*notices)


def _kind_of(block: _Block) -> Kind:
    named = re.sub(r"[\s_-]", "", block.said("DATATYPE")).upper()
    if "FID" in named:
        refuse("unsupported", block.where)
    for word, kind in (("MASS", "ms"), ("NMR", "nmr"), ("INFRARED", "ir")):
        if word in named:
            return kind  # type: ignore[return-value]
    return refuse("unsupported", block.where)


def _table_of(block: _Block) -> tuple[list[Peak], bool, tuple[str, ...]]:
    """Return (x, y) of the block's table in its own units, and whether they are points of a curve."""
    if block.form.startswith("(XY..XY"):
        pairs = pairs_of(block.lines, MAX_POINTS)
        _check_count(block, len(pairs))
        across, up = block.number("XFACTOR") or 1.0, block.number("YFACTOR") or 1.0
        scaled = [(x * across, y * up) for x, y in pairs] if block.table != "PEAKTABLE" else pairs
        return scaled, block.table == "XYDATA", ()
    if block.form.startswith("(X++(Y..Y"):
        return _evenly_spaced(block), True, ()
    if block.form.startswith("(X++(R..R"):
        return _real_part(block), True, ("real_part_only",)
    return refuse("unsupported", block.where)


def _check_count(block: _Block, found: int) -> None:
    declared = block.number("NPOINTS")
    if declared is not None and declared != found:
        refuse("peak_count", block.where)


def _evenly_spaced(block: _Block) -> list[Peak]:
    first, last = block.number("FIRSTX"), block.number("LASTX")
    if first is None or last is None or first == last:
        refuse("format_damaged", block.where)
    ordinates = ordinates_of(block.lines)
    _check_count(block, len(ordinates))
    return _spaced(first, last, ordinates, block.number("YFACTOR") or 1.0, block.where)


def _real_part(block: _Block) -> list[Peak]:
    """Read the first page of an NTUPLES table: the real part of a processed NMR spectrum."""
    symbols = [symbol.strip().upper() for symbol in block.said("SYMBOL").split(",")]
    if "X" not in symbols or "R" not in symbols:
        refuse("unsupported", block.where)

    def variable(label: str, symbol: str) -> float | None:
        parts = block.said(label).split(",")
        at = symbols.index(symbol)
        return number_of(parts[at], block.where) if at < len(parts) and parts[at].strip() else None

    points, first, last = variable("VARDIM", "X"), variable("FIRST", "X"), variable("LAST", "X")
    if first is None or last is None or first == last:
        refuse("format_damaged", block.where)
    if points is not None and points > MAX_POINTS:
        refuse("too_many_peaks", block.where)
    ordinates = ordinates_of(block.lines)
    if points is not None and points != len(ordinates):
        refuse("peak_count", block.where)
    units = block.said("UNITS").split(",")
    at = symbols.index("X")
    block.values.setdefault("XUNITS", units[at] if at < len(units) else "")
    return _spaced(first, last, ordinates, variable("FACTOR", "R") or 1.0, block.where)


def _spaced(first: float, last: float, ordinates: list[float], factor: float, where: str) -> list[Peak]:
    if len(ordinates) < 2:
        refuse("no_peaks", where)
    step = (last - first) / (len(ordinates) - 1)
    return [(first + step * place, value * factor) for place, value in enumerate(ordinates)]


def _mass_spectrum(block: _Block, pairs: list[Peak], is_trace: bool) -> Spectrum:
    if is_trace:
        refuse("profile_data", block.where)
    if len(pairs) > MAX_PEAKS:
        refuse("too_many_peaks", block.where)
    peaks, notices = mass_peaks(pairs, block.where)
    ionisation = block.said(".IONIZATIONMODE", ".IONISATIONMODE")
    return Spectrum(
        kind="ms",
        peaks=peaks,
        formula=re.sub(r"\s", "", block.said("MOLFORM")),
        ion_mode={"+": "positive", "-": "negative"}.get(ionisation[-1:], ""),
        instrument_type=f"{block.said('.INLET')} {ionisation.strip('+-')}".strip(),
        is_unit_resolution=resolution_is_unit(peaks, ""),
        notices=notices,
    )


def _nmr_spectrum(block: _Block, pairs: list[Peak], is_trace: bool) -> Spectrum:
    nucleus_text = block.said(".OBSERVENUCLEUS", "OBSERVENUCLEUS")
    if not nucleus_text:
        refuse("nucleus_missing", block.where)
    nucleus = nucleus_of(nucleus_text, block.where)
    stated = block.number(".OBSERVEFREQUENCY")
    frequency = check_frequency(stated, block.where) if stated is not None else None
    points = tuple(sorted(_in_ppm(block, pairs, frequency)))
    if not points:
        refuse("no_peaks", block.where)
    if not is_trace and len(points) > MAX_PEAKS:
        refuse("too_many_peaks", block.where)
    # A curve runs past the signals on both sides; its ends need not be shifts that a nucleus can have.
    low, high = NUCLEI[nucleus]
    slack = (high - low) if is_trace else 0.0
    _check_values(points, (low - slack, high + slack), block.where)
    return Spectrum(
        kind="nmr",
        peaks=points,
        is_trace=is_trace,
        nucleus=nucleus,
        frequency_mhz=frequency,
        solvent=solvent_of(block.said(".SOLVENTNAME", "SOLVENTNAME", "$SOLVENT"), block.where),
        multiplets=() if is_trace else tuple(Multiplet(shift) for shift, _ in points),
    )


def _in_ppm(block: _Block, pairs: list[Peak], frequency: float | None) -> list[Peak]:
    """Return shifts in ppm: unchanged, or from Hz by the frequency and, where it is stated, the reference point."""
    units = block.said("XUNITS").upper()
    if units == "PPM" or not units:
        return pairs
    if units not in ("HZ", "HERTZ"):
        refuse("unsupported", block.where)
    if frequency is None:
        refuse("format_damaged", block.where)
    shifts = [(hertz / frequency, value) for hertz, value in pairs]
    reference = [part.strip() for part in block.said(".SHIFTREFERENCE").split(",")]
    if len(reference) == 4 and reference[2] and reference[3]:
        point = int(min(max(number_of(reference[2], block.where), 1), len(shifts)))
        moved = number_of(reference[3], block.where) - shifts[point - 1][0]
        shifts = [(shift + moved, value) for shift, value in shifts]
    return shifts


def _check_values(points: tuple[Peak, ...], span: tuple[float, float], where: str) -> None:
    for x, y in points:
        if not (math.isfinite(x) and math.isfinite(y)):
            refuse("not_finite", where)
        if not (span[0] <= x <= span[1] and abs(y) <= MAX_INTENSITY):
            refuse("out_of_range", where)

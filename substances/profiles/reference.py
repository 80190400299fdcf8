# SPDX-License-Identifier: Apache-2.0
"""The reference format of profiles with known truth: a CSV of samples with laboratory, source and batch.

Its columns are `sample,lab,source,batch` and one for each target. 0.00000 in this format means below detection and becomes
None. A malformed file is refused with the line that is wrong.
"""

import csv
import io
import math
from dataclasses import dataclass

from substances.errors import InputRefusedError

FIELD = "profiles"
MAX_BYTES = 20_000_000
MAX_SAMPLES = 5_000

_HEAD = ["sample", "lab", "source", "batch"]


@dataclass(frozen=True)
class Sample:
    """One seizure's profile and its true source."""

    sample: str
    laboratory: str
    source: str
    batch: str
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class SampleSet:
    """A set of samples by one method, with its targets."""

    targets: tuple[str, ...]
    samples: tuple[Sample, ...]


def read_samples(octets: bytes) -> SampleSet:
    """Parse the samples of a file in the reference format; raise InputRefusedError with the line."""
    if len(octets) > MAX_BYTES:
        raise InputRefusedError(FIELD, "too_large")
    try:
        rows = list(csv.reader(io.StringIO(octets.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as exc:
        raise InputRefusedError(FIELD, "not_csv") from exc
    head = [cell.strip() for cell in rows[0]] if rows else []
    if head[:4] != _HEAD or len(head) < 6:
        raise InputRefusedError(FIELD, "columns", "line 1")
    if not 3 <= len(rows) <= MAX_SAMPLES + 1:
        raise InputRefusedError(FIELD, "samples", str(len(rows) - 1))
    samples = tuple(
        _sample([cell.strip() for cell in row], line, len(head))
        for line, row in enumerate(rows[1:], start=2)
        if any(cell.strip() for cell in row)
    )
    return SampleSet(tuple(head[4:]), samples)


def _sample(row: list[str], line: int, width: int) -> Sample:
    if len(row) != width:
        raise InputRefusedError(FIELD, "length", f"line {line}")
    if not all(row[:4]):
        raise InputRefusedError(FIELD, "identity", f"line {line}")
    values = tuple(_value(cell, line) for cell in row[4:])
    if all(value is None for value in values):
        raise InputRefusedError(FIELD, "nothing_detected", f"line {line}")
    return Sample(row[0], row[1], row[2], row[3], values)


def _value(cell: str, line: int) -> float | None:
    try:
        value = float(cell) if cell else 0.0
    except ValueError:
        raise InputRefusedError(FIELD, "number", f"line {line}") from None
    if not math.isfinite(value):
        raise InputRefusedError(FIELD, "not_finite", f"line {line}")
    if value < 0:
        raise InputRefusedError(FIELD, "negative", f"line {line}")
    return value or None

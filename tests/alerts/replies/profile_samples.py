# SPDX-License-Identifier: Apache-2.0
"""Profiles from the development set for tests: two of one batch, one of another source."""

import csv
from functools import cache
from pathlib import Path
from typing import Any

from substances.profiles.methods import shipped_methods

SET = Path(__file__).parents[3] / "substances" / "data" / "profiles-dev.csv"


@cache
def _rows() -> tuple[dict[str, str], ...]:
    with SET.open(newline="") as file:
        return tuple(csv.DictReader(file))


def _values(row: dict[str, str]) -> list[str | None]:
    """The row's peaks; zero in the set means below detection, here None."""
    cells = [row[name] for name in row if name.startswith("peak")]
    return [None if float(cell) == 0 else cell for cell in cells]


def profile(row: dict[str, str], **changes: Any) -> dict[str, Any]:
    """The row as a profile in a document."""
    method = shipped_methods()[0]
    return {"method": method.id, "version": method.version, "values": _values(row)} | changes


@cache
def _linked_rows() -> tuple[dict[str, str], dict[str, str]]:
    """Find the two most similar samples of one batch; one laboratory or two may have measured them."""
    from substances.profiles.comparing import compare
    from substances.profiles.vectors import read_profile

    def read(row: dict[str, str]) -> Any:
        numbers = [None if cell is None else float(cell) for cell in _values(row)]
        return read_profile(profile(row) | {"values": numbers})

    pairs = [(a, b) for i, a in enumerate(_rows()) for b in _rows()[i + 1 :] if a["batch"] == b["batch"]]
    return max(pairs, key=lambda pair: compare(read(pair[0]), read(pair[1])).score or 0.0)


def linked_pair() -> tuple[dict[str, Any], dict[str, Any]]:
    """Two samples of one batch."""
    first, second = _linked_rows()
    return profile(first), profile(second)


def stranger() -> dict[str, Any]:
    """A sample of another source, the least similar to the first of the pair."""
    from substances.profiles.comparing import compare
    from substances.profiles.vectors import read_profile

    def read(row: dict[str, str]) -> Any:
        numbers = [None if cell is None else float(cell) for cell in _values(row)]
        return read_profile(profile(row) | {"values": numbers})

    first = _linked_rows()[0]
    others = [row for row in _rows() if row["source"] != first["source"]]
    return profile(min(others, key=lambda row: compare(read(first), read(row)).score or 0.0))

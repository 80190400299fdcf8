# SPDX-License-Identifier: Apache-2.0
"""The list that the product reads, as lines: untouched rows stay byte for byte, and no half file is left."""

import csv
import io
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Final

from devtool.errors import DevtoolError
from substances.control.faults import RulesRefusedError
from substances.control.listings import COLUMNS, COMPLETE, COVERAGE, DECIDING, SOURCE, read_listings

LISTINGS: Final = Path(__file__).resolve().parents[2] / "substances" / "data" / "control" / "listings.csv"


@dataclass(frozen=True)
class Line:
    """One row: its cells by column, and its bytes as text."""

    cells: Mapping[str, str]
    raw: str

    @property
    def kind(self) -> str:
        return self.cells["kind"]

    @property
    def is_entry(self) -> bool:
        return self.kind not in (SOURCE, COVERAGE)

    @property
    def end(self) -> date | None:
        return date.fromisoformat(self.cells["to"]) if self.cells["to"] else None

    def with_cells(self, **changes: str) -> "Line":
        """Return the row with other cells; the very same where nothing changes."""
        cells = {**self.cells, **changes}
        return self if cells == self.cells else line_of(cells)


@dataclass(frozen=True)
class Held:
    """The whole list: its first line, and its rows in their order."""

    head: str
    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        return self.head + "".join(line.raw for line in self.lines)

    @cached_property
    def sources(self) -> dict[str, Line]:
        return {line.cells["item"]: line for line in self.lines if line.kind == SOURCE}

    def of(self, jurisdiction: str) -> tuple[Line, ...]:
        """Return the entries of a jurisdiction and its coverage."""
        return tuple(line for line in self.lines if line.cells["jurisdiction"] == jurisdiction)

    def known_to(self, jurisdiction: str) -> dict[str, str]:
        """Return the day to which each of its instruments is known: complete to it, or that of its newest deciding text."""
        found: dict[str, str] = {}
        for line in self.of(jurisdiction):
            cells = line.cells
            if line.is_entry:
                day = self.sources[cells["source"]].cells["seen"] if cells["grade"] in DECIDING else ""
            else:
                day = cells["seen"] if cells["name"] == COMPLETE else ""
            found[cells["instrument"]] = max(day, found.get(cells["instrument"], ""))
        return found

    def complete(self, jurisdiction: str) -> set[str]:
        """Return the instruments of a jurisdiction that are known whole."""
        return {
            line.cells["instrument"]
            for line in self.of(jurisdiction)
            if line.kind == COVERAGE and line.cells["name"] == COMPLETE
        }


def line_of(cells: Mapping[str, str]) -> Line:
    """Return a row as the file writes it."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerow([cells.get(column, "") for column in COLUMNS])
    return Line({column: cells.get(column, "") for column in COLUMNS}, out.getvalue())


def read_held(text: str) -> Held:
    """Parse the present list. Raises DevtoolError where the product would not read it."""
    _demand_sound(text)
    raw: list[str] = []

    def remembered() -> Iterator[str]:
        for line in io.StringIO(text, newline=""):
            raw.append(line)
            yield line

    reader = csv.reader(remembered(), strict=True)
    rows = []
    for cells in reader:
        rows.append((cells, "".join(raw)))
        raw.clear()
    (_columns, head), *others = rows
    return Held(head, tuple(Line(dict(zip(COLUMNS, cells, strict=True)), line) for cells, line in others))


def replace_list(path: Path, *, before: str, after: str) -> None:
    """Replace the list, at once or not at all. Raises DevtoolError."""
    _demand_sound(after)
    if path.read_bytes().decode("utf-8") != before:
        raise DevtoolError(f"{path.name} was changed meanwhile.", "Nothing was written; begin anew.")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(after.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, path.stat().st_mode & 0o777)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def next_source_id(taken: Sequence[str], jurisdiction: str) -> str:
    """Return the next free name of a source, such as "us-4"."""
    begin = f"{jurisdiction.casefold()}-"
    numbers = [
        int(one[len(begin) :]) for one in taken if one.startswith(begin) and one[len(begin) :].isdecimal()
    ]
    return f"{begin}{max(numbers, default=0) + 1}"


def _demand_sound(text: str) -> None:
    try:
        read_listings(text)
    except RulesRefusedError as error:
        faults = [f"  {one.path}: {one.code} {one.about}".rstrip() for one in error.faults[:20]]
        raise DevtoolError(
            f"The list would not be read by the product; faults: {len(error.faults)}. Nothing was written.",
            "\n".join(faults),
        ) from None

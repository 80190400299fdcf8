# SPDX-License-Identifier: Apache-2.0
"""Read a gathered legal text: one CSV row an entry, with the eleven columns below, every cell as printed."""

import csv
import io
import re
import unicodedata
from dataclasses import dataclass
from itertools import islice
from typing import Final

from devtool.listings.spelling import spellings
from substances.control.listings import MAX_BYTES, MAX_CELL_CHARS

COLUMNS: Final = (
    "instrument", "schedule", "item", "name", "other_names", "code", "includes", "temporary", "from_date", "source", "note",
)  # fmt: skip
MAX_ROWS: Final = 20_000
_NEEDED: Final = {
    "instrument": "it may not be empty",
    "name": "it may not be empty",
    "source": "every entry names the text it was read in",
}
_FORMULA: Final = re.compile(r"[=@\uff1d\uff20]|[+][^\W\d]|[+-].*[|].*!")
"""Beginnings that a spreadsheet would execute. A chemical name may begin with "+", "-" or "("."""


@dataclass(frozen=True)
class TextFault:
    """One fault of a gathered text: its row (the header is row 1) and the remedy."""

    row: int
    what: str

    def line(self) -> str:
        return f"row {self.row}: {self.what}"


@dataclass(eq=False)
class TextRefusedError(Exception):
    """A gathered text that cannot be imported, with every fault found."""

    faults: tuple[TextFault, ...]

    def __str__(self) -> str:
        return "; ".join(fault.line() for fault in self.faults[:20])


@dataclass(frozen=True)
class TextRow:
    """One entry of an instrument. `number` is its row in the file."""

    number: int
    instrument: str
    schedule: str
    item: str
    name: str
    other_names: tuple[str, ...]
    code: str
    includes: str
    temporary: bool
    from_date: str
    source: str
    note: str

    def spellings(self, *, german: bool) -> tuple[str, ...]:
        """Return every name in the row, in the spellings that a reader of chemical names takes."""
        return spellings(self.name, self.other_names, german=german)


def read_text(data: bytes) -> tuple[tuple[TextRow, ...], tuple[TextFault, ...]]:
    """Return the rows of a file, and every fault in them. Raises TextRefusedError where it cannot be read as rows at all."""
    reader = csv.reader(io.StringIO(_decoded(data), newline=""), strict=True)
    try:
        lines = list(islice(reader, MAX_ROWS + 2))
    except csv.Error as error:
        raise _refused(reader.line_num, f"this is no CSV: {error}") from None
    if not lines:
        raise _refused(1, f"the file is empty; its first row names the columns {', '.join(COLUMNS)}")
    if tuple(lines[0]) != COLUMNS:
        unknown = [cell for cell in lines[0] if cell not in COLUMNS]
        told = f"unknown columns: {', '.join(unknown)[:200]}; " if unknown else ""
        raise _refused(1, f"{told}the columns are {', '.join(COLUMNS)}")
    if not any(lines[1:]):
        raise _refused(1, "there is no entry below the columns")
    if len(lines) - 1 > MAX_ROWS:
        raise _refused(MAX_ROWS + 2, f"more than {MAX_ROWS:,} rows; give one instrument at a time")
    faults: list[TextFault] = []
    filled = [(number, cells) for number, cells in enumerate(lines[1:], start=2) if cells]
    return tuple(_row(number, cells, faults) for number, cells in filled), tuple(faults)


def is_formula(value: str) -> bool:
    """Tell whether a spreadsheet that opens the file would execute the cell."""
    return bool(_FORMULA.match(value))


def _refused(row: int, what: str) -> TextRefusedError:
    return TextRefusedError((TextFault(row, what),))


def _decoded(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise _refused(1, f"more than {MAX_BYTES:,} bytes; give one instrument at a time")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        text, line = "", data[: error.start].count(b"\n") + 1
    else:
        line = text.partition("\0")[0].count("\n") + 1 if "\0" in text else 0
    if line:
        raise _refused(line, "this is not UTF-8; save the file as UTF-8")
    return text


def _row(number: int, cells: list[str], faults: list[TextFault]) -> TextRow:
    if len(cells) != len(COLUMNS):
        faults.append(
            TextFault(
                number, f"{len(cells)} cells instead of {len(COLUMNS)}; put a name with commas in quotes"
            )
        )
        cells = (cells + [""] * len(COLUMNS))[: len(COLUMNS)]
    cell = dict(zip(COLUMNS, (one.strip() for one in cells), strict=True))
    faults.extend(TextFault(number, what) for what in _faults(cell))
    return TextRow(
        number=number,
        instrument=cell["instrument"],
        schedule=cell["schedule"],
        item=cell["item"],
        name=cell["name"],
        other_names=_names(cell["other_names"]),
        code=cell["code"],
        includes=cell["includes"],
        temporary=cell["temporary"] == "yes",
        from_date=cell["from_date"],
        source=cell["source"],
        note=cell["note"],
    )


def _names(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split("|") if part.strip())


def _faults(cell: dict[str, str]) -> list[str]:
    found = [f"{column}: {remedy}" for column, remedy in _NEEDED.items() if not cell[column]]
    for column, value in cell.items():
        if any(is_formula(part) for part in (value, *(_names(value) if column == "other_names" else ()))):
            found.append(f"{column}: begins like a formula of a spreadsheet; take the sign away")
        if any(unicodedata.category(letter).startswith("C") for letter in value):
            found.append(f"{column}: a line break or an invisible character; take it out")
        if len(value) > MAX_CELL_CHARS:
            found.append(f"{column}: longer than {MAX_CELL_CHARS:,} characters")
    if "|" in cell["name"]:
        found.append('name: "|" stands between other names; put them into other_names')
    if cell["temporary"] not in ("yes", "no"):
        found.append("temporary: yes or no")
    return found

# SPDX-License-Identifier: Apache-2.0
"""Streamed files of lists: to be saved, never cached, and CSV in which no spreadsheet finds a formula."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

CSV: Final = "text/csv; charset=utf-8"
_RUN_BY_SPREADSHEETS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_BYTE_ORDER_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Without it spreadsheets read a CSV in the machine's own legacy encoding."""


def streamed(lines: Iterator[str], content_type: str, name: str) -> StreamingHttpResponse:
    """Return the lines as a file of this name."""
    response = StreamingHttpResponse(lines, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Cache-Control"] = "no-store"
    return response


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the header and one line for each row."""
    writer = csv.writer(_Line())
    yield _BYTE_ORDER_MARK + writer.writerow(columns)
    for row in rows:
        yield writer.writerow([neutral(cell) for cell in row])


def neutral(text: object) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    cell = str(text)
    return f"'{cell}" if cell.lstrip(" ").startswith(_RUN_BY_SPREADSHEETS) else cell


class _Line:
    """File object for `csv.writer` that returns each line written."""

    def write(self, text: str) -> str:
        return text

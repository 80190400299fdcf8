# SPDX-License-Identifier: Apache-2.0
"""Lines of a JSON file: where each member stands, and what prevents reading the file.

The strict reader of the protocol refuses a file without a position; a person who mends one needs the line.
"""

from __future__ import annotations

import bisect
import json
import re
from collections.abc import Iterator
from typing import Final

from accord.document.checking import Finding, step
from accord.envelope.encoding import MAX_DEPTH, MAX_INTEGER
from accord.envelope.errors import EnvelopeError

_BLANK: Final = re.compile(r"[ \t\n\r]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORD: Final = re.compile(r"-?[A-Za-z]+")
_WORDS: Final = frozenset({"true", "false", "null"})
_DIGITS: Final = 17
_DECODER: Final = json.JSONDecoder()


class Places:
    """The line of each value of a JSON text by its pointer, and the faults by the strict reader."""

    def __init__(self, text: str) -> None:
        """Parse the lines; raise json.JSONDecodeError where it is no JSON at all."""
        json.loads(text, parse_int=str)
        self._text = text
        self._breaks = [match.start() for match in re.finditer("\n", text)]
        self.lines: dict[str, int] = {}
        self.faults: list[Finding] = []
        self._read(self._skip(0), "", 1)

    def placed(self, finding: Finding) -> Finding:
        """Return the finding with its line: its own, or its parent's."""
        pointer = finding.pointer
        while pointer not in self.lines:
            pointer = pointer.rpartition("/")[0]
        return Finding(finding.pointer, finding.remedy, self.lines[pointer])

    def _read(self, at: int, pointer: str, depth: int) -> int:
        """Record the value that begins here; return where it ends."""
        self.lines[pointer] = bisect.bisect_left(self._breaks, at) + 1
        first = self._text[at]
        if first == '"':
            return self._string(at, pointer)
        if first not in "{[":
            return self._scalar(at, pointer)
        if depth > MAX_DEPTH:
            self._fault(pointer, f"it is nested more than {MAX_DEPTH} deep.")
            return len(self._text)
        return self._members(at, pointer, depth) if first == "{" else self._items(at, pointer, depth)

    def _members(self, at: int, pointer: str, depth: int) -> int:
        seen: set[str] = set()
        at = self._skip(at + 1)
        while at < len(self._text) and self._text[at] != "}":
            name, at = _read_string(self._text, at)
            inner = step(pointer, name)
            at = self._read(self._skip(self._skip(at) + 1), inner, depth + 1)
            if name in seen:
                self._fault(inner, "it stands there twice; leave one out.")
            seen.add(name)
            at = self._next(at)
        return at + 1

    def _items(self, at: int, pointer: str, depth: int) -> int:
        at, number = self._skip(at + 1), 0
        while at < len(self._text) and self._text[at] != "]":
            at = self._next(self._read(at, step(pointer, number), depth + 1))
            number += 1
        return at + 1

    def _next(self, at: int) -> int:
        """Skip a comma, if one follows."""
        at = self._skip(at)
        return self._skip(at + 1) if self._text[at : at + 1] == "," else at

    def _string(self, at: int, pointer: str) -> int:
        text, end = _read_string(self._text, at)
        if any("\ud800" <= character <= "\udfff" for character in text):
            self._fault(pointer, "it holds half of a character (a lone surrogate); write it whole.")
        return end

    def _scalar(self, at: int, pointer: str) -> int:
        word = _WORD.match(self._text, at)
        if word:
            if word[0] not in _WORDS:
                self._fault(pointer, "write a number, or null.")
            return word.end()
        number = _NUMBER.match(self._text, at)
        if number is None:
            return len(self._text)
        if number[1] or number[2]:
            self._fault(pointer, f'write it as a text: "{number[0]}".')
        elif number[0] == "-0" or len(number[0]) > _DIGITS or abs(int(number[0])) > MAX_INTEGER:
            self._fault(pointer, "write a whole number of at most 15 digits.")
        return number.end()

    def _fault(self, pointer: str, remedy: str) -> None:
        self.faults.append(Finding(pointer, remedy, self.lines[pointer]))

    def _skip(self, at: int) -> int:
        blank = _BLANK.match(self._text, at)
        return blank.end() if blank else at


def _read_string(text: str, at: int) -> tuple[str, int]:
    """Return the string that begins here, and where it ends."""
    value, end = _DECODER.raw_decode(text, at)
    return str(value), int(end)


def unreadable(octets: bytes) -> Iterator[str]:
    """Yield why and where a file is not the required JSON; nothing where only its size is at fault."""
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError as exc:
        line = octets.count(b"\n", 0, exc.start) + 1
        yield f"line {line}: it is not UTF-8; save it in that encoding."
        return
    if text.startswith("\ufeff"):
        yield "line 1: it begins with a byte order mark; save it without one."
        return
    try:
        places = Places(text)
    except json.JSONDecodeError as exc:
        yield f"line {exc.lineno}, column {exc.colno}: {exc.msg}."
        return
    except RecursionError:
        yield f"it is nested more than {MAX_DEPTH} deep."
        return
    yield from map(str, places.faults)


def reason_of(octets: bytes, refused: EnvelopeError) -> str:
    """Return where the file is not the required JSON, else which member its reader refused."""
    return " ".join(unreadable(octets)) or str(refused)


def places_of(octets: bytes) -> Places:
    """Return the places of a file that was read before."""
    return Places(octets.decode("utf-8"))

# SPDX-License-Identifier: Apache-2.0
"""Number forms of JCAMP-DX tables: plain (AFFN, PAC) and squeezed (SQZ, DIF, DUP).

After McDonald and Wilks, Applied Spectroscopy 42 (1988) 151, and Davies and Lampen, Applied Spectroscopy 47 (1993) 1093. Our
own code instead of a library's: a repeat count of the file must not decide how much memory is taken, and a failed check is a
refusal here and not a line printed with the data.
"""

import re
from collections.abc import Iterable
from typing import Final

from substances.spectra.limits import MAX_POINTS, number_of, refuse

_SQUEEZED: Final = {letter: digit for digit, letter in enumerate("@ABCDEFGHI")} | {
    letter: -digit for digit, letter in enumerate("abcdefghi", start=1)
}
_DIFFERENCE: Final = {letter: digit for digit, letter in enumerate("%JKLMNOPQR")} | {
    letter: -digit for digit, letter in enumerate("jklmnopqr", start=1)
}
_REPEATED: Final = {letter: digit for digit, letter in enumerate("STUVWXYZs", start=1)}
_PACKED = re.compile(r"[@%A-DF-Za-df-s]")
_TOKEN = re.compile(r"([@A-I%J-Ra-ij-rS-Zs])(\d*)|([+-]?(?:\d+\.?\d*|\.\d+))|([\s,;]+)", re.ASCII)
_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)


def ordinates_of(lines: Iterable[tuple[int, str]], most: int = MAX_POINTS) -> list[float]:
    """Return the ordinates of an (X++(Y..Y)) table; each line's abscissa is dropped, its checks are kept.

    `lines` are (line number, text). Refuses more than `most` values, a failed check and anything that is no number.
    """
    kept = [(line_no, line) for line_no, line in lines if line.strip()]
    if not any(_PACKED.search(line) for _, line in kept):
        return _plain_ordinates(kept, most)
    table = _Table(most)
    for line_no, line in kept:
        table.read(line, f"line {line_no}")
    return table.values


def _plain_ordinates(lines: list[tuple[int, str]], most: int) -> list[float]:
    values: list[float] = []
    for line_no, line in lines:
        where = f"line {line_no}"
        if _PLAIN.sub(" ", line).strip(" \t,;"):
            refuse("not_finite" if re.search(r"nan|inf", line, re.IGNORECASE) else "not_a_number", where)
        numbers = _PLAIN.findall(line)
        values += [number_of(number, where) for number in numbers[1:]]
        if len(values) > most:
            refuse("too_many_peaks", where)
    return values


class _Table:
    """The ordinates read so far, and the form of the last one."""

    def __init__(self, most: int) -> None:
        self.values: list[float] = []
        self.most = most
        self.difference: float | None = None
        self.is_check_due = False

    def read(self, line: str, where: str) -> None:
        is_first = True
        place = 0
        self.is_check_due = self.difference is not None
        self.difference = None
        while place < len(line):
            found = _TOKEN.match(line, place)
            if found is None:
                refuse("not_a_number", where)
            place = found.end()
            if found[4]:
                continue
            if is_first:  # the abscissa
                is_first = False
                continue
            self._take(found, where)
        if is_first:
            refuse("format_damaged", where)

    def _take(self, found: re.Match[str], where: str) -> None:
        letter, digits, plain = found[1], found[2], found[3]
        if len(digits or plain or "") > 18:
            refuse("out_of_range", where)
        if plain:
            self._absolute(number_of(plain, where), where)
        elif letter in _SQUEEZED:
            self._absolute(_signed(_SQUEEZED[letter], digits), where)
        elif letter in _DIFFERENCE:
            self._differ(_signed(_DIFFERENCE[letter], digits), where)
        else:
            self._repeat(int(_signed(_REPEATED[letter], digits)), where)

    def _absolute(self, value: float, where: str) -> None:
        self.difference = None
        if self.is_check_due:
            self.is_check_due = False
            if not self.values or abs(value - self.values[-1]) > 1e-6 * max(1.0, abs(value)):
                refuse("check_failed", where)
            return
        self._add(value, where)

    def _differ(self, difference: float, where: str) -> None:
        if not self.values or self.is_check_due:
            refuse("format_damaged", where)
        self.difference = difference
        self._add(self.values[-1] + difference, where)

    def _repeat(self, count: int, where: str) -> None:
        if not self.values or count < 1:
            refuse("format_damaged", where)
        if len(self.values) + count - 1 > self.most:
            refuse("too_many_peaks", where)
        for _ in range(count - 1):
            self.values.append(self.values[-1] + (self.difference or 0.0))

    def _add(self, value: float, where: str) -> None:
        if len(self.values) >= self.most:
            refuse("too_many_peaks", where)
        self.values.append(value)


def _signed(first: int, digits: str) -> float:
    """Join a pseudo-digit with the digits after it; the pseudo-digit carries the sign."""
    value = float(f"{abs(first)}{digits}")
    return -value if first < 0 else value


def pairs_of(lines: Iterable[tuple[int, str]], most: int) -> list[tuple[float, float]]:
    """Return the pairs of an (XY..XY) table: numbers by commas or blanks, pairs by semicolons, blanks or lines."""
    pairs: list[tuple[float, float]] = []
    for line_no, line in lines:
        where = f"line {line_no}"
        words = [word for word in re.split(r"[\s,;]+", line) if word]
        if len(words) % 2:
            refuse("format_damaged", where)
        numbers = [number_of(word, where) for word in words]
        pairs += zip(numbers[::2], numbers[1::2], strict=True)
        if len(pairs) > most:
            refuse("too_many_peaks", where)
    return pairs

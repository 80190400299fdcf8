# SPDX-License-Identifier: Apache-2.0
"""Limits of a file of spectra, and the checks that every format shares.

Refusals are InputRefusedError("spectrum", code, where); `where` is a line, a record or a member's name, never content. `CODES`
is the closed list.
"""

import math
import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise
from typing import Final, NoReturn

from substances.errors import InputRefusedError
from substances.spectra.spectrum import Peak

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_LINES: Final = 200_000
MAX_LIST_CHARS: Final = 400_000
"""Characters of a typed list of shifts or peaks."""
MAX_LINE_CHARS: Final = 20_000
MAX_SPECTRA: Final = 5_000
MAX_PEAKS: Final = 20_000
"""Peaks of one mass spectrum or shift list."""
MAX_POINTS: Final = 131_072
"""Points of one trace as measured; more than KEPT_POINTS are thinned on reading."""
KEPT_POINTS: Final = 8_192
MAX_PEAKS_IN_FILE: Final = 100_000
MAX_MZ: Final = 20_000.0
MAX_INTENSITY: Final = 1e30
MAX_TEXT_CHARS: Final = 1_000

CODES: Final = frozenset(
    {
        "empty",  # nothing in the file
        "too_large",  # more than MAX_BYTES or MAX_LINES, or a line that is no line
        "archive",  # zip, gzip, 7z, xz or bzip2 in place of text
        "binary",  # not text
        "mixed_encoding",  # neither UTF-8 nor one 8-bit code throughout
        "unknown_format",  # text, but in an unsupported format
        "format_damaged",  # the format's own rules are broken
        "unsafe_xml",  # document type, entities, or excessive nesting
        "too_many_spectra",
        "too_many_peaks",
        "peak_count",  # the declared number of peaks is not the number found: truncated?
        "no_peaks",
        "not_a_number",  # a number was expected
        "not_finite",  # NaN or infinity
        "out_of_range",  # m/z, shift, frequency or intensity that no instrument gives
        "negative_intensity",
        "profile_data",  # a mass spectrum as a curve; peak lists are read
        "check_failed",  # JCAMP-DX: a line's check value disagrees with the data
        "unknown_solvent",
        "unknown_nucleus",
        "unknown_multiplicity",
        "nucleus_missing",
        "decimal_comma",  # 7,26 where 7.26 is meant: ambiguous in a list
        "unsupported",  # an unsupported part of a known format
    }
)

NOTICES: Final = frozenset(
    {
        "peaks_sorted",
        "duplicates_merged",
        "empty_peaks_dropped",
        "points_thinned",
        "encoding_guessed",
        "real_part_only",
        "solvent_missing",
        "frequency_missing",
    }
)
"""Corrections made while reading, and missing data: the values of a spectrum's `notices`."""

_SPACES = re.compile(r"\s+")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?\Z", re.ASCII)


def refuse(code: str, where: str = "") -> NoReturn:
    """Raise the refusal `code`."""
    assert code in CODES, code
    raise InputRefusedError("spectrum", code, where)


def number_of(text: str, where: str) -> float:
    """Read a finite decimal number; no underscores, no hexadecimal, none longer than 64 characters."""
    word = text.strip()
    if len(word) <= 64 and _NUMBER.match(word):
        value = float(word)
        return value if math.isfinite(value) else refuse("not_finite", where)
    if word.lower().lstrip("+-") in ("nan", "inf", "infinity", "-nan"):
        refuse("not_finite", where)
    if re.fullmatch(r"[+-]?\d+,\d+", word, re.ASCII) and len(word) <= 64:
        refuse("decimal_comma", where)
    return refuse("not_a_number", where)


def count_of(text: str, where: str) -> int:
    """Read a whole number from 0 to 10^12."""
    word = text.strip()
    if not re.fullmatch(r"\d{1,12}", word, re.ASCII):
        refuse("not_a_number", where)
    return int(word)


def pair_of(text: str, where: str) -> Peak:
    """Read "m/z intensity", separated by blanks, a colon or a comma; the rest is an annotation.

    A comma between two whole numbers alone could be a decimal comma, and is refused.
    """
    words = text.split(maxsplit=2)
    first = words[0].rstrip(",:") if words else ""
    if len(words) == 1:
        parts = re.split(r"[,:]", text.strip())
        if len(parts) != 2:
            refuse("decimal_comma" if len(parts) > 2 else "format_damaged", where)
        if "," in text and "." not in parts[0]:
            refuse("decimal_comma", where)
        return number_of(parts[0], where), number_of(parts[1], where)
    return number_of(first, where), number_of(words[1].rstrip(",;") if words else "", where)


def plain_text(text: str) -> str:
    """Return a line of metadata as plain text: no control or formatting characters, at most MAX_TEXT_CHARS."""
    kept = "".join(
        character if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") else " "
        for character in text[: 4 * MAX_TEXT_CHARS]
    )
    return unicodedata.normalize("NFC", _SPACES.sub(" ", kept).strip())[:MAX_TEXT_CHARS]


def mass_peaks(peaks: Iterable[Peak], where: str) -> tuple[tuple[Peak, ...], tuple[str, ...]]:
    """Check and order the peaks of a mass spectrum; return them with the notices on corrections.

    Peaks of zero intensity are left out, equal m/z added up.
    """
    found = list(peaks)
    if len(found) > MAX_PEAKS:
        refuse("too_many_peaks", where)
    for mz, intensity in found:
        _check_peak(mz, intensity, where)
    merged: dict[float, float] = {}
    for mz, intensity in sorted(found):
        if intensity > 0:
            merged[mz] = merged.get(mz, 0.0) + intensity
    present = sum(1 for _, intensity in found if intensity > 0)
    notices = {
        "peaks_sorted": any(a[0] > b[0] for a, b in pairwise(found)),
        "duplicates_merged": len(merged) < present,
        "empty_peaks_dropped": present < len(found),
    }
    if not merged:
        refuse("no_peaks", where)
    return tuple(merged.items()), tuple(code for code, holds in notices.items() if holds)


def _check_peak(mz: float, intensity: float, where: str) -> None:
    if not (math.isfinite(mz) and math.isfinite(intensity)):
        refuse("not_finite", where)
    if intensity < 0:
        refuse("negative_intensity", where)
    if not 0 < mz <= MAX_MZ or intensity > MAX_INTENSITY:
        refuse("out_of_range", where)


def resolution_is_unit(peaks: tuple[Peak, ...], instrument_type: str) -> bool:
    """Tell whether m/z are known only to whole or tenths of units, by the analyser's name or the digits given."""
    kind = instrument_type.upper()
    if re.search(r"(?:^|[-/ ])(QQ|QQQ|Q|IT|QIT|LIT)\b", kind) and not re.search(r"TOF|FT|QFT|ORBI", kind):
        return True
    return all(abs(mz * 10 - round(mz * 10)) < 1e-6 for mz, _ in peaks)

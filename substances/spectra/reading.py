# SPDX-License-Identifier: Apache-2.0
"""Entry point for files of spectra: any supported format in, checked spectra out, or one typed refusal.

The contents determine the format; the name only decides between text formats that look alike. Run it through
`substances.sandbox.sandboxed` wherever the file is not one's own.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from substances.spectra.formats.jcampdx import read_jcampdx
from substances.spectra.formats.mgf import read_mgf
from substances.spectra.formats.msp import read_msp
from substances.spectra.formats.mzml import read_mzml
from substances.spectra.formats.peaklist import looks_like_list, read_peaklist
from substances.spectra.limits import (
    MAX_BYTES,
    MAX_LINE_CHARS,
    MAX_LINES,
    MAX_PEAKS_IN_FILE,
    MAX_SPECTRA,
    refuse,
)
from substances.spectra.spectrum import Spectrum

Reader = Callable[[str], Iterator[Spectrum]]
_BY_NAME: Final[dict[str, Reader]] = {
    "msp": read_msp, "mgf": read_mgf, "mzml": read_mzml, "jdx": read_jcampdx, "dx": read_jcampdx, "jcamp": read_jcampdx,
}  # fmt: skip
_ARCHIVES: Final = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"7z\xbc\xaf",
    b"\xfd7zXZ",
    b"BZh",
    b"Rar!",
    b"\x28\xb5\x2f\xfd",
)
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


def read_spectra(filename: str, data: bytes) -> tuple[Spectrum, ...]:
    """Read every spectrum of a file. Raise InputRefusedError("spectrum", code, where) at the first fault."""
    text, notices = text_of(data)
    reader = reader_for(filename, text)
    spectra: list[Spectrum] = []
    peaks = 0
    for spectrum in islice(reader(text), MAX_SPECTRA + 1):
        peaks += len(spectrum.peaks)
        if peaks > MAX_PEAKS_IN_FILE:
            refuse("too_many_peaks")
        spectra.append(spectrum.noted(*notices))
    if len(spectra) > MAX_SPECTRA:
        refuse("too_many_spectra")
    return tuple(spectra) or refuse("empty")


def text_of(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Decode a text file: UTF-8, UTF-16 with its mark, or one 8-bit code throughout (noted as a guess)."""
    if not data.strip():
        refuse("empty")
    if len(data) > MAX_BYTES:
        refuse("too_large")
    if data.startswith(_ARCHIVES):
        refuse("archive")
    text, notices = _decoded(data)
    if found := _CONTROLS.search(text):
        refuse("binary", f"line {text.count(chr(10), 0, found.start()) + 1}")
    if text.count("\n") > MAX_LINES:
        refuse("too_large", "lines")
    if any(len(line) > MAX_LINE_CHARS for line in text.splitlines()) and "<mzML" not in text[:4000]:
        refuse("too_large", "line")
    return text, notices


def _decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return data.decode("utf-16"), ()
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError as error:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in data:
            refuse("binary", f"byte {error.start}")
        if _MULTIBYTE.search(data):
            refuse("mixed_encoding", f"line {data.count(bytes([10]), 0, error.start) + 1}")
    return data.decode("latin-1"), ("encoding_guessed",)


def reader_for(filename: str, text: str) -> Reader:
    """Return the reader of a text: by its contents, between look-alikes by the file's name."""
    head = text[:4_000].lstrip("\ufeff \t\r\n")
    if head.startswith("<"):
        return (
            read_mzml
            if "<mzML" in head or "<indexedmzML" in head or "<!" in head
            else refuse("unknown_format")
        )
    if re.match(r"(?:\$\$[^\n]*\n\s*)*##", head):
        return read_jcampdx
    if re.search(r"^[ \t]*BEGIN IONS[ \t]*$", text[:200_000], re.MULTILINE | re.IGNORECASE):
        return read_mgf
    if re.search(r"^[ \t]*num(?:ber of)?[ _]?peaks[ \t]*:", text[:200_000], re.MULTILINE | re.IGNORECASE):
        return read_msp
    by_name = _BY_NAME.get(filename.rpartition(".")[2].lower())
    if by_name is not None:
        return by_name
    return read_peaklist if looks_like_list(text) else refuse("unknown_format")

# SPDX-License-Identifier: Apache-2.0
"""Reader of MGF text (as GNPS and converters write it): mass spectra between BEGIN IONS and END IONS."""

import re
from collections.abc import Iterator

from substances.spectra.formats.msp import spectrum_from
from substances.spectra.limits import MAX_PEAKS, pair_of, refuse
from substances.spectra.spectrum import Peak, Spectrum

_NAMES = {
    "pepmass": "precursormz",
    "source_instrument": "instrumenttype",
    "spectrumid": "accession",
    "rawscans": "scans",
}
_KEY = re.compile(r"([A-Za-z][A-Za-z0-9_ ]{0,40})=(.*)\Z", re.DOTALL)


def read_mgf(text: str) -> Iterator[Spectrum]:
    """Return the spectra of MGF text one by one; raise InputRefusedError at the first fault."""
    for place, lines in enumerate(blocks_of(text), start=1):
        yield read_block(lines, place)


def blocks_of(text: str) -> Iterator[list[tuple[int, str]]]:
    """Split MGF text into the (line number, line) of its blocks without reading them."""
    block: list[tuple[int, str]] | None = None
    for line_no, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        word = line.upper()
        if word in ("BEGIN IONS", "END IONS"):
            if (block is None) == (word == "END IONS"):
                refuse("format_damaged", f"line {line_no}")
            if block is not None:
                yield block
            block = [] if word == "BEGIN IONS" else None
        elif block is not None and line and line[0] not in "#;!/":
            block.append((line_no, line))
    if block is not None:
        refuse("format_damaged", "end")


def read_block(lines: list[tuple[int, str]], place: int) -> Spectrum:
    """Read the lines between BEGIN IONS and END IONS; `place` names the record in refusals."""
    members: dict[str, str] = {}
    peaks: list[Peak] = []
    for line_no, line in lines:
        if found := _KEY.match(line):
            key = found[1].strip().lower()
            members.setdefault(_NAMES.get(key, key.replace(" ", "").replace("_", "")), found[2].strip())
            continue
        peaks.append(pair_of(line, f"line {line_no}"))
        if len(peaks) > MAX_PEAKS:
            refuse("too_many_peaks", f"line {line_no}")
    # GNPS gives "N/A" for unknown values, and the key of the structure under more than one name.
    known = {key: value for key, value in members.items() if value.upper() not in ("N/A", "NA", "NONE")}
    if not re.fullmatch(r"[A-Z]{14}-[A-Z]{10}-[A-Z]", known.get("inchiaux", ""), re.IGNORECASE):
        known.pop("inchiaux", None)
    return spectrum_from(known, peaks, f"record {place}")

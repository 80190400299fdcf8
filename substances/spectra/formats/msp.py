# SPDX-License-Identifier: Apache-2.0
"""Reader of MSP text (as NIST, MassBank and MoNA write it): mass spectra as peak lists.

Members of a record may stand in any order and case; its peaks follow `Num Peaks:`, and the next member after them, or a second
`Name:`, starts the next record. Peaks stand one a line or several with semicolons between, with or without a quoted annotation.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from substances.spectra.limits import (
    MAX_PEAKS,
    MAX_TEXT_CHARS,
    count_of,
    mass_peaks,
    number_of,
    pair_of,
    plain_text,
    refuse,
    resolution_is_unit,
)
from substances.spectra.spectrum import Peak, Spectrum

ION_MODES: Final = {"p": "positive", "n": "negative", "+": "positive", "-": "negative"}
UNKNOWN: Final = frozenset({"n/a", "na", "none", "null", "nan", "unknown"})
"""Programs' words for unknown values."""
_PEAKS: Final = frozenset({"numpeaks", "numberofpeaks"})
_MEMBER = re.compile(r"([A-Za-z][A-Za-z0-9 _./#&()$-]{0,48}):(?!:)\s*(.*)\Z", re.DOTALL)
_COMMENT_PAIR = re.compile(r'"([A-Za-z][\w /.-]{0,40})=([^"]{0,400})"')
_QUOTED = re.compile(r'"[^"]*"')
_ACCESSION = re.compile(r"\b(MSBNK-[A-Za-z0-9_]+-[A-Za-z0-9_]+|MoNA\d+|CCMSLIB\d+|HMDB\w+)\b")


def read_msp(text: str) -> Iterator[Spectrum]:
    """Return the spectra of MSP text one by one; raise InputRefusedError at the first fault."""
    for place, lines in enumerate(records_of(text), start=1):
        yield read_record(lines, place)


def records_of(text: str) -> Iterator[list[tuple[int, str]]]:
    """Split MSP text into records of (line number, line) without reading them."""
    record: list[tuple[int, str]] = []
    keys: set[str] = set()
    for place, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line == "//":
            continue
        key = _key_of(line)
        if key and (keys & _PEAKS or (key == "name" and "name" in keys)):
            yield record
            record, keys = [], set()
        keys.add(key)
        record.append((place, line))
    if any(not line.startswith("#") for _, line in record):
        yield record


def _key_of(line: str) -> str:
    """Return the name of the member that a line states, lower case and without blanks; "" for a line of peaks."""
    found = _MEMBER.match(line) if line[0].isalpha() else None
    return re.sub(r"[ _]", "", found[1]).lower() if found else ""


def read_record(lines: list[tuple[int, str]], place: int) -> Spectrum:
    """Read one record; `place` counts records from 1 and names the record in refusals."""
    members: dict[str, str] = {}
    for index, (line_no, line) in enumerate(lines):
        found = _MEMBER.match(line)
        if found is None:
            if line.startswith("#"):
                continue
            refuse("format_damaged", f"line {line_no}")
        key = _key_of(line)
        if key in _PEAKS:
            declared = count_of(found[2], f"line {line_no}")
            peaks = _peaks(lines[index + 1 :], declared)
            return spectrum_from(members, peaks, f"record {place}")
        if found[2].strip().lower() not in UNKNOWN:
            members.setdefault(key, found[2])
        if key in ("comment", "comments"):
            for pair in _COMMENT_PAIR.finditer(found[2]):
                members.setdefault(re.sub(r"[ _]", "", pair[1]).lower(), pair[2])
    return refuse("no_peaks", f"record {place}")


def _peaks(lines: list[tuple[int, str]], declared: int) -> list[Peak]:
    if declared > MAX_PEAKS:
        refuse("too_many_peaks", f"line {lines[0][0]}" if lines else "")
    peaks: list[Peak] = []
    for line_no, line in lines:
        for part in _QUOTED.sub(" ", line).split(";"):
            if not part.strip() or part.lstrip().startswith("#"):
                continue
            peaks.append(pair_of(part, f"line {line_no}"))
            if len(peaks) > declared:
                refuse("peak_count", f"line {line_no}")
    if len(peaks) != declared:
        refuse("peak_count", f"line {lines[-1][0]}" if lines else "")
    return peaks


def spectrum_from(members: Mapping[str, str], raw_peaks: list[Peak], where: str) -> Spectrum:
    """Make the spectrum from a record's members (keys lower case, no spaces); shared with MGF."""
    peaks, notices = mass_peaks(raw_peaks, where)

    def said(*keys: str) -> str:
        return next((plain_text(members[key]) for key in keys if members.get(key)), "")

    instrument_type = said("instrumenttype", "sourceinstrument")
    accession = said("accession", "dbno", "spectrumid")
    if not accession and (found := _ACCESSION.search(said("comment", "comments"))):
        accession = found[1]
    return Spectrum(
        kind="ms",
        peaks=peaks,
        name=said("name", "compoundname", "title"),
        smiles=_whole(members.get("smiles", "")),
        inchikey=said("inchikey", "inchiaux").upper().removeprefix("INCHIKEY="),
        formula=said("formula", "molecularformula"),
        precursor_mz=precursor_of(said("precursormz", "precursormass", "pepmass", "parentmass"), where),
        adduct=said("precursortype", "adduct", "ion"),
        ion_mode=_ion_mode(said("ionmode", "polarity"), said("charge")),
        ms_level=2 if said("precursormz", "pepmass") else 0,
        energy=said("collisionenergy", "ce"),
        instrument=said("instrument"),
        instrument_type=instrument_type,
        is_unit_resolution=resolution_is_unit(peaks, instrument_type),
        licence=said("license", "licence"),
        authors=said("authors", "author"),
        copyright=said("copyright"),
        accession=accession,
        source=said("comment", "comments"),
        notices=notices,
    )


def _ion_mode(mode: str, charge: str) -> str:
    """Return the polarity that a mode (Positive, P, +) or else a charge (1+, -1) states."""
    return ION_MODES.get(mode[:1].lower(), "") or (
        "negative" if "-" in charge else "positive" if re.match(r"\+?[1-9]\d?\+?\Z", charge) else ""
    )


def _whole(structure: str) -> str:
    """Return a structure's text unchanged, or "" for one that is too long, since a part of it would be another structure."""
    text = plain_text(structure)
    return text if len(text) < MAX_TEXT_CHARS and " " not in text else ""


def precursor_of(text: str, where: str) -> float | None:
    """Read the precursor's m/z; "", 0 and -1 mean that it is not known."""
    if not text:
        return None
    value = number_of(text.split(maxsplit=1)[0], where)
    if value in (0, -1):
        return None
    return value if 0 < value <= 20_000 else refuse("out_of_range", where)

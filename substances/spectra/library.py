# SPDX-License-Identifier: Apache-2.0
"""The shipped library of mass spectra, and the import of files into an agency's own.

An import is read record by record: an unusable record is refused with its reason, the others are accepted.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from substances.errors import InputRefusedError
from substances.spectra.answers import KnownSubstance
from substances.spectra.formats import mgf, msp
from substances.spectra.formulas import adduct_of, counts_of, ion_mz, mass_of
from substances.spectra.limits import MAX_PEAKS_IN_FILE, MAX_SPECTRA, refuse
from substances.spectra.reading import read_spectra, reader_for, text_of
from substances.spectra.spectrum import Spectrum

DATA: Final = Path(__file__).parents[1] / "data"
SHIPPED_FILE: Final = DATA / "spectra-dev.msp"
NAMED_FILES: Final = (
    DATA / "substances-dev.csv",
    DATA / "isomers.csv",
    DATA / "precursors.csv",
    DATA / "control" / "medicines.csv",
)
"""The shipped lists that name substances with formula and InChIKey: each may be an isomer of a hit."""

PRECURSOR_SLIP_DA: Final = 0.6
"""A stated precursor further than this from the formula's own ion belongs to another substance, adduct or isotope."""
LIBRARY_CODES: Final = frozenset(
    {
        "not_mass_spectrum",
        "name_missing",
        "identity_missing",
        "inchikey_malformed",
        "content_disagrees",
        "already_in_file",
    }
)
"""Reasons why a readable spectrum is no library entry; a report may also hold every code of limits.CODES."""


@dataclass(frozen=True, slots=True)
class RecordReport:
    """The result of one record of an import: accepted, or refused with a code and the position of the fault."""

    place: int
    name: str
    is_accepted: bool
    code: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class LibraryImport:
    """The usable spectra of a file, and a report on every record in its order."""

    spectra: tuple[Spectrum, ...]
    report: tuple[RecordReport, ...]


@cache
def shipped_library() -> tuple[Spectrum, ...]:
    """Return the spectra that come with the product, each marked with its origin."""
    spectra = read_spectra(SHIPPED_FILE.name, SHIPPED_FILE.read_bytes())
    return tuple(replace(spectrum, origin="shipped") for spectrum in spectra)


@cache
def reference_substances() -> tuple[KnownSubstance, ...]:
    """Return the substances that the shipped lists name, which may be isomers of a hit; each once."""
    known: dict[str, KnownSubstance] = {}
    for file in NAMED_FILES:
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                if row["inchikey"] and row["formula"]:
                    found = KnownSubstance(row["name"], row["inchikey"], row["formula"])
                    known.setdefault(found.inchikey, found)
    return tuple(known.values())


def entry_of(own: Sequence[Spectrum], entry: int) -> Spectrum:
    """Return the library spectrum behind a hit's `entry` of `searching.search_libraries`."""
    return own[entry] if entry < len(own) else shipped_library()[entry - len(own)]


def read_library(filename: str, data: bytes) -> LibraryImport:
    """Read a file for import. Refuses a file that cannot be read at all; otherwise reports record by record.

    An entry is a mass spectrum with a name and an InChIKey, a formula or a SMILES, whose parts agree. A second spectrum with
    the same peaks is not taken.
    """
    text, notices = text_of(data)
    accepted: list[Spectrum] = []
    report: list[RecordReport] = []
    seen: set[object] = set()
    peaks = 0
    for place, found in enumerate(_records(filename, text), start=1):
        if place > MAX_SPECTRA:
            refuse("too_many_spectra")
        if isinstance(found, InputRefusedError):
            report.append(RecordReport(place, "", False, found.code, found.where))
            continue
        peaks += len(found.peaks)
        if peaks > MAX_PEAKS_IN_FILE:
            refuse("too_many_peaks")
        code = _objection(found, seen)
        report.append(RecordReport(place, found.name, not code, code, f"record {place}" if code else ""))
        if not code:
            accepted.append(found.noted(*notices))
    if not report:
        refuse("empty")
    return LibraryImport(tuple(accepted), tuple(report))


def _records(filename: str, text: str) -> Iterator[Spectrum | InputRefusedError]:
    """Yield each record's spectrum or its refusal; formats without records stop at a fault."""
    reader = reader_for(filename, text)
    if reader is msp.read_msp:
        for place, lines in enumerate(msp.records_of(text), start=1):
            try:
                yield msp.read_record(lines, place)
            except InputRefusedError as refusal:
                yield refusal
    elif reader is mgf.read_mgf:
        for place, lines in enumerate(mgf.blocks_of(text), start=1):
            try:
                yield mgf.read_block(lines, place)
            except InputRefusedError as refusal:
                yield refusal
    else:
        yield from reader(text)


def _objection(spectrum: Spectrum, seen: set[object]) -> str:
    """Return the code against a spectrum as a library entry, or ""; record it as seen."""
    if spectrum.kind != "ms":
        return "not_mass_spectrum"
    if not spectrum.name:
        return "name_missing"
    if not (spectrum.inchikey or spectrum.formula or spectrum.smiles):
        return "identity_missing"
    if spectrum.inchikey and not _is_inchikey(spectrum.inchikey):
        return "inchikey_malformed"
    if _contradicts_itself(spectrum):
        return "content_disagrees"
    same = (spectrum.block or spectrum.formula, spectrum.precursor_mz, spectrum.peaks)
    if same in seen:
        return "already_in_file"
    seen.add(same)
    return ""


def _contradicts_itself(spectrum: Spectrum) -> bool:
    """Tell whether formula and adduct, where both are stated, give another m/z than the precursor stated."""
    adduct = adduct_of(spectrum.adduct)
    if adduct is None or spectrum.precursor_mz is None or not spectrum.formula:
        return False
    try:
        expected = ion_mz(mass_of(counts_of(spectrum.formula)), adduct)
    except InputRefusedError:
        return False
    return abs(expected - spectrum.precursor_mz) > PRECURSOR_SLIP_DA


def _is_inchikey(text: str) -> bool:
    parts = text.split("-")
    return [len(part) for part in parts] == [14, 10, 1] and all(
        part.isascii() and part.isalpha() and part.isupper() for part in parts
    )

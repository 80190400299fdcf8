# SPDX-License-Identifier: Apache-2.0
"""Reader of mzML: centroided mass spectra from XML, by the terms of the PSI-MS vocabulary.

No document type, no entities, bounded nesting; binary arrays are unpacked only up to the limit on peaks, so that a compressed
array cannot grow beyond it. Chromatograms are ignored. Numpress and external files are not read.
"""

import array
import base64
import binascii
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from substances.spectra.limits import (
    MAX_PEAKS,
    MAX_SPECTRA,
    count_of,
    mass_peaks,
    number_of,
    plain_text,
    refuse,
)
from substances.spectra.spectrum import Peak, Spectrum

MAX_DEPTH: Final = 40
MAX_ELEMENTS: Final = 400_000

MZ_ARRAY, INTENSITY_ARRAY = "MS:1000514", "MS:1000515"
TYPECODES: Final = {"MS:1000523": "d", "MS:1000521": "f", "MS:1000519": "i", "MS:1000522": "q"}
ZLIB, UNPACKED = "MS:1000574", "MS:1000576"
PROFILE, LEVEL, TITLE, NEGATIVE, POSITIVE = (
    "MS:1000128", "MS:1000511", "MS:1000796", "MS:1000129", "MS:1000130",
)  # fmt: skip
SELECTED_MZ, COLLISION_ENERGY = "MS:1000744", "MS:1000045"
_OTHER_PACKING: Final = frozenset(
    {"MS:1002312", "MS:1002313", "MS:1002314", "MS:1002746", "MS:1002747", "MS:1002748"}
)


@dataclass
class _Part:
    """The collected parts of one spectrum."""

    place: int
    length: int
    params: dict[str, str] = field(default_factory=dict)
    arrays: dict[str, list[float]] = field(default_factory=dict)


class _Reader:
    """Handlers of the XML parser; finished spectra collect in `done`."""

    def __init__(self) -> None:
        self.done: list[Spectrum] = []
        self.depth = self.elements = self.seen = 0
        self.is_mzml = False
        self.part: _Part | None = None
        self.groups: dict[str, dict[str, str]] = {}
        self.group: dict[str, str] | None = None
        self.array: dict[str, str] | None = None
        self.text: list[str] | None = None
        self.instrument = ""
        self.in_instrument = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.elements += 1
        if self.depth > MAX_DEPTH:
            refuse("unsafe_xml")
        if self.elements > MAX_ELEMENTS:
            refuse("too_large")
        opened = getattr(self, f"open_{name}", None)
        if opened is not None:
            opened(attributes)

    def end(self, name: str) -> None:
        self.depth -= 1
        closed = getattr(self, f"close_{name}", None)
        if closed is not None:
            closed()

    def characters(self, text: str) -> None:
        if self.text is not None:
            self.text.append(text)

    def open_mzML(self, attributes: dict[str, str]) -> None:  # noqa: N802 - the element's name
        self.is_mzml = True

    def open_referenceableParamGroup(self, attributes: dict[str, str]) -> None:  # noqa: N802
        self.group = self.groups.setdefault(attributes.get("id", ""), {})

    def close_referenceableParamGroup(self) -> None:  # noqa: N802
        self.group = None

    def open_referenceableParamGroupRef(self, attributes: dict[str, str]) -> None:  # noqa: N802
        for accession, value in self.groups.get(attributes.get("ref", ""), {}).items():
            self._param(accession, value, "")

    def open_instrumentConfiguration(self, attributes: dict[str, str]) -> None:  # noqa: N802
        self.in_instrument = True

    def close_instrumentConfiguration(self) -> None:  # noqa: N802
        self.in_instrument = False

    def open_spectrum(self, attributes: dict[str, str]) -> None:
        self.seen += 1
        if self.seen > MAX_SPECTRA:
            refuse("too_many_spectra")
        where = f"spectrum {self.seen}"
        length = count_of(attributes.get("defaultArrayLength", ""), where)
        if length > MAX_PEAKS:
            refuse("too_many_peaks", where)
        self.part = _Part(self.seen, length)

    def close_spectrum(self) -> None:
        if self.part is not None:
            self.done += _finished(self.part, self.instrument)
        self.part = None

    def open_binaryDataArray(self, attributes: dict[str, str]) -> None:  # noqa: N802
        if self.part is not None:
            self.array = {}

    def close_binaryDataArray(self) -> None:  # noqa: N802
        self.array = None

    def open_binary(self, attributes: dict[str, str]) -> None:
        if self.array is not None:
            self.text = []

    def close_binary(self) -> None:
        if self.part is not None and self.array is not None and self.text is not None:
            kind = next((kind for kind in (MZ_ARRAY, INTENSITY_ARRAY) if kind in self.array), "")
            if kind in self.part.arrays:
                refuse("format_damaged", f"spectrum {self.part.place}")
            if kind:
                self.part.arrays[kind] = _unpacked("".join(self.text), self.array, self.part)
        self.text = None

    def open_cvParam(self, attributes: dict[str, str]) -> None:  # noqa: N802
        self._param(attributes.get("accession", ""), attributes.get("value", ""), attributes.get("name", ""))

    def _param(self, accession: str, value: str, name: str) -> None:
        if self.group is not None:
            self.group[accession] = value
        elif self.array is not None:
            self.array[accession] = value
        elif self.part is not None:
            self.part.params.setdefault(accession, value)
        elif self.in_instrument and not self.instrument:
            self.instrument = plain_text(name)


def read_mzml(text: str) -> Iterator[Spectrum]:
    """Return the spectra of an mzML document; raise InputRefusedError at the first fault."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=None)
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.EntityDeclHandler = _refuse_doctype
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        refuse("format_damaged", f"line {error.lineno}")
    if not reader.is_mzml:
        refuse("unknown_format")
    yield from reader.done


def _refuse_doctype(*_parts: object) -> None:
    refuse("unsafe_xml")


def _finished(part: _Part, instrument: str) -> list[Spectrum]:
    where = f"spectrum {part.place}"
    if part.length == 0:
        return []
    if PROFILE in part.params:
        refuse("profile_data", where)
    mz, intensity = part.arrays.get(MZ_ARRAY), part.arrays.get(INTENSITY_ARRAY)
    if mz is None or intensity is None:
        refuse("format_damaged", where)
    if not len(mz) == len(intensity) == part.length:
        refuse("peak_count", where)
    pairs: list[Peak] = list(zip(mz, intensity, strict=True))
    peaks, notices = mass_peaks(pairs, where)
    selected = part.params.get(SELECTED_MZ)
    precursor = number_of(selected, where) if selected else None
    if precursor is not None and not 0 < precursor <= 20_000:
        refuse("out_of_range", where)
    level = part.params.get(LEVEL, "")
    energy = plain_text(part.params.get(COLLISION_ENERGY, ""))
    return [
        Spectrum(
            kind="ms",
            peaks=peaks,
            name=plain_text(part.params.get(TITLE, "")),
            precursor_mz=precursor,
            ion_mode="negative" if NEGATIVE in part.params else "positive" if POSITIVE in part.params else "",
            ms_level=min(count_of(level, where), 99) if level else 0,
            energy=f"{energy} eV" if energy else "",
            instrument=instrument,
            notices=notices,
        )
    ]


def _unpacked(text: str, params: dict[str, str], part: _Part) -> list[float]:
    where = f"spectrum {part.place}"
    typecode = next((code for accession, code in TYPECODES.items() if accession in params), "")
    if _OTHER_PACKING & params.keys() or not typecode:
        refuse("unsupported", where)
    try:
        octets = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        refuse("format_damaged", where)
    numbers = array.array(typecode)
    if ZLIB in params:
        octets = _inflated(octets, part.length * numbers.itemsize, where)
    if len(octets) != part.length * numbers.itemsize:
        refuse("peak_count", where)
    numbers.frombytes(octets)
    if sys.byteorder == "big":
        numbers.byteswap()
    return [float(value) for value in numbers]


def _inflated(octets: bytes, expected: int, where: str) -> bytes:
    """Unpack at most `expected` octets; more of them, or less, is a refusal."""
    try:
        stream = zlib.decompressobj()
        found = stream.decompress(octets, expected + 1)
    except zlib.error:
        refuse("format_damaged", where)
    if len(found) > expected or stream.unconsumed_tail:
        refuse("peak_count", where)
    return found

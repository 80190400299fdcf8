# SPDX-License-Identifier: Apache-2.0
"""A spectrum: peaks or a trace, how it was measured, whose it is, and under which licence.

A `Spectrum` that exists was checked: its peaks are finite, in range, sorted by x, each once, and within the limits. It travels
as JSON by `spectrum_record` and comes back by `spectrum_of`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields, replace
from typing import Any, Final, Literal, cast

Kind = Literal["ms", "nmr", "ir"]
Peak = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Multiplet:
    """One entry of an NMR shift list, as a report states it.

    `shift_ppm` is the centre; `until_ppm` the other end where a range is given. `multiplicity` is one of
    nmr.MULTIPLICITIES or "". `couplings_hz` are the J values in the order written; `integral` counts nuclei.
    """

    shift_ppm: float
    until_ppm: float | None = None
    multiplicity: str = ""
    couplings_hz: tuple[float, ...] = ()
    integral: float | None = None


@dataclass(frozen=True, slots=True)
class Spectrum:
    """One measured spectrum. `peaks` are (m/z, intensity), (ppm, intensity) or (1/cm, value), ascending in x.

    `is_trace` says that the peaks are points of a continuous curve and not a peak list. `ion_mode` is
    "positive", "negative" or "". `energy` is the source's own words. `is_unit_resolution` is true where peaks
    are known to whole or tenths of units only. `origin` is "shipped", "own", "received" or "": where a
    library entry comes from. `notices` are codes: what was put right on reading, or what is missing.
    """

    kind: Kind
    peaks: tuple[Peak, ...]
    is_trace: bool = False
    name: str = ""
    smiles: str = ""
    inchikey: str = ""
    formula: str = ""
    precursor_mz: float | None = None
    adduct: str = ""
    ion_mode: str = ""
    ms_level: int = 0
    energy: str = ""
    instrument: str = ""
    instrument_type: str = ""
    is_unit_resolution: bool = False
    nucleus: str = ""
    frequency_mhz: float | None = None
    solvent: str = ""
    multiplets: tuple[Multiplet, ...] = ()
    y_unit: str = ""
    licence: str = ""
    authors: str = ""
    copyright: str = ""
    accession: str = ""
    source: str = ""
    origin: str = ""
    notices: tuple[str, ...] = ()

    @property
    def block(self) -> str:
        """The first block of the InChIKey, which stands for the connections; "" where none is known."""
        return self.inchikey.split("-", 1)[0]

    def noted(self, *codes: str) -> "Spectrum":
        """Return this spectrum with further notices, none twice."""
        return replace(self, notices=tuple(dict.fromkeys((*self.notices, *codes))))


_DEFAULTS: Final = {field.name: field.default for field in fields(Spectrum) if field.default is not MISSING}


def spectrum_record(spectrum: Spectrum) -> dict[str, Any]:
    """Return the spectrum as JSON-able members; what has its default value is left out."""
    record = {field.name: getattr(spectrum, field.name) for field in fields(Spectrum)}
    record["multiplets"] = tuple(asdict(multiplet) for multiplet in spectrum.multiplets)
    return {
        name: value for name, value in record.items() if name not in _DEFAULTS or value != _DEFAULTS[name]
    }


def spectrum_of(record: Mapping[str, Any]) -> Spectrum:
    """Return the spectrum of a record that `spectrum_record` made (not for foreign input)."""
    known = {field.name for field in fields(Spectrum)}
    members = {name: value for name, value in record.items() if name in known}
    members["peaks"] = tuple((float(x), float(y)) for x, y in members["peaks"])
    members["notices"] = tuple(members.get("notices", ()))
    members["multiplets"] = tuple(
        Multiplet(**{**entry, "couplings_hz": tuple(entry.get("couplings_hz", ()))})
        for entry in cast("list[dict[str, Any]]", members.get("multiplets", ()))
    )
    return Spectrum(**members)


def packed_spectra(spectra: Iterable[Spectrum]) -> bytes:
    """Return spectra as JSON octets, which travel in a fraction of the time of typed values."""
    return json.dumps([spectrum_record(spectrum) for spectrum in spectra], separators=(",", ":")).encode()


def unpacked_spectra(packed: bytes) -> tuple[Spectrum, ...]:
    """Return what `packed_spectra` packed (not for foreign input)."""
    return tuple(spectrum_of(record) for record in json.loads(packed))

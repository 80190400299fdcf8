# SPDX-License-Identifier: Apache-2.0
"""Reader of lists as chemists type or paste them: NMR shifts, and peaks of a mass spectrum as a table.

Three forms are read:

- a sentence as in a paper: "1H NMR (400 MHz, CDCl3) d 7.26 (d, J = 8.1 Hz, 2H), 3.71 (s, 3H)";
- a table with a head line that names its columns (ppm, multiplicity, J, integral; or m/z, intensity), by tabs, commas or
  semicolons, after lines such as "nucleus: 1H";
- the same without a head line: shift, multiplicity, J, integral.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from substances.spectra.limits import (
    MAX_LIST_CHARS,
    MAX_PEAKS,
    mass_peaks,
    number_of,
    plain_text,
    refuse,
    resolution_is_unit,
)
from substances.spectra.nmr import (
    SCRIPTS,
    check_frequency,
    check_shift,
    is_solvent,
    multiplicity_of,
    nucleus_of,
    short_multiplicity,
    solvent_of,
)
from substances.spectra.spectrum import Multiplet, Peak, Spectrum

_SENTENCE = re.compile(
    r"(?P<nucleus>(?:\^?\d{1,2}\s?-?[A-Z]|[A-Z]\d{1,2})(?:\{[^}]{1,8}\})?)[\s-]*NMR\s*"
    r"\((?P<how>[^()]{0,80}(?:\([^()]{0,20}\)[^()]{0,60})*)\)"
    r"\s*:?\s*(?:(?:\u03b4|\u1e9f|delta|d)\s*_?[HCFP]?\b|ppm)?\s*(?:\(ppm\)|/\s*ppm)?\s*[:=]?\s*"
    r"(?P<list>.*)\Z",
    re.DOTALL | re.IGNORECASE,
)
_META = re.compile(r"[#;]?\s*([A-Za-z][A-Za-z0-9 _/-]{1,30})\s*[:=]\s*(.{0,300})\Z")
_ENTRY = re.compile(
    r"\s*(?P<from>[+-]?\d+(?:\.\d+)?)\s*(?:[-\u2013\u2212]\s*(?P<to>\d+(?:\.\d+)?))?\s*(?:ppm)?\s*"
    r"(?:\((?P<inside>[^()]{0,120}(?:\([^()]{0,40}\)[^()]{0,60})*)\))?\s*(?P<stop>[,;]|\Z)",
    re.DOTALL,
)
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*(?:\(|[-\u2013,;]|\Z)")
_COUPLED = re.compile(r"\d?J\s*_?\(?[A-Za-z0-9,\u2013-]{0,8}\)?\s*=")
_COUPLING = re.compile(r"J=\s*(.*)\Z", re.DOTALL)
_INTEGRAL = re.compile(r"(\d+(?:\.\d+)?)\s*\u00d7?\s*(?:1?H|C|F|P)\Z", re.IGNORECASE)
_COLUMNS: Final[Mapping[str, str]] = {
    "ppm": "shift", "shift": "shift", "chemicalshift": "shift", "delta": "shift", "d": "shift", "\u03b4": "shift",
    "\u03b4ppm": "shift", "shiftppm": "shift", "deltappm": "shift", "chemicalshiftppm": "shift",
    "multiplicity": "multiplicity", "mult": "multiplicity", "m": "multiplicity", "type": "multiplicity",
    "j": "couplings", "jhz": "couplings", "couplings": "couplings", "coupling": "couplings", "couplingconstants": "couplings",
    "integral": "integral", "int": "integral", "h": "integral", "nh": "integral", "integration": "integral", "count": "integral",
    "mz": "mz", "m/z": "mz", "mass": "mz", "intensity": "intensity", "abundance": "intensity", "relativeintensity": "intensity",
    "relint": "intensity", "height": "intensity",
}  # fmt: skip
_META_NAMES: Final[Mapping[str, str]] = {
    "nucleus": "nucleus", "nuclei": "nucleus", "solvent": "solvent", "frequency": "frequency", "freq": "frequency",
    "frequencymhz": "frequency", "field": "frequency", "name": "name", "title": "name", "compound": "name",
    "instrument": "instrument", "smiles": "smiles", "inchikey": "inchikey", "formula": "formula", "licence": "licence",
    "license": "licence", "authors": "authors", "copyright": "copyright", "accession": "accession", "source": "source",
    "precursor": "precursor", "precursormz": "precursor", "adduct": "adduct", "collisionenergy": "energy", "energy": "energy",
    "ionmode": "ion_mode",
}  # fmt: skip


PAIRS_LOOKED_AT: Final = 50
_PUT_HEAD: Final = "m/z\tintensity\t\n"
"""The head line put above bare pairs; its last tab tells it from a typed one, and it does not count as a line."""
_GAP: Final = re.compile(r"\s*[;\t ]\s*|,\s*(?=\S+\Z)")
_PAIR: Final = re.compile(r"[\d.,]+(?:\s*[;\t ]\s*|,\s*)(?:[-+.\d]\S*|nan|[-+]?inf\w*)", re.IGNORECASE)


@dataclass
class _List:
    """The statements before a list's entries, and its rows with their line numbers."""

    meta: dict[str, str] = field(default_factory=dict)
    rows: list[tuple[int, str]] = field(default_factory=list)


def looks_like_list(text: str) -> bool:
    """Tell whether a text is a list that is read here."""
    head = text[:4_000].translate(SCRIPTS)
    if re.search(r"\bNMR\b", head) and _SENTENCE.search(" ".join(head.split())):
        return True
    parts = _split(text[:20_000])
    return bool(parts.rows) and (
        bool(parts.meta)
        or bool(_columns_of(parts.rows[0][1]))
        or bool(re.match(r"[-+\d.]", parts.rows[0][1]))
    )


def peak_table(text: str) -> str:
    """Put a head line above bare pairs of numbers, where only a mass spectrum can be meant.

    Other text is returned unchanged.
    """
    lines = [line.strip() for line in text.splitlines()]
    filled = [line for line in lines if line]
    if not filled or not all(_PAIR.fullmatch(line) for line in filled[:PAIRS_LOOKED_AT]):
        return text
    rows = ["\t".join(_GAP.split(line, maxsplit=1)) for line in lines]
    return _PUT_HEAD + "\n".join([*rows, ""])


def peak_octets(octets: bytes) -> bytes:
    """Put a head line above bare pairs in a file's octets; return octets that are no UTF-8 unchanged."""
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        return octets
    table = peak_table(text)
    return octets if table == text else table.encode()


def read_peaklist(text: str) -> Iterator[Spectrum]:
    """Return the spectra of a list (a paragraph may hold several); raise InputRefusedError at the first fault."""
    if len(text) > MAX_LIST_CHARS:
        refuse("too_large")
    text = text.translate(SCRIPTS)
    sentences = [
        part
        for part in re.split(r"(?=\b\^?\d{1,2}\s?[A-Z](?:\{[^}]{1,8}\})?[\s-]*NMR\b)", text)
        if "NMR" in part
    ]
    found = [match for part in sentences if (match := _SENTENCE.search(" ".join(part.split())))]
    if found:
        for place, sentence in enumerate(found, start=1):
            yield _from_sentence(sentence, f"list {place}")
        return
    yield _from_table(_split(text))


def _from_sentence(sentence: re.Match[str], where: str) -> Spectrum:
    meta = {"nucleus": sentence["nucleus"]}
    for part in re.split(r"[,;]", sentence["how"]):
        if mhz := re.match(r"\s*([\d.]+)\s*MHz", part, re.IGNORECASE):
            meta["frequency"] = mhz[1]
        elif (
            part.strip()
            and not re.search(r"\d\s*(?:K|\u00b0C|mg|mM)|ppm|decoupled", part)
            and (is_solvent(part) or "solvent" not in meta)
        ):
            meta["solvent"] = part
    nucleus = nucleus_of(meta["nucleus"], where)
    multiplets: list[Multiplet] = []
    rest = sentence["list"].strip().rstrip(".").strip()
    place = 0
    while place < len(rest):
        if _DECIMAL_COMMA.match(rest, place):
            refuse("decimal_comma", f"{where}, entry {len(multiplets) + 1}")
        entry = _ENTRY.match(rest, place)
        if entry is None or entry.end() == place:
            refuse("format_damaged", f"{where}, entry {len(multiplets) + 1}")
        multiplets.append(_entry(entry, nucleus, f"{where}, entry {len(multiplets) + 1}"))
        if len(multiplets) > MAX_PEAKS:
            refuse("too_many_peaks", where)
        place = entry.end()
    return _nmr(multiplets, meta, where)


def _entry(entry: re.Match[str], nucleus: str, where: str) -> Multiplet:
    first = check_shift(number_of(entry["from"], where), nucleus, where)
    until = check_shift(number_of(entry["to"], where), nucleus, where) if entry["to"] else None
    multiplicity = coupling_text = ""
    integral: float | None = None
    for part in re.split(r"[,;]", _COUPLED.sub("J=", entry["inside"] or "")):
        word = part.strip()
        if found := _COUPLING.match(word):
            coupling_text = found[1]
        elif count := _INTEGRAL.match(word):
            integral = number_of(count[1], where)
        elif coupling_text and re.match(r"[\d.]+\s*(?:Hz)?\Z", word):
            coupling_text += f",{word}"
        elif not multiplicity and re.match(r"[A-Za-z. ]{1,24}\Z", word):
            multiplicity = _stated_multiplicity(word, where)
    return Multiplet(first, until, multiplicity, _couplings(coupling_text, where), integral)


def _stated_multiplicity(word: str, where: str) -> str:
    """Return the multiplicity a word in the brackets states; "" where it names atoms (CH, OMe, Ph, Ar) instead."""
    short = short_multiplicity(word)
    if short is None:
        return "" if word[0].isupper() else refuse("unknown_multiplicity", where)
    return short


def _couplings(text: str, where: str) -> tuple[float, ...]:
    words = [word for word in re.split(r"[,;/\s]|and|&|Hz", text, flags=re.IGNORECASE) if word]
    if len(words) > 8:
        refuse("out_of_range", where)
    values = tuple(number_of(word, where) for word in words)
    return values if all(0 <= value <= 2_000 for value in values) else refuse("out_of_range", where)


def _split(text: str) -> _List:
    parts = _List()
    for line_no, raw in enumerate(text.splitlines(), start=not text.startswith(_PUT_HEAD)):
        line = raw.strip()
        found = _META.match(line)
        key = _META_NAMES.get(re.sub(r"[\s_/()-]", "", found[1]).lower(), "") if found else ""
        if found and key and not parts.rows:
            parts.meta.setdefault(key, found[2].strip())
        elif line and not line.startswith("#"):
            parts.rows.append((line_no, line))
    return parts


def _cells(line: str) -> list[str]:
    separator = "\t" if "\t" in line else ";" if ";" in line else "," if "," in line else None
    return [cell.strip().strip('"') for cell in line.split(separator)]


def _columns_of(line: str) -> list[str]:
    """Return the names of a head line's columns, or nothing where the line is no head line."""
    names = [_COLUMNS.get(re.sub(r"[\s_().\[\]]", "", cell).lower(), "") for cell in _cells(line)]
    return names if "shift" in names or {"mz", "intensity"} <= set(names) else []


def _from_table(parts: _List) -> Spectrum:
    if not parts.rows:
        refuse("no_peaks")
    columns = _columns_of(parts.rows[0][1])
    rows = parts.rows[1:] if columns else parts.rows
    if len(rows) > MAX_PEAKS:
        refuse("too_many_peaks")
    if "mz" in columns or ("precursor" in parts.meta and not columns):
        return _mass(rows, columns or ["mz", "intensity"], parts.meta)
    if not parts.meta.get("nucleus"):
        refuse("nucleus_missing")
    nucleus = nucleus_of(parts.meta["nucleus"], "nucleus")
    columns = columns or ["shift", "multiplicity", "couplings", "integral"]
    return _nmr([_row(line_no, line, columns, nucleus) for line_no, line in rows], parts.meta, "list 1")


def _row(line_no: int, line: str, columns: Sequence[str], nucleus: str) -> Multiplet:
    where = f"line {line_no}"
    cells = dict(zip(columns, _cells(line), strict=False))
    if len(_cells(line)) > len(columns) and "," in line and "\t" not in line and ";" not in line:
        refuse("decimal_comma" if re.match(r"\d+,\d+", line) else "format_damaged", where)
    ends = re.split(r"(?<=\d)\s*[-\u2013]\s*(?=\d)", cells.get("shift", ""))
    shifts = [check_shift(number_of(end, where), nucleus, where) for end in ends]
    integral_text = re.sub(r"\s*[HCFP]\Z", "", cells.get("integral", ""))
    integral = number_of(integral_text, where) if integral_text else None
    if integral is not None and not 0 <= integral <= 10_000:
        refuse("negative_intensity" if integral < 0 else "out_of_range", where)
    return Multiplet(
        shifts[0],
        shifts[1] if len(shifts) > 1 else None,
        multiplicity_of(cells.get("multiplicity", ""), where),
        _couplings(cells.get("couplings", ""), where),
        integral,
    )


def _nmr(multiplets: list[Multiplet], meta: Mapping[str, str], where: str) -> Spectrum:
    if not multiplets:
        refuse("no_peaks", where)
    ordered = sorted(multiplets, key=lambda multiplet: multiplet.shift_ppm)
    heights: dict[float, float] = {}
    for multiplet in ordered:
        heights[multiplet.shift_ppm] = heights.get(multiplet.shift_ppm, 0.0) + (multiplet.integral or 1.0)
    frequency = re.sub(r"\s*MHz\Z", "", meta.get("frequency", ""), flags=re.IGNORECASE)
    solvent = solvent_of(meta.get("solvent", ""), "solvent")
    missing = [
        f"{name}_missing" for name, text in (("solvent", solvent), ("frequency", frequency)) if not text
    ]
    spectrum = Spectrum(
        kind="nmr",
        peaks=tuple(heights.items()),
        nucleus=nucleus_of(meta.get("nucleus", ""), "nucleus"),
        frequency_mhz=check_frequency(number_of(frequency, "frequency"), "frequency") if frequency else None,
        solvent=solvent,
        multiplets=tuple(ordered),
        notices=tuple(missing),
    )
    return _described(spectrum, meta)


def _mass(rows: list[tuple[int, str]], columns: Sequence[str], meta: Mapping[str, str]) -> Spectrum:
    pairs: list[Peak] = []
    if "mz" not in columns or "intensity" not in columns:
        refuse("format_damaged", "head line")
    at_mz, at_intensity = columns.index("mz"), columns.index("intensity")
    for line_no, line in rows:
        cells = _cells(line)
        if len(cells) <= max(at_mz, at_intensity):
            refuse("format_damaged", f"line {line_no}")
        where = f"line {line_no}"
        pairs.append((number_of(cells[at_mz], where), number_of(cells[at_intensity], where)))
    peaks, notices = mass_peaks(pairs, "list 1")
    stated = meta.get("precursor", "")
    precursor = number_of(stated, "precursor") if stated else None
    if precursor is not None and not 0 < precursor <= 20_000:
        refuse("out_of_range", "precursor")
    mode = meta.get("ion_mode", "").strip().lower()[:1]
    spectrum = Spectrum(
        kind="ms",
        peaks=peaks,
        precursor_mz=precursor,
        adduct=plain_text(meta.get("adduct", "")),
        ion_mode={"p": "positive", "+": "positive", "n": "negative", "-": "negative"}.get(mode, ""),
        ms_level=2 if precursor else 0,
        energy=plain_text(meta.get("energy", "")),
        is_unit_resolution=resolution_is_unit(peaks, ""),
        notices=notices,
    )
    return _described(spectrum, meta)


def _described(spectrum: Spectrum, meta: Mapping[str, str]) -> Spectrum:
    names = (
        "name",
        "instrument",
        "smiles",
        "inchikey",
        "formula",
        "licence",
        "authors",
        "copyright",
        "accession",
        "source",
    )
    return replace(spectrum, **{name: plain_text(meta[name]) for name in names if name in meta})  # type: ignore[arg-type]

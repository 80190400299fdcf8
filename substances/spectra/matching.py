# SPDX-License-Identifier: Apache-2.0
"""Search a mass spectrum in a library.

Compounds are told apart by the first block of the InChIKey; each gives one hit, by its best spectrum.
substances.spectra.judging judges the hits.
"""

from collections.abc import Iterable, Sequence

from substances.errors import InputRefusedError
from substances.spectra.answers import MAX_HITS, PRECURSOR_FAVOUR, Hit, KnownSubstance, Matches
from substances.spectra.comparing import Comparison, compare_spectra, ionisation_of, precursor_window_da
from substances.spectra.entropy import Array
from substances.spectra.formulas import hill_formula
from substances.spectra.judging import judge_hits
from substances.spectra.spectrum import Spectrum


def match(
    query: Spectrum,
    library: Sequence[Spectrum],
    *,
    with_precursor: bool = True,
    known: Iterable[KnownSubstance] = (),
    limit: int = 20,
    precursor_ppm: float | None = None,
    tolerance_da: float | None = None,
) -> Matches:
    """Search `query` in `library`. With the precursor filter only entries of the query's mass are compared.

    `precursor_ppm` and `tolerance_da` replace the values that follow from the spectra's resolution. A query that states no
    precursor is searched without the filter. Raises InputRefusedError for a query that is no mass spectrum.
    """
    if query.kind != "ms":
        raise InputRefusedError("spectrum", "not_mass_spectrum")
    filtered = with_precursor and query.precursor_mz is not None
    offered = [(place, entry) for place, entry in enumerate(library) if _is_comparable(query, entry)]
    chosen = [
        (place, entry)
        for place, entry in offered
        if not filtered or _is_precursor_same(query, entry, precursor_ppm)
    ]
    prepared: dict[float, Array] = {}
    compared = [
        (place, entry, compare_spectra(query, entry, tolerance_da=tolerance_da, prepared=prepared))
        for place, entry in chosen
    ]
    hits = _ranked(query, compared, filtered, precursor_ppm)
    forms = _forms_of_first(hits, offered)
    verdict, reasons, groups = judge_hits(
        query, hits, (*known, *forms), has_library=bool(offered), is_filtered=filtered
    )
    return Matches(
        verdict=verdict,
        reasons=reasons,
        hits=hits[: min(limit, MAX_HITS)],
        groups=groups,
        compared=len(compared),
        library_size=len(library),
        with_precursor=filtered,
        fragment_tolerance_da=compared[0][2].tolerance_da if compared else None,
    )


def _is_comparable(query: Spectrum, entry: Spectrum) -> bool:
    if entry.kind != "ms":
        return False
    if query.ion_mode and entry.ion_mode and query.ion_mode != entry.ion_mode:
        return False
    kinds = {ionisation_of(query), ionisation_of(entry)} - {""}
    return len(kinds) < 2


def _is_precursor_same(query: Spectrum, entry: Spectrum, ppm: float | None) -> bool | None:
    """Compare precursors; None where one is not known."""
    if query.precursor_mz is None or entry.precursor_mz is None:
        return None
    return abs(query.precursor_mz - entry.precursor_mz) <= precursor_window_da(query, entry, ppm=ppm)


def _ranked(
    query: Spectrum, compared: list[tuple[int, Spectrum, Comparison]], filtered: bool, ppm: float | None
) -> tuple[Hit, ...]:
    """Return one hit a compound, best first; without the filter only those that share a peak."""
    best: dict[str, tuple[int, Spectrum, Comparison]] = {}
    spectra: dict[str, int] = {}
    for place, entry, comparison in compared:
        if not (filtered or comparison.matched):
            continue
        compound = entry.block or f"{entry.name.casefold() or place}|{entry.formula}"
        spectra[compound] = spectra.get(compound, 0) + 1
        if compound not in best or comparison.standing > best[compound][2].standing:
            best[compound] = (place, entry, comparison)

    def rank(item: tuple[str, tuple[int, Spectrum, Comparison]]) -> tuple[float, int, int]:
        place, entry, comparison = item[1]
        # A related substance of another mass must not hide the hit that could be named.
        favour = PRECURSOR_FAVOUR if _is_precursor_same(query, entry, ppm) else 0.0
        return comparison.standing + favour, comparison.matched, -place

    order = sorted(best.items(), key=rank, reverse=True)
    return tuple(
        _hit(position, query, place, entry, comparison, spectra[compound], ppm)
        for position, (compound, (place, entry, comparison)) in enumerate(order, start=1)
    )


def _forms_of_first(hits: tuple[Hit, ...], offered: list[tuple[int, Spectrum]]) -> tuple[KnownSubstance, ...]:
    """Return the library's entries of the first hit's connections: among them may be its other stereo forms."""
    block = hits[0].inchikey.split("-", 1)[0] if hits else ""
    return tuple(
        KnownSubstance(entry.name, entry.inchikey, hits[0].formula)
        for _, entry in offered
        if block and entry.block == block
    )


def _hit(
    rank: int,
    query: Spectrum,
    place: int,
    entry: Spectrum,
    comparison: Comparison,
    spectra: int,
    ppm: float | None,
) -> Hit:
    error = None
    if query.precursor_mz is not None and entry.precursor_mz is not None:
        error = round((query.precursor_mz - entry.precursor_mz) / entry.precursor_mz * 1e6, 1)
    return Hit(
        place=rank,
        entry=place,
        name=entry.name,
        inchikey=entry.inchikey,
        formula=hill_formula(entry.formula),
        score=round(comparison.score, 4),
        matched=comparison.matched,
        matched_fragments=comparison.matched_fragments,
        query_peaks=comparison.query_peaks,
        entry_peaks=comparison.entry_peaks,
        precursor_error_ppm=error,
        is_precursor_same=_is_precursor_same(query, entry, ppm),
        spectra=spectra,
        adduct=entry.adduct,
        energy=entry.energy,
        instrument=entry.instrument,
        accession=entry.accession,
        licence=entry.licence,
        authors=entry.authors,
        copyright=entry.copyright,
        origin=entry.origin,
    )

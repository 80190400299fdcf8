# SPDX-License-Identifier: Apache-2.0
"""Evaluate the search: query spectra of known substances in the shipped library, with and without the precursor filter.

A query has a partner where the library holds a spectrum of the same connections (first block of the InChIKey). A query that is
a record of the library itself finds itself, which proves little: the table says how many did.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from devtool.evaluation.findings import Bar, MalformedError, Part, Table
from substances.errors import InputRefusedError
from substances.spectra.library import reference_substances, shipped_library
from substances.spectra.matching import match
from substances.spectra.reading import read_spectra
from substances.spectra.spectrum import Spectrum

OF = 38
FIRST_WITH_PRECURSOR = 36
FIRST_WITHOUT = 31


@dataclass(frozen=True)
class _Search:
    """The result of one query; `place` counts from 1, None where the partner is not among the hits."""

    query: Spectrum
    has_partner: bool
    place: int | None
    score: float
    verdict: str


def evaluate_spectra(path: Path) -> Part:
    """Return the measures of one file of queries; raise MalformedError."""
    queries = _queries(path)
    library = shipped_library()
    partners = {entry.block for entry in library if entry.block}
    with_filter = [_search(query, library, partners, with_precursor=True) for query in queries]
    without = [_search(query, library, partners, with_precursor=False) for query in queries]
    alone = [query for query in queries if query.block not in partners]
    return Part(
        f"Mass spectra: {path.name}, {len(queries)} queries against the shipped library of {len(library)}",
        (*_first_bars(with_filter, without), _named_bar(with_filter + without)),
        (_table(with_filter, without),),
        (
            _bereft(queries, library),
            *_by_fragments_alone(queries, library, partners),
            *_notes(with_filter, without, _own_records(queries, library), len(alone)),
        ),
    )


def _queries(path: Path) -> tuple[Spectrum, ...]:
    try:
        queries = read_spectra(path.name, path.read_bytes())
    except InputRefusedError as exc:
        raise MalformedError(f"{path.name}: {exc.where or 'the file'}: {exc.code}") from exc
    for place, query in enumerate(queries, start=1):
        if query.kind != "ms" or not query.block:
            raise MalformedError(f"{path.name}: record {place}: no mass spectrum with an InChIKey")
    return queries


def _search(
    query: Spectrum, library: Sequence[Spectrum], partners: set[str], *, with_precursor: bool
) -> _Search:
    found = match(
        query, library, with_precursor=with_precursor, known=reference_substances(), limit=len(library)
    )
    places = [hit.place for hit in found.hits if hit.inchikey[:14] == query.block]
    best = found.hits[0].score if found.hits else 0.0
    return _Search(query, query.block in partners, places[0] if places else None, best, found.verdict)


def _first_bars(with_filter: list[_Search], without: list[_Search]) -> tuple[Bar, ...]:
    return (
        _first_bar("Partner first, with precursor filter", with_filter, FIRST_WITH_PRECURSOR),
        _first_bar("Partner first, without precursor filter", without, FIRST_WITHOUT),
    )


def _first_bar(what: str, searches: list[_Search], bar: int) -> Bar:
    """Return a bar: for another number of queries it is the same share, rounded up."""
    paired = [search for search in searches if search.has_partner]
    if not paired:
        return Bar(what, "no query has a partner", "nothing", True)
    first = sum(search.place == 1 for search in paired)
    asked = math.ceil(bar * len(paired) / OF - 1e-9)
    return Bar(what, f"{first} of {len(paired)}", f"at least {asked}", first >= asked)


def _named_bar(searches: list[_Search]) -> Bar:
    """Return a bar for both ways of searching: nothing may be named that is not in the library."""
    alone = [search for search in searches if not search.has_partner]
    named = sum(search.verdict == "identified_candidate" for search in alone)
    value = f"{named} of {len(alone)} searches" if alone else "every query has a partner"
    return Bar("Identified though the library has no partner", value, "none", not named)


def _table(with_filter: list[_Search], without: list[_Search]) -> Table:
    rows = []
    for name, searches in (("with precursor filter", with_filter), ("without", without)):
        paired = [search for search in searches if search.has_partner]
        for verdict in ("identified_candidate", "isomer_group", "no_match"):
            said = [search for search in searches if search.verdict == verdict]
            right = sum(search.has_partner and search.place == 1 for search in said)
            rows.append((name, verdict, str(len(said)), str(right), str(len(said) - right)))
        rows.append(
            (
                name,
                "partner in the first five",
                str(sum((search.place or 99) <= 5 for search in paired)),
                "",
                "",
            )
        )
    return Table(("search", "verdict", "queries", "first is right", "first is wrong"), tuple(rows))


def _bereft(queries: Sequence[Spectrum], library: Sequence[Spectrum]) -> str:
    """Report names given where the query's own compound is removed from the library: every name is wrong."""
    named = [0, 0]
    for query in queries:
        others = [entry for entry in library if entry.block != query.block]
        for place, with_precursor in enumerate((True, False)):
            verdict = match(query, others, with_precursor=with_precursor).verdict
            named[place] += verdict == "identified_candidate"
    return (
        f"With its compound taken out of the library {named[0]} of {len(queries)} queries are identified with precursor "
        f"filter, {named[1]} without."
    )


def _by_fragments_alone(
    queries: Sequence[Spectrum], library: Sequence[Spectrum], partners: set[str]
) -> tuple[str, ...]:
    """Report how many find their partner without the precursor, which the search without the filter still uses."""
    unsaid = [replace(query, precursor_mz=None) for query in queries if query.block in partners]
    first = sum(_search(query, library, partners, with_precursor=False).place == 1 for query in unsaid)
    return (
        (f"Partner first by the fragments alone, precursor withheld: {first} of {len(unsaid)}.",)
        if unsaid
        else ()
    )


def _own_records(queries: Sequence[Spectrum], library: Sequence[Spectrum]) -> int:
    known = {(entry.block, entry.peaks) for entry in library}
    return sum((query.block, query.peaks) in known for query in queries)


def _notes(with_filter: list[_Search], without: list[_Search], own: int, alone: int) -> tuple[str, ...]:
    notes = [f"{alone} queries have no partner in the library."]
    if own:
        notes.append(
            f"{own} queries are records of the library itself: they find themselves, which proves little."
        )
    for name, searches in (("with", with_filter), ("without", without)):
        missed = [search for search in searches if search.has_partner and search.place != 1]
        notes += [
            f"Not first {name} precursor filter: {search.query.name}, place {search.place or 'none'}"
            for search in missed
        ]
    return tuple(notes)

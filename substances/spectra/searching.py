# SPDX-License-Identifier: Apache-2.0
"""Search in every available library: an agency's own spectra, received ones, and the shipped ones."""

from substances.spectra.answers import KnownSubstance, Matches
from substances.spectra.library import reference_substances, shipped_library
from substances.spectra.matching import match
from substances.spectra.spectrum import Spectrum, unpacked_spectra


def search_libraries(
    query: Spectrum,
    own: tuple[Spectrum, ...] = (),
    *,
    with_shipped: bool = True,
    with_precursor: bool = True,
    known: tuple[KnownSubstance, ...] = (),
    limit: int = 20,
    precursor_ppm: float | None = None,
    tolerance_da: float | None = None,
) -> Matches:
    """Search a query in an agency's own spectra and in the shipped library; reference substances count as known.

    In a hit, `entry` counts through `own` first and then through the shipped spectra: see `library.entry_of`.
    """
    return match(
        query,
        (*own, *(shipped_library() if with_shipped else ())),
        with_precursor=with_precursor,
        known=(*reference_substances(), *known),
        limit=limit,
        precursor_ppm=precursor_ppm,
        tolerance_da=tolerance_da,
    )


def search_packed(
    query: Spectrum,
    own: bytes,
    *,
    with_shipped: bool = True,
    with_precursor: bool = True,
    known: tuple[KnownSubstance, ...] = (),
    limit: int = 20,
) -> Matches:
    """Search as `search_libraries`, with the agency's own spectra as `packed_spectra` packs them."""
    return search_libraries(
        query,
        unpacked_spectra(own),
        with_shipped=with_shipped,
        with_precursor=with_precursor,
        known=known,
        limit=limit,
    )


def warm_search() -> None:
    """Load what comes from files, and carry out a search once, for a process that may open no file later."""
    search_libraries(shipped_library()[0])

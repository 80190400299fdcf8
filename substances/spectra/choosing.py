# SPDX-License-Identifier: Apache-2.0
"""Choose the library entries that can pass a search's precursor filter, so that the others need not be sent.

The choice is deliberately wide: the search itself decides. No array library is needed here.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from substances.spectra.answers import Matches
from substances.spectra.spectrum import Spectrum

WIDEST_DA: Final = 0.6
"""No precursor filter is wider than this."""


def chosen_entries(query: Spectrum, own: Sequence[Spectrum], *, with_precursor: bool) -> list[int]:
    """Return the indexes of the entries that the search must see."""
    mz = query.precursor_mz
    if not with_precursor or mz is None:
        return list(range(len(own)))
    return [
        place
        for place, entry in enumerate(own)
        if entry.precursor_mz is not None and abs(entry.precursor_mz - mz) <= WIDEST_DA
    ]


def counted_through(found: Matches, chosen: Sequence[int], own: int) -> Matches:
    """Return the answer with its hits' entries counted through the whole library of `own` entries again."""
    hits = tuple(
        replace(hit, entry=chosen[hit.entry] if hit.entry < len(chosen) else hit.entry - len(chosen) + own)
        for hit in found.hits
    )
    was_dropped = found.reasons == ("library_empty",) and len(chosen) < own
    reasons = ("none_in_precursor_window",) if was_dropped else found.reasons
    return replace(found, hits=hits, reasons=reasons, library_size=found.library_size - len(chosen) + own)

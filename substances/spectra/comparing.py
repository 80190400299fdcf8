# SPDX-License-Identifier: Apache-2.0
"""Make two mass spectra comparable: tolerance by resolution, cleaning, score and matched peaks.

The score is the entropy similarity of whole spectra, precursor included, after the noise cut of entropy.NOISE_SHARE.
`matched_fragments` leaves out the precursor and its isotopes: they repeat the mass, and do not support a structure.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from substances.spectra.entropy import PRECURSOR_GAP, Array, clean, entropy_similarity, pairs_within
from substances.spectra.spectrum import Spectrum

FINE_DA: Final = 0.02
"""Fragments of accurate-mass spectra agree within this."""
UNIT_DA: Final = 0.5
"""Fragments agree within this where one of the two spectra has unit resolution."""
MIXED_WEIGHT: Final = 0.8
PRECURSOR_PPM: Final = 20.0
PRECURSOR_FLOOR_DA: Final = 0.01
COARSE_PRECURSOR_DA: Final = 0.5
"""A precursor stated to one decimal or less is compared within this."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The agreement of two spectra. `score` is 0 to 1; counts are of peaks that survived cleaning.

    `is_mixed` says that only one of them has unit resolution: peaks agree by chance more often then.
    """

    score: float
    matched: int
    matched_fragments: int
    query_peaks: int
    entry_peaks: int
    tolerance_da: float
    is_mixed: bool

    @property
    def standing(self) -> float:
        """The order of hits: the score, with less weight for one or two shared peaks and for mixed resolution.

        One peak in common can make a high score where it dominates both spectra, and proves little: 58.065 is a
        dimethylaminomethyl ion of very many substances.
        """
        return self.score * (1 - 0.5**self.matched) * (MIXED_WEIGHT if self.is_mixed else 1.0)


def compare_spectra(
    query: Spectrum,
    entry: Spectrum,
    *,
    tolerance_da: float | None = None,
    prepared: dict[float, Array] | None = None,
) -> Comparison:
    """Compare two mass spectra; `tolerance_da` replaces the tolerance that follows from their resolution.

    To compare one query with many entries, give one `prepared` dict for all: it keeps the cleaned query.
    """
    tolerance = tolerance_da or (UNIT_DA if query.is_unit_resolution or entry.is_unit_resolution else FINE_DA)
    kept = {} if prepared is None else prepared
    if tolerance not in kept:
        kept[tolerance] = cleaned(query, tolerance)
    a, b = kept[tolerance], cleaned(entry, tolerance)
    pairs = pairs_within(a, b, tolerance)
    below = min(_fragments_end(query), _fragments_end(entry))
    return Comparison(
        score=entropy_similarity(a, b, tolerance) if pairs else 0.0,
        matched=len(pairs),
        matched_fragments=sum(1 for i, _ in pairs if a[i, 0] <= below),
        query_peaks=len(a),
        entry_peaks=len(b),
        tolerance_da=tolerance,
        is_mixed=query.is_unit_resolution != entry.is_unit_resolution,
    )


def cleaned(spectrum: Spectrum, tolerance_da: float) -> Array:
    """Return the spectrum as entropy.clean leaves it for this tolerance.

    Shipped ones are cached and must not be changed; an agency's own spectra do not stay in memory.
    """
    return (_cleaned_once if spectrum.origin == "shipped" else _cleaned)(spectrum, tolerance_da)


def _cleaned(spectrum: Spectrum, tolerance_da: float) -> Array:
    return clean(np.array(spectrum.peaks, dtype=np.float64), spacing_da=2 * tolerance_da)


@lru_cache(maxsize=1024)
def _cleaned_once(spectrum: Spectrum, tolerance_da: float) -> Array:
    array = _cleaned(spectrum, tolerance_da)
    array.setflags(write=False)
    return array


def _fragments_end(spectrum: Spectrum) -> float:
    return float("inf") if spectrum.precursor_mz is None else spectrum.precursor_mz - PRECURSOR_GAP


def precursor_is_coarse(spectrum: Spectrum) -> bool:
    """Tell whether the precursor is stated to one decimal or less, so that it only names a nominal mass."""
    return spectrum.precursor_mz is not None and _has_decimals(spectrum.precursor_mz, 1)


def precursor_error_da(spectrum: Spectrum) -> float:
    """Return how far a precursor may lie from its computed mass: by its digits, else 12 ppm."""
    mz = spectrum.precursor_mz or 0.0
    if precursor_is_coarse(spectrum):
        return COARSE_PRECURSOR_DA
    return 0.01 if _has_decimals(mz, 2) else max(0.003, 12e-6 * mz)


def _has_decimals(value: float, most: int) -> bool:
    scaled = value * float(10**most)
    return abs(scaled - round(scaled)) < 1e-6


def precursor_window_da(query: Spectrum, entry: Spectrum, *, ppm: float | None = None) -> float:
    """Return the largest distance at which two precursors still count as the same."""
    if precursor_is_coarse(query) or precursor_is_coarse(entry):
        return COARSE_PRECURSOR_DA
    mz = query.precursor_mz or entry.precursor_mz or 0.0
    return max(PRECURSOR_FLOOR_DA if ppm is None else 0.0, (ppm or PRECURSOR_PPM) * mz / 1e6)


def ionisation_of(spectrum: Spectrum) -> str:
    """Return "electron" for electron ionisation, "soft" for spectra of a selected precursor, "" where neither shows."""
    kind = f" {spectrum.instrument_type.upper().replace('-', ' ').replace('/', ' ')} "
    if " EI " in kind or (" GC " in kind and " CI " not in kind and spectrum.precursor_mz is None):
        return "electron"
    if spectrum.precursor_mz is not None or " ESI " in kind or " APCI " in kind:
        return "soft"
    return ""

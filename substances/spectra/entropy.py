# SPDX-License-Identifier: Apache-2.0
"""Spectral entropy similarity of two mass spectra, after Li et al., Nature Methods 18 (2021) 1524.

Our own code on numpy. A spectrum is an array of shape (n, 2): m/z ascending, intensity. The similarity is 1 - (2 S(A+B) - S(A)
- S(B)) / ln 4 over spectra normalised to sum 1, where a spectrum whose entropy S is under 3 is first flattened to the power
0.25 + 0.25 S: 1 for equal, 0 for nothing in common.
"""

from bisect import bisect_left
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
NOISE_SHARE: Final = 0.005
"""Peaks under this share of the highest are cut before two spectra are compared."""
WEIGHTED_UNDER: Final = 3.0
PRECURSOR_GAP: Final = 1.6
"""Peaks above the precursor's m/z less this are the precursor and its isotopes: they name no fragment."""


def entropy_of(intensities: Array) -> float:
    """Return the Shannon entropy (natural logarithm) of intensities, normalised first; 0 for none."""
    total = float(intensities.sum())
    if total <= 0:
        return 0.0
    shares = intensities[intensities > 0] / total
    return float(-(shares * np.log(shares)).sum())


def clean(
    peaks: Array, *, spacing_da: float, noise: float = NOISE_SHARE, max_mz: float | None = None
) -> Array:
    """Cut, merge and normalise: drop peaks over `max_mz`, merge those nearer than `spacing_da`, cut the noise.

    Merging starts at the most intense peak and takes the mean m/z by intensity. The result sums to 1, or is empty.
    """
    kept = peaks[peaks[:, 1] > 0]
    if max_mz is not None:
        kept = kept[kept[:, 0] <= max_mz]
    if kept.size:
        kept = kept[kept[:, 1] >= noise * float(np.max(kept[:, 1]))]
    kept = _merged(kept, spacing_da)
    if kept.size:
        kept = np.column_stack((kept[:, 0], kept[:, 1] / kept[:, 1].sum()))
    return kept


def _merged(peaks: Array, spacing_da: float) -> Array:
    if len(peaks) < 2 or float(np.min(np.diff(peaks[:, 0]))) >= spacing_da:
        return peaks
    mz, heights = peaks[:, 0].tolist(), peaks[:, 1].tolist()
    free = [True] * len(mz)
    merged: list[tuple[float, float]] = []
    for place in sorted(range(len(mz)), key=lambda at: -heights[at]):
        if not free[place]:
            continue
        first, last = bisect_left(mz, mz[place] - spacing_da), bisect_left(mz, mz[place] + spacing_da)
        members = [at for at in range(first, last) if free[at]]
        total = sum(heights[at] for at in members)
        merged.append((sum(mz[at] * heights[at] for at in members) / total, total))
        for at in members:
            free[at] = False
    return np.array(sorted(merged), dtype=np.float64)


def weighted(spectrum: Array) -> Array:
    """Flatten a spectrum of low entropy, so that one dominant peak does not decide alone."""
    entropy = entropy_of(spectrum[:, 1])
    if not spectrum.size or entropy >= WEIGHTED_UNDER:
        return spectrum
    raised = spectrum[:, 1] ** (0.25 + 0.25 * entropy)
    return np.column_stack((spectrum[:, 0], raised / raised.sum()))


def pairs_within(a: Array, b: Array, tolerance_da: float) -> list[tuple[int, int]]:
    """Pair peaks of two spectra that lie within the tolerance, nearest first, each at most once."""
    near: list[tuple[float, int, int]] = []
    start = 0
    for i, mz in enumerate(a[:, 0]):
        while start < len(b) and b[start, 0] < mz - tolerance_da:
            start += 1
        j = start
        while j < len(b) and b[j, 0] <= mz + tolerance_da:
            near.append((abs(float(mz - b[j, 0])), i, j))
            j += 1
    taken_a: set[int] = set()
    taken_b: set[int] = set()
    pairs: list[tuple[int, int]] = []
    for _, i, j in sorted(near):
        if i not in taken_a and j not in taken_b:
            taken_a.add(i)
            taken_b.add(j)
            pairs.append((i, j))
    return sorted(pairs)


def entropy_similarity(a: Array, b: Array, tolerance_da: float, *, is_weighted: bool = True) -> float:
    """Compare two cleaned spectra; 0 to 1."""
    if not (a.size and b.size):
        return 0.0
    left, right = (weighted(a), weighted(b)) if is_weighted else (a, b)
    pairs = pairs_within(left, right, tolerance_da)
    if not pairs:
        return 0.0
    chosen = np.array(pairs)
    x, y = left[chosen[:, 0], 1], right[chosen[:, 1], 1]
    gained = (x + y) * np.log2(x + y) - x * np.log2(x) - y * np.log2(y)
    return float(min(max(gained.sum() / 2, 0.0), 1.0))

# SPDX-License-Identifier: Apache-2.0
"""Changes that make of a shipped spectrum one that another laboratory might have measured of the same
compound.

Intensities are tilted towards low or high masses (another collision energy), scattered by a factor of two,
peaks are lost at random, masses are off by some parts in a million, and foreign peaks are added. It is no
substitute for other records of the same compounds; it says how much change the search bears.
"""

import math
import random
from dataclasses import replace

from substances.spectra.spectrum import Spectrum


def disturbed(
    spectrum: Spectrum, tilt: float, source: random.Random, *, lost: float = 0.2, foreign: float = 1 / 6
) -> Spectrum:
    """Give a changed copy. `tilt` is the exponent by which the precursor's end gains over m/z 0; negative for
    loses.

    `lost` is the share of peaks that go missing, `foreign` that of peaks which do not belong.
    """
    end = spectrum.precursor_mz or spectrum.peaks[-1][0]
    highest = max(y for _, y in spectrum.peaks)
    peaks = [
        (mz * (1 + source.gauss(0, 4e-6)), intensity * math.exp(tilt * mz / end + source.gauss(0, 0.7)))
        for mz, intensity in (*spectrum.peaks, (end, highest * 0.02))
    ]
    kept = [peak for peak in peaks if len(peaks) <= 5 or source.random() > lost] or peaks[:1]
    top = max(y for _, y in kept)
    seen = [peak for peak in kept if peak[1] >= 0.005 * top]
    seen += [
        (source.uniform(50, end), source.uniform(0.005, 0.05) * top)
        for _ in range(max(1, round(len(seen) * foreign)))
    ]
    return replace(spectrum, peaks=tuple(sorted(seen)), accession="", energy="")

# SPDX-License-Identifier: Apache-2.0
"""Changes that turn a shipped spectrum into one that another laboratory might have measured of the same compound.

Intensities are tilted towards low or high masses (another collision energy) and scattered by a factor of two, peaks
are lost at random, masses are off by some parts in a million, and foreign peaks are added. It is no substitute for
other records of the same compounds; it shows how much change the search tolerates.
"""

import math
import random
from dataclasses import replace

from substances.spectra.spectrum import Spectrum


def disturbed(
    spectrum: Spectrum, tilt: float, source: random.Random, *, lost: float = 0.2, foreign: float = 1 / 6
) -> Spectrum:
    """Return a changed copy of a spectrum.

    - `tilt`: the exponent by which the precursor's end gains over m/z 0; negative if it loses.
    - `lost`: the share of peaks that go missing.
    - `foreign`: the share of peaks that do not belong.
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

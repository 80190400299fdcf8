# SPDX-License-Identifier: Apache-2.0
"""Find the fragments of a mass spectrum that a formula can explain, and how many it would explain by chance.

A fragment is explained where a part of the formula, with the charge carrier's hydrogen, has its mass and enough bonds to hold
together. The same count over masses moved by a few hundredths shows what chance alone would give.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from substances.spectra.entropy import Array
from substances.spectra.formulas import ELECTRON, MASSES

PPM: Final = 10.0
FLOOR_DA: Final = 0.002
MAX_COMBINATIONS: Final = 200_000
_VALENCE: Final[Mapping[str, int]] = {
    "C": 4, "N": 3, "O": 2, "S": 2, "P": 3, "F": 1, "Cl": 1, "Br": 1, "I": 1, "Si": 4, "B": 3, "Na": 1, "K": 1, "Li": 1, "Se": 2,
}  # fmt: skip
_DECOYS: Final = (-0.031, -0.023, -0.017, 0.017, 0.023, 0.031)


@dataclass(frozen=True, slots=True)
class Explained:
    """The share of the intensity that the formula explains, the share by chance alone, and the number of explained peaks."""

    share: float
    chance: float
    peaks: int
    peaks_explained: int


def explain_fragments(
    peaks: Array, counts: Mapping[str, int], charge: int, extra_hydrogens: int
) -> Explained | None:
    """Explain (m/z, intensity) of singly charged fragments; None where the formula is too large to enumerate.

    `extra_hydrogens` is what the adduct adds; `charge` is +1 or -1.
    """
    bases = _combinations({element: count for element, count in counts.items() if element not in ("H", "D")})
    if bases is None or not len(peaks):
        return None
    most = counts.get("H", 0) + counts.get("D", 0) + max(extra_hydrogens, 0) + 1
    hits = _explained(peaks[:, 0], bases, most, charge)
    chances = [_explained(peaks[:, 0] + shift, bases, most, charge) for shift in _DECOYS]
    weights = peaks[:, 1] / peaks[:, 1].sum()
    return Explained(
        share=float(weights[hits].sum()),
        chance=float(np.mean([weights[chance].sum() for chance in chances])),
        peaks=len(peaks),
        peaks_explained=int(hits.sum()),
    )


def _combinations(counts: Mapping[str, int]) -> Array | None:
    """Return (mass, free valences) of every combination of the heavy atoms; None where there are too many."""
    size = 1
    for count in counts.values():
        size *= count + 1
        if size > MAX_COMBINATIONS:
            return None
    table = np.zeros((1, 2))
    for element, count in counts.items():
        steps = np.arange(count + 1)[:, None] * np.array([MASSES[element], _VALENCE.get(element, 4) - 2])
        table = (table[:, None, :] + steps[None, :, :]).reshape(-1, 2)
    return table


def _explained(mz: Array, bases: Array, most_hydrogens: int, charge: int) -> Array:
    """Tell for each m/z whether a combination with some number of hydrogens has it."""
    hit = np.zeros(len(mz), dtype=bool)
    neutral = mz + charge * ELECTRON
    # Each atom but univalent ones adds its valence less two; two more are left at the ends of a chain, one for the charge.
    room = np.minimum(bases[:, 1] + 3, most_hydrogens)
    for place, mass in enumerate(neutral):
        hydrogens = np.rint((mass - bases[:, 0]) / MASSES["H"])
        error = np.abs(mass - bases[:, 0] - hydrogens * MASSES["H"])
        hit[place] = bool(
            ((error <= max(FLOOR_DA, PPM * mass / 1e6)) & (hydrogens >= 0) & (hydrogens <= room)).any()
        )
    return hit

# SPDX-License-Identifier: Apache-2.0
"""Measure how well scores tell pairs of one source from pairs of two: AUC, Cllr, rates at a cut; and folds of sources.

The log-likelihood-ratio cost Cllr (Brümmer and du Preez 2006) is 0 for a perfect method and 1 for one that says nothing; it
punishes ratios that are confident and wrong. Folds never split a source, or a method would be judged on known data. They come
from a hash, not from chance.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from substances.profiles.reference import SampleSet

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.intp]


@dataclass(frozen=True)
class Pairs:
    """Every pair of a set: its score and truth; `a` and `b` are the numbers of the two sources, in order of name."""

    score: Floats
    same: Flags
    same_batch: Flags
    same_laboratory: Flags
    a: Numbers
    b: Numbers

    @property
    def sources(self) -> int:
        """The number of sources; they are numbered from 0."""
        return int(np.max(np.concatenate([self.a, self.b]))) + 1

    def where(self, chosen: Flags) -> "Pairs":
        """Return the chosen pairs only."""
        return Pairs(**{member.name: getattr(self, member.name)[chosen] for member in fields(self)})

    def of_sources(self, sources: Numbers) -> "Pairs":
        """Return the pairs within some sources."""
        return self.where(np.isin(self.a, sources) & np.isin(self.b, sources))


def pairs_of(samples: SampleSet, scores: Floats) -> Pairs:
    """Return the pairs of a set; `scores` is the matrix of every sample with every other, NaN where not comparable."""
    rows, columns = np.triu_indices(len(samples.samples), 1)
    source = _numbered([sample.source for sample in samples.samples])
    batch = _numbered([f"{sample.source} {sample.batch}" for sample in samples.samples])
    laboratory = _numbered([sample.laboratory for sample in samples.samples])
    return Pairs(
        score=scores[rows, columns],
        same=source[rows] == source[columns],
        same_batch=batch[rows] == batch[columns],
        same_laboratory=laboratory[rows] == laboratory[columns],
        a=source[rows],
        b=source[columns],
    )


def auc(scores: Floats, same: Flags) -> float:
    """Return the chance that a pair of one source scores higher than a pair of two; ties count half."""
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    n_same, n_different = int(same.sum()), int((~same).sum())
    return float((ranks[same].sum() - n_same * (n_same + 1) / 2) / (n_same * n_different))


def cllr(log10_ratios: Floats, same: Flags) -> float:
    """Return the log-likelihood-ratio cost, with equal weight for both kinds of pairs."""
    natural = log10_ratios * np.log(10)
    missed = np.logaddexp(0, -natural[same]).mean()
    misled = np.logaddexp(0, natural[~same]).mean()
    return float((missed + misled) / (2 * np.log(2)))


def share(flags: Flags) -> float:
    """Return the share of set flags, from 0 to 1."""
    return float(flags.mean()) if flags.size else 0.0


def halves(sources: int, count: int) -> Iterator[tuple[Numbers, Numbers]]:
    """Yield `count` ways to split the numbers of the sources into two halves, always the same ways."""
    for turn in range(count):
        order = sorted(range(sources), key=lambda number: _place(turn, number))
        first = np.array(sorted(order[: sources // 2]))
        yield first, np.array(sorted(order[sources // 2 :]))


def _place(turn: int, number: int) -> bytes:
    return hashlib.sha256(f"{turn} {number}".encode()).digest()


def _numbered(names: Sequence[str]) -> Numbers:
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.intp)

# SPDX-License-Identifier: Apache-2.0
"""Calibrate the shipped method: scores become likelihood ratios, and the cut for "linked" is set.

- Two samples belong together when their *source* is the same, whatever batch or laboratory: that is what an investigator asks,
  and the harder question.
- Everything rests on the development set alone and is judged on sources that were left out. Nothing is random: the same set
  gives the same result, octet for octet.
- The cut for "linked" is the lowest at which the share of false links is expected to stay within the limit in 99 of 100 other
  sets of as many sources. False links come in families of similar sources, which the average of one set would hide. The halves
  of this set show how much such sets differ.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Final

import numpy as np

from substances.profiles.comparing import SCORE_DIGITS
from substances.profiles.measuring import Flags, Floats, Pairs, auc, cllr, halves, pairs_of, share
from substances.profiles.methods import SCHEMA, Calibration, Cut, Method, Pretreatment, Rates, digest_of
from substances.profiles.reference import SampleSet, read_samples

METHOD_ID: Final = "reference-18"
VERSION: Final = "1"
TITLE: Final = "Reference profile of 18 peaks"
CHOSEN: Final = Pretreatment(normalise="sum", floor=0.01, scale="log")
# The cosine of logarithms performs equally within the differences of the folds, but it changes with the unit of the shares and
# finds a third fewer links at the same rate of false ones.
METRIC: Final = "pearson"

FALSE_LINK_LIMIT: Final = 0.005
# "Possible" begins where one source explains the score ten times better than two: a weaker score is no lead.
POSSIBLE_LOG10: Final = 1.0
HALVES: Final = 300
# Halves of a set scatter about the whole as whole sets do about the truth; another set scatters as much again.
ANOTHER_SET: Final = 2**0.5
FOLDS: Final = 20

# Coarse where nothing is decided, fine where links are decided.
_CUTS: Final = np.round(np.concatenate([np.arange(-1, 0.9, 0.05), np.arange(0.9, 1.0, 0.001)]), 3)
_DIGITS: Final = 5

SCALES: Final[dict[str, Callable[[Floats], Floats]]] = {"log": np.log, "root": np.sqrt, "third_root": np.cbrt}
FLOORS: Final = (0.003, 0.005, 0.008, 0.01, 0.012, 0.015)


@dataclass(frozen=True)
class Candidate:
    """A way to compare, and its result on sources left out: means over the folds."""

    scale: str
    floor: float
    metric: str
    auc: float
    cllr: float


def calibrated_file(octets: bytes) -> str:
    """Return the text of the shipped file, from the octets of the calibration set; raise InputRefusedError."""
    content = {"schema": SCHEMA, "methods": [asdict(calibrated_method(octets))]}
    return json.dumps(content, indent=1) + "\n"


def calibrated_method(octets: bytes) -> Method:
    """Return the method that the calibration set gives; raise InputRefusedError."""
    samples = read_samples(octets)
    scores = METRICS[METRIC](treated_all(samples, CHOSEN))
    return Method(
        id=METHOD_ID,
        version=VERSION,
        title=TITLE,
        targets=samples.targets,
        pretreatment=CHOSEN,
        metric=METRIC,
        min_shared=_fewest_shared(samples),
        compatible_with=(),
        calibration=_calibration(
            samples, pairs_of(samples, np.round(scores, SCORE_DIGITS)), digest_of(octets)
        ),
    )


def candidates(octets: bytes) -> list[Candidate]:
    """Return every way to compare that was tried, best first: the basis of the choice above. Takes a minute."""
    samples = read_samples(octets)
    found = []
    for scale in SCALES:
        for floor in FLOORS:
            treated = treated_all(samples, replace(CHOSEN, scale=scale, floor=floor))
            for metric, scores in METRICS.items():
                rates = cross_validated(pairs_of(samples, scores(treated)), with_cut=False)
                found.append(Candidate(scale, floor, metric, rates.auc, rates.cllr))
    return sorted(found, key=lambda candidate: candidate.cllr)


def treated_all(samples: SampleSet, pretreatment: Pretreatment) -> Floats:
    """Return all vectors of a set, pre-treated, one per row."""
    values = np.array([[value or 0.0 for value in sample.values] for sample in samples.samples])
    shares = values / values.sum(axis=1, keepdims=True)
    return SCALES[pretreatment.scale](np.maximum(shares, pretreatment.floor))


def fit(pairs: Pairs) -> tuple[float, float]:
    """Return slope and offset of log10 LR over the score: logistic regression with equal weight for both kinds of pairs."""
    centre, spread = pairs.score.mean(), pairs.score.std()
    design = np.stack([(pairs.score - centre) / spread, np.ones_like(pairs.score)], axis=1)
    same = pairs.same.astype(float)
    weight = np.where(pairs.same, 0.5 / pairs.same.sum(), 0.5 / (~pairs.same).sum())
    found = np.zeros(2)
    for _ in range(100):
        chance = 1 / (1 + np.exp(-design @ found))
        bend = (design * (weight * chance * (1 - chance))[:, None]).T @ design
        step = np.linalg.solve(bend, design.T @ (weight * (chance - same)))
        found -= step
        if np.abs(step).max() < 1e-10:
            break
    slope = found[0] / spread
    return _rounded(slope / np.log(10)), _rounded((found[1] - slope * centre) / np.log(10))


def chosen_cut(pairs: Pairs) -> float:
    """Return the lowest cut that keeps false links within the limit in 99 of 100 other sets of as many sources."""
    different = pairs.score[~pairs.same]
    seen = np.array([share(different >= cut) for cut in _CUTS])
    expected = seen + ANOTHER_SET * (upper_rates(pairs, _CUTS) - seen)
    within = np.flatnonzero(expected <= FALSE_LINK_LIMIT)
    return float(_CUTS[within[0]])


def upper_rates(pairs: Pairs, cuts: Floats) -> Floats:
    """Return, for each cut, the rate of false links that 99 of 100 halves of the sources stay under."""
    numbers, places = np.unique(np.stack([pairs.a, pairs.b]), return_inverse=True)
    first, second = places.reshape(2, -1)
    wanted = np.zeros((HALVES, len(numbers)))
    for turn, (half, _) in enumerate(halves(len(numbers), HALVES)):
        wanted[turn, half] = 1
    all_pairs = _inside(wanted, first, second, ~pairs.same)
    rates = [_inside(wanted, first, second, ~pairs.same & (pairs.score >= cut)) / all_pairs for cut in cuts]
    return np.asarray(np.quantile(np.array(rates), 0.99, axis=1), dtype=np.float64)


def cross_validated(pairs: Pairs, *, tested: Flags | None = None, with_cut: bool = True) -> Rates:
    """Fit and cut on half of the sources, measure on the other half, `FOLDS` times each way.

    `tested` limits the pairs that are measured, not those that are fitted.
    """
    rows = []
    for halved in halves(pairs.sources, FOLDS):
        for learned, left_out in (halved, halved[::-1]):
            rows.append(_fold(pairs, learned, left_out, tested, with_cut=with_cut))
    means = [_rounded(value) for value in np.array(rows).mean(axis=0)]
    return Rates(len(rows), *means)


def _fold(
    pairs: Pairs, learned: np.ndarray, left_out: np.ndarray, tested: Flags | None, *, with_cut: bool
) -> tuple[float, float, float, float]:
    known = pairs.of_sources(learned)
    new = (pairs if tested is None else pairs.where(tested)).of_sources(left_out)
    slope, offset = fit(known)
    lowest, highest = _bounds(len(learned))
    ratios = np.clip(slope * new.score + offset, lowest, highest)
    cut = chosen_cut(known) if with_cut else np.inf
    above = new.score >= cut
    return auc(new.score, new.same), cllr(ratios, new.same), share(above[~new.same]), share(above[new.same])


def _calibration(samples: SampleSet, pairs: Pairs, digest: str) -> Calibration:
    sources = len({sample.source for sample in samples.samples})
    slope, offset = fit(pairs)
    lowest, highest = _bounds(sources)
    cut, possible = chosen_cut(pairs), _possible_cut(slope, offset)
    different, same = pairs.score[~pairs.same], pairs.score[pairs.same]
    return Calibration(
        set_name="profiles-dev",
        digest=digest,
        samples=len(samples.samples),
        sources=sources,
        laboratories=len({sample.laboratory for sample in samples.samples}),
        same_pairs=same.size,
        different_pairs=different.size,
        slope=slope,
        offset=offset,
        lowest_log10=lowest,
        highest_log10=highest,
        linked_at=cut,
        possible_at=possible,
        false_link_rate=_rounded(share(different >= cut)),
        false_link_upper=_rounded(upper_rates(pairs, np.array([cut]))[0]),
        found_rate=_rounded(share(same >= cut)),
        found_rate_batch=_rounded(share(pairs.score[pairs.same_batch] >= cut)),
        false_possible_rate=_rounded(share(different >= possible)),
        cross_validated=cross_validated(pairs),
        between_laboratories=cross_validated(pairs, tested=~pairs.same_laboratory),
        cuts=tuple(
            Cut(float(score), int((different >= score).sum()), int((same >= score).sum())) for score in _CUTS
        ),
    )


def _bounds(sources: int) -> tuple[float, float]:
    """Return the bounds that so many sources support: one more observation against all made, in either direction."""
    return -_rounded(np.log10(sources + 1)), _rounded(np.log10(sources * (sources - 1) / 2 + 1))


def _possible_cut(slope: float, offset: float) -> float:
    return float(np.ceil((POSSIBLE_LOG10 - offset) / slope * 1000) / 1000)


def _inside(wanted: Floats, first: np.ndarray, second: np.ndarray, counted: Flags) -> Floats:
    """Return how many of the counted pairs lie within each half."""
    table = np.zeros((wanted.shape[1], wanted.shape[1]))
    np.add.at(table, (first[counted], second[counted]), 1)
    return np.asarray(np.einsum("hi,ij,hj->h", wanted, table, wanted), dtype=np.float64)


def _fewest_shared(samples: SampleSet) -> int:
    """Return the fewest targets that any two samples of the set both show: below it the calibration says nothing."""
    shown = np.array(
        [[value is not None for value in sample.values] for sample in samples.samples], dtype=int
    )
    return int((shown @ shown.T).min())


def _pearson(rows: Floats) -> Floats:
    return np.asarray(np.corrcoef(rows), dtype=np.float64)


def _cosine(rows: Floats) -> Floats:
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(unit @ unit.T, dtype=np.float64)


def _euclidean(rows: Floats) -> Floats:
    return np.array([-np.sqrt(((rows - row) ** 2).sum(axis=1)) for row in rows])


def _manhattan(rows: Floats) -> Floats:
    return np.array([-np.abs(rows - row).sum(axis=1) for row in rows])


def _canberra(rows: Floats) -> Floats:
    return np.array([-(np.abs(rows - row) / (np.abs(rows) + np.abs(row))).sum(axis=1) for row in rows])


METRICS: Final[dict[str, Callable[[Floats], Floats]]] = {
    "pearson": _pearson,
    "cosine": _cosine,
    "euclidean": _euclidean,
    "manhattan": _manhattan,
    "canberra": _canberra,
}


def _rounded(value: float) -> float:
    return round(float(value), _DIGITS)

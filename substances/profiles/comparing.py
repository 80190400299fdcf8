# SPDX-License-Identifier: Apache-2.0
"""Compare two profiles: a score, its value as evidence, and how often such a score is wrong. A lead, not proof.

There is a number only where the method's calibration covers it. Another method, version or length, or too few targets detected
in both, gives "not comparable" with the reason, and nothing that could be read as a score. Needs neither numpy nor a worker: a
comparison is a few dozen multiplications of numbers that were checked before.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal

from substances.profiles.methods import Calibration, Method, shipped_methods
from substances.profiles.vectors import Profile

LEAD: Final = "lead_not_proof"
SCORE_DIGITS: Final = 4

Verdict = Literal["linked", "possible", "not_linked", "not_comparable"]

# Upper ends of the likelihood ratio for each word of the ENFSI guideline for evaluative reporting (2015, 2.4).
_WORDS: Final = ((2.0, "none"), (10.0, "weak"), (100.0, "moderate"), (1000.0, "moderately_strong"))


@dataclass(frozen=True)
class Comparison:
    """The evidence of two profiles for a common source. Rates are shares of 1; without a verdict all numbers are None.

    - `reasons` are codes for not comparable: method, version, not_calibrated, length, too_few_shared, flat (all targets alike).
    - `band` is how far the likelihood ratio supports one source or two: `same_weak`, `different_moderate`, `none`…
    - `false_link_rate` is the share of pairs of different sources that were called linked where neither source was in the
      calibration; `false_link_upper` is the rate that 99 of 100 halves of the sources stay under; `as_high_rate` is the share
      that scored at least as high as this pair.
    - `pairs_behind` counts the pairs of the calibration.
    """

    verdict: Verdict
    label: str = LEAD
    reasons: tuple[str, ...] = ()
    method: str = ""
    version: str = ""
    method_digest: str = ""
    calibration_digest: str = ""
    shared: int | None = None
    score: float | None = None
    likelihood_ratio: float | None = None
    log10_lr: float | None = None
    bounded: bool = False
    band: str = ""
    threshold: float | None = None
    possible_from: float | None = None
    false_link_rate: float | None = None
    false_link_upper: float | None = None
    found_rate: float | None = None
    as_high_rate: float | None = None
    pairs_behind: int = 0
    same_pairs: int = 0
    different_pairs: int = 0
    sources_behind: int = 0

    def as_json(self) -> dict[str, object]:
        """Return every member, as JSON has it."""
        return asdict(self) | {"reasons": list(self.reasons)}


def compare(a: Profile, b: Profile, *, methods: Sequence[Method] | None = None) -> Comparison:
    """Compare two profiles for a common source, by the shipped methods unless others are given.

    Symmetric. Never raises for profiles that were read.
    """
    known = shipped_methods() if methods is None else methods
    method, reason = _common_method(a, b, known)
    if method is None:
        return Comparison(verdict="not_comparable", reasons=(reason,))
    if not len(a.values) == len(b.values) == len(method.targets):
        return Comparison(verdict="not_comparable", reasons=("length",))
    shared = sum(x is not None and y is not None for x, y in zip(a.values, b.values, strict=True))
    if shared < method.min_shared:
        return Comparison(verdict="not_comparable", reasons=("too_few_shared",), shared=shared)
    score = score_of(method, a.values, b.values)
    if score is None:
        return Comparison(verdict="not_comparable", reasons=("flat",), shared=shared)
    return _judged(method, score, shared)


def score_of(method: Method, a: Sequence[float | None], b: Sequence[float | None]) -> float | None:
    """Return Pearson's correlation of two pre-treated vectors, -1 to 1, to four digits; None where one has no shape."""
    score = _pearson(treated(method, a), treated(method, b))
    return None if score is None else round(score, SCORE_DIGITS)


def treated(method: Method, values: Sequence[float | None]) -> list[float]:
    """Return a vector after the method's pre-treatment."""
    floor = method.pretreatment.floor
    total = math.fsum(value for value in values if value is not None)
    return [math.log(floor if value is None else max(value / total, floor)) for value in values]


def log10_ratio(calibration: Calibration, score: float) -> float:
    """Return the calibrated log10 likelihood ratio, within the bounds its sources support."""
    raw = calibration.slope * score + calibration.offset
    return min(max(raw, calibration.lowest_log10), calibration.highest_log10)


def _common_method(a: Profile, b: Profile, methods: Sequence[Method]) -> tuple[Method | None, str]:
    """Return the method that covers both, or the reason why none does.

    Of two compatible versions, the one that declares the compatibility is used; the first by name where both do.
    """
    found = sorted(
        (method for method in methods if method.name in {a.name, b.name}), key=lambda method: method.name
    )
    if a.name == b.name:
        return (found[0], "") if found else (None, "not_calibrated")
    for method in found:
        if (b.name if method.name == a.name else a.name) in method.compatible_with:
            return method, ""
    return None, "version" if a.method == b.method else "method"


def _judged(method: Method, score: float, shared: int) -> Comparison:
    known = method.calibration
    log10_lr = log10_ratio(known, score)
    return Comparison(
        verdict=_verdict(known, score),
        method=method.id,
        version=method.version,
        method_digest=method.digest,
        calibration_digest=known.digest,
        shared=shared,
        score=score,
        likelihood_ratio=_three_digits(10**log10_lr),
        log10_lr=round(log10_lr, 3),
        bounded=log10_lr in (known.lowest_log10, known.highest_log10),
        band=_band(log10_lr),
        threshold=known.linked_at,
        possible_from=known.possible_at,
        false_link_rate=known.cross_validated.false_link_rate,
        false_link_upper=known.false_link_upper,
        found_rate=known.found_rate,
        as_high_rate=_as_high(known, score),
        pairs_behind=known.pairs,
        same_pairs=known.same_pairs,
        different_pairs=known.different_pairs,
        sources_behind=known.sources,
    )


def _verdict(known: Calibration, score: float) -> Verdict:
    if score >= known.linked_at:
        return "linked"
    return "possible" if score >= known.possible_at else "not_linked"


def _band(log10_lr: float) -> str:
    ratio = 10 ** abs(log10_lr)
    word = next((word for end, word in _WORDS if ratio < end), "strong")
    if word == "none":
        return word
    return f"same_{word}" if log10_lr > 0 else f"different_{word}"


def _as_high(known: Calibration, score: float) -> float:
    """Return the share at the nearest cut below the score, so that it is never understated."""
    above = [cut.different_above for cut in known.cuts if cut.score <= score]
    return (above[-1] if above else known.different_pairs) / known.different_pairs


def _pearson(a: Sequence[float], b: Sequence[float]) -> float | None:
    mean_a, mean_b = math.fsum(a) / len(a), math.fsum(b) / len(b)
    off_a, off_b = [x - mean_a for x in a], [y - mean_b for y in b]
    spread = math.sqrt(_product(off_a, off_a) * _product(off_b, off_b))
    if spread < 1e-12:
        return None
    return max(-1.0, min(1.0, _product(off_a, off_b) / spread))


def _product(a: Sequence[float], b: Sequence[float]) -> float:
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


def _three_digits(value: float) -> float:
    return float(f"{value:.3g}")

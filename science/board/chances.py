# SPDX-License-Identifier: Apache-2.0
"""Probability of a count, given the counts before it, with the uncertainty of few observations.

Counts of equal spans of time are taken as Poisson with one unknown mean. What was seen before is a total over `spans`
spans; the next count then follows a negative binomial (Jeffreys prior: half a case more than was seen), which is wider
than a Poisson the less was seen. Source: the Gamma-Poisson model of any text on Bayesian statistics, such as Gelman et
al., Bayesian Data Analysis, 3rd edition, section 2.6. The interval of the mean is Garwood's exact one (1936).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

LEVEL: Final = 0.95
SURPRISING: Final = 0.01
"""Highest probability of a count that stands out."""
LEAST_COUNT: Final = 3
"""Fewer never stand out, however rare they were before."""
_HALVINGS: Final = 60


@dataclass(frozen=True)
class Baseline:
    """Mean per span, with the bounds of its 95 % interval; from `total` over `spans`."""

    total: int
    spans: int
    mean: float
    low: float
    high: float


def baseline(total: int, spans: int) -> Baseline:
    """Return the baseline of a total over at least one span."""
    low, high = garwood(total)
    return Baseline(total, spans, total / spans, low / spans, high / spans)


def chance_of(count: int, before: Baseline) -> float:
    """Return the probability of at least this count in one further span, if nothing has changed."""
    shape, share = before.total + 0.5, before.spans / (before.spans + 1)
    below = math.fsum(math.exp(_log_term(k, shape, share)) for k in range(count))
    return min(1.0, max(0.0, 1.0 - below))


def stands_out(count: int, before: Baseline) -> bool:
    return count >= LEAST_COUNT and chance_of(count, before) <= SURPRISING


def garwood(total: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a Poisson mean from `total` observed events."""
    tail = (1 - LEVEL) / 2
    far = total + 10 * math.sqrt(total + 1) + 10
    low = 0.0 if total == 0 else _solve(lambda mean: 1 - _poisson_below(total, mean) - tail, far)
    return low, _solve(lambda mean: tail - _poisson_below(total + 1, mean), far)


def _log_term(k: int, shape: float, share: float) -> float:
    ways = math.lgamma(k + shape) - math.lgamma(shape) - math.lgamma(k + 1)
    return ways + shape * math.log(share) + k * math.log1p(-share)


def _poisson_below(count: int, mean: float) -> float:
    """Return the probability of fewer than `count`."""
    if mean <= 0:
        return 1.0
    return math.fsum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count))


def _solve(rising: Callable[[float], float], far: float) -> float:
    """Return where a rising function of the mean passes 0, between 0 and `far`."""
    low, high = 0.0, far
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return (low + high) / 2

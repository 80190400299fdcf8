# SPDX-License-Identifier: Apache-2.0
"""Limits on how many requests one API key or one officer may send: a bucket each, so that one caller cannot starve the others.

Counted in the web process that answers, without a store that could be away: a hub of N processes lets N times as
many through, never more. Guesses at a password are counted elsewhere, in the database (`attempts`).
"""

import math
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, cast

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from callers.actors import Actor, ApiClient

SECONDS_OF_BURST: Final = 10
"""Whoever was quiet for so long may send as much at once."""
MOST_CALLERS: Final = 10_000


@dataclass
class Buckets:
    """A bucket a caller, filled by `rate` a second up to `burst`; of too many the one asked longest ago goes."""

    rate: float
    burst: float
    most: int = MOST_CALLERS
    _kept: "OrderedDict[str, tuple[float, float]]" = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, caller: str, at: float) -> float:
        """Takes one; 0, or the seconds after which there is one again. `at` in seconds, never going back."""
        with self._lock:
            left, since = self._kept.pop(caller, (self.burst, at))
            left = min(self.burst, left + max(at - since, 0.0) * self.rate)
            waits = 0.0 if left >= 1 else (1 - left) / self.rate
            self._kept[caller] = (left if waits else left - 1, at)
            if len(self._kept) > self.most:
                self._kept.popitem(last=False)
            return waits


@cache
def _buckets(rate: float) -> Buckets:
    """This process's buckets; the rate is a setting, so there is one set of them."""
    return Buckets(rate, rate * SECONDS_OF_BURST)


class CallerRate(BaseThrottle):
    """Answers 429 with `Retry-After` to a caller who is over the rate; who is not known is refused before."""

    _seconds = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:
        caller = cast("Actor | None", request.user)
        if caller is not None:
            name = f"key:{caller.prefix}" if isinstance(caller, ApiClient) else caller.audit_name
            self._seconds = _buckets(settings.API_RATE_PER_SECOND).take(name, time.monotonic())
        return self._seconds == 0

    def wait(self) -> float | None:
        return math.ceil(self._seconds) or None

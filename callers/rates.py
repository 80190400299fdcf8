# SPDX-License-Identifier: Apache-2.0
"""Rate limits of requests for each API key and officer: a bucket each, so that one caller cannot starve the others.

Requests are counted in the web process that answers, without a store that could be away: a hub of N processes allows N
times as many, never more. Guesses at a password are counted elsewhere, in the database (`attempts`).
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
"""A caller that was quiet for this long may send as much at once."""
MOST_CALLERS: Final = 10_000


@dataclass
class Buckets:
    """Buckets by caller, each filled by `rate` a second up to `burst`; above `most` the least recently used one is dropped."""

    rate: float
    burst: float
    most: int = MOST_CALLERS
    _kept: "OrderedDict[str, tuple[float, float]]" = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, caller: str, at: float) -> float:
        """Take one request; return 0, or the seconds until one is allowed. `at` in seconds, monotonic."""
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
    """Return this process's buckets; the rate is a setting, so that there is one set of them."""
    return Buckets(rate, rate * SECONDS_OF_BURST)


class CallerRate(BaseThrottle):
    """Throttle that answers 429 with `Retry-After` to a caller over the rate; unknown callers are refused before."""

    _seconds = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:
        caller = cast("Actor | None", request.user)
        if caller is not None:
            name = f"key:{caller.prefix}" if isinstance(caller, ApiClient) else caller.audit_name
            self._seconds = _buckets(settings.API_RATE_PER_SECOND).take(name, time.monotonic())
        return self._seconds == 0

    def wait(self) -> float | None:
        return math.ceil(self._seconds) or None

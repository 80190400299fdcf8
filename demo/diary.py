# SPDX-License-Identifier: Apache-2.0
"""The diary of the demonstration's past: acts with their times, done in order of time."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Final

from demo.past import Past

PAUSE: Final = timedelta(minutes=60)
"""Longest gap between acts whose statements the processes carry together."""


@dataclass
class Diary:
    """Acts still to come. An act may note further ones; what would happen after `until` is left out."""

    past: Past
    until: datetime
    _acts: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)

    def note(self, moment: datetime, act: Callable[[], object]) -> None:
        if moment <= self.until:
            heapq.heappush(self._acts, (moment, next(self._numbers), act))

    def play(self) -> None:
        """Do everything that is noted; the processes of the hub work in each pause."""
        while self._acts:
            moment, _number, act = heapq.heappop(self._acts)
            if moment - self.past.now > PAUSE and not self.past.is_settled:
                self.past.carry()
            self.past.move_to(max(moment, self.past.now))
            act()

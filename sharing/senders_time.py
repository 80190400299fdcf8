# SPDX-License-Identifier: Apache-2.0
"""Compare our clock with senders' clocks: the median over at least three agencies of when they signed. It only warns.

A sender may sign long before it sends, and anybody may sign with a wrong time, so this stops nothing.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from ledger.entries import CoveredEntry
from sharing.models import Envelope

log = logging.getLogger(__name__)

LEAST_AGENCIES: Final = 3
MAX_DIFFERENCE: Final = timedelta(minutes=5)
KEPT_FOR: Final = timedelta(minutes=10)


class SendersTime:
    """The newest `iat` of each agency that sent lately, against the log's clock."""

    def __init__(self) -> None:
        self._ahead: dict[str, tuple[datetime, int]] = {}
        self._has_warned = False

    def note(self, covered: Sequence[CoveredEntry], now: datetime) -> None:
        """Take in newly logged entries; log a warning when the median begins to differ by more than five minutes."""
        ods = [entry.od for entry in covered]
        for iss, iat in Envelope.objects.filter(md__in=ods).order_by("iat").values_list("iss_id", "iat"):
            self._ahead[iss] = (now, iat - int(now.timestamp()))
        difference = self.difference(now)
        differs = difference is not None and abs(difference) > MAX_DIFFERENCE
        if differs and not self._has_warned and difference is not None:
            secs = round(difference.total_seconds())
            log.warning("senders' clocks differ from the log's", extra={"secs_ahead": secs})
        self._has_warned = differs

    def difference(self, now: datetime) -> timedelta | None:
        """Return by how much senders are ahead; None where fewer than three sent lately."""
        lately = [ahead for at, ahead in self._ahead.values() if abs(now - at) <= KEPT_FOR]
        return timedelta(seconds=median(lately)) if len(lately) >= LEAST_AGENCIES else None

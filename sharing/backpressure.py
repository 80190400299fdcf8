# SPDX-License-Identifier: Apache-2.0
"""Backpressure: intake refuses new envelopes while the sequencer is alive but behind.

A sequencer that is down stops nobody: entries wait in the ledger's queue until it is back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from callers.closed_lists import FLASH
from sharing.errors import LaggingError
from sharing.models import FeedMark

ALIVE_WITHIN: Final = timedelta(seconds=5)
LAG_LIMIT: Final = timedelta(seconds=1)
RETRY_AFTER_SECS: Final = 1


@dataclass(frozen=True)
class Queue:
    """The sequencer's last sign of life and the age of the oldest unnumbered entry; None for never and for no entry."""

    beat: datetime | None
    oldest: datetime | None


def sequencer_silence(now: datetime) -> timedelta | None:
    """Return how long ago the sequencer was last heard; None if it never was.

    A heartbeat in the future only means that a clock is wrong: its distance from now counts.
    """
    return _silence(FeedMark.objects.values_list("beat", flat=True).first(), now)


def require_room(pri: str, queue: Queue, now: datetime) -> None:
    """Raise `LaggingError` while the oldest unnumbered entry is older than a second; flash always passes."""
    if pri == FLASH:
        return
    silence = _silence(queue.beat, now)
    if silence is None or silence > ALIVE_WITHIN:
        return
    if queue.oldest is not None and now - queue.oldest > LAG_LIMIT:
        raise LaggingError(RETRY_AFTER_SECS)


def _silence(beat: datetime | None, now: datetime) -> timedelta | None:
    return None if beat is None else abs(now - beat)

# SPDX-License-Identifier: Apache-2.0
"""Freshness of the exchange's log as an agency of this desk has seen it, by the newest leaf that was proved.

The exchange logs something each hour at least (`sharing.hours`). One that shows nothing newer for a day has stopped or
keeps its log from this desk, and a revocation may be in the part not shown. A desk that sees no newer log first warns,
and later sends nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet

from accord.following.follower import MAX_CLOCK_BEHIND_SECS
from accord.moments import moment_of
from callers.rows import one_of
from peers.memory import PeerMemory
from peers.models import Agency, SeenLedger

ASKED_AFTER: Final = timedelta(hours=1)
WARNED_AFTER: Final = timedelta(hours=24)
STOPPED_AFTER: Final = timedelta(days=7)


@dataclass(frozen=True)
class Freshness:
    """`seen_at` is when the newest leaf seen was logged; None before the first."""

    seen_at: datetime | None

    def is_to_be_asked(self, now: datetime) -> bool:
        """Tell whether the exchange should have something newer, so that it is asked."""
        return self._is_older(now, ASKED_AFTER)

    def is_stale(self, now: datetime) -> bool:
        """Tell whether people are to be warned; nobody is warned of a log that was never seen."""
        return self.seen_at is not None and self._is_older(now, WARNED_AFTER)

    def is_too_old(self, now: datetime) -> bool:
        """Tell whether nothing is sealed to keys any more."""
        return self._is_older(now, STOPPED_AFTER)

    def _is_older(self, now: datetime, span: timedelta) -> bool:
        return self.seen_at is None or now - self.seen_at > span


def freshness_in(memory: PeerMemory, *, now: datetime) -> Freshness:
    """Return the freshness of the log in this memory; raises NotBoundError where its row was altered outside the program."""
    kept = memory.newest_checkpoint()
    return _of(memory.newest_log_time(), kept.kept_at if kept else 0, now)


def freshness_seen_by(reader: str, *, now: datetime) -> Freshness:
    """Return the freshness for a page, which warns and decides nothing: the row's code is not checked."""
    rows = SeenLedger.objects.filter(reader=reader).values_list("newest_log_time", "kept_at")
    newest, kept_at = one_of(rows) or (0, 0)
    return _of(newest, kept_at, now)


def stale_readers(*, now: datetime) -> list[tuple[str, datetime]]:
    """List agencies of this desk whose log is stale, with since when; the oldest first."""
    rows = _seen_by_own().values_list("reader", "newest_log_time", "kept_at")
    found = [(reader, _of(newest, kept_at, now)) for reader, newest, kept_at in rows]
    stale = [(reader, one.seen_at) for reader, one in found if one.seen_at and one.is_stale(now)]
    return sorted(stale, key=lambda row: row[1])


def _seen_by_own() -> QuerySet[SeenLedger]:
    own = Agency.objects.filter(is_hosted=True, gone_at=None).values("pk")
    return SeenLedger.objects.filter(reader__in=own, newest_log_time__gt=0)


def _of(newest_log_time: int, kept_at: int, now: datetime) -> Freshness:
    """Return the freshness; a leaf whose time is ahead of every clock counts from when it was kept."""
    is_ahead = newest_log_time > int(now.timestamp()) + MAX_CLOCK_BEHIND_SECS
    seconds = kept_at if is_ahead else newest_log_time
    return Freshness(moment_of(seconds) if seconds else None)

# SPDX-License-Identifier: Apache-2.0
"""The brief for the next meeting: the record of a pair with the digest of its list of items, and the comparison of two such lists."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from accord.moments import moment_of, moment_or_none
from accord.reciprocity import Period, list_digest
from alerts.models import Alert, ReceivedAlert
from callers.errors import InputError
from officers.models import Officer
from reciprocity.commitments import Standing, standing_commitments
from reciprocity.reading import Pair, Record, find_pair, record_of

LISTED_AT_MOST: Final = 100
"""Limit of differing items that are shown of each side."""
COMPARED_AT_MOST: Final = 100_000
"""Limit of items in a list that is compared."""
_DIGEST: Final = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Stop:
    """Suspension of a lane by one of the two, the agency `by`; `until` is None while it lasts."""

    by: str
    lane: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Brief:
    """Record with the addresses of everything that counts in it, sorted, and their digest."""

    record: Record
    items: tuple[str, ...]
    digest: str
    commitments: tuple[Standing, ...]
    """Commitments between the two, by what is given and by whom."""
    suspensions: tuple[Stop, ...]
    """What either of the two had suspended with the other for some of the period, the earliest first."""


@dataclass(frozen=True)
class Item:
    """Item that one side alone counts; `alert` or `received` where this agency has it and the officer may see it."""

    md: str
    alert: Alert | None = None
    received: ReceivedAlert | None = None


@dataclass(frozen=True)
class Comparison:
    """Items that one side alone counts, at most `LISTED_AT_MOST` of each; `more_...`: how many others there are."""

    ours: tuple[Item, ...]
    theirs: tuple[Item, ...]
    more_of_ours: int
    more_of_theirs: int

    @property
    def agree(self) -> bool:
        return not (self.ours or self.theirs)


def read_brief(officer: Officer, peer_id: str, period: Period, *, now: datetime) -> Brief:
    """Return the brief on a peer and a period."""
    pair = find_pair(officer, peer_id, period, now=now)
    standing = sorted(
        standing_commitments(pair.agency, now=now, peer=peer_id),
        key=lambda one: (one.version.ref, one.version.od, one.n),
    )
    return Brief(record_of(pair), pair.items, list_digest(pair.items), tuple(standing), tuple(_stops(pair)))


def _stops(pair: Pair) -> list[Stop]:
    """Return the suspensions that lasted for some of the period, in an order that is the same on both sides."""
    stops = (
        Stop(one.agency, one.lane, moment_of(one.since), moment_or_none(one.until))
        for one in pair.suspensions
    )
    begins, ends = pair.period.begins, pair.period.ends
    inside = (one for one in stops if one.since < ends and (one.until is None or one.until > begins))
    return sorted(inside, key=lambda one: (one.since, one.lane, one.by))


def compare_lists(
    officer: Officer, peer_id: str, period: Period, theirs: Collection[str], *, now: datetime
) -> Comparison:
    """Compare the list of this side with that of the other side, for the same period; raises as `compare_items`."""
    return compare_items(officer, find_pair(officer, peer_id, period, now=now).items, theirs)


def compare_items(officer: Officer, ours: Collection[str], theirs: Collection[str]) -> Comparison:
    """Compare two lists of items.

    Raises InputError for a list that is too long or has a line that is no address of an item.
    """
    if len(theirs) > COMPARED_AT_MOST:
        raise InputError("items", _("List: it has more lines than can be compared. Choose a shorter period."))
    if not all(_DIGEST.fullmatch(md) for md in theirs):
        raise InputError("items", _("List: give the list as the other side has it, one item on a line."))
    here, there = sorted(set(ours) - set(theirs)), sorted(set(theirs) - set(ours))
    listed = items_of(officer, [*here[:LISTED_AT_MOST], *there[:LISTED_AT_MOST]])
    return Comparison(
        listed[: len(here[:LISTED_AT_MOST])],
        listed[len(here[:LISTED_AT_MOST]) :],
        max(0, len(here) - LISTED_AT_MOST),
        max(0, len(there) - LISTED_AT_MOST),
    )


def items_of(officer: Officer, mds: Collection[str]) -> tuple[Item, ...]:
    """Return items by their addresses, with what the officer may see of them."""
    sent = {row.md: row for row in Alert.objects.visible_to(officer).filter(md__in=mds)}
    received = {row.md: row for row in ReceivedAlert.objects.visible_to(officer).filter(md__in=mds)}
    return tuple(Item(md, sent.get(md), received.get(md)) for md in mds)

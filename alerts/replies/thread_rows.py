# SPDX-License-Identifier: Apache-2.0
"""Replies of one thread, as an agency holds them: answers to an envelope, answers to those, and so on.

Only rows of the agency itself are read, and only a few levels deep.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db.models import Q

from alerts.models import Alert, ReceivedAlert
from alerts.peers.directory import VerifiedDirectory
from alerts.receiving.retractions import judge_retracts
from alerts.receiving.signature_state import judge_received
from alerts.replies.summary import ReplySummary, open_summaries
from alerts.rows.replies import Reply, ReplyQuerySet
from alerts.states import AlertState
from officers.models import Officer

LEVELS_AT_MOST: Final = 6
CLIMBED_AT_MOST: Final = 50
REPLIES_AT_MOST: Final = 300


@dataclass(frozen=True)
class RepliesHeld:
    """Replies under some envelopes, judged as of one moment, with their summaries; read once for a page."""

    rows: Sequence[Reply] = ()
    summaries: Mapping[str, ReplySummary] = field(default_factory=dict)


def read_replies(officer: Officer, mds: Iterable[str], *, now: datetime) -> RepliesHeld:
    """Return the replies that the officer's agency sent or received, as far as the officer may see them."""
    return _held(Reply.objects.visible_to(officer), officer.agency_id or "", mds, now)


def replies_of_agency(agency_id: str, mds: Iterable[str], *, now: datetime) -> RepliesHeld:
    """Return every reply that the agency sent or received, for what concerns the agency and shows nobody any."""
    return _held(Reply.objects.filter(agency_id=agency_id), agency_id, mds, now)


def replies_below(held: ReplyQuerySet, mds: Iterable[str]) -> list[Reply]:
    """Return one agency's sent and received replies under these envelopes, level by level; drafts do not count."""
    seen, frontier, found = set(mds), set(mds), list[Reply]()
    for _level in range(LEVELS_AT_MOST):
        rows = _replies_to(held, frontier)[: REPLIES_AT_MOST - len(found)]
        found += rows
        frontier = {md_of(row) for row in rows} - seen
        seen |= frontier
        if not frontier:
            break
    return found


def root_of(agency_id: str, md: str, *, levels: int = LEVELS_AT_MOST) -> str:
    """Return the envelope at the top of this one's thread, at most `levels` up."""
    for _level in range(levels):
        row = Reply.objects.filter(Q(received__md=md) | Q(alert__md=md), agency_id=agency_id).first()
        if row is None:
            return md
        md = row.re_md
    return md


def md_of(reply: Reply) -> str:
    row = reply.received if reply.received_id else reply.alert
    assert isinstance(row, Alert | ReceivedAlert)
    return row.md


def agency_of(reply: Reply) -> str:
    """Return the agency that has said it."""
    return reply.received.issuer_id if isinstance(reply.received, ReceivedAlert) else reply.agency_id


def judged_received(rows: Iterable[Reply], *, now: datetime) -> list[ReceivedAlert]:
    """Return the received alerts of these replies, their signatures and retracts judged as of now."""
    received = [row.received for row in rows if isinstance(row.received, ReceivedAlert)]
    if received:
        peers = VerifiedDirectory(received[0].agency_id, now)
        judge_received(received, peers=peers, now=now)
        judge_retracts(received, peers=peers, now=now)
    return received


def still_counts(reply: Reply) -> bool:
    """Tell whether a judged reply is neither withdrawn nor in doubt."""
    if isinstance(reply.received, ReceivedAlert):
        row = reply.received
        return row.withdrawn_at is None and (row.standing is None or row.standing.counts)
    return isinstance(reply.alert, Alert) and reply.alert.state == AlertState.RELEASED


def _held(rows: ReplyQuerySet, agency_id: str, mds: Iterable[str], now: datetime) -> RepliesHeld:
    found = replies_below(rows, mds)
    judged_received(found, now=now)
    return RepliesHeld(found, open_summaries(agency_id, found))


def _replies_to(held: ReplyQuerySet, mds: Collection[str]) -> list[Reply]:
    sent = Q(alert__isnull=True) | Q(alert__released_at__isnull=False)
    rows = held.filter(sent, re_md__in=list(mds))
    return list(
        rows.select_related("received__issuer", "alert").order_by("created_at", "id")[:REPLIES_AT_MOST]
    )

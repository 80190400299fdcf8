# SPDX-License-Identifier: Apache-2.0
"""Following of the feeds of the agencies whose keys this desk holds, as a partner's system would (`alerts.receiving.taking`).

One process follows one agency at a time. All agencies' keys are fetched before a feed, at intervals.
"""

import logging
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.db import connection, transaction
from django.db.models import F, OuterRef, QuerySet, Subquery

from accord.envelope.errors import VerificationError
from accord.envelope.keys import SIGN
from alerts.peers.agreements import follow_agreements_when_due
from alerts.peers.alarm import raise_alarms
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.entries import follow_agencies
from alerts.peers.pin_updates import keep_known
from alerts.projections.registry import projections
from alerts.projections.sent_tokens import tokenise_sent
from alerts.receiving.forgetting import forget_cards, forget_what_came_back
from alerts.receiving.held_envelopes import forget_envelopes
from alerts.receiving.retractions import judge_again
from alerts.receiving.round_memory import Pace, Turn
from alerts.receiving.taking import ROLE, FeedOfAgency
from alerts.sending.hand_in import send_waiting_of
from alerts.sending.submissions import follow_submissions_when_due
from callers.actors import SystemActor
from callers.directory import AgencyStatus
from callers.task_calls import call_task, call_task_where_few_wait
from ledger.set_aside import run_each
from notices.telling import tell_of_revoked_key
from peers.deliveries import follow_deliveries_in_turn
from peers.models import Agency, FeedCursor, SeenLedger
from vault.handing import is_awaited
from vault.models import Departure

log = logging.getLogger(__name__)
FOLLOW_TASK: Final = "alerts.follow_feed"


PEERS_EVERY: Final = timedelta(seconds=20)
"""Least time between an agency's questions for all keys."""


def _never() -> bool:
    return False


def follow_feeds(*, now: datetime, is_over: Callable[[], bool] = _never, pace: Pace | None = None) -> int:
    """Follow every agency that is not still entering, then tidy; return how many alerts were taken.

    - With a `pace` that the caller keeps, feeds that failed rest, and tidying is done at intervals.
    - Agencies take turns, the one followed longest ago first, so that a long feed delays no other. An agency that another process
      is following is left to it.
    - Nothing new is begun once it `is_over`; then it calls the task for the next round.
    - Errors of agencies' feeds are raised, as a group, after all were followed.
    """
    read_at = time.monotonic()
    follow_agencies(now=now)
    taken, troubles, pace = 0, [], pace or Pace()
    waiting = [agency for agency in _in_order() if not pace.rests(agency.pk, now)]
    while waiting and not is_over():
        agency = waiting.pop(0)
        try:
            turn = _follow_turn(agency, now, is_over, read_at)
        except Exception as trouble:  # noqa: BLE001 - whatever it is, it is raised below
            troubles.append(trouble)
            pace.note(agency.pk, now, is_followed=False)
            continue
        pace.note(agency.pk, now, is_followed=True)
        taken += turn.taken
        if turn.has_more:
            waiting.append(agency)
    if waiting:
        call_task_where_few_wait(FOLLOW_TASK)
    try:
        if pace.is_to_tidy(now, has_news=bool(taken)):
            tidy_received(now=now)
    except Exception as trouble:  # noqa: BLE001 - as above
        troubles.append(trouble)
    if troubles:
        raise ExceptionGroup("feeds that could not be followed", troubles)
    return taken


def follow_peers(agency: Agency, *, now: datetime) -> None:
    """Fetch newer keys of all agencies, as this agency trusts them.

    A peer that newly fails a check raises an alarm. Raises as `VerifiedDirectory.refresh`.
    """
    directory = VerifiedDirectory(agency.pk, now)
    peers = list(Agency.objects.exclude(status=AgencyStatus.ENTERING).values_list("pk", flat=True))
    directory.preload(peers)
    directory.refresh(peers)
    directory.refresh_own()
    directory.preload(peers)
    seen, alarms = SeenLedger.objects.filter(reader=agency.pk), directory.alarms
    before = seen.values_list("alarmed", flat=True).first() or {}
    new = {peer: cause for peer, cause in alarms.items() if before.get(peer) != cause}
    raise_alarms(SystemActor(ROLE, agency.pk), agency.pk, new, now=now)
    seen.update(asked_at=now, alarmed=alarms)
    keep_known(directory, now=now)
    judge_again(SystemActor(ROLE, agency.pk), directory, now=now)
    _tell_of_own_keys(directory, now)
    directory.see_ledger()


@transaction.atomic
def _tell_of_own_keys(directory: VerifiedDirectory, now: datetime) -> None:
    """Tell key officers once of each revoked signing key of their agency, and again where it is void from an earlier time."""
    keyset, smallest = directory.keyset(directory.reader), dict[str, int]()
    for word in directory.revocations(directory.reader):
        smallest[word.kid] = min(word.since, smallest.get(word.kid, word.since))
    for kid, since in sorted(smallest.items()):
        row = keyset.row(kid) if keyset else None
        if row is not None and row.use == SIGN:
            tell_of_revoked_key(directory.reader, kid, since, now=now)


def follow_feed(agency: Agency, *, now: datetime) -> int:
    """Take all new items of an agency's feed; return how many alerts, 0 when another process is following it."""
    read_at = time.monotonic()
    turn = _follow_turn(agency, now, _never, read_at)
    taken = turn.taken
    while turn.has_more:
        turn = _follow_turn(agency, now, _never, read_at)
        taken += turn.taken
    return taken


def _in_order() -> QuerySet[Agency]:
    followed = FeedCursor.objects.filter(reader=OuterRef("pk")).values("moved_at")
    return (
        Agency.objects.exclude(status=AgencyStatus.ENTERING)
        .filter(is_hosted=True)
        .exclude(pk__in=Departure.objects.filter(destroyed_at__isnull=False).values("agency_id"))
        .alias(followed_at=Subquery(followed))
        .order_by(F("followed_at").asc(nulls_first=True), "pk")
    )


def _follow_turn(agency: Agency, now: datetime, is_over: Callable[[], bool], read_at: float) -> Turn:
    with _alone(agency.pk) as is_alone:
        if not is_alone:
            return Turn()
        _follow_peers(agency, now)
        if is_awaited(agency.pk, now=now):
            # Its feed is for the desk that has its keys.
            return Turn()
        follow_deliveries_in_turn(agency.pk, now=now)
        follow_agreements_when_due(SystemActor(ROLE, agency.pk), agency.pk, now=now)
        turn = FeedOfAgency(agency, now, is_over, read_at=read_at).follow()
        send_waiting_of(agency.pk, now=now, is_over=is_over)
        if not turn.has_more:
            follow_submissions_when_due(agency.pk, now=now, is_over=is_over)
    if turn.taken:
        # Officers are told only of alerts that the desk can already show.
        call_task("notices.send")
    return turn


def _follow_peers(agency: Agency, now: datetime) -> None:
    """Fetch all keys before the feed. A forked log is only logged here: each alert of the feed fails on it."""
    asked = SeenLedger.objects.filter(reader=agency.pk)
    if asked.filter(asked_at__gt=now - PEERS_EVERY, asked_at__lte=now).exists():
        return
    try:
        follow_peers(agency, now=now)
    except VerificationError:
        log.exception("the ledger is not the one that %s has seen before", agency.pk)


def tidy_received(*, now: datetime) -> None:
    """Forget what is past `keep`, for all agencies; make search tokens of sent alerts and do what features have for each round."""
    actor = SystemActor(ROLE)
    run_each(
        partial(forget_envelopes, now=now),
        partial(forget_cards, actor, now=now),
        partial(forget_what_came_back, actor, now=now),
        partial(tokenise_sent, now=now),
        *(partial(work, now) for projection in projections() for work in projection.each_round),
    )


@contextmanager
def _alone(agency_id: str) -> Iterator[bool]:
    """Hold a session lock, which outlives the transactions in between and ends with its process."""
    key = lock_key(agency_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        is_alone = bool(cursor.fetchone()[0])
    try:
        yield is_alone
    finally:
        if is_alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


def lock_key(agency_id: str) -> tuple[int, int]:
    """Return the two 32-bit numbers of the lock under which one agency's feed is followed."""
    numbers = zlib.crc32(b"accord desk feed"), zlib.crc32(agency_id.encode())
    first, second = (number - (1 << 32) if number >= 1 << 31 else number for number in numbers)
    return first, second

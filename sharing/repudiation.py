# SPDX-License-Identifier: Apache-2.0
"""Tell holders that a key which signed what they hold was revoked: find each object once, mark it once in their feeds.

A logged keyset or `revoke` is examined. Each signing key that it revokes puts in doubt what its agency signed with it and the
ledger logged from `since` on. Nothing is decided here: each display judges anew whether a signature counts.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from accord.envelope.keys import SIGN
from accord.envelope.keysets import RECOVERY_DELAY_SECS
from accord.moments import moment_of
from agencies.directory import DatabaseKeyDirectory
from agencies.models import Keyset, Succession
from callers.actors import SystemActor
from ledger.audit import record_event
from ledger.proofs import log_times, wanted_place
from ledger.set_aside import OF_AGENCY, OF_ALERT, OF_NOTHING, Item, Loop, begin_round
from sharing.models import Delivery, Envelope, FeedItem, Statement, StatementDelivery
from sharing.revoked import Doubt, FeedRepudiated, KeyWord, RevokedKey
from sharing.states import VISIBLE_STATES

WORKER: Final = SystemActor("exchange-worker")
WORDS_A_CALL: Final = 20
WANTED_AGAIN: Final = timedelta(minutes=10)
WORDS: Final = Loop("keys.words", WORKER.audit_name)
DOUBTS: Final = Loop("keys.doubts", WORKER.audit_name)
DOUBTS_A_CALL: Final = 20
"""Objects in one transaction; each may be held by five hundred agencies."""
AT_A_TIME: Final = 1000
"""Digests in one question to the ledger."""


def find_repudiated(*, now: datetime, limit: int = WORDS_A_CALL) -> int:
    """Examine up to `limit` logged keysets and revocations; return how many were taken.

    Workers do not wait for each other: rows that another worker has locked are left to it.
    """
    with transaction.atomic():
        due = KeyWord.objects.filter(due_at__lte=now).select_for_update(skip_locked=True)
        words = begin_round(WORDS, now=now).take_all(
            list(due.order_by("due_at", "od")[:limit]),
            lambda some: _look_into_words(some, now),
            name=_named_word,
        )
        # Rows that wait for a recovery's delay are no longer due.
        KeyWord.objects.filter(pk__in=[word.pk for word in words], due_at__lte=now).delete()
    return len(words)


def retry_set_aside(*, now: datetime) -> int:
    """Retry key words and doubts that were set aside and are due again; return how many."""
    with transaction.atomic():
        done = begin_round(WORDS, now=now).try_again(lambda agency: _look_into(agency, now))
        done += begin_round(DOUBTS, now=now).try_again(lambda d: _mark_doubts([Doubt.objects.get(pk=d)]))
    return done


def _look_into_words(words: Sequence[KeyWord], now: datetime) -> None:
    ready = [word for word in words if not _put_off(word, now)]
    for agency in sorted({word.agency for word in ready}):
        _look_into(agency, now)


def _named_word(word: KeyWord) -> Item:
    """Name an unreadable word about keys by its agency, so that nobody seals to that agency."""
    return Item(word.agency, word.agency, OF_AGENCY, word.agency)


def mark_doubts(*, now: datetime, limit: int = DOUBTS_A_CALL) -> int:
    """Turn up to `limit` objects in doubt into marks in feeds; return how many were taken."""
    with transaction.atomic():
        waiting = Doubt.objects.filter(expanded_at__isnull=True).select_for_update(skip_locked=True)
        doubts = begin_round(DOUBTS, now=now).take_all(
            list(waiting.order_by("found_at", "d")[:limit]),
            _mark_doubts,
            name=_named_doubt,
        )
        Doubt.objects.filter(pk__in=[doubt.d for doubt in doubts]).update(expanded_at=now)
    return len(doubts)


def _mark_doubts(doubts: Sequence[Doubt]) -> None:
    _mark_envelopes([doubt.d for doubt in doubts if doubt.what == FeedItem.ENVELOPE])
    _mark_statements([doubt.d for doubt in doubts if doubt.what == FeedItem.STATEMENT])


def _named_doubt(doubt: Doubt) -> Item:
    distrusts = OF_ALERT if doubt.what == FeedItem.ENVELOPE else OF_NOTHING
    return Item(doubt.d, doubt.d, distrusts)


def waits_for_marking(*, now: datetime) -> bool:
    """Tell whether a key word waits to be examined, or an object in doubt to be marked."""
    return (
        KeyWord.objects.filter(due_at__lte=now).exists()
        or Doubt.objects.filter(expanded_at__isnull=True).exists()
    )


def _put_off(word: KeyWord, now: datetime) -> bool:
    """Postpone a recovered root until its delay is over; return whether the word was postponed.

    A word that a restore has lost is postponed until its agency submits it again.
    """
    if wanted_place(word.od) is not None:
        word.due_at = now + WANTED_AGAIN
        word.save(update_fields=["due_at"])
        return True
    if not Keyset.objects.filter(od=word.od, succession=Succession.RECOVERED).exists():
        return False
    due = log_times([word.od])[word.od] + RECOVERY_DELAY_SECS
    if due <= int(now.timestamp()):
        return False
    word.due_at = moment_of(due)
    word.save(update_fields=["due_at"])
    return True


def _look_into(agency: str, now: datetime) -> None:
    directory = DatabaseKeyDirectory(now)
    directory.require_readable(agency)
    keyset = directory.keyset(agency)
    smallest: dict[str, int] = {}
    for word in directory.revocations(agency):
        smallest[word.kid] = min(word.since, smallest.get(word.kid, word.since))
    for kid, since in sorted(smallest.items()):
        row = keyset.row(kid) if keyset else None
        if row is not None and row.use == SIGN and _is_news(agency, kid, since, now):
            _doubt(agency, kid, since, now)


def _is_news(agency: str, kid: str, since: int, now: datetime) -> bool:
    """Tell whether this `since` is the first, or earlier than the one found before: nothing is found twice."""
    first = {"agency_id": agency, "since": since, "found_at": now}
    row, is_first = RevokedKey.objects.select_for_update().get_or_create(kid=kid, defaults=first)
    if is_first or row.since <= since:
        return is_first
    row.since, row.found_at = since, now
    row.save(update_fields=["since", "found_at"])
    return True


def _doubt(agency: str, kid: str, since: int, now: datetime) -> None:
    signed = {"iss_id": agency, "signers__contains": [kid]}
    envelopes = list(_logged_since(Envelope.objects.filter(**signed), since))
    statements = list(_logged_since(Statement.objects.filter(**signed), since))
    found = [(FeedItem.ENVELOPE, d) for d in envelopes] + [(FeedItem.STATEMENT, d) for d in statements]
    Doubt.objects.bulk_create(
        (Doubt(d=d, what=what, iss_id=agency, kid=kid, found_at=now) for what, d in found),
        ignore_conflicts=True,
        batch_size=1000,
    )
    record_event(
        "key.repudiated",
        actor=WORKER.audit_name,
        agency=agency,
        subject=kid,
        detail={"since": since, "alerts": len(envelopes), "statements": len(statements)},
        now=now,
    )


def _logged_since(rows: QuerySet[Envelope] | QuerySet[Statement], since: int) -> Iterator[str]:
    """Yield the digests of rows that the ledger logged at `since` or later."""
    every = list(rows.values_list("pk", flat=True))
    for chunk in (every[at : at + AT_A_TIME] for at in range(0, len(every), AT_A_TIME)):
        times = log_times(chunk)
        yield from (d for d in chunk if times.get(d, since - 1) >= since)


def _mark_envelopes(mds: Sequence[str]) -> None:
    """Mark envelopes in the feed of every agency that has a number for them, fetched or not."""
    rows = Delivery.objects.filter(envelope_id__in=mds, state__in=VISIBLE_STATES).select_related("envelope")
    found = rows.only("reference", "recipient_id", "envelope__iss_id", "envelope__jti").order_by("pk")
    _mark(
        FeedRepudiated(
            recipient=delivery.recipient_id,
            d=delivery.envelope_id,
            iss=delivery.envelope.iss_id,
            item_id=delivery.envelope.jti,
            ref=delivery.reference,
        )
        for delivery in found
    )


def _mark_statements(ods: Sequence[str]) -> None:
    reached = StatementDelivery.objects.filter(statement_id__in=ods, number__isnull=False)
    _mark(
        FeedRepudiated(
            recipient=row.recipient_id,
            d=row.statement_id,
            iss=row.statement.iss_id,
            item_id=row.statement.statement_id,
        )
        for row in reached.select_related("statement").order_by("pk")
    )


def _mark(marks: Iterable[FeedRepudiated]) -> None:
    FeedRepudiated.objects.bulk_create(marks, ignore_conflicts=True, batch_size=1000)

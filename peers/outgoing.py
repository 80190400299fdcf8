# SPDX-License-Identifier: Apache-2.0
"""The desk's outbox at the exchange: what an agency has signed, handed in as often as it takes, always the same octets.

An object is put here in the transaction that releases or states it. Each attempt is noted before it begins, since one that ends
without an answer may have arrived: then only the exchange can say, and only it is asked. What an outcome means for an alert
or a statement is the caller's to settle (`alerts.sending.hand_in`).
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet

from accord.calls.answers import MOST_WANTED
from accord.calls.errors import (
    AbsentError,
    ClientError,
    RefusedError,
    UnreachableError,
)
from accord.calls.exchange import EnvelopeParts, Exchange
from accord.calls.verdicts import is_final
from accord.envelope.seal import SealedEnvelope
from accord.envelope.statements.bodies import MANIFEST
from callers.errors import NotBoundError
from peers.exchange import ONE_TRY, exchange_of
from peers.models import HeldStatement, Outgoing, OutgoingBlob, OutgoingState

log = logging.getLogger(__name__)
LASTS: Final = timedelta(hours=23)
"""So long after it was signed it may still arrive; the exchange takes nothing that was signed a day ago."""
AN_ATTEMPT: Final = timedelta(minutes=2)
"""Longer than one takes; who has not come to its end by then has died."""
FIRST_LOOK: Final = timedelta(seconds=15)
FIRST_WAIT: Final = timedelta(seconds=5)
LONGEST_WAIT: Final = timedelta(minutes=1)
ALONE_AFTER: Final = 4
"""After so many attempts without an answer the next object is tried, too, to see whether this one alone finds none."""
KEPT_AFTER: Final = timedelta(days=7)
"""So long the octets are kept past the exchange's word, in case it is restored from a backup."""
TOO_OLD: Final = "too-old"


@dataclass(frozen=True)
class Taken:
    """The exchange has it."""


@dataclass(frozen=True)
class Refused:
    """The exchange does not take it, whenever it comes: `cause` is the slug of its problem, or `TOO_OLD`."""

    cause: str
    denials: Sequence[Mapping[str, Any]] = field(default=())


@dataclass(frozen=True)
class Waits:
    """Outcome without an answer that settles it; it is tried again. `is_away`: nobody answered at all.

    `may_be_alone`: it found none so often, though connections stand, that the fault may be its own.
    """

    is_away: bool
    may_be_alone: bool = False


Outcome = Taken | Refused | Waits


def put_envelope(
    envelope: SealedEnvelope,
    *,
    subject: str,
    pri: str,
    recipients: Collection[str],
    by: str,
    now: datetime,
) -> None:
    """Queue the envelope of the alert that `subject` names, in the transaction that releases it."""
    row = _queued(
        Outgoing(
            reader=envelope.iss,
            d=envelope.md,
            item_id=envelope.jti,
            k=MANIFEST,
            subject=subject,
            pri=pri,
            by=by,
            signed=envelope.manifest,
            jwe=envelope.jwe,
            recipients=sorted(recipients),
            octets=_digest(envelope.manifest, envelope.jwe, envelope.blobs),
        ),
        now,
    )
    parts = [OutgoingBlob(outgoing=row, n=n, content=blob) for n, blob in enumerate(envelope.blobs)]
    OutgoingBlob.objects.bulk_create(parts)


def put_statement(said: HeldStatement, *, by: str, now: datetime) -> None:
    """Queue a statement that the agency has just made, in the transaction that makes it."""
    jws = said.jws.encode()
    _queued(
        Outgoing(
            reader=said.reader,
            d=said.od,
            item_id=said.statement_id,
            k=said.k,
            subject=said.sub_d,
            by=by,
            signed=jws,
            octets=_digest(jws, b"", ()),
        ),
        now,
    )


def _queued(row: Outgoing, now: datetime) -> Outgoing:
    """An officer's act tries it at once, and the worker comes later; what the worker queued is due."""
    row.queued_at, row.not_before = now, now + FIRST_LOOK if row.by else now
    row.save(force_insert=True)
    return row


def hand_in(row: Outgoing, *, now: datetime) -> Outcome | None:
    """One attempt; None where somebody else is at it or it is settled. Not inside a transaction.

    Raises NotBoundError for a row or octets that were changed past the program: those go nowhere.
    """
    begun = _begin(row.pk, now)
    if begun is None:
        return None
    could_have = row.may_have_arrived
    try:
        outcome, is_unsent = _call(exchange_of(begun.reader, ONE_TRY), begun), False
    except UnreachableError as trouble:
        is_unsent = trouble.is_unsent
        may_be_alone = not is_unsent and begun.attempts >= ALONE_AFTER
        outcome = Waits(is_away=True, may_be_alone=may_be_alone)
    except ClientError:
        outcome, is_unsent = Waits(is_away=False), False
    if isinstance(outcome, Waits):
        _put_off(begun, now, may_have_arrived=could_have or not is_unsent)
        if outcome.is_away:
            rest_with(begun)
    return outcome


def ask_for(row: Outgoing, *, now: datetime) -> Outcome:
    """Tell whether the exchange has what an attempt without an answer may have brought it; nothing is handed in.

    `Refused` where it says that it has it not. Not inside a transaction.
    """
    try:
        exchange_of(row.reader, ONE_TRY).submission(row.d)
    except AbsentError:
        return Refused(TOO_OLD)
    except ClientError as trouble:
        _put_off(row, now, may_have_arrived=True)
        return Waits(is_away=isinstance(trouble, UnreachableError))
    return Taken()


def offer_again(reader: str) -> int:
    """Give an exchange that was restored from a backup what it has lost of the agency's, as it was signed; how much it took.

    Not inside a transaction. What it does not take is logged and offered again. Raises ClientError where it cannot be asked.
    """
    rows = list(Outgoing.objects.filter(reader=reader, state=OutgoingState.SENT).order_by("pk").defer("jwe"))
    if not rows:
        return 0
    exchange, taken = exchange_of(reader), 0
    for first in range(0, len(rows), MOST_WANTED):
        some = {row.d: row for row in rows[first : first + MOST_WANTED]}
        taken += sum(_given(exchange, some[d]) for d in exchange.wanted(list(some)))
    return taken


def _given(exchange: Exchange, row: Outgoing) -> bool:
    try:
        row.require_bound()
        return isinstance(_call(exchange, row), Taken)
    except (ClientError, NotBoundError) as trouble:
        log.warning("what the exchange has lost was not given again: %s", type(trouble).__name__)
        return False


def settle(row: Outgoing, state: OutgoingState, *, now: datetime, refused: Refused | None = None) -> bool:
    """Note what became of it, in the caller's transaction; False where it was settled before. Raises NotBoundError."""
    locked = Outgoing.objects.select_for_update().get(pk=row.pk)
    if locked.state != OutgoingState.QUEUED:
        return False
    locked.state, locked.settled_at, locked.trying_until = state, now, None
    if refused is not None:
        locked.cause, locked.denials = refused.cause[:60], [dict(denial) for denial in refused.denials]
    if state != OutgoingState.SENT:
        locked.signed, locked.jwe = b"", b""
        locked.blobs.all().delete()
    locked.save()
    return True


def queued_of(reader: str) -> QuerySet[Outgoing]:
    """List what waits for the exchange, in the order in which it is to go: flash alerts first."""
    rows = Outgoing.objects.filter(reader=reader, state=OutgoingState.QUEUED).defer("signed", "jwe")
    return rows.alias(is_flash=Q(pri="flash")).order_by("-is_flash", "pk")


def due_of(reader: str, *, now: datetime) -> QuerySet[Outgoing]:
    """Those of them whose time to be tried again has come, and at which nobody is."""
    return queued_of(reader).filter(_free(now), not_before__lte=now)


def readers_due(*, now: datetime) -> list[str]:
    """Name the agencies for which something is due."""
    rows = Outgoing.objects.filter(_free(now), state=OutgoingState.QUEUED, not_before__lte=now)
    return list(rows.order_by("reader").values_list("reader", flat=True).distinct())


def readers_of_sent() -> list[str]:
    """Name the agencies whose octets are kept although the exchange has them."""
    rows = Outgoing.objects.filter(state=OutgoingState.SENT)
    return list(rows.order_by("reader").values_list("reader", flat=True).distinct())


def queued_about(reader: str, subjects: Collection[str]) -> QuerySet[Outgoing]:
    """List what waits of these alerts, or is said about these objects; the newest first."""
    rows = Outgoing.objects.filter(reader=reader, state=OutgoingState.QUEUED).defer("signed", "jwe")
    return rows.filter(subject__in=subjects).order_by("-pk")


def newest_of(reader: str, alert_id: str) -> Outgoing | None:
    """The last envelope that was queued for an alert, whatever became of it."""
    rows = Outgoing.objects.filter(reader=reader, k=MANIFEST, subject=alert_id)
    return rows.defer("signed", "jwe").order_by("-pk").first()


def open_of(reader: str, *, returned_since: datetime) -> QuerySet[Outgoing]:
    """List what waits of the agency's, and what came back since then; what waits first, the newest first."""
    rows = Outgoing.objects.filter(reader=reader).defer("signed", "jwe")
    waits = Q(state=OutgoingState.QUEUED)
    came_back = Q(state=OutgoingState.REFUSED, settled_at__gte=returned_since)
    return rows.filter(waits | came_back).alias(waits=waits).order_by("-waits", "-pk")


def unsent(pri: str, *, since: datetime) -> QuerySet[Outgoing]:
    """Envelopes of this speed that wait since then, of which nobody was told."""
    rows = Outgoing.objects.filter(state=OutgoingState.QUEUED, k=MANIFEST, pri=pri)
    return rows.filter(queued_at__lte=since, told_at=None).defer("signed", "jwe").order_by("pk")


def note_told(row: Outgoing, *, now: datetime) -> bool:
    """Note that people were told that it waits; False where they were, or where it waits no more."""
    waiting = Outgoing.objects.filter(pk=row.pk, state=OutgoingState.QUEUED, told_at=None)
    return bool(waiting.update(told_at=now))


def has_older(row: Outgoing) -> bool:
    """Tell whether something of the agency's waits that was queued before."""
    return queued_of(row.reader).filter(pk__lt=row.pk).exists()


def make_due(reader: str, *, now: datetime) -> None:
    """Leave all that waits of the agency's to the worker's next round, which takes it in order."""
    waiting = Outgoing.objects.filter(reader=reader, state=OutgoingState.QUEUED)
    waiting.filter(not_before__gt=now).update(not_before=now)


def rest_with(row: Outgoing) -> None:
    """Leave all that waits of the agency's until this one, which found no answer, is tried again: nothing overtakes it."""
    waiting = Outgoing.objects.filter(reader=row.reader, state=OutgoingState.QUEUED)
    until = waiting.filter(pk=row.pk).values_list("not_before", flat=True).first()
    if until is not None:
        waiting.filter(not_before__lt=until).update(not_before=until)


def is_untouched_since(row: Outgoing) -> bool:
    """Tell whether nobody has tried it since this row was read, nor tries it now."""
    is_so = Outgoing.objects.select_for_update().filter(
        pk=row.pk, attempts=row.attempts, trying_until=None, state=OutgoingState.QUEUED
    )
    return is_so.exists()


def is_too_old(row: Outgoing, *, now: datetime) -> bool:
    """Tell whether it would come after the time in which the exchange takes it."""
    return now - row.queued_at > LASTS


def forget_settled(*, now: datetime) -> int:
    """Give up the octets of what has been with the exchange for `KEPT_AFTER`, and what came back so long ago; how many."""
    old = Outgoing.objects.exclude(state=OutgoingState.QUEUED).filter(settled_at__lte=now - KEPT_AFTER)
    return old.delete()[1].get("peers.Outgoing", 0)


def _begin(pk: int, now: datetime) -> Outgoing | None:
    with transaction.atomic():
        row = (
            Outgoing.objects.select_for_update().filter(_free(now), pk=pk, state=OutgoingState.QUEUED).first()
        )
        if row is None:
            return None
        row.require_bound()
        row.trying_until, row.may_have_arrived, row.attempts = now + AN_ATTEMPT, True, row.attempts + 1
        row.save(update_fields=["trying_until", "may_have_arrived", "attempts"])
        return row


def _free(now: datetime) -> Q:
    return Q(trying_until=None) | Q(trying_until__lte=now)


def _call(exchange: Exchange, row: Outgoing) -> Outcome:
    signed, jwe = bytes(row.signed), bytes(row.jwe)
    blobs = [bytes(blob.content) for blob in row.blobs.order_by("n")]
    if _digest(signed, jwe, blobs) != row.octets:
        raise NotBoundError(Outgoing._meta.db_table, str(row.pk))
    try:
        if row.k == MANIFEST:
            exchange.post_envelope(row.item_id, EnvelopeParts(signed, jwe, blobs))
        else:
            exchange.post_statement(row.item_id, signed)
    except RefusedError as refusal:
        if not is_final(refusal):
            raise
        return Refused(refusal.slug, _denials(refusal))
    return Taken()


def _denials(refusal: RefusedError) -> list[dict[str, Any]]:
    """Read which recipients the exchange denies and why, as far as its answer has the form of one."""
    found = refusal.members.get("denials")
    rows = found if isinstance(found, list) else []
    return [
        {"agency": row["agency"], "code": row["code"], "args": row["args"]}
        for row in rows
        if isinstance(row, dict)
        and isinstance(row.get("agency"), str)
        and isinstance(row.get("code"), str)
        and isinstance(row.get("args"), dict)
    ]


def _put_off(row: Outgoing, now: datetime, *, may_have_arrived: bool) -> None:
    wait = min(FIRST_WAIT * 2 ** min(row.attempts - 1, 8), LONGEST_WAIT)
    Outgoing.objects.filter(pk=row.pk, state=OutgoingState.QUEUED).update(
        not_before=now + wait, trying_until=None, may_have_arrived=may_have_arrived
    )


def _digest(signed: bytes, jwe: bytes, blobs: Sequence[bytes]) -> str:
    whole = sha256()
    for part in (signed, jwe, *blobs):
        whole.update(len(part).to_bytes(8, "big"))
        whole.update(part)
    return whole.hexdigest()

# SPDX-License-Identifier: Apache-2.0
"""Outbox of the desk: what an agency has signed is handed in at the exchange, repeatedly if necessary, always the same octets.

- An object is queued in the transaction that releases or states it.
- Each attempt is noted before it begins. One that ends without an answer may have arrived: then only the exchange can
  tell, and it is asked.
- The caller settles what an outcome means for an alert or a statement (`alerts.sending.hand_in`).
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
"""Age up to which a signed object may still arrive; the exchange refuses what was signed a day ago."""
AN_ATTEMPT: Final = timedelta(minutes=2)
"""Longer than any attempt takes: a process that has not finished by then has died."""
FIRST_LOOK: Final = timedelta(seconds=15)
FIRST_WAIT: Final = timedelta(seconds=5)
LONGEST_WAIT: Final = timedelta(minutes=1)
ALONE_AFTER: Final = 4
"""After so many unanswered attempts the next object is tried as well, to see whether only this one gets no answer."""
KEPT_AFTER: Final = timedelta(days=7)
"""Time for which the octets are kept after the exchange took them, in case it is restored from a backup."""
TOO_OLD: Final = "too-old"
TEXT: Final = "text"
"""`k` of an envelope that is no alert but the text of an agreement."""


@dataclass(frozen=True)
class Taken:
    """The exchange has taken it."""


@dataclass(frozen=True)
class Refused:
    """The exchange refuses it for good: `cause` is the slug of its problem, or `TOO_OLD`."""

    cause: str
    denials: Sequence[Mapping[str, Any]] = field(default=())


@dataclass(frozen=True)
class Waits:
    """No final answer; it is tried again. `is_away`: nothing answered at all.

    `may_be_alone`: it got no answer so often, although connections are made, that the fault may be its own.
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
    k: str = MANIFEST,
    now: datetime,
) -> None:
    """Queue the envelope of the alert that `subject` names, in the transaction that releases it.

    With `k` = `TEXT` it is the text of the proposal that `subject` names.
    """
    row = _queued(
        Outgoing(
            reader=envelope.iss,
            d=envelope.md,
            item_id=envelope.jti,
            k=k,
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


def put_statement(
    said: HeldStatement, *, by: str, entries: bytes = b"", pri: str = "", now: datetime
) -> None:
    """Queue a statement of the agency, a release onward with its entries, in the transaction that makes it."""
    jws = said.jws.encode()
    _queued(
        Outgoing(
            reader=said.reader,
            d=said.od,
            item_id=said.statement_id,
            k=said.k,
            subject=said.sub_d,
            pri=pri,
            by=by,
            signed=jws,
            jwe=entries,
            octets=_digest(jws, entries, ()),
        ),
        now,
    )


def _queued(row: Outgoing, now: datetime) -> Outgoing:
    """Save a row; one of the desk-worker is due at once, one of an officer, who tries it at once, is due for the worker later."""
    row.queued_at, row.not_before = now, now + FIRST_LOOK if row.by else now
    row.save(force_insert=True)
    return row


def hand_in(row: Outgoing, *, now: datetime) -> Outcome | None:
    """Make one attempt; return None where another process tries it or it is settled. Not inside a transaction.

    Raises NotBoundError for a row or octets that were altered outside the program, which are not sent.
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
            postpone_after(begun)
    return outcome


def ask_for(row: Outgoing, *, now: datetime) -> Outcome:
    """Ask whether the exchange has what an unanswered attempt may have brought; nothing is handed in.

    `Refused` where it says that it does not have it. Not inside a transaction.
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
    """Offer an exchange that was restored from a backup what it has lost of the agency's; return how many objects it took.

    Not inside a transaction. An object that it does not take is logged and offered again. Raises ClientError where it
    cannot be asked.
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
    """Settle a queued object, in the caller's transaction; return False where it was settled before. Raises NotBoundError."""
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
    """Select what waits for the exchange, in sending order: flash alerts first."""
    rows = Outgoing.objects.filter(reader=reader, state=OutgoingState.QUEUED).defer("signed", "jwe")
    return rows.alias(is_flash=Q(pri="flash")).order_by("-is_flash", "pk")


def due_of(reader: str, *, now: datetime) -> QuerySet[Outgoing]:
    """Select the queued objects that are due and that no process is trying."""
    return queued_of(reader).filter(_free(now), not_before__lte=now)


def readers_due(*, now: datetime) -> list[str]:
    """List the agencies for which something is due."""
    rows = Outgoing.objects.filter(_free(now), state=OutgoingState.QUEUED, not_before__lte=now)
    return list(rows.order_by("reader").values_list("reader", flat=True).distinct())


def readers_of_sent() -> list[str]:
    """List the agencies whose octets are still kept after the exchange took them."""
    rows = Outgoing.objects.filter(state=OutgoingState.SENT)
    return list(rows.order_by("reader").values_list("reader", flat=True).distinct())


def queued_about(reader: str, subjects: Collection[str]) -> QuerySet[Outgoing]:
    """Select what waits of these alerts, or of statements about these objects; the newest first."""
    rows = Outgoing.objects.filter(reader=reader, state=OutgoingState.QUEUED).defer("signed", "jwe")
    return rows.filter(subject__in=subjects).order_by("-pk")


def newest_of(reader: str, alert_id: str) -> Outgoing | None:
    """Return the last envelope that was queued for an alert, whatever became of it."""
    rows = Outgoing.objects.filter(reader=reader, k=MANIFEST, subject=alert_id)
    return rows.defer("signed", "jwe").order_by("-pk").first()


def newest_of_each(reader: str, alert_ids: Collection[str]) -> list[Outgoing]:
    """The same for several alerts, in one query; alerts without an envelope are left out."""
    rows = Outgoing.objects.filter(reader=reader, k=MANIFEST, subject__in=alert_ids)
    return list(rows.defer("signed", "jwe").order_by("subject", "-pk").distinct("subject"))


def open_of(reader: str, *, returned_since: datetime) -> QuerySet[Outgoing]:
    """Select what waits of the agency's, and what was refused since then; what waits first, the newest first."""
    rows = Outgoing.objects.filter(reader=reader).defer("signed", "jwe")
    waits = Q(state=OutgoingState.QUEUED)
    came_back = Q(state=OutgoingState.REFUSED, settled_at__gte=returned_since)
    return rows.filter(waits | came_back).alias(waits=waits).order_by("-waits", "-pk")


def unsent(pri: str, *, since: datetime) -> QuerySet[Outgoing]:
    """Select envelopes of this priority that have waited since then and of which nobody was told."""
    rows = Outgoing.objects.filter(state=OutgoingState.QUEUED, k=MANIFEST, pri=pri)
    return rows.filter(queued_at__lte=since, told_at=None).defer("signed", "jwe").order_by("pk")


def note_told(row: Outgoing, *, now: datetime) -> bool:
    """Note that people were told that it waits; return False where they were told before, or where it no longer waits."""
    waiting = Outgoing.objects.filter(pk=row.pk, state=OutgoingState.QUEUED, told_at=None)
    return bool(waiting.update(told_at=now))


def has_older(row: Outgoing) -> bool:
    """Tell whether an older object of the agency still waits."""
    return queued_of(row.reader).filter(pk__lt=row.pk).exists()


def make_due(reader: str, *, now: datetime) -> None:
    """Make all that waits of the agency's due for the worker's next round, which takes it in order."""
    waiting = Outgoing.objects.filter(reader=reader, state=OutgoingState.QUEUED)
    waiting.filter(not_before__gt=now).update(not_before=now)


def postpone_after(row: Outgoing) -> None:
    """Put off all that waits of the agency's until this object, which got no answer, is tried again: nothing overtakes it."""
    waiting = Outgoing.objects.filter(reader=row.reader, state=OutgoingState.QUEUED)
    until = waiting.filter(pk=row.pk).values_list("not_before", flat=True).first()
    if until is not None:
        waiting.filter(not_before__lt=until).update(not_before=until)


def is_untouched_since(row: Outgoing) -> bool:
    """Tell whether nobody has tried it since this row was read, or is trying it now."""
    is_so = Outgoing.objects.select_for_update().filter(
        pk=row.pk, attempts=row.attempts, trying_until=None, state=OutgoingState.QUEUED
    )
    return is_so.exists()


def is_too_old(row: Outgoing, *, now: datetime) -> bool:
    """Tell whether the exchange would refuse it as too old."""
    return now - row.queued_at > LASTS


def forget_settled(*, now: datetime) -> int:
    """Delete objects that were settled longer than `KEPT_AFTER` ago, with their octets; return how many."""
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
        if row.k in (MANIFEST, TEXT):
            exchange.post_envelope(row.item_id, EnvelopeParts(signed, jwe, blobs))
        else:
            exchange.post_statement(row.item_id, signed, jwe or None)
    except RefusedError as refusal:
        if not is_final(refusal):
            raise
        return Refused(refusal.slug, _denials(refusal))
    return Taken()


def _denials(refusal: RefusedError) -> list[dict[str, Any]]:
    """Read which recipients the exchange denies and why; malformed entries of its answer are left out."""
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

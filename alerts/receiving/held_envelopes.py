# SPDX-License-Identifier: Apache-2.0
"""Envelopes that the desk keeps: fetched once over the exchange's API, kept as they came, deleted when `keep` has passed.

The exchange may refuse the first fetch; after that an agency reads what it keeps, whatever happens to the exchange.
"""

from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from typing import Final, overload

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from psycopg import Cursor

from accord.calls import errors as calls
from accord.envelope.errors import EnvelopeError
from accord.envelope.manifest import Manifest
from accord.envelope.slices import UnverifiedSlice
from accord.following.slices import parse_slice_of
from accord.moments import moment_of
from alerts.errors import (
    AccessEndedError,
    ContentDeletedError,
    ExchangeAwayError,
    ExpiredError,
    FlowSuspendedError,
    RecalledError,
)
from alerts.exchange_errors import away_error_for
from alerts.models import HeldBlob, HeldEnvelope
from callers.actors import Actor
from callers.errors import AbsentError
from callers.rows import one_of
from peers.exchange import exchange_of

CLOSED: Final = (AccessEndedError, ContentDeletedError, ExpiredError, FlowSuspendedError, RecalledError)
"""Reasons for which the exchange keeps closed an alert that the agency may know of."""
_REFUSALS: Final = {
    "access-ended": AccessEndedError,
    "content-deleted": ContentDeletedError,
    "expired": ExpiredError,
    "flow-suspended": FlowSuspendedError,
    "recalled": RecalledError,
}
_KEEP_NEW: Final = """
INSERT INTO alerts_heldenvelope (agency_id, md, slice, keep, fetched_at, is_whole)
SELECT %(agency)s::text, md, slice, keep, %(now)s, true
FROM unnest(%(mds)b::text[], %(slices)b::bytea[], %(keeps)b::timestamptz[]) AS given (md, slice, keep)
ON CONFLICT DO NOTHING RETURNING md, id
"""
LEFT_OVER: Final = timedelta(hours=1)
"""Time after which an incomplete fetch counts as broken off."""
FORGOTTEN_AT_MOST: Final = 200


def slug_of(closed: Exception) -> str:
    """Return the slug of the refusal for an error of `CLOSED` or an `AbsentError`."""
    return next((slug for slug, kind in _REFUSALS.items() if isinstance(closed, kind)), "absent")


@dataclass(frozen=True)
class Held:
    """Envelope as it is kept here: the slice and the sealed blobs. `is_new`: it was fetched for this very act."""

    pk: int
    md: str
    octets: bytes = field(repr=False)
    blobs: "HeldBlobs" = field(repr=False)
    is_new: bool = False
    parsed: UnverifiedSlice | None = field(default=None, repr=False)
    """The octets' parsed form, where they were parsed before."""

    @cached_property
    def unverified(self) -> UnverifiedSlice:
        """Parsed slice; raises MalformedError, VerificationError, also where the octets are another envelope's."""
        return self.parsed or parse_slice_of(self.md, self.octets)


def envelope_of(actor: Actor, md: str, *, now: datetime) -> Held:
    """Return the agency's slice and blobs of an envelope, fetched if they are not here. Not inside a transaction.

    Raises AbsentError, one of `CLOSED`, ExchangeAwayError (also for an answer that is no slice of this envelope).
    """
    agency_id = actor.agency_id or ""
    held = held_envelope(agency_id, md, now=now)
    return held or _held(_whole(_fetch(agency_id, md, now)), is_new=True)


def fetch_again(actor: Actor, held: Held, *, now: datetime) -> Held:
    """Replace an envelope that does not verify by the exchange's copy; without one, it stays. Raises as `envelope_of`."""
    row = _fetch(actor.agency_id or "", held.md, now)
    with transaction.atomic():
        _delete([held.pk])
        return _held(_whole(row), is_new=True)


def held_envelope(agency_id: str, md: str, *, now: datetime) -> Held | None:
    """Return the envelope if it is here, else None. Raises ContentDeletedError once its `keep` has passed."""
    row = one_of(HeldEnvelope.objects.filter(agency_id=agency_id, md=md, is_whole=True))
    if row is None:
        return None
    if row.keep <= now:
        raise ContentDeletedError
    return _held(row, is_new=row.fetched_at == now)


def held_envelopes(agency_id: str, mds: Collection[str], *, now: datetime) -> dict[str, Held]:
    """Return those of these envelopes that are here and may still be read, in one statement."""
    rows = HeldEnvelope.objects.filter(agency_id=agency_id, md__in=mds, is_whole=True, keep__gt=now)
    return {row.md: _held(row, is_new=row.fetched_at == now) for row in rows}


def held_blobs(actor: Actor, md: str, *, now: datetime) -> "HeldBlobs":
    """Return the sealed files of an envelope that was opened here; raises AbsentError, ContentDeletedError."""
    held = held_envelope(actor.agency_id or "", md, now=now)
    if held is None:
        raise AbsentError
    return held.blobs


def held_blob(actor: Actor, md: str, n: int, *, now: datetime) -> bytes:
    """Return one sealed file; raises as `held_blobs`, and AbsentError."""
    blobs = held_blobs(actor, md, now=now)
    if not 0 <= n < len(blobs):
        raise AbsentError
    return blobs[n]


def fetch_ahead(agency_id: str, mds: Sequence[str], *, now: datetime) -> dict[str, Held]:
    """Fetch together those of these envelopes that are not here and have no files; refused ones are later asked for alone.

    Return those that were fetched and kept. Raises `accord.calls.errors.ClientError`. Not inside a transaction.
    """
    held = HeldEnvelope.objects.filter(agency_id=agency_id, md__in=mds, is_whole=True)
    here = set(held.values_list("md", flat=True))
    wanted, fetched = [md for md in mds if md not in here], dict[str, Held]()
    while len(wanted) > 1:
        answers = exchange_of(agency_id).slices(wanted)
        parsed = {
            md: (octets, unverified)
            for md, octets in zip(wanted, answers, strict=False)
            if isinstance(octets, bytes) and (unverified := _without_files(md, octets)) is not None
        }
        kept = _keep_new(agency_id, [(octets, one.manifest) for octets, one in parsed.values()], now)
        fetched |= {md: Held(pk, md, parsed[md][0], HeldBlobs(pk), True, parsed[md][1]) for md, pk in kept}
        wanted = wanted[len(answers) :]
    return fetched


def _keep_new(
    agency_id: str, given: Sequence[tuple[bytes, Manifest]], now: datetime
) -> list[tuple[str, int]]:
    """Keep envelopes without files; return md and key of those that no other process has kept meanwhile.

    The slices go to the database as octets: as text, which Django would send, they are twice as long and have to be read.
    """
    connection.ensure_connection()
    values = {
        "agency": agency_id,
        "now": now,
        "mds": [manifest.md for _, manifest in given],
        "slices": [octets for octets, _ in given],
        "keeps": [moment_of(manifest.terms.keep) for _, manifest in given],
    }
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        return cursor.execute(_KEEP_NEW, values).fetchall()


def keep_handed(
    agency_id: str, octets: bytes, manifest: Manifest, blobs: Sequence[bytes], *, now: datetime
) -> None:
    """Keep an envelope that another desk has handed over, if it is not here; in the caller's transaction."""
    if HeldEnvelope.objects.filter(agency_id=agency_id, md=manifest.md, is_whole=True).exists():
        return
    row = _row(agency_id, octets, manifest, now)
    row.is_whole = True
    row.save()
    for blob, content in zip(manifest.att, blobs, strict=True):
        HeldBlob.objects.create(envelope=row, n=blob.n, content=content)


def drop_envelope(held: Held) -> None:
    """Delete an envelope that was fetched just now and did not verify: it is fetched again when it is needed."""
    _delete([held.pk])


def forget_envelopes(*, now: datetime) -> int:
    """Delete at most two hundred envelopes past their `keep` or incomplete for too long; return how many."""
    due = HeldEnvelope.objects.filter(Q(keep__lte=now) | Q(is_whole=False, fetched_at__lte=now - LEFT_OVER))
    some = list(due.order_by("keep").values_list("pk", flat=True)[:FORGOTTEN_AT_MOST])
    _delete(some)
    return len(some)


class HeldBlobs(Sequence[bytes]):
    """Sealed files of one envelope, read one at a time: an envelope of 256 MiB is never in memory as a whole."""

    def __init__(self, envelope: int) -> None:
        self._envelope = envelope

    @cached_property
    def _keys(self) -> Sequence[int]:
        rows = HeldBlob.objects.filter(envelope_id=self._envelope).order_by("n")
        return tuple(rows.values_list("pk", flat=True))

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[bytes]: ...

    def __getitem__(self, at: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(at, slice):
            return [self[n] for n in range(len(self))[at]]
        return bytes(HeldBlob.objects.values_list("content", flat=True).get(pk=self._keys[at]))


@transaction.atomic
def _delete(keys: Collection[int]) -> None:
    HeldBlob.objects.filter(envelope_id__in=keys).delete()
    HeldEnvelope.objects.filter(pk__in=keys).delete()


def _held(row: HeldEnvelope, *, is_new: bool) -> Held:
    return Held(row.pk, row.md, bytes(row.slice), HeldBlobs(row.pk), is_new)


def _fetch(agency_id: str, md: str, now: datetime) -> HeldEnvelope:
    """Fetch an envelope; return its row, not marked whole yet. A fetch that fails leaves nothing."""
    exchange = exchange_of(agency_id)
    with _refusals(agency_id):
        octets = exchange.slice(md)
        manifest = parse_slice_of(md, octets).manifest
        row = _row(agency_id, octets, manifest, now)
        row.save()
        try:
            for blob in manifest.att:
                content = b"".join(exchange.blob(md, blob.n, blob.len))
                HeldBlob.objects.create(envelope=row, n=blob.n, content=content)
        except BaseException:
            _delete([row.pk])
            raise
    return row


def _without_files(md: str, octets: bytes) -> UnverifiedSlice | None:
    """Return the parsed slice of an envelope without files; None for one with files, and for octets that are no slice of it."""
    try:
        unverified = parse_slice_of(md, octets)
    except EnvelopeError:
        return None
    return None if unverified.manifest.att else unverified


def _row(agency_id: str, octets: bytes, manifest: Manifest, now: datetime) -> HeldEnvelope:
    return HeldEnvelope(
        agency_id=agency_id,
        md=manifest.md,
        slice=octets,
        keep=moment_of(manifest.terms.keep),
        fetched_at=now,
    )


def _whole(row: HeldEnvelope) -> HeldEnvelope:
    """Mark the row as whole; return the other row where another process has fetched the same envelope meanwhile."""
    row.is_whole = True
    try:
        with transaction.atomic():
            row.save(update_fields=["is_whole"])
    except IntegrityError:
        _delete([row.pk])
        return HeldEnvelope.objects.get(agency=row.agency_id, md=row.md, is_whole=True)
    return row


@contextmanager
def _refusals(agency_id: str) -> Generator[None]:
    """Raise what the exchange refuses as the desk's own errors."""
    try:
        yield
    except calls.AbsentError:
        raise AbsentError from None
    except calls.RefusedError as refused:
        closed = _REFUSALS.get(refused.slug)
        is_answered = refused.status < HTTPStatus.INTERNAL_SERVER_ERROR
        raise (
            closed() if closed else away_error_for(refused, agency_id, is_answered=is_answered)
        ) from refused
    except calls.ClientError as trouble:
        raise ExchangeAwayError(is_answered=isinstance(trouble, calls.AnswerError)) from trouble
    except EnvelopeError as unreadable:
        # This is a proxy's page, or another envelope: the alert's sender has no part in it.
        raise ExchangeAwayError(is_answered=True) from unreadable

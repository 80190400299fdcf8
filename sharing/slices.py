# SPDX-License-Identifier: Apache-2.0
"""Slices: one recipient's part of an envelope, with the receipt and its own path, and the blobs beside it.

- The manifest goes out as it was received.
- Policy is asked again before the first fetch, and there is no first fetch after `exp`; a fetched slice stays readable until
  `keep`.
- The originator is served its own envelope.
- From `keep` on the content is gone for everyone, whether or not the sweep has deleted it.
- For anyone else, and before there is a receipt, the envelope is absent.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models.functions import Coalesce, Length

from accord.envelope.errors import EnvelopeError
from accord.envelope.slices import build_slice
from accord.envelope.tree.merkle import HASH_SIZE_BYTES, inclusion_path
from callers.actors import Actor
from callers.errors import AbsentError
from callers.limits import SLICES
from ledger.audit import Happening, record_event, record_events
from ledger.proofs import receipt_for, receipts_for
from sharing.blobs import StoredBlob
from sharing.errors import (
    AccessEndedError,
    ContentDeletedError,
    ExpiredError,
    FlowSuspendedError,
    RecalledError,
    SharingError,
)
from sharing.locks import share_issuers
from sharing.models import Blob, Delivery, Envelope, Release, Statement
from sharing.onward_access import Chain, chains_to, ended_access, onward_of
from sharing.policy import Denied, Terms, judge_passage
from sharing.policy_facts import read_facts
from sharing.recalls import recalls_that_count
from sharing.refusal_audit import audit_refusal, cause_of
from sharing.states import DeliveryState, move

MOST_SLICES: Final = SLICES
"""The most slices in one answer."""
FULL_BYTES: Final = 4 * 1024 * 1024
"""An answer ends before the slice that would exceed this size; receipts and paths, some 3 KiB each, do not count."""


@dataclass(frozen=True)
class SliceAnswer:
    """The answer for one `md`: the octets, or the refusal."""

    md: str
    given: bytes | Exception


def slice_for(actor: Actor, md: str, *, now: datetime) -> bytes:
    """Return the actor's slice of an envelope; a recipient's first one marks it fetched.

    Raises `AbsentError`, `ContentDeletedError`, `AccessEndedError`; before the first fetch also `RecalledError`, `ExpiredError` and
    `FlowSuspendedError`.
    """
    (answer,) = slices_for(actor, [md], now=now)
    if isinstance(answer.given, Exception):
        raise answer.given
    return answer.given


def slices_for(actor: Actor, mds: Sequence[str], *, now: datetime) -> list[SliceAnswer]:
    """Return the actor's slices of these envelopes (at most `MOST_SLICES`), each given or refused as by `slice_for`.

    Keeps their order and stops when the answer is full, after at least one. A constant number of queries.
    """
    fitting = _fitting(actor, mds)
    rows = Envelope.objects.visible_to(actor).in_bulk(fitting)
    receipts = receipts_for(rows) if rows else {}
    with transaction.atomic():
        if any(row.iss_id != actor.agency_id for row in rows.values()):
            _hold_policy(actor)
        door = _Door(actor, rows.values(), now)
        answers = [SliceAnswer(md, door.answer(rows.get(md), receipts.get(md))) for md in fitting]
        door.write()
    return answers


def manifest_of(actor: Actor, md: str) -> tuple[bytes, Mapping[str, Any]]:
    """Return the manifest of an envelope that the actor may see, and its receipt, even while its content is withheld.

    Raises `AbsentError`, `ContentDeletedError`.
    """
    row = Envelope.objects.visible_to(actor).filter(pk=md).only("manifest").first()
    receipt = receipts_for([md]).get(md)
    if row is None or receipt is None:
        raise AbsentError
    if row.manifest is None:
        raise ContentDeletedError
    return bytes(row.manifest), receipt


def stored_blob(actor: Actor, md: str, n: int, *, now: datetime) -> StoredBlob:
    """Return one blob of an envelope that the actor may see, to be read in pieces; raise as `slice_for`, mark nothing."""
    envelope = Envelope.objects.visible_to(actor).filter(pk=md).first()
    # Without a receipt the envelope is absent, even to its originator.
    if envelope is None or receipt_for(md) is None:
        raise AbsentError
    with audit_refusal("blob.refused", actor, now=now) as attempt, transaction.atomic():
        attempt.subject = md
        _require_readable(actor, envelope, now)
        blob = _blob(md, n)
        record_event(
            "blob.served",
            actor=actor.audit_name,
            agency=actor.agency_id or "",
            subject=md,
            detail={"n": n},
            now=now,
        )
    return blob


def _blob(md: str, n: int) -> StoredBlob:
    lying = Length("content", function="octet_length")
    row = Blob.objects.filter(envelope_id=md, n=n).values_list("pk", "sha256", lying).first()
    if row is None:
        raise AbsentError
    key, digest, size_bytes = row
    if size_bytes is None:
        raise ContentDeletedError
    return StoredBlob(key, digest, size_bytes)


class _Door:
    """The slices of one actor at one moment, given or refused; the results are written once, at the end."""

    def __init__(self, actor: Actor, envelopes: Iterable[Envelope], now: datetime) -> None:
        self._actor = actor
        self._now = now
        by_md = {envelope.md: envelope for envelope in envelopes}
        theirs = Delivery.objects.visible_to(actor).filter(envelope_id__in=by_md)
        locked = theirs.order_by("pk").select_for_update(no_key=True) if by_md else theirs.none()
        self._deliveries = {delivery.envelope_id: delivery for delivery in locked}
        self._gate = _Gate([(by_md[md], row) for md, row in self._deliveries.items()], now)
        self._fetched: list[Delivery] = []
        self._happened: list[Happening] = []

    def answer(self, envelope: Envelope | None, receipt: Mapping[str, Any] | None) -> bytes | Exception:
        """Return a slice, or the refusal; without a receipt the envelope is absent, even to its originator."""
        if envelope is None or receipt is None:
            return AbsentError()
        try:
            octets = self._build(envelope, receipt)
        except (SharingError, EnvelopeError, AbsentError) as refusal:
            self._happened.append(Happening("slice.refused", envelope.md, cause_of(refusal)))
            return refusal
        self._happened.append(Happening("slice.served", envelope.md))
        return octets

    def write(self) -> None:
        """Mark first fetches, and audit every answer."""
        if self._fetched:
            first = Delivery.objects.filter(pk__in=[delivery.pk for delivery in self._fetched])
            first.update(state=move(DeliveryState.AVAILABLE, "fetch"), fetched_at=self._now)
        actor = self._actor
        record_events(self._happened, actor=actor.audit_name, agency=actor.agency_id or "", now=self._now)

    def _build(self, envelope: Envelope, receipt: Mapping[str, Any]) -> bytes:
        _require_kept(envelope, self._now)
        delivery = None if envelope.iss_id == self._actor.agency_id else self._own_delivery(envelope)
        entry = envelope.origin_entry if delivery is None else delivery.entry
        index = envelope.origin_index if delivery is None else delivery.index
        if envelope.manifest is None or envelope.jwe_head is None or entry is None:
            raise ContentDeletedError
        via = self._gate.via(delivery)
        octets = build_slice(
            manifest=bytes(envelope.manifest),
            jwe_head=envelope.jwe_head,
            entry=entry,
            index=index,
            path=inclusion_path(_leaves_of(via[-1].release if via else envelope), index),
            receipts=[receipt, *(step.receipt for step in via)],
            via=[step.jws for step in via],
        )
        if delivery is not None and delivery.state == DeliveryState.AVAILABLE:
            delivery.state = move(delivery.state, "fetch")
            self._fetched.append(delivery)
        return octets

    def _own_delivery(self, envelope: Envelope) -> Delivery:
        delivery = self._deliveries.get(envelope.md)
        if delivery is None:
            raise AbsentError
        self._gate.require_open(envelope, delivery)
        return delivery


@dataclass(frozen=True)
class _Step:
    """One release of a chain, as it goes out."""

    release: Release
    jws: bytes
    receipt: Mapping[str, Any]


class _Gate:
    """Conditions of each fetch: access by a release has not ended; and of the first: not withdrawn, not expired, allowed now."""

    def __init__(self, pairs: Sequence[tuple[Envelope, Delivery]], now: datetime) -> None:
        self._now = now
        waiting = [pair for pair in pairs if pair[1].state == DeliveryState.AVAILABLE]
        self._recalled = recalls_that_count(
            {envelope.md for envelope, delivery in waiting if delivery.recalled_at is not None}, now=now
        )
        self._chains = chains_to({row.release_id for _, row in pairs if row.release_id})
        self._ended = ended_access(self._chains, now=now) if self._chains else set()
        self._said, self._receipts = _said_of(self._chains.values())
        issuers = {envelope.iss_id for envelope, _ in waiting}
        issuers |= {self._chains[row.release_id][-1].iss for _, row in waiting if row.release_id}
        self._facts = (
            read_facts(issuers, {row.recipient_id for _, row in waiting}, now=now) if waiting else None
        )

    def require_open(self, envelope: Envelope, delivery: Delivery) -> None:
        """Raise `AccessEndedError`; where a first fetch is refused, `RecalledError`, `ExpiredError` or `FlowSuspendedError`."""
        if delivery.release_id in self._ended:
            raise AccessEndedError
        if delivery.state != DeliveryState.AVAILABLE:
            return
        if envelope.md in self._recalled:
            raise RecalledError
        if int(self._now.timestamp()) >= envelope.exp:
            raise ExpiredError
        assert self._facts is not None, "it waited when the facts were read"
        terms, chain = Terms.of_envelope(envelope), self._chains.get(delivery.release_id or "")
        onward = onward_of(chain[-1], envelope.iss_id) if chain else None
        verdict = judge_passage(
            self._facts, envelope.iss_id, delivery.recipient_id, terms, onward, now=self._now
        )
        if isinstance(verdict, Denied):
            raise FlowSuspendedError

    def via(self, delivery: Delivery | None) -> list[_Step]:
        """Return the releases by which the recipient has it, oldest first; none where it was sent to it."""
        chain = self._chains.get(delivery.release_id or "", ()) if delivery else ()
        return [_Step(row, bytes(self._said[row.od].jws), self._receipts[row.od]) for row in chain]


def _said_of(chains: Iterable[Chain]) -> tuple[Mapping[str, Statement], Mapping[str, Mapping[str, Any]]]:
    """Return the statements of these releases, and their receipts; no query without a release."""
    ods = {row.od for chain in chains for row in chain}
    return (Statement.objects.in_bulk(ods), receipts_for(ods)) if ods else ({}, {})


def _fitting(actor: Actor, mds: Sequence[str]) -> Sequence[str]:
    """Return the first digests that go into one answer, by the size of the stored rows."""
    if len(mds) == 1:
        return mds
    size = Coalesce(Length("manifest", function="octet_length"), 0) + Coalesce(
        Length("jwe_head", function="octet_length"), 0
    )
    sizes = dict(Envelope.objects.visible_to(actor).filter(pk__in=mds).values_list("pk", size))
    total = 0
    for count, md in enumerate(mds):
        total += sizes.get(md, 0)
        if total > FULL_BYTES and count:
            return mds[:count]
    return mds


def _require_kept(envelope: Envelope, now: datetime) -> None:
    """Raise `ContentDeletedError` from `keep` on."""
    if envelope.manifest is None or int(now.timestamp()) >= envelope.keep:
        raise ContentDeletedError


def _leaves_of(sealed: Envelope | Release) -> list[bytes]:
    hashes = bytes(sealed.leaf_hashes or b"")
    return [hashes[at : at + HASH_SIZE_BYTES] for at in range(0, len(hashes), HASH_SIZE_BYTES)]


def _hold_policy(actor: Actor) -> None:
    """Have whoever suspends a lane with this recipient wait for a fetch that has begun; the next one sees the suspension.

    Before any row is locked, as resuming does.
    """
    share_issuers([actor.agency_id or ""])


def _require_readable(actor: Actor, envelope: Envelope, now: datetime) -> None:
    """Raise as `slice_for` where the actor gets no blob of this envelope; in the caller's transaction."""
    _require_kept(envelope, now)
    if envelope.iss_id == actor.agency_id:
        return
    _hold_policy(actor)
    delivery = Delivery.objects.visible_to(actor).filter(envelope=envelope).first()
    if delivery is None:
        raise AbsentError
    _Gate([(envelope, delivery)], now).require_open(envelope, delivery)

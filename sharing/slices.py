# SPDX-License-Identifier: Apache-2.0
"""Slices: what one recipient gets of an envelope, with the receipt and its own path, and the blobs beside it.

The manifest goes out as it was received. Policy is asked again before the first fetch, and there is no first fetch
after `exp`; what was fetched once stays readable until `keep`, since it was read. The originator is served its
own. From `keep` on the content is deleted for everyone, whether or not the sweep has come by. To anyone else, and
before there is a receipt, there is nothing here.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accord.envelope.slices import build_slice
from accord.envelope.tree.merkle import HASH_SIZE_BYTES, inclusion_path
from agencies.actors import Actor
from agencies.errors import AbsentError
from ledger.audit import record_event
from ledger.proofs import receipt_for
from sharing.errors import ContentDeletedError, ExpiredError, FlowSuspendedError, RecalledError
from sharing.models import Blob, Delivery, Envelope
from sharing.policy import Denied, Terms, judge_recipient
from sharing.recalls import recalls_that_count
from sharing.refusals import audit_refusal
from sharing.states import DeliveryState, move


def slice_for(actor: Actor, md: str, *, now: datetime) -> bytes:
    """The actor's slice of an envelope; a recipient's first one marks it fetched.

    Raises `AbsentError`, `ContentDeletedError`; before the first fetch also `RecalledError`, `ExpiredError` and
    `FlowSuspendedError`.
    """
    envelope, receipt = _find_served(actor, md)
    _require_kept("slice.refused", actor, envelope, now)
    if envelope.iss_id == actor.agency_id:
        entry, index = envelope.origin_entry, envelope.origin_index
        _audit("slice.served", actor, md, now)
    else:
        delivery = _fetch(actor, envelope, now)
        entry, index = delivery.entry, delivery.index
    if envelope.manifest is None or envelope.jwe_head is None or entry is None:
        raise ContentDeletedError
    return build_slice(
        manifest=bytes(envelope.manifest),
        jwe_head=envelope.jwe_head,
        entry=entry,
        index=index,
        path=inclusion_path(_leaves_of(envelope), index),
        receipts=[receipt],
    )


def blob_for(actor: Actor, md: str, n: int, *, now: datetime) -> bytes:
    """One blob of an envelope that the actor may see; raises as `slice_for`, marks nothing."""
    envelope, _ = _find_served(actor, md)
    _require_kept("blob.refused", actor, envelope, now)
    if envelope.iss_id != actor.agency_id:
        with audit_refusal("blob.refused", actor, now=now) as attempt:
            attempt.subject = md
            _require_open(actor, envelope, _own_delivery(actor, md), now)
    blob = Blob.objects.filter(envelope=envelope, n=n).first()
    if blob is None:
        raise AbsentError
    if blob.content is None:
        raise ContentDeletedError
    _audit("blob.served", actor, md, now, {"n": n})
    return bytes(blob.content)


def _find_served(actor: Actor, md: str) -> tuple[Envelope, Mapping[str, Any]]:
    """A visible envelope with its receipt; without a receipt it is absent, even to its originator."""
    envelope = Envelope.objects.visible_to(actor).filter(pk=md).first()
    receipt = receipt_for(md) if envelope else None
    if envelope is None or receipt is None:
        raise AbsentError
    return envelope, receipt


def _require_kept(act: str, actor: Actor, envelope: Envelope, now: datetime) -> None:
    """Raises `ContentDeletedError` from `keep` on, to whoever may know of the envelope."""
    with audit_refusal(act, actor, now=now) as attempt:
        attempt.subject = envelope.md
        if envelope.manifest is None or int(now.timestamp()) >= envelope.keep:
            raise ContentDeletedError


def _fetch(actor: Actor, envelope: Envelope, now: datetime) -> Delivery:
    with audit_refusal("slice.refused", actor, now=now) as attempt, transaction.atomic():
        attempt.subject = envelope.md
        delivery = _own_delivery(actor, envelope.md, lock=True)
        _require_open(actor, envelope, delivery, now)
        if delivery.state == DeliveryState.AVAILABLE:
            delivery.state = move(delivery.state, "fetch")
            delivery.fetched_at = now
            delivery.save(update_fields=["state", "fetched_at"])
        _audit("slice.served", actor, envelope.md, now)
    return delivery


def _own_delivery(actor: Actor, md: str, *, lock: bool = False) -> Delivery:
    visible = Delivery.objects.visible_to(actor).filter(envelope_id=md)
    found = (visible.select_for_update() if lock else visible).first()
    if found is None:
        raise AbsentError
    return found


def _require_open(actor: Actor, envelope: Envelope, delivery: Delivery, now: datetime) -> None:
    """Before the first fetch only: not withdrawn, not expired, and allowed by what policy says now."""
    if delivery.state != DeliveryState.AVAILABLE:
        return
    if delivery.recalled_at is not None and recalls_that_count([envelope.md], now=now):
        raise RecalledError
    if int(now.timestamp()) >= envelope.exp:
        raise ExpiredError
    terms = Terms.of_envelope(envelope)
    if isinstance(judge_recipient(envelope.iss_id, delivery.recipient_id, terms, now=now), Denied):
        raise FlowSuspendedError


def _leaves_of(envelope: Envelope) -> list[bytes]:
    hashes = bytes(envelope.leaf_hashes or b"")
    return [hashes[at : at + HASH_SIZE_BYTES] for at in range(0, len(hashes), HASH_SIZE_BYTES)]


def _audit(act: str, actor: Actor, md: str, now: datetime, detail: Mapping[str, Any] | None = None) -> None:
    with transaction.atomic():
        record_event(
            act,
            actor=actor.audit_name,
            agency=actor.agency_id or "",
            subject=md,
            detail=dict(detail or {}),
            now=now,
        )

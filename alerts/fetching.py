# SPDX-License-Identifier: Apache-2.0
"""Fetches an envelope from the exchange and opens it in the vault: every check, every time, no copy kept."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import overload

from django.db import transaction

from accord.envelope.content import OpenedAlert
from accord.envelope.errors import EnvelopeError, Failure, OpeningError
from alerts.checkpoints import keep_newest, kept_checkpoint
from alerts.models import ReceivedAlert
from alerts.peers.alarm import raise_alarms
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.seeing import keep_known, keep_seen
from callers.actors import Actor
from callers.errors import AbsentError
from ledger.audit import record_event
from sharing.errors import ContentDeletedError, ExpiredError, FlowSuspendedError, RecalledError
from sharing.models import Blob, Envelope
from sharing.slices import slice_for
from vault import doors

Seen = Callable[[str, str], str | None]
CLOSED = (ContentDeletedError, ExpiredError, FlowSuspendedError, RecalledError)
"""Why the exchange keeps an alert closed that the agency may know of."""


def fetch_and_open(
    actor: Actor,
    md: str,
    *,
    reason: str,
    seen: Seen | None = None,
    peers: VerifiedDirectory | None = None,
    now: datetime,
) -> OpenedAlert:
    """Raises what the slice refuses (`AbsentError`, or of `CLOSED`) and `EnvelopeError`.

    `peers` is the agency's directory at this moment, for a caller that asks it more. The receipt is compared with the
    newest checkpoint that the agency has kept. Not inside a transaction: the vault writes who opened what, and why,
    whatever comes of it.
    """
    agency = actor.agency_id or ""
    peers = peers or VerifiedDirectory(agency, now)
    try:
        kept = kept_checkpoint(agency)
        octets, blobs = slice_for(actor, md, now=now), stored_blobs(actor, md)
        peers.preload([agency, blobs.issuer])
        opened = doors.open_envelope(
            actor,
            octets,
            peers=peers,
            reason=reason,
            blobs=blobs,
            seen=seen,
            kept=kept,
            now=now,
        )
        if opened.manifest.md != md:
            raise OpeningError(Failure.SUBJECT, "another envelope lies under this address")
    except EnvelopeError as failure:
        _record(actor, md, failure, now)
        raise_alarms(actor, peers, now=now)
        keep_known(peers, now=now)
        raise
    raise_alarms(actor, peers, now=now)
    keep_seen(peers, [opened.manifest.iss], now=now)
    keep_newest(agency, octets, kept=kept, log_time=opened.log_time, now=now)
    return opened


def seen_by(received: ReceivedAlert) -> Seen:
    """What its agency has met under an issuer's id before."""

    def seen(iss: str, jti: str) -> str | None:
        rows = ReceivedAlert.objects.filter(agency_id=received.agency_id, issuer_id=iss, jti=jti)
        return rows.values_list("md", flat=True).first()

    return seen


def stored_blobs(actor: Actor, md: str) -> "StoredBlobs":
    """The blobs of an envelope the actor may see, as they lie there now."""
    visible = Envelope.objects.visible_to(actor).filter(md=md).order_by("blobs__n")
    rows = list(visible.values_list("iss_id", "blobs__pk"))
    if not rows:
        raise AbsentError
    return StoredBlobs(rows[0][0], tuple(key for _, key in rows if key))


class StoredBlobs(Sequence[bytes]):
    """Read one at a time, so that a full envelope of 256 MiB is never in memory as a whole."""

    def __init__(self, issuer: str, keys: Sequence[int]) -> None:
        self.issuer = issuer
        self._keys = keys

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[bytes]: ...

    def __getitem__(self, at: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(at, slice):
            return StoredBlobs(self.issuer, self._keys[at])
        content = Blob.objects.filter(pk=self._keys[at]).values_list("content", flat=True).get()
        return bytes(content or b"")


@transaction.atomic
def _record(actor: Actor, md: str, failure: EnvelopeError, now: datetime) -> None:
    """Under the address that was asked for: what lies there may not even name it any more."""
    record_event(
        "alert.refused",
        actor=actor.audit_name,
        agency=actor.agency_id or "",
        subject=md,
        detail={"move": "open", "cause": str(getattr(failure, "cause", failure.code))},
        now=now,
    )

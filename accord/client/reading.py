# SPDX-License-Identifier: Apache-2.0
"""Reading: fetch, verify everything, open; then, and only then, show.

Opening tells nobody: an acknowledgement is a separate act of a person (`accord.client.stating`). The statements about an alert
are fetched and verified with it, so that a retracted alert is shown as retracted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from accord.client.checks import FORM, LOG, OPENING, OUTER, all_held, failed_at, stage_of
from accord.client.errors import AbsentError, NotEntitledError, RequestError
from accord.client.incoming import HeldBlob, take_blob
from accord.client.progress import FETCHING, Meter
from accord.client.questions import manifest_record, repeated_by
from accord.client.results import Opened, Verified
from accord.client.session import Act
from accord.client.state_changes import add_failure, add_inbox_item, add_manifest, mark_opened
from accord.envelope.content import OpenedAlert
from accord.envelope.encoding import digest
from accord.envelope.errors import Failure, MalformedError, OpeningError, VerificationError
from accord.envelope.manifest import BlobRef
from accord.envelope.slices import UnverifiedSlice, parse_slice
from accord.envelope.verifying import VerifiedSlice
from accord.following.judging import repudiated_retraction_of, retraction_of
from accord.following.slices import (
    fetch_slice,
    note_receipts,
    open_slice,
    verify_after_all_said,
    verify_fetched,
    verify_kept,
)
from accord.state import InboxRecord, OpeningFailure

REASON: Final = "read"
"""The reason for opening an alert, everywhere."""
_REFERENCE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}")


@dataclass(frozen=True)
class Place:
    """The identity of an alert: its digest and, where known, the reference of the mail."""

    md: str
    reference: str | None


def find_envelope(act: Act, reference_or_md: str) -> Place:
    """Resolve a typed text: a mail's reference, or an md; raise RequestError, AbsentError."""
    text = reference_or_md.strip()
    if _REFERENCE.fullmatch(text.upper()):
        return _resolve(act, text.upper())
    try:
        md = digest(text, "md")
    except MalformedError as exc:
        raise RequestError("Name the alert by its reference (like 7QK4-M2XN) or by its md.") from exc
    known = act.state.inbox.get(md)
    return Place(md, known.ref if known else None)


def _resolve(act: Act, reference: str) -> Place:
    entry = act.session.exchange.resolve(reference)
    if entry is None or entry.what != "envelope":
        raise AbsentError(404, "absent", "There is nothing here for you.", "", {})
    record = InboxRecord(act.state.base + entry.number, entry.what, entry.d, entry.iss, entry.id, entry.ref)
    act.changes.record(add_inbox_item(record))
    return Place(entry.d, reference)


def open_envelope(act: Act, place: Place, *, officer: str | None) -> Opened:
    """Fetch the slice and all blobs, make every check, and return the alert.

    Raises VerificationError (a check before any private key is used), OpeningError (all later ones, one text), UnpinnedError,
    NotEntitledError (RED, and `officer` is not named), LedgerAlarmError, DiskError, and the hub's errors.
    """
    octets, unverified = fetch_slice(act, place.md)
    return open_fetched(act, place, octets, unverified, officer=officer, ask=True)


def open_fetched(
    act: Act, place: Place, octets: bytes, unverified: UnverifiedSlice, *, officer: str | None, ask: bool
) -> Opened:
    """Open a fetched slice as `open_envelope` does; record what was learned and leave the writing to the act.

    `ask`: fetch later statements about it; else the feed has been read to its end. For a released alert they are always
    fetched.
    """
    verified = verify_fetched(act, unverified)
    asked = ask or bool(verified.via)
    if asked:
        verified = verify_after_all_said(act, unverified, verified)
    blobs = _fetch_blobs(act, place.md, unverified.manifest.att)
    opened = _opened(
        act, _open(act, verified, blobs, officer), unverified, octets, blobs, place.reference, asked
    )
    return _finish(act, opened, unverified, officer, write=ask)


def open_saved(act: Act, octets: bytes, blobs: Sequence[HeldBlob] | None, *, officer: str | None) -> Opened:
    """Open a saved slice offline, against what is stored.

    A ledger that could not be compared is noted, and compared at the next chance. Raises as `open_envelope`, and RequestError
    where attachments are missing.
    """
    unverified = parse_slice(octets)
    count = len(unverified.manifest.att)
    if count and blobs is None:
        raise RequestError(f"It has {count} attachments, which are not here: name their folder (--blobs).")
    held = tuple(blobs or ())
    verified = verify_kept(act, unverified)
    note_receipts(act, unverified, verified)
    opened = _opened(act, _open(act, verified, held, officer), unverified, octets, held, None, False)
    return _finish(act, opened, unverified, officer, write=True)


def check_offline(
    act: Act, octets: bytes, blobs: Sequence[HeldBlob] | None, *, officer: str | None
) -> Verified:
    """Check a saved slice offline, against what is stored; return each check and record nothing.

    Without `blobs`, attachments are not checked and nothing is opened where the manifest lists any. Raises NotEntitledError
    (RED, and `officer` is not named).
    """
    try:
        unverified = parse_slice(octets)
        verified = verify_kept(act, unverified)
    except MalformedError:
        return Verified(failed_at(FORM), str(Failure.MALFORMED), None)
    except VerificationError as failed:
        return Verified(failed_at(stage_of(failed.failure)), str(failed.failure), None)
    left_out = () if verified.log_compared else (LOG,)
    if blobs is None and unverified.manifest.att:
        return Verified(all_held(OUTER, left_out), None, None)
    held = tuple(blobs or ())
    try:
        content = _open(act, verified, held, officer, note=False)
    except OpeningError as failed:
        return Verified(failed_at(OPENING, left_out), failed.code, None)
    _require_named(act, content, officer)
    opened = _opened(act, content, unverified, octets, held, None, False)
    return Verified(opened.checks, None, opened)


def _fetch_blobs(act: Act, md: str, refs: Sequence[BlobRef]) -> tuple[HeldBlob, ...]:
    meter = Meter(act.session.progress, FETCHING, sum(ref.len for ref in refs))
    return tuple(_fetch_blob(act, md, ref, meter) for ref in refs)


def _fetch_blob(act: Act, md: str, ref: BlobRef, meter: Meter) -> HeldBlob:
    chunks = act.session.exchange.blob(md, ref.n, ref.len)
    return take_blob(_counted(chunks, meter), act.session.home.folder)


def _counted(chunks: Iterable[bytes], meter: Meter) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk
        meter(len(chunk))


def _open(
    act: Act, verified: VerifiedSlice, blobs: Sequence[HeldBlob], officer: str | None, *, note: bool = True
) -> OpenedAlert:
    facts = [blob.facts for blob in blobs]
    try:
        return open_slice(act, act.keys, verified, facts, actor=officer, reason=REASON)
    except OpeningError as failed:
        if note:
            act.changes.record(add_failure(OpeningFailure(verified.md, act.now, str(failed.cause))))
            act.changes.write()
        raise


def _finish(
    act: Act, opened: Opened, unverified: UnverifiedSlice, officer: str | None, *, write: bool
) -> Opened:
    """Check the officer after all other checks; then, and only then, record the alert as opened here."""
    _require_named(act, opened.content, officer)
    act.memory.keep_seen(opened.manifest.iss, opened.manifest.jti, opened.md)
    act.changes.record(mark_opened(opened.md, act.now))
    log_time = opened.content.log_time
    index = unverified.receipts[0].index_at(log_time)
    record = manifest_record(opened.manifest, log_time, index, opened.alert, agency=act.agency)
    act.changes.record(add_manifest(opened.md, record))
    if write:
        act.changes.write()
    return opened


def _require_named(act: Act, content: OpenedAlert, officer: str | None) -> None:
    """Require a named officer for RED. The originator's own copy names none of its own and is for all of its officers."""
    if not content.manifest.is_red or content.manifest.iss == act.agency:
        return
    if officer is None:
        raise NotEntitledError("This alert is RED: say for which officer it is opened (--as OFFICER).")
    if all((name.agency, name.officer) != (act.agency, officer) for name in content.names):
        raise NotEntitledError("This alert is RED and does not name this officer.")


def _opened(
    act: Act,
    content: OpenedAlert,
    unverified: UnverifiedSlice,
    octets: bytes,
    blobs: tuple[HeldBlob, ...],
    reference: str | None,
    asked: bool,
) -> Opened:
    return Opened(
        content=content,
        reference=reference,
        index=unverified.receipts[0].index,
        checks=all_held(left_out=() if content.log_compared else (LOG,)),
        retraction=retraction_of(act, content.manifest.md, content.manifest.iss),
        repudiated_retraction=repudiated_retraction_of(act, content.manifest.md, content.manifest.iss),
        first_opened=act.state.opened.get(content.manifest.md, act.now),
        asked=asked,
        slice_octets=octets,
        blobs=blobs,
        repeats=_repeated(act, content),
    )


def _repeated(act: Act, content: OpenedAlert) -> str | None:
    """Return the md under which the same alert was opened here, sent before or after a suspension."""
    manifest, before = content.manifest, repeated_by(content.alert)
    seen = act.state.seen.get(manifest.iss, {})
    if before in seen:
        return seen[before]
    known = (record for record in act.state.manifests.values() if record is not None and record.resent)
    same = (one.md for one in known if (one.iss, one.resent) == (manifest.iss, manifest.jti))
    return next(same, None)

# SPDX-License-Identifier: Apache-2.0
"""Reading: fetch, verify everything, open; then, and only then, show.

Opening tells nobody: an acknowledgement is a person's act of its own (`accord.client.stating`). The statements
about an alert are fetched and verified with it, so that a retracted alert is shown as retracted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from accord.client.checks import FORM, OPENING, OUTER, all_held, failed_at, stage_of
from accord.client.errors import AbsentError, NotEntitledError, ReleasedOnwardError, RequestError
from accord.client.notebook import failure_fact, inbox_fact, opened_fact, seen_fact
from accord.client.pinned import refresh_keysets
from accord.client.results import Opened, Verified
from accord.client.session import Act
from accord.client.statements import note_statements_about, retraction_of
from accord.envelope.blobs import measure_blob
from accord.envelope.content import OpenedAlert
from accord.envelope.encoding import digest
from accord.envelope.errors import Failure, MalformedError, OpeningError, VerificationError
from accord.envelope.private import DecryptionKey
from accord.envelope.reading import open_alert
from accord.envelope.slices import UnverifiedSlice, parse_slice
from accord.envelope.verifying import VerifiedSlice, verify_slice
from accord.state import InboxRecord, OpeningFailure

_REFERENCE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}")


@dataclass(frozen=True)
class Place:
    """Where an alert is found: its digest and, where known, the reference of the mail."""

    md: str
    reference: str | None


def find_envelope(act: Act, reference_or_md: str) -> Place:
    """Resolve what a person typed: a mail's reference, or an md; raises RequestError, AbsentError."""
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
    record = InboxRecord(entry.number, entry.what, entry.d, entry.iss, entry.id, entry.ref)
    act.notebook.note(inbox_fact(record))
    return Place(entry.d, reference)


def open_envelope(act: Act, place: Place, *, officer: str | None) -> Opened:
    """Fetch the slice and all blobs, make every check, and give the alert.

    Raises VerificationError (a check before any private key is used), OpeningError (all later ones, one
    text), UnpinnedError, NotEntitledError (RED, and `officer` is not named), ReleasedOnwardError,
    LedgerAlarmError, and what the hub raises.
    """
    octets, unverified = fetch_slice(act, place.md)
    _refuse_released(unverified)
    verified = _verify(act, unverified)
    blobs = tuple(act.session.exchange.blob(place.md, ref.n, ref.len) for ref in unverified.manifest.att)
    try:
        content = _open(act, verified, blobs)
    except OpeningError as failed:
        act.notebook.note(failure_fact(OpeningFailure(place.md, act.now, str(failed.cause))))
        act.notebook.write()
        raise
    note_statements_about(act, verified, act.session.exchange.statements_about(place.md))
    _require_named(act, content, officer)
    act.notebook.note(seen_fact(content.manifest.iss, content.manifest.jti, place.md))
    act.notebook.note(opened_fact(place.md, act.now))
    act.notebook.write()
    return _opened(act, content, unverified, octets, blobs, place.reference)


def fetch_slice(act: Act, md: str) -> tuple[bytes, UnverifiedSlice]:
    """The slice of this envelope and no other; raises MalformedError, VerificationError, or what the hub raises."""
    octets = act.session.exchange.slice(md)
    unverified = parse_slice(octets)
    if unverified.manifest.md != md:
        raise VerificationError(Failure.SUBJECT, "the hub gave another envelope")
    return octets, unverified


def check_offline(act: Act, octets: bytes, blobs: Sequence[bytes] | None, *, officer: str | None) -> Verified:
    """Check a saved slice against what is kept, without a network; names each check.

    Without `blobs`, attachments are not checked and nothing is opened where the manifest lists any. Raises
    NotEntitledError (RED, and `officer` is not named), ReleasedOnwardError.
    """
    try:
        unverified = parse_slice(octets)
        _refuse_released(unverified)
        verified = _verify_kept(act, unverified)
    except MalformedError:
        return Verified(failed_at(FORM), str(Failure.MALFORMED), None)
    except VerificationError as failed:
        return Verified(failed_at(stage_of(failed.failure)), str(failed.failure), None)
    if blobs is None and unverified.manifest.att:
        return Verified(all_held(OUTER), None, None)
    try:
        content = _open(act, verified, tuple(blobs or ()))
    except OpeningError as failed:
        return Verified(failed_at(OPENING), failed.code, None)
    _require_named(act, content, officer)
    opened = _opened(act, content, unverified, octets, tuple(blobs or ()), None)
    return Verified(opened.checks, None, opened)


def _verify(act: Act, unverified: UnverifiedSlice) -> VerifiedSlice:
    refresh_keysets(act.session.exchange, act.notebook, act.log, unverified.manifest.iss)
    verified = _verify_kept(act, unverified)
    (receipt,) = unverified.receipts
    act.log.note(receipt, verified.md, receipt.leaf.t, compared=verified.log_compared)
    return verified


def _verify_kept(act: Act, unverified: UnverifiedSlice) -> VerifiedSlice:
    return verify_slice(
        unverified,
        reader=act.agency,
        directory=act.directory,
        ledger=act.log.as_ledger(),
        now=act.now,
    )


def _refuse_released(unverified: UnverifiedSlice) -> None:
    """Nothing that came by a release is opened before this client can learn of its withdrawal."""
    if unverified.via:
        raise ReleasedOnwardError


def _open(act: Act, verified: VerifiedSlice, blobs: tuple[bytes, ...]) -> OpenedAlert:
    def seen(iss: str, jti: str) -> str | None:
        return act.state.seen.get(iss, {}).get(jti)

    keys: Mapping[str, DecryptionKey] = act.session.decryption_keys()
    facts = [measure_blob(blob) for blob in blobs]
    return open_alert(verified, keys=keys, blobs=facts, seen=seen, now=act.now)


def _require_named(act: Act, content: OpenedAlert, officer: str | None) -> None:
    """RED is for named officers. The originator's own copy names none of its own and is for all of it."""
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
    blobs: tuple[bytes, ...],
    reference: str | None,
) -> Opened:
    return Opened(
        content=content,
        reference=reference,
        index=unverified.receipts[0].index,
        checks=all_held(),
        retraction=retraction_of(act.state, content.manifest.md, content.manifest.iss),
        first_opened=act.state.opened.get(content.manifest.md, act.now),
        slice_octets=octets,
        blobs=blobs,
    )

# SPDX-License-Identifier: Apache-2.0
"""The only door to what the hub holds for hosted agencies. Private keys and content keys never leave it.

There is no raw sign and no raw unwrap: one seals an alert, signs its manifest, makes a statement of a known
kind, opens an envelope for a reason, seals and opens a row. The agency is always the actor's own: an officer
in session, or the desk-worker acting for one agency, who may open for intake and report what does not open.
Every opening leaves its audit event before the content is handed out.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Final

from django.db import transaction
from django.utils.translation import gettext as _

from accord.envelope import seal
from accord.envelope.blobs import measure_blob
from accord.envelope.content import Attachment, NamedOfficer, OpenedAlert
from accord.envelope.errors import (
    EnvelopeError,
    Failure,
    OpeningError,
    SealingError,
    SealRefusal,
    VerificationError,
)
from accord.envelope.jwe import Entry
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import KeyDirectory, newest_signing_keys
from accord.envelope.manifest import Terms
from accord.envelope.private import SignerSet, SigningKey
from accord.envelope.reading import open_alert
from accord.envelope.slices import UnverifiedSlice, parse_slice
from accord.envelope.statements.form import SubjectRef, make_statement
from accord.envelope.unseal import open_attachment as unseal_attachment
from accord.envelope.verifying import Ledger, verify_slice
from accord.envelope.vocabulary import RED
from callers.actors import Actor, SystemActor
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError, NotPermittedError
from ledger.audit import Happening, record_event, record_events
from vault import hubsecret, keeping, lives, rows
from vault.backupseal import HISTORY, OtherKeyError, SealedReader, SealedWriter
from vault.errors import NotNamedError, SigningKeysMissingError
from vault.handing import entry_for, key_elsewhere, read_handed, seal_again
from vault.keeping import HeldDecryptionKeys, private_keys
from vault.outgoing import new_id
from vault.red import require_named, takes_red
from vault.standing import StandingKeys, own_directory

WORKER: Final = "desk-worker"
SCREENED: Final = "alert.screened"
STATEMENT_CAPABILITIES: Final[Mapping[str, Capability]] = {
    "ack": Capability.ALERT_ACKNOWLEDGE,
    "apikey": Capability.APIKEY_MANAGE,
    "confirm": Capability.ALERT_ACKNOWLEDGE,
    "entry": Capability.AGENCY_MANAGE,
    "reaffirm": Capability.ALERT_RELEASE,
    "retract": Capability.ALERT_WITHDRAW,
}
"""The kinds of statement the vault signs, and what an officer needs for each."""

MAX_REASON_LENGTH: Final = 500
_NONCE_SIZE_BYTES = 16

create_agency_keys = lives.create_agency_keys
renew_agency_keys = lives.renew_agency_keys
seal_row = rows.seal_row
seal_rows = rows.seal_rows
open_row = rows.open_row
open_rows = rows.open_rows
row_digest = rows.row_digest
unwrapped_once = keeping.unwrapped_once
tokens = rows.tokens
seal_for_login = hubsecret.seal_for_login
open_for_login = hubsecret.open_for_login


@dataclass(frozen=True)
class Pin:
    """Trust of the sender in a peer: root fingerprint, and the highest keyset version it has seen."""

    fingerprint: str
    seen_version: int = 0


def token(agency_id: str, field: str, value: str) -> bytes:
    """16 octets, equal for equal values of one field of one agency; raises SecretMissingError."""
    return rows.tokens(agency_id, [(field, value)])[0]


def seal_alert(
    actor: Actor,
    *,
    terms: Terms,
    alert: Mapping[str, Any],
    suite: str,
    recipients: Iterable[str],
    peers: KeyDirectory,
    pins: Mapping[str, Pin] | None = None,
    names: Sequence[NamedOfficer] = (),
    attachments: Sequence[Attachment] = (),
    confirm_ec1: bool = False,
    now: datetime,
) -> seal.SealedContent:
    """Signs the content and seals it for the recipients and the own agency; call it outside any transaction.

    `recipients` leaves the own agency out. `peers` says whose keys count, the own agency's too: the desk gives what it
    has verified from its own pins. A recipient without a pin is held to the root in force there.
    `names` are officers of the recipients, for RED alone. Raises NotPermittedError, SigningKeysMissingError, SealingError.
    """
    agency = _agency_of_officer(actor, Capability.ALERT_RELEASE)
    if terms.tlp == RED and not takes_red(agency):
        raise SealingError(SealRefusal.RED_CUSTODY, agencies=(agency,))
    directory, wanted = peers, sorted(set(recipients))
    return seal.seal_content(
        terms,
        alert,
        suite=suite,
        originator=_recipient(directory, agency, {}),
        recipients=_recipients(directory, wanted, pins or {}),
        signer=_signer(directory, agency, suite, now),
        nonce=secrets.token_bytes(_NONCE_SIZE_BYTES),
        now=int(now.timestamp()),
        names=names,
        attachments=attachments,
        confirm_ec1=confirm_ec1,
    )


def sign_manifest(actor: Actor, sealed: seal.SealedContent, *, now: datetime) -> seal.SealedEnvelope:
    """Signs the manifest of what `seal_alert` sealed, inside the transaction that releases it."""
    agency = _agency_of_officer(actor, Capability.ALERT_RELEASE)
    if sealed.iss != agency:
        raise AbsentError
    return seal.sign_manifest(sealed, SignerSet(_signing_keys(agency, sealed.signers, "")))


def sign_statement(
    actor: Actor,
    *,
    k: str,
    sub: SubjectRef | None,
    body: Mapping[str, Any],
    now: datetime,
    exp: int | None = None,
) -> bytes:
    """A statement of a kind of `STATEMENT_CAPABILITIES`, as it goes over the wire.

    `act` is the officer in session; the desk-worker signs `ack unopenable` only, without one. Raises
    NotPermittedError, SigningKeysMissingError, MalformedError, NotBoundError.
    """
    agency, act = _speaker(actor, k, body)
    directory = own_directory(agency, now)
    suite = _statement_suite(directory, agency, now)
    return make_statement(
        k,
        iss=agency,
        signer=_signer(directory, agency, suite, now),
        suite=suite,
        id=new_id(now),
        iat=int(now.timestamp()),
        nonce=secrets.token_bytes(_NONCE_SIZE_BYTES),
        body=body,
        exp=exp,
        sub=sub,
        act=act,
    )


def open_envelope(
    actor: Actor,
    given: bytes | UnverifiedSlice,
    *,
    peers: KeyDirectory,
    reason: str,
    blobs: Sequence[bytes] = (),
    seen: Callable[[str, str], str | None] | None = None,
    ledger: Ledger,
    now: datetime,
) -> OpenedAlert:
    """Verifies and opens the own agency's slice; audited as `alert.opened`, `alert.screened`, `alert.unopenable`, `alert.refused`.

    Call it outside any transaction: the audit event must stand whatever becomes of the caller. `seen(iss, jti)`
    gives the md met under that id before; `ledger` is what the receipts are held against, `peers` says whose keys
    count: the desk gives what it has verified from its own pins. Raises
    NotPermittedError, InputError (reason), NotNamedError (it is RED and names others), VerificationError,
    MalformedError, OpeningError.
    """
    agency, act = _reader(actor)
    checked_reason = _checked_reason(reason)
    md = ""
    try:
        unverified = parse_slice(given) if isinstance(given, bytes) else given
        md = unverified.manifest.md
        opened = _open(agency, unverified, peers, blobs, seen or _never_seen, ledger, now)
        require_named(actor, opened)
    except NotNamedError:
        detail = {"move": "open", "cause": "not-named"}
        _record_durably("alert.refused", actor, agency, md, now, checked_reason, detail)
        raise
    except EnvelopeError as refused:
        detail = {"cause": _cause(refused)}
        _record_durably("alert.unopenable", actor, agency, md, now, checked_reason, detail)
        raise
    _record_durably(act, actor, agency, md, now, checked_reason, {})
    return opened


def screen_envelopes(
    actor: Actor,
    given: Iterable[tuple[UnverifiedSlice, Ledger]],
    *,
    peers: KeyDirectory,
    reason: str,
    seen: Callable[[str, str], str | None],
    now: datetime,
) -> dict[str, OpenedAlert]:
    """Open many envelopes without files for the desk-worker, by md; audited in one transaction before any is handed out.

    Each is checked as by `open_envelope`, which is for what does not open: that is left out here, and not audited. Call it
    outside any transaction. Raises NotPermittedError, InputError (reason).
    """
    agency, act = _agency_of_worker(actor, Capability.ALERT_READ), SCREENED
    checked_reason, opened = _checked_reason(reason), dict[str, OpenedAlert]()
    for unverified, ledger in given:
        with suppress(EnvelopeError):
            opened[unverified.manifest.md] = _open(agency, unverified, peers, (), seen, ledger, now)
    with transaction.atomic(durable=True):
        happenings = [Happening(act, md, checked_reason) for md in opened]
        record_events(happenings, actor=actor.audit_name, agency=agency, now=now)
    return opened


def hand_over_entry(actor: Actor, unverified: UnverifiedSlice, *, now: datetime) -> str:
    """Seal the content key of the own agency's slice to its newest key, which another desk holds; the entry as JSON.

    By a key officer of an agency that has left. Raises NotPermittedError, NotElsewhereError, OpeningError.
    """
    agency = _agency_of_officer(actor, Capability.KEY_MANAGE)
    return seal_again(agency, unverified, key_elsewhere(agency, now=now))


def write_history(actor: Actor, file: BinaryIO, *, now: datetime) -> SealedWriter:
    """A stream into `file` that the agency's newest key opens, which another desk holds. Raises as `hand_over_entry`."""
    agency = _agency_of_officer(actor, Capability.KEY_MANAGE)
    return SealedWriter(file, key_elsewhere(agency, now=now), HISTORY)


def read_history(actor: Actor, file: BinaryIO) -> SealedReader:
    """The stream that was sealed to a key of the own agency; raises NotPermittedError, and what `SealedReader` raises."""
    agency = _agency_of_officer(actor, Capability.KEY_MANAGE)
    reader = SealedReader(file, HISTORY)
    key = HeldDecryptionKeys(agency).get(reader.kid)
    if key is None:
        raise OtherKeyError
    reader.open_with(key)
    return reader


def check_handed_entry(
    actor: Actor,
    unverified: UnverifiedSlice,
    text: str,
    *,
    blobs: Sequence[bytes],
    peers: KeyDirectory,
    ledger: Ledger,
    now: datetime,
) -> Entry:
    """Return the entry that opens an envelope, once every check of an opening has passed; nothing of the content is handed out.

    By a key officer. Not inside a transaction. Raises NotPermittedError, VerificationError, MalformedError, OpeningError.
    """
    agency = _agency_of_officer(actor, Capability.KEY_MANAGE)
    verified = verify_slice(
        unverified, reader=agency, directory=peers, ledger=ledger, now=int(now.timestamp())
    )
    entry = read_handed(text)
    open_alert(
        verified,
        handed=entry,
        keys=HeldDecryptionKeys(agency),
        blobs=[measure_blob(blob) for blob in blobs],
        seen=_never_seen,
        now=int(now.timestamp()),
    )
    return entry


def open_attachment(opened: OpenedAlert, n: int, blob: bytes) -> bytes:
    """The octets of attachment `n` of an alert that `open_envelope` opened; raises OpeningError, AbsentError."""
    attachment = next((item for item in opened.attachments if item.n == n), None)
    if attachment is None:
        raise AbsentError
    return unseal_attachment(attachment, opened.manifest.terms.jti, blob)


def _open(
    agency: str,
    unverified: UnverifiedSlice,
    peers: KeyDirectory,
    blobs: Sequence[bytes],
    seen: Callable[[str, str], str | None],
    ledger: Ledger,
    now: datetime,
) -> OpenedAlert:
    if unverified.manifest.terms.tlp == RED and not takes_red(agency):
        raise VerificationError(Failure.RED_CUSTODY, agencies=(agency,))
    verified = verify_slice(
        unverified,
        reader=agency,
        directory=peers,
        ledger=ledger,
        now=int(now.timestamp()),
    )
    keys = HeldDecryptionKeys(agency)
    return open_alert(
        verified,
        handed=entry_for(agency, unverified, peers, keys),
        keys=keys,
        blobs=[measure_blob(blob) for blob in blobs],
        seen=seen,
        now=int(now.timestamp()),
    )


def _never_seen(iss: str, jti: str) -> str | None:
    return None


def _agency_of_officer(actor: Actor, capability: Capability) -> str:
    """The agency of the officer in session."""
    if actor.public_id is None or actor.agency_id is None:
        raise NotPermittedError(capability)
    require(actor, capability)
    return actor.agency_id


def _agency_of_worker(actor: Actor, capability: Capability) -> str:
    if not isinstance(actor, SystemActor) or actor.role != WORKER or actor.agency_id is None:
        raise NotPermittedError(capability)
    return actor.agency_id


def _reader(actor: Actor) -> tuple[str, str]:
    """Return whose slice is opened, and what the audit calls it; raises NotPermittedError."""
    if actor.public_id is not None:
        return _agency_of_officer(actor, Capability.ALERT_READ), "alert.opened"
    return _agency_of_worker(actor, Capability.ALERT_READ), SCREENED


def _speaker(actor: Actor, k: str, body: Mapping[str, Any]) -> tuple[str, str | None]:
    """For which agency a statement is signed, and by which officer's act."""
    capability = STATEMENT_CAPABILITIES.get(k)
    if capability is None:
        raise NotPermittedError(Capability.STATEMENT_SUBMIT)
    is_unopenable = k == "ack" and body.get("st") == "unopenable"
    if actor.public_id is not None and not is_unopenable:
        return _agency_of_officer(actor, capability), actor.public_id
    if not is_unopenable:
        raise NotPermittedError(capability)
    return _agency_of_worker(actor, capability), None


def _recipients(
    directory: KeyDirectory, agencies: Sequence[str], pins: Mapping[str, Pin]
) -> list[seal.Recipient]:
    unknown = [agency for agency in agencies if directory.keyset(agency) is None]
    if unknown:
        raise SealingError(SealRefusal.NO_KEY, agencies=unknown)
    return [_recipient(directory, agency, pins) for agency in agencies]


def _recipient(directory: KeyDirectory, agency: str, pins: Mapping[str, Pin]) -> seal.Recipient:
    keyset = directory.keyset(agency)
    if keyset is None:
        raise SealingError(SealRefusal.NO_KEY, agencies=(agency,))
    pin = pins.get(agency) or Pin(keyset.root_fingerprint)
    revoked = frozenset(item.kid for item in directory.revocations(agency))
    return seal.Recipient(keyset, pin.fingerprint, pin.seen_version, revoked)


def _statement_suite(directory: KeyDirectory, agency: str, now: datetime) -> str:
    """PQ1 where the agency has PQ1 signing keys."""
    keyset = directory.keyset(agency)
    return PQ1 if keyset and newest_signing_keys(keyset, PQ1, int(now.timestamp())) else EC1


def _signer(directory: KeyDirectory, agency: str, suite: str, now: datetime) -> SignerSet:
    """The agency's newest signing keys of a suite, in the order of signatures."""
    keyset = directory.keyset(agency)
    blocked = {item.kid for item in directory.revocations(agency)} | StandingKeys(agency, now).blocked
    rows_to_sign = newest_signing_keys(keyset, suite, int(now.timestamp()), blocked) if keyset else ()
    return SignerSet(_signing_keys(agency, [row.kid for row in rows_to_sign], suite))


def _signing_keys(agency: str, kids: Sequence[str], suite: str) -> list[SigningKey]:
    held = private_keys(agency, kids)
    keys = [key for kid in kids if isinstance(key := held.get(kid), SigningKey)]
    if not keys or len(keys) != len(kids):
        raise SigningKeysMissingError(agency, suite)
    return keys


def _checked_reason(reason: str) -> str:
    text = reason.strip()
    if not 1 <= len(text) <= MAX_REASON_LENGTH or "\x00" in text:
        raise InputError("reason", _("Reason: say why you open this, in up to 500 characters."))
    return text


def _cause(refused: EnvelopeError) -> str:
    return str(refused.cause) if isinstance(refused, OpeningError) else str(refused.code)


def _record_durably(
    act: str, actor: Actor, agency: str, md: str, now: datetime, reason: str, detail: Mapping[str, str]
) -> None:
    with transaction.atomic(durable=True):
        _record(act, actor, agency, md, now, reason=reason, detail=detail)


def _record(
    act: str,
    actor: Actor,
    agency: str,
    subject: str,
    now: datetime,
    *,
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    record_event(
        act,
        actor=actor.audit_name,
        agency=agency,
        subject=subject,
        reason=reason,
        detail=dict(detail or {}),
        now=now,
    )

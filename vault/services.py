# SPDX-License-Identifier: Apache-2.0
"""Services of the vault: the only way to use what the hub holds for hosted agencies.

- Private keys and content keys never leave the vault. There is no raw sign and no raw unwrap: a caller seals an alert,
  signs its manifest, signs a statement of a known kind, opens an envelope for a reason, seals or opens a row.
- The agency is always the actor's own. The actor is an officer in session, or the desk-worker acting for one agency,
  which may open an envelope at intake and report one that does not open.
- Every opening is audited before the content is returned.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Final

from django.db import transaction
from django.utils.translation import gettext as _

from accord.document.agreement_texts import AGREEMENT_TEXT
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
from accord.envelope.releases import MadeRelease
from accord.envelope.reseal import ReleaseTerms, make_release
from accord.envelope.slices import UnverifiedSlice, parse_slice
from accord.envelope.statements.form import SubjectRef, make_statement
from accord.envelope.unseal import open_attachment as unseal_attachment
from accord.envelope.verifying import Ledger, verify_slice
from accord.envelope.vocabulary import RED
from callers.actors import Actor, SystemActor
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError, NotPermittedError
from ledger.audit import Happening, record_event, record_events
from vault import agency_keys, hubsecret, rows, wrapped_keys
from vault.backupseal import HISTORY, OtherKeyError, SealedReader, SealedWriter
from vault.errors import NotNamedError, SigningKeysMissingError
from vault.handing import entry_for, key_elsewhere, read_handed, seal_again
from vault.outgoing import new_id
from vault.own_keys import OwnKeyState, own_directory
from vault.red import require_named, takes_red
from vault.wrapped_keys import HeldDecryptionKeys, private_keys

WORKER: Final = "desk-worker"
SCREENED: Final = "alert.screened"
ONWARD: Final = "released onward"
"""The reason in the audit for opening what is released onward."""
STATEMENT_CAPABILITIES: Final[Mapping[str, Capability]] = {
    "accept": Capability.AGENCY_MANAGE,
    "ack": Capability.ALERT_ACKNOWLEDGE,
    "agreement": Capability.AGENCY_MANAGE,
    "apikey": Capability.APIKEY_MANAGE,
    "confirm": Capability.ALERT_ACKNOWLEDGE,
    "entry": Capability.AGENCY_MANAGE,
    "leave": Capability.AGENCY_MANAGE,
    "reaffirm": Capability.ALERT_RELEASE,
    "resume": Capability.AGENCY_MANAGE,
    "retract": Capability.ALERT_WITHDRAW,
    "suspend": Capability.AGENCY_MANAGE,
    "unrelease": Capability.ALERT_WITHDRAW,
}
"""Kinds of statement that the vault signs, and the capability that an officer needs for each."""

MAX_REASON_LENGTH: Final = 500
_NONCE_SIZE_BYTES = 16

create_agency_keys = agency_keys.create_agency_keys
renew_agency_keys = agency_keys.renew_agency_keys
seal_row = rows.seal_row
seal_rows = rows.seal_rows
open_row = rows.open_row
open_rows = rows.open_rows
row_digest = rows.row_digest
unwrapped_once = wrapped_keys.unwrapped_once
tokens = rows.tokens
seal_for_login = hubsecret.seal_for_login
open_for_login = hubsecret.open_for_login


@dataclass(frozen=True)
class Pin:
    """Sender's knowledge of a peer: its root fingerprint, and the highest keyset version seen."""

    fingerprint: str
    seen_version: int = 0


def token(agency_id: str, field: str, value: str) -> bytes:
    """Return 16 octets that are equal for equal values of one field of one agency; raises SecretMissingError."""
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
    """Sign the content and seal it for the recipients and the own agency. Not inside a transaction.

    `recipients` leaves the own agency out. `peers` has the keys that count, the own agency's too, as the desk verified
    them from its own pins. For a recipient without a pin, the root in force in `peers` counts. `names` are officers of
    the recipients, for RED only. Raises NotPermittedError, SigningKeysMissingError, SealingError.
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
    """Sign the manifest of what `seal_alert` sealed, inside the transaction that releases it."""
    agency = _agency_of_officer(actor, Capability.ALERT_RELEASE)
    if sealed.iss != agency:
        raise AbsentError
    return seal.sign_manifest(sealed, SignerSet(_signing_keys(agency, sealed.signers, "")))


def seal_agreement_text(
    actor: Actor,
    *,
    terms: Terms,
    document: Mapping[str, Any],
    suite: str,
    recipients: Iterable[str],
    peers: KeyDirectory,
    pins: Mapping[str, Pin],
    now: datetime,
) -> seal.SealedEnvelope:
    """Sign and seal the text of an agreement, for who may propose one. Not inside a transaction; parameters and errors as of
    `seal_alert`.
    """
    agency = _agency_of_officer(actor, Capability.AGENCY_MANAGE)
    if document["alert_type"] != AGREEMENT_TEXT:
        raise NotPermittedError(Capability.ALERT_RELEASE)
    sealed = seal.seal_content(
        terms,
        document,
        suite=suite,
        originator=_recipient(peers, agency, {}),
        recipients=_recipients(peers, sorted(set(recipients)), pins),
        signer=_signer(peers, agency, suite, now),
        nonce=secrets.token_bytes(_NONCE_SIZE_BYTES),
        now=int(now.timestamp()),
    )
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
    """Sign a statement of a kind of `STATEMENT_CAPABILITIES`; return it as it is sent.

    `act` is the officer in session; the desk-worker signs only `ack unopenable`, without `act`. Raises
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
    """Verify and open the own agency's slice.

    Audited as `alert.opened`, `alert.screened`, `alert.unopenable` or `alert.refused`. Not inside a transaction: the
    audit event must be kept even if the caller fails. `seen(iss, jti)` returns the md met under that id before;
    receipts are checked against `ledger`; `peers` has the keys that count, as the desk verified them from its own pins.
    Raises NotPermittedError, InputError (reason), NotNamedError (the alert is RED and does not name the officer),
    VerificationError, MalformedError, OpeningError.
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


def release_onward(
    actor: Actor,
    unverified: UnverifiedSlice,
    *,
    recipients: Sequence[str],
    until: int,
    purpose: str,
    code: str | None,
    peers: KeyDirectory,
    pins: Mapping[str, Pin],
    blobs: Sequence[bytes],
    ledger: Ledger,
    now: datetime,
) -> MadeRelease:
    """Open the own agency's slice, wrap its content key for these agencies, and sign the release.

    An opening, audited as such. Not inside a transaction. Raises NotPermittedError, SigningKeysMissingError, SealingError, and as
    `open_envelope`.
    """
    agency = _agency_of_officer(actor, Capability.ALERT_RELEASE)
    opened = open_envelope(actor, unverified, peers=peers, reason=ONWARD, blobs=blobs, ledger=ledger, now=now)
    at = int(now.timestamp())
    verified = verify_slice(unverified, reader=agency, directory=peers, ledger=ledger, now=at)
    key = HeldDecryptionKeys(agency).get(verified.jwe.entries[0].kid)
    if key is None:
        raise OpeningError(Failure.KEY_MISSING)
    terms = ReleaseTerms(
        id=new_id(now),
        iat=at,
        exp=until,
        nonce=secrets.token_bytes(_NONCE_SIZE_BYTES),
        purpose=purpose,
        code=code,
        act=actor.public_id,
    )
    return make_release(
        verified,
        audience=opened.audience,
        terms=terms,
        issuer=_recipient(peers, agency, {}),
        key=key,
        recipients=_recipients(peers, sorted(set(recipients)), pins),
        signer=_signer(peers, agency, verified.manifest.suite, now),
        now=at,
    )


def open_ahead(
    actor: Actor,
    given: Iterable[tuple[UnverifiedSlice, Ledger]],
    *,
    peers: KeyDirectory,
    reason: str,
    seen: Callable[[str, str], str | None],
    now: datetime,
) -> dict[str, OpenedAlert]:
    """Open many envelopes without files for the desk-worker, by md; they are audited in one transaction before any is returned.

    Each is checked as in `open_envelope`. One that does not open is left out and not audited: pass it to
    `open_envelope`. Not inside a transaction. Raises NotPermittedError, InputError (reason).
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
    """Seal the content key of the own agency's slice to its newest key, which another desk holds; return the entry as JSON.

    For a key officer of an agency that has left. Raises NotPermittedError, NotElsewhereError, OpeningError.
    """
    agency = _agency_of_officer(actor, Capability.KEY_MANAGE)
    return seal_again(agency, unverified, key_elsewhere(agency, now=now))


def write_history(actor: Actor, file: BinaryIO, *, now: datetime) -> SealedWriter:
    """Return a stream into `file`, sealed to the agency's newest key, which another desk holds. Raises as `hand_over_entry`."""
    agency = _agency_of_officer(actor, Capability.KEY_MANAGE)
    return SealedWriter(file, key_elsewhere(agency, now=now), HISTORY)


def read_history(actor: Actor, file: BinaryIO) -> SealedReader:
    """Open a stream that was sealed to a key of the own agency; raises NotPermittedError, and what `SealedReader` raises."""
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
    """Return the entry that opens an envelope, once it passed every check of an opening; no content is returned.

    For a key officer. Not inside a transaction. Raises NotPermittedError, VerificationError, MalformedError,
    OpeningError.
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
    """Return the octets of attachment `n` of an alert that `open_envelope` opened; raises OpeningError, AbsentError."""
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
    """Return the agency of the officer in session; raises NotPermittedError."""
    if actor.public_id is None or actor.agency_id is None:
        raise NotPermittedError(capability)
    require(actor, capability)
    return actor.agency_id


def _agency_of_worker(actor: Actor, capability: Capability) -> str:
    if not isinstance(actor, SystemActor) or actor.role != WORKER or actor.agency_id is None:
        raise NotPermittedError(capability)
    return actor.agency_id


def _reader(actor: Actor) -> tuple[str, str]:
    """Return the agency whose slice is opened, and the name of the audit event; raises NotPermittedError."""
    if actor.public_id is not None:
        return _agency_of_officer(actor, Capability.ALERT_READ), "alert.opened"
    return _agency_of_worker(actor, Capability.ALERT_READ), SCREENED


def _speaker(actor: Actor, k: str, body: Mapping[str, Any]) -> tuple[str, str | None]:
    """Return the agency that signs a statement, and the officer who acts, None for the desk-worker; raises NotPermittedError."""
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
    """Return PQ1 where the agency has PQ1 signing keys, else EC1."""
    keyset = directory.keyset(agency)
    return PQ1 if keyset and newest_signing_keys(keyset, PQ1, int(now.timestamp())) else EC1


def _signer(directory: KeyDirectory, agency: str, suite: str, now: datetime) -> SignerSet:
    """Return a signer with the agency's newest signing keys of a suite, in the order of signatures."""
    keyset = directory.keyset(agency)
    blocked = {item.kid for item in directory.revocations(agency)} | OwnKeyState(agency, now).blocked
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

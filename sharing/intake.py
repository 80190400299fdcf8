# SPDX-License-Identifier: Apache-2.0
"""Intake: check and judge a signed, sealed envelope, then store or refuse it whole.

- Cheapest checks come first: form, issuer, whether these bytes are known, room, signatures and entries, then policy for every
  recipient under the issuer's lock.
- Envelope, blobs, deliveries, ledger entry and audit are written in one transaction, or not at all.
- Nothing here can open the content, and no key agreement is computed.
- An object that the ledger has but a restore lost is accepted as of its log time, whatever its `iat` and `exp`.

Source: docs/spec/envelope.md, "Intake".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction

from accord.envelope.encoding import MAX_MANIFEST_BYTES
from accord.envelope.extracts import EXTRACT, check_extract
from accord.envelope.intake import (
    UnverifiedEnvelope,
    VerifiedEnvelope,
    parse_submission,
    verify_logged_submission,
    verify_submission,
)
from accord.envelope.jws import parse_jws
from accord.envelope.manifest import LEAST_KEEP_SECS, Manifest, read_manifest
from accord.envelope.vocabulary import TYP_MANIFEST
from accord.moments import moment_of
from agencies.intake_directory import SubmissionDirectory
from agencies.models import Agency
from callers.actors import Actor
from callers.capabilities import Capability
from callers.directory import AgencyStatus
from callers.errors import AbsentError, NotPermittedError
from ledger.audit import record_event
from ledger.errors import EntryExistsError
from ledger.proofs import LeafPlace, receipt_for
from sharing.backpressure import require_room
from sharing.blobs import Received, measure, store_blobs
from sharing.errors import (
    ContentDeletedError,
    Denial,
    IdTakenError,
    IssuerSuspendedError,
    KeepTooShortError,
    PolicyDeniedError,
    SharingError,
    SupersededError,
)
from sharing.locks import share_issuers
from sharing.models import AgreementParty, Envelope
from sharing.policy import Allowed, Denied, Terms, judge_recipients
from sharing.refusal_audit import audit_refusal
from sharing.storing import store_envelope
from sharing.submission_context import SubmissionContext, load_submission_context

SUBMITS = frozenset({Capability.ENVELOPE_SUBMIT, Capability.ALERT_RELEASE})
"""A partner's system, or an officer who releases at the desk."""

MAX_AUDITED_RECIPIENTS = 100
SHORT_KEEP: Final = timedelta(days=365)
"""A real alert that is deleted sooner gets an event of its own in its sender's audit."""
_ATTEMPTS = 3


@dataclass(frozen=True)
class Submission:
    """The caller's answer; `receipt` is None until the ledger has logged the envelope."""

    iss: str
    jti: str
    md: str
    receipt: Mapping[str, Any] | None


def submit_envelope(
    caller: Actor, *, manifest: bytes, jwe: bytes, blobs: Sequence[Received], now: datetime
) -> Submission:
    """Store an envelope of the caller's own agency; the same bytes again get the same answer.

    Raises `NotPermittedError`, `AbsentError` (another agency's envelope, an unknown `re`), `EnvelopeError`, and these kinds of
    `SharingError`: `IdTakenError`, `IssuerSuspendedError`, `LaggingError`, `KeysetStaleError`, `SupersededError`,
    `ContentDeletedError` (an extract of a deleted original), `PolicyDeniedError`, `KeepTooShortError`.
    """
    if caller.agency_id is None or not SUBMITS & caller.capabilities:
        raise NotPermittedError(Capability.ENVELOPE_SUBMIT)
    with audit_refusal("envelope.refused", caller, now=now) as attempt:
        facts = [measure(blob) for blob in blobs]
        unverified = parse_submission(manifest, jwe, facts, caller=caller.agency_id)
        attempt.subject = unverified.md
        arrival = load_submission_context(unverified.iss, unverified.jti, unverified.md, now=now)
        known = _answer_known(unverified, arrival.known)
        if known is not None:
            return known
        require_room(unverified.manifest.terms.pri, arrival.queue, now)
        if arrival.status != AgencyStatus.ACTIVE:
            raise IssuerSuspendedError
        verified = _verify(unverified, arrival.leaf, now)
        return _carry(caller, unverified, verified, blobs, arrival, now)


def _verify(unverified: UnverifiedEnvelope, leaf: LeafPlace | None, now: datetime) -> VerifiedEnvelope:
    kids = [entry.kid for entry in unverified.jwe.entries]
    directory = SubmissionDirectory(now, issuer=unverified.iss, kids=kids)
    if leaf is None:
        return verify_submission(unverified, directory=directory, now=int(now.timestamp()))
    return verify_logged_submission(unverified, directory=directory, log_time=leaf.t, index=leaf.index)


def require_admitted(caller: Actor) -> None:
    """Raise `IssuerSuspendedError` while the caller's agency is still entering; a suspended agency may make statements."""
    admitted = (AgencyStatus.ACTIVE, AgencyStatus.SUSPENDED)
    if not Agency.objects.filter(pk=caller.agency_id, status__in=admitted).exists():
        raise IssuerSuspendedError


def _answer_known(unverified: UnverifiedEnvelope, md: str | None) -> Submission | None:
    """Return the earlier answer to the same (iss, jti); raise `IdTakenError` if the bytes were others."""
    if md is None:
        return None
    if md != unverified.md:
        raise IdTakenError(unverified.iss, unverified.jti)
    return Submission(unverified.iss, unverified.jti, md, receipt_for(md))


def _carry(
    caller: Actor,
    unverified: UnverifiedEnvelope,
    verified: VerifiedEnvelope,
    blobs: Sequence[Received],
    arrival: SubmissionContext,
    now: datetime,
) -> Submission:
    """Store the envelope once: when two submissions race with one id, the second gets the first's answer."""
    for _ in range(_ATTEMPTS):
        try:
            with transaction.atomic():
                _store(caller, unverified, verified, blobs, arrival, now)
        except (IntegrityError, EntryExistsError) as clash:
            again = load_submission_context(unverified.iss, unverified.jti, unverified.md, now=now)
            known = _answer_known(unverified, again.known)
            if known is not None:
                return known
            _raise_if_final(clash, verified)
        else:
            receipt = receipt_for(unverified.md) if arrival.leaf else None
            return Submission(unverified.iss, unverified.jti, unverified.md, receipt)
    raise SharingError("no free reference was found")


def _raise_if_final(clash: Exception, verified: VerifiedEnvelope) -> None:
    """Return if a reference was taken, so that a new one is drawn; turn any other clash into its refusal."""
    constraint = getattr(getattr(clash.__cause__, "diag", None), "constraint_name", None)
    if constraint == "envelope_updated_once":
        reference = verified.manifest.terms.re
        raise SupersededError(reference.md if reference else verified.md) from clash
    if constraint != "delivery_reference_once":
        raise clash


def _store(
    caller: Actor,
    unverified: UnverifiedEnvelope,
    verified: VerifiedEnvelope,
    blobs: Sequence[Received],
    arrival: SubmissionContext,
    now: datetime,
) -> None:
    _check_reference(verified, now)
    _check_keep(verified.manifest, now)
    share_issuers([verified.manifest.iss])
    leaf, text_of = arrival.leaf, arrival.text_of
    versions = _judge(verified, text_of, moment_of(leaf.t) if leaf else now)
    size_bytes = sum(fact.len for fact in unverified.blobs) + _octets(verified)
    place = leaf.index if leaf else None
    store_envelope(verified, versions, size_bytes=size_bytes, text_of=text_of, leaf=place, now=now)
    store_blobs(verified.md, unverified.blobs, blobs)
    _log_and_audit(caller, verified.manifest, sorted(versions), now)


def _check_reference(verified: VerifiedEnvelope, now: datetime) -> None:
    """Check that `re` is visible to the issuer and as stated, and that an update names the newest version of its own envelope.

    An extract is checked against its original, so no extract is accepted once the original's content is deleted.
    """
    terms, iss = verified.manifest.terms, verified.manifest.iss
    if terms.re is None:
        return
    named = Envelope.objects.known_to(iss).filter(md=terms.re.md, jti=terms.re.jti).first()
    if named is None or (terms.kind == "update" and named.iss_id != iss):
        raise AbsentError
    if terms.kind == "update" and Envelope.objects.filter(kind="update", re_md=named.md).exists():
        raise SupersededError(named.md)
    if terms.kind == EXTRACT:
        check_extract(verified.manifest, _manifest_of(named, now))


def _check_keep(manifest: Manifest, now: datetime) -> None:
    """Raise `KeepTooShortError` for a real alert that would be deleted before later questions about it can be answered.

    An extract need not outlive its original. Raises `ContentDeletedError` for an envelope that would be deleted at once.
    """
    terms = manifest.terms
    if int(now.timestamp()) >= terms.keep:
        raise ContentDeletedError
    if terms.status != "actual":
        return
    least = terms.iat + LEAST_KEEP_SECS
    if terms.kind == EXTRACT and terms.re is not None:
        least = min(least, Envelope.objects.values_list("keep", flat=True).get(md=terms.re.md))
    if terms.keep < least:
        raise KeepTooShortError(least)


def _manifest_of(envelope: Envelope, now: datetime) -> Manifest:
    """Return the manifest as signed and as verified at intake; raise `ContentDeletedError`."""
    if envelope.manifest is None or int(now.timestamp()) >= envelope.keep:
        raise ContentDeletedError
    jws = parse_jws(bytes(envelope.manifest), TYP_MANIFEST, limit=MAX_MANIFEST_BYTES)
    return read_manifest(jws.payload)


def _judge(verified: VerifiedEnvelope, text_of: int | None, now: datetime) -> dict[str, int]:
    """Return the agreement's version for each recipient; raise when policy denies one of them.

    The text of a proposed version goes to the parties of it, and to nobody else.
    """
    terms = replace(Terms.of_manifest(verified.manifest), text_of=text_of)
    verdicts = judge_recipients(verified.manifest.iss, verified.recipients, terms, now=now)
    if text_of is not None:
        parties = AgreementParty.objects.filter(version=text_of).values_list("agency", flat=True)
        verdicts |= {
            agency: Denied("not-a-party", {"id": agency}) for agency in set(verdicts).difference(parties)
        }
    denials = [
        Denial(agency, verdict.code, verdict.args)
        for agency, verdict in verdicts.items()
        if isinstance(verdict, Denied)
    ]
    if any(denial.code == "issuer-suspended" for denial in denials):
        raise IssuerSuspendedError
    if denials:
        raise PolicyDeniedError(denials)
    return {
        agency: verdict.agreement_version
        for agency, verdict in verdicts.items()
        if isinstance(verdict, Allowed)
    }


def _octets(verified: VerifiedEnvelope) -> int:
    entries = sum(len(entry.text) for entry in verified.entries)
    return len(verified.manifest_bytes) + len(verified.jwe_head) + entries


def _log_and_audit(caller: Actor, manifest: Manifest, recipients: Sequence[str], now: datetime) -> None:
    """Write ledger entry and audit: who sent what to whom; for very many recipients only the deliveries name them all."""
    terms = manifest.terms
    detail = {
        "kind": terms.kind,
        "lane": terms.lane,
        "tlp": terms.tlp,
        "pri": terms.pri,
        "keep": terms.keep,
        "count": len(recipients),
        "recipients": list(recipients[:MAX_AUDITED_RECIPIENTS]),
    }
    record_event(
        "envelope.carried",
        actor=caller.audit_name,
        agency=manifest.iss,
        subject=manifest.md,
        detail=detail,
        entry=manifest.md,
        now=now,
    )
    if terms.status == "actual" and terms.keep < terms.iat + SHORT_KEEP.total_seconds():
        record_event(
            "envelope.kept_short",
            actor=caller.audit_name,
            agency=manifest.iss,
            subject=manifest.md,
            detail={"keep": terms.keep},
            now=now,
        )

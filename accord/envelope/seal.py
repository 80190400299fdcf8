# SPDX-License-Identifier: Apache-2.0
"""Signing and sealing: an alert for 1 to 500 recipient agencies.

- The content key is made in here and leaves only wrapped; no function accepts one.
- Nobody is left out silently: `plan_recipients` names those whom the chosen suite cannot reach and why, and `seal` refuses
  unless every recipient given to it is fit.

Example:

    plan = plan_recipients("PQ1", "GREEN", recipients, now=now)
    ...                                     # show plan.left_out to the sender
    sealed = seal(terms, alert, suite="PQ1", originator=me, recipients=plan.will, signer=signer,
                  nonce=os.urandom(16), now=now)
    submit(sealed.manifest, sealed.jwe, sealed.blobs)

Source: docs/spec/envelope.md, "Sender".
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accord.envelope.blobs import SealedBlob, blob_size, seal_blob
from accord.envelope.content import (
    Attachment,
    AttachmentKey,
    NamedOfficer,
    build_inner,
    common_of,
    filename,
    media_type,
)
from accord.envelope.encoding import b64u, canonical, sha256
from accord.envelope.errors import (
    MalformedError,
    SealingError,
    SealRefusal,
    VerificationError,
)
from accord.envelope.jwe import (
    IV_BYTES,
    PROTECTED,
    TAG_BYTES,
    ct_of,
    head_of,
    join_jwe,
    leaf_hashes,
    recipients_root,
    wrap_for,
)
from accord.envelope.jws import JwsSigner, check_suite_of
from accord.envelope.keys import EC1, PQ1, PublicKey, suite_rank
from accord.envelope.keysets import Keyset, newest_encryption_key
from accord.envelope.manifest import (
    MAX_ATTACHMENTS,
    MAX_BLOB_BYTES,
    MAX_BLOBS_BYTES,
    Terms,
    aad_of,
    read_manifest,
    read_terms,
    shared_members,
)
from accord.envelope.vocabulary import (
    AMBER_STRICT,
    KEY_MARGIN_SECS,
    MAX_RECIPIENTS,
    MAX_RED_AGENCIES,
    RED,
    TYP_INNER,
    TYP_JWE,
    TYP_MANIFEST,
)

_CONTENT_KEY_BYTES = 32


@dataclass(frozen=True)
class Recipient:
    """An agency as the sender knows it.

    `keyset` is the newest in force of its chain, `pinned` the root fingerprint the sender trusts, `seen_version` the highest
    keyset version it has seen, `revoked` the kids that a logged `revoke` has named since; the originator signs with none of its
    own revoked keys.
    """

    keyset: Keyset
    pinned: str
    seen_version: int = 0
    revoked: Collection[str] = frozenset()

    @property
    def agency(self) -> str:
        """The agency id."""
        return self.keyset.agency


@dataclass(frozen=True)
class LeftOut:
    """An agency that cannot receive under these terms, and the reason."""

    agency: str
    reason: SealRefusal


@dataclass(frozen=True)
class RecipientPlan:
    """The recipients that can and cannot be sealed to; the sender decides, knowing both."""

    will: tuple[Recipient, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class SealedContent:
    """Sealed and inner-signed; the manifest is yet to be signed. Holds no key and no plaintext."""

    iss: str
    jti: str
    signers: tuple[str, ...]
    manifest_payload: bytes = field(repr=False)
    jwe: bytes = field(repr=False)
    blobs: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True)
class SealedEnvelope:
    """The exact octets to submit, and to submit again until there is a receipt."""

    iss: str
    jti: str
    md: str
    manifest: bytes = field(repr=False)
    jwe: bytes = field(repr=False)
    blobs: tuple[bytes, ...] = field(repr=False)


def plan_recipients(suite: str, tlp: str, recipients: Iterable[Recipient], *, now: int) -> RecipientPlan:
    """Divide recipients by whether this suite and marking can reach them now."""
    will, left_out = [], []
    for recipient in recipients:
        reason = _unfit(recipient, suite, tlp, now)
        if reason is None:
            will.append(recipient)
        else:
            left_out.append(LeftOut(recipient.agency, reason))
    return RecipientPlan(tuple(will), tuple(left_out))


def _unfit(recipient: Recipient, suite: str, tlp: str, now: int) -> SealRefusal | None:
    keyset = recipient.keyset
    if keyset.root_fingerprint != recipient.pinned:
        return SealRefusal.PIN
    if keyset.version < recipient.seen_version:
        return SealRefusal.ROLLBACK
    if keyset.in_force_from is None or keyset.in_force_from > now:
        return SealRefusal.NOT_LOGGED
    if now >= keyset.exp:
        return SealRefusal.EXPIRED
    if suite_rank(suite) < suite_rank(keyset.low):
        return SealRefusal.SUITE_BELOW_LOW
    if newest_encryption_key(keyset, suite, now, recipient.revoked) is None:
        return SealRefusal.NO_KEY
    if tlp == RED and keyset.custody != "agency":
        return SealRefusal.RED_CUSTODY
    return None


def seal(
    terms: Terms,
    alert: Mapping[str, Any],
    *,
    suite: str,
    originator: Recipient,
    recipients: Sequence[Recipient],
    signer: JwsSigner,
    nonce: bytes,
    now: int,
    names: Sequence[NamedOfficer] = (),
    attachments: Sequence[Attachment] = (),
    files: Sequence[AttachmentKey] = (),
    confirm_ec1: bool = False,
) -> SealedEnvelope:
    """Sign the content, seal it, sign the manifest; see `seal_content` and `sign_manifest`."""
    content = seal_content(
        terms,
        alert,
        suite=suite,
        originator=originator,
        recipients=recipients,
        signer=signer,
        nonce=nonce,
        now=now,
        names=names,
        attachments=attachments,
        files=files,
        confirm_ec1=confirm_ec1,
    )
    return sign_manifest(content, signer)


def seal_content(
    terms: Terms,
    alert: Mapping[str, Any],
    *,
    suite: str,
    originator: Recipient,
    recipients: Sequence[Recipient],
    signer: JwsSigner,
    nonce: bytes,
    now: int,
    names: Sequence[NamedOfficer] = (),
    attachments: Sequence[Attachment] = (),
    files: Sequence[AttachmentKey] = (),
    confirm_ec1: bool = False,
) -> SealedContent:
    """Sign and seal the content for the recipients and for the originator itself.

    `recipients` leaves the originator out; `nonce` is 16 fresh random octets; `confirm_ec1` is the sender's confirmation that
    EC1 suffices. `files` were sealed before for this `jti` (`blobs.seal_stream`), numbered from 0; the caller keeps their
    blobs, and `attachments` follow them. Raises SealingError, naming every agency concerned.
    """
    _check_terms(terms, suite, confirm_ec1=confirm_ec1)
    keys = _recipient_keys(terms, suite, originator, recipients, now)
    _check_red(terms, recipients, names)
    check_signer(signer, suite, originator, now)
    blobs = _seal_attachments(attachments, terms.jti, files)
    signers = tuple(key.kid for key in signer.signers)
    pairs = enumerate(zip(attachments, blobs, strict=True), start=len(files))
    sealed_files = [*files, *(_attachment_key(n, *pair) for n, pair in pairs)]
    payload = build_inner(
        terms,
        suite=suite,
        iss=originator.agency,
        signers=signers,
        aud=[recipient.agency for recipient in recipients],
        names=names,
        nonce=nonce,
        alert=alert,
        attachments=sealed_files,
    )
    inner = signer.sign_jws(TYP_INNER, payload)
    jwe, facts = _encrypt(inner, aad_of(terms, originator.agency), suite, keys)
    manifest = shared_members(terms, suite, originator.agency, len(set(names)), signers) | facts
    manifest["pd"] = b64u(sha256(inner))
    manifest["att"] = [vars(common_of(file)) for file in sealed_files]
    octets = canonical(manifest)
    read_manifest(octets)
    sealed_blobs = tuple(blob.octets for blob in blobs)
    return SealedContent(originator.agency, terms.jti, signers, octets, jwe, sealed_blobs)


def sign_manifest(content: SealedContent, signer: JwsSigner) -> SealedEnvelope:
    """Sign the manifest of sealed content; `signer` must be the one that signed the content."""
    if tuple(key.kid for key in signer.signers) != content.signers:
        raise SealingError(SealRefusal.SIGNER)
    manifest = signer.sign_jws(TYP_MANIFEST, content.manifest_payload)
    md = read_manifest(content.manifest_payload).md
    return SealedEnvelope(content.iss, content.jti, md, manifest, content.jwe, content.blobs)


def _check_terms(terms: Terms, suite: str, *, confirm_ec1: bool) -> None:
    try:
        read_terms(terms.as_json())
    except MalformedError as malformed:
        raise SealingError(SealRefusal.TERMS, malformed.where) from malformed
    if suite not in (PQ1, EC1):
        raise SealingError(SealRefusal.TERMS, "suite")
    if suite == PQ1:
        return
    if terms.tlp == RED:
        raise SealingError(SealRefusal.RED_SUITE)
    if terms.tlp == AMBER_STRICT:
        raise SealingError(SealRefusal.STRICT_SUITE)
    if not confirm_ec1:
        raise SealingError(SealRefusal.EC1_UNCONFIRMED)


def _recipient_keys(
    terms: Terms, suite: str, originator: Recipient, recipients: Sequence[Recipient], now: int
) -> list[tuple[str, PublicKey]]:
    """Return agency and key of every entry, the originator's too; raise SealingError."""
    if not recipients:
        raise SealingError(SealRefusal.NO_RECIPIENT)
    if len(recipients) > MAX_RECIPIENTS:
        raise SealingError(SealRefusal.TOO_MANY)
    return newest_keys_of(terms.tlp, suite, (originator, *recipients), now)


def newest_keys_of(
    tlp: str, suite: str, recipients: Sequence[Recipient], now: int
) -> list[tuple[str, PublicKey]]:
    """Return agency and key to seal to of each, sorted by agency id; raise SealingError naming every unfit one."""
    everyone = sorted(recipients, key=lambda recipient: recipient.agency)
    agencies = [recipient.agency for recipient in everyone]
    twice = [agency for agency, times in Counter(agencies).items() if times > 1]
    if twice:
        raise SealingError(SealRefusal.DUPLICATE, agencies=twice)
    left_out = plan_recipients(suite, tlp, everyone, now=now).left_out
    if left_out:
        reason = left_out[0].reason
        concerned = [item.agency for item in left_out if item.reason == reason]
        raise SealingError(reason, agencies=concerned)
    rows = [newest_encryption_key(item.keyset, suite, now, item.revoked) for item in everyone]
    return [(agency, row.key) for agency, row in zip(agencies, rows, strict=True) if row is not None]


def _check_red(terms: Terms, recipients: Sequence[Recipient], names: Sequence[NamedOfficer]) -> None:
    agencies = {recipient.agency for recipient in recipients}
    if terms.tlp != RED:
        if names:
            raise SealingError(SealRefusal.TERMS, "named officers are for RED")
        return
    if terms.rel != "none" or len(agencies) > MAX_RED_AGENCIES:
        raise SealingError(SealRefusal.RED_RULES)
    named = {name.agency for name in names}
    if named != agencies:
        raise SealingError(SealRefusal.RED_NAMES, agencies=named ^ agencies)


def check_signer(signer: JwsSigner, suite: str, originator: Recipient, now: int) -> None:
    """Check that the signer's keys are of the suite, its agency's own and valid for an hour more; raise SealingError."""
    try:
        check_suite_of(signer.signers, suite)
    except VerificationError as wrong:
        raise SealingError(SealRefusal.SIGNER, "keys of the suite") from wrong
    for key in signer.signers:
        row = originator.keyset.row(key.kid)
        current = row is not None and row.st in ("current", "retiring") and key.kid not in originator.revoked
        if row is None or not current or not row.nbf <= now <= row.exp - KEY_MARGIN_SECS:
            raise SealingError(SealRefusal.SIGNER, agencies=(originator.agency,))


def refuse_unfit_files(files: Iterable[tuple[str, str, int]]) -> None:
    """Refuse unfit attachments before any is read: name, media type and size in octets of each.

    Raises SealingError: too many, a bad name or type, one over 64 MiB, all of them over 256 MiB.
    """
    total = 0
    for n, (name, kind, size) in enumerate(files):
        if n >= MAX_ATTACHMENTS:
            raise SealingError(SealRefusal.ATTACHMENT, f"over {MAX_ATTACHMENTS} attachments")
        try:
            media_type(kind)
            filename(name)
        except MalformedError as malformed:
            raise SealingError(SealRefusal.ATTACHMENT, malformed.where) from malformed
        if blob_size(size) > MAX_BLOB_BYTES:
            raise SealingError(SealRefusal.ATTACHMENT, f"attachment {n} over 64 MiB")
        total += blob_size(size)
    if total > MAX_BLOBS_BYTES:
        raise SealingError(SealRefusal.ATTACHMENT, "attachments over 256 MiB")


def _seal_attachments(
    attachments: Sequence[Attachment], jti: str, files: Sequence[AttachmentKey]
) -> list[SealedBlob]:
    before = [(file.fn, file.cty, file.size) for file in files]
    here = [(item.filename, item.media_type, len(item.plain)) for item in attachments]
    refuse_unfit_files([*before, *here])
    return [seal_blob(item.plain, jti, n) for n, item in enumerate(attachments, start=len(files))]


def _attachment_key(n: int, attachment: Attachment, blob: SealedBlob) -> AttachmentKey:
    return AttachmentKey(
        n=n,
        sha256=blob.facts.sha256,
        len=blob.facts.len,
        size=len(attachment.plain),
        cty=attachment.media_type,
        fn=attachment.filename,
        k=blob.key,
    )


def _encrypt(
    inner: bytes, aad: str, suite: str, keys: Sequence[tuple[str, PublicKey]]
) -> tuple[bytes, dict[str, Any]]:
    """Return the JWE under a fresh content key, and the members of the manifest that bind it."""
    content_key, iv = os.urandom(_CONTENT_KEY_BYTES), os.urandom(IV_BYTES)
    protected = PROTECTED[TYP_JWE]
    whole = AESGCM(content_key).encrypt(iv, inner, f"{protected}.{aad}".encode("ascii"))
    ciphertext, tag = whole[:-TAG_BYTES], whole[-TAG_BYTES:]
    entries = [wrap_for(suite, key, content_key) for _, key in keys]
    leaves = leaf_hashes([agency for agency, _ in keys], entries)
    facts = {
        "ct": ct_of(protected, aad, iv, ciphertext, tag),
        "rn": len(entries),
        "rr": recipients_root(leaves),
    }
    head = head_of(protected, aad, b64u(iv), b64u(ciphertext), b64u(tag))
    return join_jwe(head, entries).encode("ascii"), facts

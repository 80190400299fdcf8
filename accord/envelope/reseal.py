# SPDX-License-Identifier: Apache-2.0
"""Sealing again for an onward release: the content key of one's own entry under further agencies' keys.

The ciphertext stays; the entries go with a `release` statement that names `aud`, `rn`, `rr`. These are the only functions that
start from an existing content key, and they take it from the caller's own entry. `hand_over` seals to a new key of one's own
instead, by which a desk that an agency leaves hands its history over: there is no release then, and nobody else gets anything.

    release = make_release(verified, audience=opened.audience, terms=terms, issuer=me, key=key,
                           recipients=recipients, signer=signer, now=now)
    submit(release.jws, release.entries)

Source: docs/spec/envelope.md, "Releasing onward".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from accord.envelope.errors import Failure, SealingError, SealRefusal, VerificationError
from accord.envelope.jwe import Entry, leaf_hashes, recipients_root, wrap_for
from accord.envelope.jws import JwsSigner
from accord.envelope.keys import PublicKey
from accord.envelope.private import DecryptionKey
from accord.envelope.releases import (
    RELEASE,
    MadeRelease,
    access_before,
    check_access,
    check_chain,
    check_releasable,
    manifest_ref,
)
from accord.envelope.seal import Recipient, check_signer, newest_keys_of
from accord.envelope.statements.form import (
    CheckpointRef,
    Statement,
    build_statement,
    read_payload,
    sign_statement,
)
from accord.envelope.unseal import unwrap
from accord.envelope.verifying import VerifiedSlice
from accord.envelope.vocabulary import MAX_RECIPIENTS


@dataclass(frozen=True)
class ResealedEntries:
    """The parts that a release needs: sorted audience, number and root of its entries, and their JSON array."""

    aud: tuple[str, ...]
    rn: int
    rr: str
    entries: bytes = field(repr=False)


@dataclass(frozen=True)
class ReleaseTerms:
    """The releaser's choice. `id` a new UUID 7, times in seconds, `nonce` 16 fresh random octets.

    `rel` says whether its agencies may release further, `code` why: None, "ask", "emergency", "rekey".
    """

    id: str
    iat: int
    exp: int
    nonce: bytes = field(repr=False)
    purpose: str
    rel: str = "none"
    cond: Sequence[str] = ()
    code: str | None = None
    act: str | None = None
    cp: CheckpointRef | None = None


def make_release(
    verified: VerifiedSlice,
    *,
    audience: Sequence[str],
    terms: ReleaseTerms,
    issuer: Recipient,
    key: DecryptionKey,
    recipients: Sequence[Recipient],
    signer: JwsSigner,
    now: int,
    proof: Sequence[Statement] = (),
) -> MadeRelease:
    """Release to `recipients` what the issuer's own slice gives access to; `key` opens its entry.

    `audience` is the inner one, of the opened alert; `parent` follows from the slice. `proof` is for a rekey of agencies that
    have access by releases: these, oldest first. Raises the exchange's reasons to refuse it (VerificationError), SealingError
    naming every unfit agency, MalformedError, OpeningError.
    """
    manifest = verified.manifest
    if issuer.agency != verified.reader:
        raise VerificationError(Failure.ISSUER)
    check_releasable(manifest, verified.standings, now=now)
    check_signer(signer, manifest.suite, issuer, now)
    resealed = reseal(verified, key=key, recipients=recipients, now=now)
    before = access_before(manifest, verified.via, issuer.agency)
    payload = _build_release(verified, terms, resealed, before[-1].od if before else None, signer)
    said = read_payload(payload, RELEASE)
    chain = (*before, *proof, said)
    check_chain(manifest, chain, now=now, withdrawn=())
    check_access(manifest, chain, audience)
    return MadeRelease(said.od, said.id, resealed.aud, sign_statement(payload, signer), resealed.entries)


def _build_release(
    verified: VerifiedSlice,
    terms: ReleaseTerms,
    resealed: ResealedEntries,
    parent: str | None,
    signer: JwsSigner,
) -> bytes:
    return build_statement(
        RELEASE,
        iss=verified.reader,
        signer=signer,
        suite=verified.manifest.suite,
        id=terms.id,
        iat=terms.iat,
        exp=terms.exp,
        nonce=terms.nonce,
        sub=manifest_ref(verified.manifest),
        act=terms.act,
        cp=terms.cp,
        body={
            "parent": parent,
            "aud": list(resealed.aud),
            "rn": resealed.rn,
            "rr": resealed.rr,
            "rel": terms.rel,
            "purpose": terms.purpose,
            "cond": sorted(terms.cond),
            "code": terms.code,
        },
    )


def hand_over(entry: Entry, *, key: DecryptionKey, to: PublicKey) -> str:
    """Wrap the content key of one's own entry for another key of one's own, in that key's suite; return the canonical entry.

    The slice is not verified here: its later reader verifies it. Raises OpeningError.
    """
    (suite,) = to.suites
    return wrap_for(suite, to, unwrap(entry, key))


def reseal(
    verified: VerifiedSlice, *, key: DecryptionKey, recipients: Sequence[Recipient], now: int
) -> ResealedEntries:
    """Wrap the content key of one's own slice for `recipients`; raise SealingError or OpeningError."""
    manifest = verified.manifest
    if not recipients:
        raise SealingError(SealRefusal.NO_RECIPIENT)
    if len(recipients) > MAX_RECIPIENTS:
        raise SealingError(SealRefusal.TOO_MANY)
    keys = newest_keys_of(manifest.terms.tlp, manifest.suite, recipients, now)
    agencies = [agency for agency, _ in keys]
    content_key = unwrap(verified.jwe.entries[0], key)
    entries = [wrap_for(manifest.suite, public, content_key) for _, public in keys]
    return ResealedEntries(
        aud=tuple(agencies),
        rn=len(entries),
        rr=recipients_root(leaf_hashes(agencies, entries)),
        entries=f"[{','.join(entries)}]".encode("ascii"),
    )

# SPDX-License-Identifier: Apache-2.0
"""The own copy of a sealed envelope: every envelope has an entry for its originator.

So the spool needs no content in clear: content that has to be signed anew is read from the sealed octets.
"""

from __future__ import annotations

from dataclasses import dataclass

from accord.client.errors import SpoolError
from accord.client.session import Act
from accord.client.spool import SpooledEnvelope
from accord.envelope.content import Inner, check_inner_matches, read_inner
from accord.envelope.encoding import (
    MAX_ENVELOPE_BYTES,
    MAX_INNER_JWS_BYTES,
    MAX_MANIFEST_BYTES,
    b64u,
    sha256,
)
from accord.envelope.errors import EnvelopeError, Failure, VerificationError
from accord.envelope.jwe import UnverifiedJwe, parse_jwe
from accord.envelope.jws import parse_jws, verify_jws
from accord.envelope.manifest import Manifest, read_manifest
from accord.envelope.unseal import decrypt, unwrap
from accord.envelope.vocabulary import TYP_INNER, TYP_MANIFEST


@dataclass(frozen=True)
class OwnCopy:
    """The contents of an own envelope."""

    manifest: Manifest
    inner: Inner


def open_own(act: Act, parts: SpooledEnvelope) -> OwnCopy:
    """Open our own entry; raise SpoolError where the parts are not one whole envelope of ours.

    It does not check the signers: the caller compares the md with the state, or calls `require_own_signature`.
    """
    try:
        return _open(act, parts)
    except EnvelopeError as exc:
        raise SpoolError("The sealed envelope was altered on this disk; it is not sent.") from exc


def _open(act: Act, parts: SpooledEnvelope) -> OwnCopy:
    manifest = read_manifest(parse_jws(parts.manifest, TYP_MANIFEST, limit=MAX_MANIFEST_BYTES).payload)
    jwe = parse_jwe(parts.jwe, manifest.suite, limit=MAX_ENVELOPE_BYTES)
    if (manifest.iss, manifest.ct) != (act.agency, jwe.ct):
        raise VerificationError(Failure.CIPHERTEXT)
    inner_jws = _decrypt(act, jwe)
    if b64u(sha256(inner_jws)) != manifest.pd:
        raise VerificationError(Failure.INNER_DIGEST)
    inner = read_inner(parse_jws(inner_jws, TYP_INNER, limit=MAX_INNER_JWS_BYTES).payload)
    check_inner_matches(inner, manifest)
    return OwnCopy(manifest, inner)


def _decrypt(act: Act, jwe: UnverifiedJwe) -> bytes:
    held = act.session.decryption_keys()
    entry = next((entry for entry in jwe.entries if entry.kid in held), None)
    if entry is None:
        raise VerificationError(Failure.KEY_MISSING)
    return decrypt(jwe, unwrap(entry, held[entry.kid]))


def require_own_signature(act: Act, manifest: bytes) -> None:
    """Require that keys of our own keyset signed a manifest; raise SpoolError."""
    jws = parse_jws(manifest, TYP_MANIFEST, limit=MAX_MANIFEST_BYTES)
    keyset = act.directory.keyset(act.agency)
    rows = [keyset.row(kid) if keyset else None for kid in jws.kids]
    try:
        verify_jws(jws, [row.key for row in rows if row is not None])
    except EnvelopeError as exc:
        raise SpoolError("It is not signed by your agency's present keys.") from exc

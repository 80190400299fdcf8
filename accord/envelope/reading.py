# SPDX-License-Identifier: Apache-2.0
"""What a recipient checks while and after opening: VerifiedSlice -> OpenedAlert.

Order: unwrap, decrypt, `pd`, inner signatures, every shared member equal, `rn`, audience, replay, blob
digests; only then does an OpenedAlert exist. Every failure is an OpeningError of one text and code;
its `cause` is for the reader's own audit log.

    verified = verify_slice(octets, reader="xe-drugs", directory=directory, ledger=ledger, now=now)
    opened = open_alert(verified, keys={key.public.kid: key}, blobs=facts, seen=state.md_of, now=now)

Source: docs/spec/envelope.md, "Recipient".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from accord.envelope.blobs import BlobFacts
from accord.envelope.content import (
    Inner,
    OpenedAlert,
    check_inner_matches,
    read_inner,
)
from accord.envelope.encoding import MAX_INNER_JWS_BYTES, b64u, sha256
from accord.envelope.errors import (
    Failure,
    MalformedError,
    OpeningError,
    VerificationError,
)
from accord.envelope.intake import check_blob_facts
from accord.envelope.jws import parse_jws, verify_jws
from accord.envelope.private import DecryptionKey
from accord.envelope.releases import check_audience
from accord.envelope.unseal import decrypt, unwrap
from accord.envelope.verifying import VerifiedSlice
from accord.envelope.vocabulary import TYP_INNER


def open_alert(
    verified: VerifiedSlice,
    *,
    keys: Mapping[str, DecryptionKey],
    blobs: Sequence[BlobFacts],
    seen: Callable[[str, str], str | None],
    now: int,
) -> OpenedAlert:
    """Open what `verify_slice` let through; every refusal is an OpeningError.

    `keys` maps kid to private key, old ones included; `blobs` are the measured facts of every blob, in
    order; `seen(iss, jti)` gives the md this reader has met under that id before, or None.
    """
    try:
        return _open(verified, keys, blobs, seen, now)
    except OpeningError:
        raise
    except VerificationError as failed:
        raise OpeningError(failed.failure, failed.detail) from None
    except MalformedError as malformed:
        raise OpeningError(Failure.MALFORMED, malformed.where) from None


def _open(
    verified: VerifiedSlice,
    keys: Mapping[str, DecryptionKey],
    blobs: Sequence[BlobFacts],
    seen: Callable[[str, str], str | None],
    now: int,
) -> OpenedAlert:
    manifest = verified.manifest
    inner_jws = _decrypt(verified, keys)
    inner = _verify_inner(verified, inner_jws)
    check_inner_matches(inner, manifest)
    check_audience(manifest, verified.via, inner.aud, verified.reader)
    known = seen(manifest.iss, manifest.jti)
    if known is not None and known != manifest.md:
        raise VerificationError(Failure.REPLAY)
    check_blob_facts(manifest.att, blobs)
    return OpenedAlert(
        manifest=manifest,
        audience=inner.aud,
        names=inner.names,
        alert=inner.alert,
        attachments=inner.attachments,
        standing=verified.standing,
        log_time=verified.log_time,
        log_compared=verified.log_compared,
        late=now >= manifest.terms.exp,
        inner_jws=inner_jws,
    )


def _decrypt(verified: VerifiedSlice, keys: Mapping[str, DecryptionKey]) -> bytes:
    """The inner JWS, whose digest the originator signed; GCM alone does not commit to a key."""
    entry = verified.jwe.entries[0]
    key = keys.get(entry.kid)
    if key is None:
        raise OpeningError(Failure.KEY_MISSING)
    inner_jws = decrypt(verified.jwe, unwrap(entry, key))
    if b64u(sha256(inner_jws)) != verified.manifest.pd:
        raise VerificationError(Failure.INNER_DIGEST)
    return inner_jws


def _verify_inner(verified: VerifiedSlice, inner_jws: bytes) -> Inner:
    jws = parse_jws(inner_jws, TYP_INNER, limit=MAX_INNER_JWS_BYTES)
    verify_jws(jws, verified.keys)
    return read_inner(jws.payload)

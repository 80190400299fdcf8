# SPDX-License-Identifier: Apache-2.0
"""Checks of a recipient while and after opening: VerifiedSlice -> OpenedAlert.

Order: unwrap, decrypt, `pd`, inner signatures, every shared member equal, `rn`, audience, replay, blob digests; only then does
an OpenedAlert exist. Every failure is an OpeningError of one text and code; its `cause` is for the reader's own audit log.

Once the entry's key is found, every check is made whatever an earlier one said, on a stand-in where there is nothing to check,
and the first failure is raised at the end: the time taken does not reveal which it was. The limits of this:
docs/spec/envelope.md, "Recipient", and benchmarks/unopenable_timing.py, which measures it.

    verified = verify_slice(octets, reader="xe-drugs", directory=directory, ledger=ledger, now=now)
    opened = open_alert(verified, keys={key.public.kid: key}, blobs=facts, seen=state.md_of, now=now)

Source: docs/spec/envelope.md, "Recipient".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from accord.envelope.blobs import BlobFacts
from accord.envelope.content import (
    Inner,
    OpenedAlert,
    check_inner_matches,
    inner_of,
    parse_inner,
)
from accord.envelope.encoding import b64u, sha256
from accord.envelope.errors import (
    Failure,
    MalformedError,
    OpeningError,
    VerificationError,
)
from accord.envelope.intake import check_blob_facts
from accord.envelope.jwe import Entry
from accord.envelope.jws import UnverifiedJws, check_headers
from accord.envelope.manifest import Manifest
from accord.envelope.private import DecryptionKey
from accord.envelope.releases import check_audience
from accord.envelope.standin import CONTENT_KEY, StandIn, parse_inner_jws, stand_in_for
from accord.envelope.unseal import decrypt, unwrap
from accord.envelope.verifying import VerifiedSlice

_Found = TypeVar("_Found")


def open_alert(
    verified: VerifiedSlice,
    *,
    keys: Mapping[str, DecryptionKey],
    blobs: Sequence[BlobFacts],
    seen: Callable[[str, str], str | None],
    now: int,
    handed: Entry | None = None,
) -> OpenedAlert:
    """Open a slice that `verify_slice` has verified; every refusal is an OpeningError.

    `handed` is the same content key under a newer key of the reader (`accord.envelope.reseal.hand_over`), instead of the
    slice's own entry; a wrong one opens nothing.

    `keys` maps kid to private key, old ones included; `blobs` are the measured facts of every blob, in order; `seen(iss, jti)`
    returns the md this reader has met under that id before, or None.
    """
    manifest, checks = verified.manifest, _Checks(verified)
    inner_jws = _decrypt(verified, handed or verified.jwe.entries[0], keys, checks)
    inner = _verify_inner(verified, inner_jws, checks)
    checks.make(lambda: check_inner_matches(inner, manifest))
    checks.make(lambda: check_audience(manifest, verified.via, inner.aud, verified.reader))
    checks.make(lambda: _check_replay(manifest, seen))
    checks.make(lambda: check_blob_facts(manifest.att, blobs))
    checks.raise_first()
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
        standings=verified.standings,
        via=verified.via,
    )


class _Checks:
    """A runner of checks that continues after a failure and keeps the first one."""

    def __init__(self, verified: VerifiedSlice) -> None:
        self._verified = verified
        self._first: OpeningError | None = None
        self._stand_in: StandIn | None = None

    def find(self, check: Callable[[], _Found], instead: Callable[[StandIn], _Found]) -> _Found:
        """Return the result of `check`; after its failure, the result of `instead` on the stand-in."""
        try:
            return check()
        except (OpeningError, VerificationError, MalformedError) as failed:
            return instead(self._stand_in_after(failed))

    def make(self, check: Callable[[], None]) -> None:
        """Make a check that no later one depends on."""
        self.find(check, lambda _: None)

    def _stand_in_after(self, failed: OpeningError | VerificationError | MalformedError) -> StandIn:
        if self._stand_in is None:
            self._first = _as_opening_error(failed)
            self._stand_in = stand_in_for(self._verified)
        return self._stand_in

    def raise_first(self) -> None:
        """Raise the first failure, if there was one."""
        if self._first is not None:
            raise self._first


def _as_opening_error(failed: OpeningError | VerificationError | MalformedError) -> OpeningError:
    """Return a new error, without the traceback of the failure."""
    if isinstance(failed, VerificationError):
        return OpeningError(failed.failure, failed.detail)
    if isinstance(failed, MalformedError):
        return OpeningError(Failure.MALFORMED, failed.where)
    return OpeningError(failed.cause, failed.cause_detail)


def _decrypt(
    verified: VerifiedSlice, entry: Entry, keys: Mapping[str, DecryptionKey], checks: _Checks
) -> bytes:
    """Return the inner JWS, whose digest the originator signed; GCM alone does not commit to a key."""
    key = keys.get(entry.kid)
    if key is None:
        raise OpeningError(Failure.KEY_MISSING)
    content_key = checks.find(lambda: unwrap(entry, key), lambda _: CONTENT_KEY)
    inner_jws = checks.find(lambda: decrypt(verified.jwe, content_key), lambda stand_in: stand_in.inner_jws)
    checks.make(lambda: _check_digest(inner_jws, verified.manifest))
    return inner_jws


def _check_digest(inner_jws: bytes, manifest: Manifest) -> None:
    if b64u(sha256(inner_jws)) != manifest.pd:
        raise VerificationError(Failure.INNER_DIGEST)


def _verify_inner(verified: VerifiedSlice, inner_jws: bytes, checks: _Checks) -> Inner:
    jws = checks.find(
        lambda: parse_inner_jws(inner_jws), lambda stand_in: parse_inner_jws(stand_in.inner_jws)
    )
    signed = checks.find(lambda: _with_headers_of(verified, jws), lambda stand_in: stand_in.jws)
    for signature, key in zip(signed.signatures, verified.keys, strict=True):
        checks.make(partial(key.verify, signature.signature, signature.signed))
    payload = checks.find(
        lambda: parse_inner(jws.payload), lambda stand_in: parse_inner(stand_in.jws.payload)
    )
    return checks.find(lambda: inner_of(payload), lambda stand_in: stand_in.inner)


def _with_headers_of(verified: VerifiedSlice, jws: UnverifiedJws) -> UnverifiedJws:
    check_headers(jws, verified.keys)
    return jws


def _check_replay(manifest: Manifest, seen: Callable[[str, str], str | None]) -> None:
    known = seen(manifest.iss, manifest.jti)
    if known is not None and known != manifest.md:
        raise VerificationError(Failure.REPLAY)

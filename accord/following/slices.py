# SPDX-License-Identifier: Apache-2.0
"""Slices: fetched, verified against newest keysets and the kept ledger, with all later statements about them.

Only slices that are verified here are opened, but not by this module: `open_slice` asks the keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from accord.calls.answers import ManifestAnswer
from accord.envelope.blobs import BlobFacts
from accord.envelope.content import OpenedAlert
from accord.envelope.encoding import MAX_MANIFEST_BYTES
from accord.envelope.errors import Failure, VerificationError
from accord.envelope.jws import UnverifiedJws, parse_jws
from accord.envelope.manifest import Manifest, read_manifest
from accord.envelope.slices import UnverifiedSlice, parse_slice
from accord.envelope.tree.receipts import Receipt
from accord.envelope.verifying import VerifiedSlice, verify_manifest, verify_receipt, verify_slice
from accord.envelope.vocabulary import TYP_MANIFEST
from accord.following.follower import Follower
from accord.following.judging import reaffirms_of, unreleased_of
from accord.following.keysets import refresh_once
from accord.following.ports import Keys
from accord.following.statements import note_statements_about

_Actor = TypeVar("_Actor")


def fetch_slice(follower: Follower, md: str) -> tuple[bytes, UnverifiedSlice]:
    """Return the slice of this envelope and no other; raise MalformedError, VerificationError, or the hub's errors."""
    octets = follower.exchange.slice(md)
    return octets, parse_slice_of(md, octets)


def parse_slice_of(md: str, octets: bytes) -> UnverifiedSlice:
    """Parse a slice, which must be the one of this envelope; raise MalformedError, VerificationError."""
    unverified = parse_slice(octets)
    if unverified.manifest.md != md:
        raise VerificationError(Failure.SUBJECT, "the hub gave another envelope")
    return unverified


def verify_fetched(follower: Follower, unverified: UnverifiedSlice) -> VerifiedSlice:
    """Make every check that needs no private key, against newest keysets; store what the receipts prove."""
    for agency in (unverified.manifest.iss, *(release.statement.iss for release in unverified.via)):
        refresh_once(follower, agency)
    verified = verify_kept(follower, unverified)
    note_receipts(follower, unverified, verified)
    return verified


def verify_manifest_alone(follower: Follower, md: str, answer: ManifestAnswer) -> Manifest:
    """Verify the manifest of an envelope whose content is withheld, by the known keys; store its receipt.

    Raises MalformedError, VerificationError.
    """
    jws = parse_jws(answer.manifest, TYP_MANIFEST, limit=MAX_MANIFEST_BYTES)
    manifest = read_manifest(jws.payload)
    if manifest.md != md:
        raise VerificationError(Failure.SUBJECT, "the hub gave another manifest")
    verify_logged_manifest(follower, manifest, jws, answer.receipt)
    return manifest


def verify_logged_manifest(
    follower: Follower, manifest: Manifest, jws: UnverifiedJws, receipt: Receipt
) -> None:
    """Verify a manifest's signers, and that the ledger has it, by the known keys; store its receipt.

    Raises VerificationError.
    """
    follower.log.learn_keys([receipt.checkpoint])
    logged = verify_receipt(receipt, manifest.md, follower.log.as_ledger())
    verify_manifest(manifest, jws, follower.judges_by, logged)
    follower.log.note(receipt, manifest.md, logged.log_time, compared=logged.compared)


def verify_after_all_said(
    follower: Follower, unverified: UnverifiedSlice, verified: VerifiedSlice
) -> VerifiedSlice:
    """Fetch later statements about a verified slice, and judge it again by them."""
    note_statements_about(follower, verified, follower.exchange.statements_about(verified.md))
    # A learned withdrawal is stored, although it closes this very alert.
    follower.memory.write()
    return verify_kept(follower, unverified)


def verify_kept(follower: Follower, unverified: UnverifiedSlice) -> VerifiedSlice:
    """Verify as `verify_fetched` does, by what is stored; store nothing but the ledger's new keys."""
    follower.log.learn_keys([receipt.checkpoint for receipt in unverified.receipts])
    return verify_slice(
        unverified,
        reader=follower.agency,
        directory=follower.judges_by,
        ledger=follower.log.as_ledger(),
        now=follower.now,
        unreleased=unreleased_of(follower, unverified),
        reaffirms=reaffirms_of(follower, unverified),
    )


def note_receipts(follower: Follower, unverified: UnverifiedSlice, verified: VerifiedSlice) -> None:
    """Store what the receipts of a verified slice prove; a ledger that could not be compared is compared later."""
    ods = (verified.md, *(release.od for release in verified.via))
    for receipt, od in zip(unverified.receipts, ods, strict=True):
        follower.log.note(receipt, od, receipt.leaf.t, compared=verified.log_compared)
        if not verified.log_compared:
            follower.memory.keep_uncompared(receipt.checkpoint)


def open_slice(
    follower: Follower,
    keys: Keys[_Actor],
    verified: VerifiedSlice,
    blobs: Sequence[BlobFacts],
    *,
    actor: _Actor,
    reason: str,
) -> OpenedAlert:
    """Open a verified slice, comparing it with what was seen under the same id before; raise OpeningError."""
    return keys.open_slice(
        verified, blobs, actor=actor, reason=reason, seen=follower.memory.seen, now=follower.now
    )

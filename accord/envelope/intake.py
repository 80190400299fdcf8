# SPDX-License-Identifier: Apache-2.0
"""Checks of the exchange before it carries an envelope: UnverifiedEnvelope -> VerifiedEnvelope.

The order is the profile's, cheapest first, and no key is used that could open anything:

    unverified = parse_submission(manifest, jwe, [measure_blob(b) for b in blobs], caller="xa-lab")
    ...                     # same (iss, jti): same md answers as before, another md is refused
    verified = verify_submission(unverified, directory=directory, now=now)
    ...                     # `re` visible, update of the newest, policy per recipient: the exchange's

Source: docs/spec/envelope.md, "Intake".
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from accord.envelope.blobs import BlobFacts
from accord.envelope.encoding import MAX_ENVELOPE_BYTES, MAX_MANIFEST_BYTES
from accord.envelope.errors import Failure, TooLargeError, VerificationError
from accord.envelope.jwe import Entry, UnverifiedJwe, leaf_hashes, parse_jwe, recipients_root
from accord.envelope.jws import UnverifiedJws, parse_jws, verify_jws
from accord.envelope.keyrule import check_window, judge_signers, signers_at_intake
from accord.envelope.keysets import IntakeDirectory, RecipientKey
from accord.envelope.manifest import BlobRef, Manifest, aad_of, read_manifest
from accord.envelope.tree import merkle
from accord.envelope.vocabulary import TYP_MANIFEST


@dataclass(frozen=True)
class UnverifiedEnvelope:
    """A well-formed submission of the caller; no signature and no digest was checked."""

    manifest: Manifest
    jws: UnverifiedJws = field(repr=False)
    jwe: UnverifiedJwe = field(repr=False)
    blobs: tuple[BlobFacts, ...]
    manifest_bytes: bytes = field(repr=False)

    @property
    def iss(self) -> str:
        """The issuer, equal to the caller."""
        return self.manifest.iss

    @property
    def jti(self) -> str:
        """The issuer's id of the envelope."""
        return self.manifest.jti

    @property
    def md(self) -> str:
        """The manifest's object digest."""
        return self.manifest.md


@dataclass(frozen=True)
class RecipientEntry:
    """One agency's entry: its index under `rr` and its JSON, for the agency's slice."""

    agency: str
    kid: str
    index: int
    text: str = field(repr=False)


@dataclass(frozen=True)
class VerifiedEnvelope:
    """An envelope that may be carried. `entries` are in the order of `rr`, the originator's included."""

    manifest: Manifest
    manifest_bytes: bytes = field(repr=False)
    jwe_head: str = field(repr=False)
    entries: tuple[RecipientEntry, ...]
    leaf_hashes: tuple[bytes, ...] = field(repr=False)

    @property
    def md(self) -> str:
        """The manifest's object digest."""
        return self.manifest.md

    @property
    def recipients(self) -> tuple[str, ...]:
        """Every agency with an entry except the originator."""
        return tuple(entry.agency for entry in self.entries if entry.agency != self.manifest.iss)

    def path(self, index: int) -> list[bytes]:
        """Return the inclusion path of entry `index` under `rr`."""
        return merkle.inclusion_path(self.leaf_hashes, index)

    def paths(self) -> list[list[bytes]]:
        """Return all inclusion paths at once, in the order of `entries`."""
        return merkle.inclusion_paths(self.leaf_hashes)


def parse_submission(
    manifest: bytes, jwe: bytes, blobs: Sequence[BlobFacts], *, caller: str
) -> UnverifiedEnvelope:
    """Check size, strict parse, `iss` = caller; raise TooLargeError, MalformedError or VerificationError."""
    if len(manifest) + len(jwe) > MAX_ENVELOPE_BYTES:
        raise TooLargeError("manifest and jwe", MAX_ENVELOPE_BYTES)
    jws = parse_jws(manifest, TYP_MANIFEST, limit=MAX_MANIFEST_BYTES)
    read = read_manifest(jws.payload)
    sealed = parse_jwe(jwe, read.suite, limit=MAX_ENVELOPE_BYTES)
    if read.iss != caller:
        raise VerificationError(Failure.ISSUER)
    return UnverifiedEnvelope(read, jws, sealed, tuple(blobs), manifest)


def verify_submission(
    unverified: UnverifiedEnvelope, *, directory: IntakeDirectory, now: int
) -> VerifiedEnvelope:
    """Make every check that needs no policy; raise VerificationError.

    `Failure.KEYSET_STALE` names the agencies whose entry is not for their newest key: seal again. Its detail names those
    without any key of the suite that may be sealed to.
    """
    manifest = unverified.manifest
    _check_signatures(unverified, directory, now)
    check_window(manifest.terms.iat, now)
    if now >= manifest.terms.exp:
        raise VerificationError(Failure.EXPIRED)
    verified, agencies = _verified(unverified, directory)
    check_recipient_keys(manifest, agencies, unverified.jwe.entries, directory, now)
    return verified


def verify_logged_submission(
    unverified: UnverifiedEnvelope, *, directory: IntakeDirectory, log_time: int, index: int
) -> VerifiedEnvelope:
    """Verify an envelope that the ledger has at `index`, submitted again after a restore.

    Window, end and newest keys were judged at the first intake; signatures are judged as by a reader. Raises VerificationError.
    """
    manifest = unverified.manifest
    if manifest.signers != unverified.jws.kids:
        raise VerificationError(Failure.SIGNERS)
    keys, _ = judge_signers(directory, manifest.iss, manifest.signers, manifest.suite, log_time, index=index)
    verify_jws(unverified.jws, keys)
    return _verified(unverified, directory)[0]


def _check_signatures(unverified: UnverifiedEnvelope, directory: IntakeDirectory, now: int) -> None:
    manifest = unverified.manifest
    if manifest.signers != unverified.jws.kids:
        raise VerificationError(Failure.SIGNERS)
    keys = signers_at_intake(directory, manifest.iss, manifest.signers, manifest.suite, now)
    verify_jws(unverified.jws, keys)


def _verified(
    unverified: UnverifiedEnvelope, directory: IntakeDirectory
) -> tuple[VerifiedEnvelope, list[str]]:
    """Check the sealed part and the blobs, which do not depend on time; return the agency of each entry too."""
    agencies, leaves = _check_sealed_part(unverified, directory)
    _check_blobs(unverified)
    verified = VerifiedEnvelope(
        manifest=unverified.manifest,
        manifest_bytes=unverified.manifest_bytes,
        jwe_head=unverified.jwe.head,
        entries=place_entries(agencies, unverified.jwe.entries),
        leaf_hashes=tuple(leaves),
    )
    return verified, agencies


def _check_sealed_part(
    unverified: UnverifiedEnvelope, directory: IntakeDirectory
) -> tuple[list[str], list[bytes]]:
    """Check `aad`, `ct`, `rr`, `rn`; return the agency and the leaf hash of each entry, in order."""
    manifest, jwe = unverified.manifest, unverified.jwe
    if jwe.aad != aad_of(manifest.terms, manifest.iss):
        raise VerificationError(Failure.AAD)
    if jwe.ct != manifest.ct:
        raise VerificationError(Failure.CIPHERTEXT)
    agencies = agencies_of(jwe.entries, directory)
    if len(agencies) != manifest.rn or manifest.iss not in agencies:
        raise VerificationError(Failure.RECIPIENTS)
    leaves = leaf_hashes(agencies, [entry.text for entry in jwe.entries])
    if recipients_root(leaves) != manifest.rr:
        raise VerificationError(Failure.RECIPIENTS)
    return agencies, leaves


def agencies_of(entries: Sequence[Entry], directory: IntakeDirectory) -> list[str]:
    """Return the owner of each entry's key: sorted, one entry each; raise VerificationError."""
    owners = directory.owners([entry.kid for entry in entries])
    agencies = [owners.get(entry.kid, "") for entry in entries]
    if "" in agencies:
        raise VerificationError(Failure.RECIPIENTS, "key of no agency")
    if any(left >= right for left, right in itertools.pairwise(agencies)):
        raise VerificationError(Failure.RECIPIENTS, "one entry per agency, sorted")
    return agencies


def _check_blobs(unverified: UnverifiedEnvelope) -> None:
    check_blob_facts(unverified.manifest.att, unverified.blobs)


def check_blob_facts(expected: Sequence[BlobRef], found: Sequence[BlobFacts]) -> None:
    """Check number, digest and length of every blob against the manifest; raise VerificationError."""
    if [(blob.sha256, blob.len) for blob in expected] != [(blob.sha256, blob.len) for blob in found]:
        raise VerificationError(Failure.BLOB)


def place_entries(agencies: Sequence[str], entries: Sequence[Entry]) -> tuple[RecipientEntry, ...]:
    """Return each entry with its agency and its index under `rr`."""
    return tuple(
        RecipientEntry(agency, entry.kid, index, entry.text)
        for index, (agency, entry) in enumerate(zip(agencies, entries, strict=True))
    )


def check_recipient_keys(
    manifest: Manifest,
    agencies: Sequence[str],
    entries: Sequence[Entry],
    directory: IntakeDirectory,
    now: int,
) -> None:
    """Check that each entry is for its agency's newest key of the suite, for RED in its own custody; raise VerificationError."""
    newest = directory.recipient_keys(agencies, manifest.suite, now)
    stale = [
        agency
        for agency, entry in zip(agencies, entries, strict=True)
        if not _is_newest(newest.get(agency), entry.kid, entry.curve)
    ]
    if stale:
        without = ", ".join(agency for agency in stale if agency not in newest)
        raise VerificationError(Failure.KEYSET_STALE, without and f"no key for {without}", agencies=stale)
    if manifest.is_red:
        _check_custody(newest)


def _is_newest(key: RecipientKey | None, kid: str, curve: str | None) -> bool:
    if key is None or key.kid != kid:
        return False
    if curve != key.curve:
        raise VerificationError(Failure.RECIPIENTS, "epk of another curve")
    return True


def _check_custody(keys: Mapping[str, RecipientKey]) -> None:
    held = sorted(agency for agency, key in keys.items() if key.custody != "agency")
    if held:
        raise VerificationError(Failure.RED_CUSTODY, agencies=held)

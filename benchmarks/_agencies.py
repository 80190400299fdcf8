# SPDX-License-Identifier: Apache-2.0
"""Agencies, directory and ledger in memory, for benchmarks that need no hub.

The recipients share one root, which does not change the figures, so that a thousand keys are made in a second.
"""

import os
import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from accord.envelope.blobs import measure_blob
from accord.envelope.content import Attachment, OpenedAlert
from accord.envelope.intake import VerifiedEnvelope, parse_submission, verify_submission
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import KeyRow, Keyset, RecipientKey, Revocation, newest_encryption_key
from accord.envelope.manifest import Terms
from accord.envelope.private import (
    DecryptionKey,
    LedgerKey,
    Root,
    SignerSet,
    SigningKey,
    generate_decryption_key,
    generate_signing_keys,
)
from accord.envelope.reading import open_alert
from accord.envelope.seal import Recipient, SealedEnvelope, seal
from accord.envelope.slices import build_slice
from accord.envelope.tree import merkle
from accord.envelope.tree.notes import Checkpoint
from accord.envelope.tree.receipts import LeafEntry, Receipt
from accord.envelope.verifying import Ledger, verify_slice

NOW = 1_800_000_000
DAY_SECS = 24 * 3600
ORIGINATOR = "xa-alpha"
LEDGER_SIZE = 1000


class HeldAgency:
    """An agency, as a sender knows it, and its private keys."""

    def __init__(self, keyset: Keyset, decryption: Mapping[str, DecryptionKey]) -> None:
        self.id = keyset.agency
        self.keyset = keyset
        self.recipient = Recipient(keyset, keyset.root_fingerprint)
        self.decryption = decryption
        self.private_keys = {key.public.kid: key for key in decryption.values()}


def alert_of(octets: int) -> dict[str, str]:
    """Return a document of about this size."""
    return {"schema": "accord-alert/1", "title": "Blue tablets", "text": "x" * (octets - 70)}


def new_jti() -> str:
    """Return a fresh UUID 7 of `NOW`."""
    digits = f"{NOW * 1000:012x}7{secrets.token_hex(2)[1:]}8{secrets.token_hex(8)[1:]}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def new_terms() -> Terms:
    """Return the terms of a routine alert."""
    return Terms(
        kind="alert",
        status="actual",
        jti=new_jti(),
        iat=NOW - 10,
        exp=NOW + 30 * DAY_SECS,
        keep=NOW + 365 * DAY_SECS,
        tlp="GREEN",
        rel="none",
        lane="science",
        purpose="prevent",
        pri="routine",
    )


class Directory:
    """A directory in which every keyset is known and in force, and none is revoked."""

    def __init__(self, agencies: Sequence[HeldAgency]) -> None:
        self._keysets = {agency.id: agency.keyset for agency in agencies}
        self._owners = {row.kid: agency.id for agency in agencies for row in agency.keyset.rows}
        self._recipient_keys = {suite: _recipient_keys(agencies, suite) for suite in (EC1, PQ1)}

    def keyset(self, agency: str) -> Keyset | None:
        return self._keysets.get(agency)

    def keyset_logged_before(self, agency: str, log_time: int, index: int | None = None) -> Keyset | None:
        return self._keysets.get(agency)

    def revocations(self, agency: str) -> Sequence[Revocation]:
        return ()

    def suspended_kids(self, agency: str) -> Collection[str]:
        return frozenset()

    def owners(self, kids: Sequence[str]) -> Mapping[str, str]:
        return self._owners

    def recipient_keys(self, agencies: Sequence[str], suite: str, now: int) -> Mapping[str, RecipientKey]:
        return self._recipient_keys[suite]


def _recipient_keys(agencies: Sequence[HeldAgency], suite: str) -> dict[str, RecipientKey]:
    found = {}
    for agency in agencies:
        row = newest_encryption_key(agency.keyset, suite, NOW)
        assert row is not None
        found[agency.id] = RecipientKey(agency.id, row.kid, row.key.alg, row.key.curve, agency.keyset.custody)
    return found


class World:
    """One originator and as many recipients as the largest benchmark needs."""

    def __init__(self, recipients: int) -> None:
        self._root = Root.generate()
        self.signing_keys: list[SigningKey] = generate_signing_keys(PQ1)
        self.signers = {PQ1: SignerSet(self.signing_keys), EC1: SignerSet(self.signing_keys[:1])}
        self.originator = self._make(ORIGINATOR, [key.public for key in self.signing_keys])
        self.recipients = [self._make(f"xb-agency{n:03}") for n in range(recipients)]
        self.directory = Directory([self.originator, *self.recipients])
        self.ledger_key = LedgerKey.generate("ledger.example/log")

    def _make(self, agency: str, signing: Sequence[object] = ()) -> HeldAgency:
        decryption = {suite: generate_decryption_key(suite) for suite in (PQ1, EC1)}
        keys = [*signing, *(key.public for key in decryption.values())]
        rows = tuple(KeyRow(key, NOW - DAY_SECS, NOW + 365 * DAY_SECS) for key in keys)  # type: ignore[arg-type]
        keyset = Keyset(
            agency=agency,
            version=1,
            prev=None,
            od="A" * 43,
            iat=NOW - DAY_SECS,
            exp=NOW + 80 * DAY_SECS,
            root=self._root.public,
            nroot="0" * 64,
            custody="agency",
            low=EC1,
            rows=rows,
            signers=tuple(key.kid for key in self._root.public),
            log_time=NOW - DAY_SECS,
        )
        return HeldAgency(keyset, decryption)

    def seal(
        self,
        suite: str,
        count: int,
        alert: Mapping[str, Any],
        attachments: Sequence[Attachment] = (),
    ) -> SealedEnvelope:
        """Seal one alert to the first `count` recipients."""
        return seal(
            new_terms(),
            alert,
            suite=suite,
            originator=self.originator.recipient,
            recipients=[agency.recipient for agency in self.recipients[:count]],
            signer=self.signers[suite],
            nonce=os.urandom(16),
            now=NOW,
            attachments=attachments,
            confirm_ec1=True,
        )

    def check_intake(self, sealed: SealedEnvelope) -> VerifiedEnvelope:
        """Run the exchange's checks of a submission."""
        blobs = [measure_blob(blob) for blob in sealed.blobs]
        unverified = parse_submission(sealed.manifest, sealed.jwe, blobs, caller=ORIGINATOR)
        return verify_submission(unverified, directory=self.directory, now=NOW)

    def slice_for(self, reader: HeldAgency, sealed: SealedEnvelope) -> bytes:
        """Return the slice that the exchange serves to one recipient, with a receipt from a ledger of a thousand."""
        verified = self.check_intake(sealed)
        entry = next(entry for entry in verified.entries if entry.agency == reader.id)
        return build_slice(
            manifest=verified.manifest_bytes,
            jwe_head=verified.jwe_head,
            entry=entry.text,
            index=entry.index,
            path=verified.path(entry.index),
            receipts=[self._receipt(verified.md).as_json()],
        )

    def _receipt(self, md: str) -> Receipt:
        leaf = LeafEntry(md, "x", NOW)
        others = [os.urandom(32) for _ in range(LEDGER_SIZE - 1)]
        hashes = [*others, merkle.leaf_hash(leaf.encode())]
        checkpoint = Checkpoint(self.ledger_key.name, len(hashes), merkle.root_of(hashes))
        note = self.ledger_key.sign_note(checkpoint.text)
        index = len(hashes) - 1
        return Receipt(leaf, index, tuple(merkle.inclusion_path(hashes, index)), note)

    def open(self, reader: HeldAgency, octets: bytes) -> OpenedAlert:
        """Run all checks of a recipient, and open."""
        verified = verify_slice(
            octets,
            reader=reader.id,
            directory=self.directory,
            ledger=Ledger(keys=[self.ledger_key.verifier]),
            now=NOW,
        )
        return open_alert(verified, keys=reader.private_keys, blobs=(), seen=lambda iss, jti: None, now=NOW)

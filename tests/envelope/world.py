# SPDX-License-Identifier: Apache-2.0
"""Agencies, a key directory and a ledger in memory, for the envelope's tests.

Small on purpose: alpha writes, bravo and charlie receive, mallory must get nothing. Anything special
is made in the test.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from accord.envelope import keysets
from accord.envelope.blobs import measure_blob
from accord.envelope.content import OpenedAlert
from accord.envelope.intake import VerifiedEnvelope, parse_submission, verify_submission
from accord.envelope.keys import EC1, PQ1, suite_rank
from accord.envelope.keysets import KeyRow, Keyset, RecipientKey, Revocation
from accord.envelope.manifest import Reference, Terms
from accord.envelope.private import (
    DecryptionKey,
    LedgerKey,
    Root,
    SignerSet,
    generate_decryption_key,
    generate_signing_keys,
)
from accord.envelope.reading import open_alert
from accord.envelope.seal import Recipient, SealedEnvelope, seal
from accord.envelope.slices import build_slice
from accord.envelope.statements.form import make_statement
from accord.envelope.tree import merkle
from accord.envelope.tree.notes import Checkpoint
from accord.envelope.tree.receipts import LeafEntry, Receipt
from accord.envelope.verifying import Ledger, VerifiedSlice, verify_slice

NOW = 1_800_000_000
DAY = 24 * 3600
ALERT = {"schema": "accord-alert/1", "title": "Blaue Tabletten \u2013 \u6e2c\u8a66", "count": 3}


def uuid7(n: int = 0) -> str:
    """A well-formed UUID 7, equal for equal numbers."""
    digits = hashlib.sha256(str(n).encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-7{digits[12:15]}-8{digits[15:18]}-{digits[18:30]}"


@dataclass
class Agency:
    """An agency with all its private keys, and its newest keyset."""

    id: str
    root: Root
    next_root: Root
    signing: dict[str, SignerSet]
    decryption: dict[str, DecryptionKey]
    rows: list[KeyRow]
    custody: str = "agency"
    low: str = EC1
    keyset_jws: bytes = b""
    keyset: Keyset = field(init=False)

    @property
    def recipient(self) -> Recipient:
        """The agency as a sender knows it."""
        return Recipient(self.keyset, self.root.fingerprint)

    @property
    def private_keys(self) -> dict[str, DecryptionKey]:
        """The reader's private keys by kid."""
        return {key.public.kid: key for key in self.decryption.values()}

    def body(self, **changes: Any) -> dict[str, Any]:
        """A keyset body of version 1, with changes."""
        terms: dict[str, Any] = {
            "version": 1,
            "prev": None,
            "root": self.root.public,
            "nroot": self.next_root.fingerprint,
            "custody": self.custody,
            "low": self.low,
            "rows": self.rows,
        }
        return keysets.build_keyset_body(**(terms | changes))

    def sign_keyset(
        self,
        body: Mapping[str, Any] | None = None,
        *,
        signer: Any = None,
        iat: int = NOW - DAY,
        days: int = 90,
    ) -> bytes:
        """A keyset statement signed by the root, or by `signer`."""
        return make_statement(
            "keyset",
            iss=self.id,
            signer=signer or self.root.signer,
            suite=PQ1,
            id=uuid7(iat),
            iat=iat,
            exp=iat + days * DAY,
            nonce=os.urandom(16),
            body=self.body() if body is None else body,
        )

    def publish(self) -> Agency:
        """Sign and verify version 1, logged a day ago."""
        self.keyset_jws = self.sign_keyset()
        self.keyset = keysets.verify_keyset(
            self.keyset_jws, pinned=self.root.fingerprint, strict=True, log_time=NOW - DAY
        )
        return self


def make_agency(
    agency: str,
    *,
    suites: Sequence[str] = (PQ1, EC1),
    custody: str = "agency",
    low: str = EC1,
    curve: str | None = None,
    signing: Mapping[str, SignerSet] | None = None,
) -> Agency:
    """An agency with fresh keys, valid for a year since ten days ago."""
    signers = dict(signing or {suite: SignerSet(generate_signing_keys(suite)) for suite in suites})
    opening = {suite: generate_decryption_key(suite) for suite in suites}
    if curve is not None:
        opening[EC1] = DecryptionKey.generate(curve)
    public = [key for signer in signers.values() for key in signer.signers]
    public += [key.public for key in opening.values()]
    rows = [KeyRow(key, NOW - 10 * DAY, NOW + 365 * DAY) for key in public]
    made = Agency(agency, Root.generate(), Root.generate(), signers, opening, rows, custody, low)
    return made.publish()


class MemoryDirectory:
    """A key directory over agencies in memory, in the exchange's and in the reader's shape."""

    def __init__(self, *agencies: Agency) -> None:
        self.keysets = {agency.id: [agency.keyset] for agency in agencies}
        self.suspended: set[str] = set()
        self.revokes: list[Revocation] = []

    def keyset(self, agency: str) -> Keyset | None:
        return max(self.keysets.get(agency, ()), key=lambda keyset: keyset.version, default=None)

    def keyset_logged_before(self, agency: str, log_time: int, index: int | None = None) -> Keyset | None:
        last = keysets.place_judged(log_time, index)
        logged = [
            keyset
            for keyset in self.keysets.get(agency, ())
            if keyset.log_time is not None and keysets.place_from(keyset.log_time, keyset.log_index) <= last
        ]
        return max(logged, key=lambda keyset: keyset.version, default=None)

    def revocations(self, agency: str) -> Sequence[Revocation]:
        revokes = [revoke for revoke in self.revokes if revoke.agency == agency]
        return keysets.revocations_of(self.keysets.get(agency, ()), revokes)

    def suspended_kids(self, agency: str) -> Collection[str]:
        own = {row.kid for keyset in self.keysets.get(agency, ()) for row in keyset.rows}
        return self.suspended & own

    def owners(self, kids: Sequence[str]) -> Mapping[str, str]:
        owners = {
            row.kid: agency
            for agency, versions in self.keysets.items()
            for keyset in versions
            for row in keyset.rows
        }
        return {kid: owners[kid] for kid in kids if kid in owners}

    def recipient_keys(self, agencies: Sequence[str], suite: str, now: int) -> Mapping[str, RecipientKey]:
        found = {}
        for agency in agencies:
            keyset = self.keyset(agency)
            row = keysets.newest_encryption_key(keyset, suite, now) if keyset else None
            blocked = row is None or row.kid in self.suspended
            if (
                keyset is not None
                and row is not None
                and not blocked
                and suite_rank(suite) >= suite_rank(keyset.low)
            ):
                found[agency] = RecipientKey(agency, row.kid, row.key.alg, row.key.curve, keyset.custody)
        return found


class MemoryLedger:
    """A ledger that signs a checkpoint after every entry."""

    def __init__(self, name: str = "ledger.example/log") -> None:
        self.key = LedgerKey.generate(name)
        self.leaves: list[LeafEntry] = []

    def log(self, od: str, t: int = NOW) -> Receipt:
        """Append one object; return its receipt."""
        self.leaves.append(LeafEntry(od, "x", t))
        return self.receipt(len(self.leaves) - 1)

    @property
    def hashes(self) -> list[bytes]:
        return [merkle.leaf_hash(leaf.encode()) for leaf in self.leaves]

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        hashes = self.hashes[:size]
        return Checkpoint(self.key.name, len(hashes), merkle.root_of(hashes))

    def receipt(self, index: int) -> Receipt:
        note = self.key.sign_note(self.checkpoint().text)
        path = tuple(merkle.inclusion_path(self.hashes, index))
        return Receipt(self.leaves[index], index, path, note)

    def consistency(self, first: int, second: int) -> list[bytes]:
        return merkle.consistency_path(self.hashes[:second], first)

    def view(self, **known: Any) -> Ledger:
        return Ledger(keys=[self.key.verifier], **known)


def terms(**changes: Any) -> Terms:
    """Terms of a routine alert, with changes."""
    usual: dict[str, Any] = {
        "kind": "alert",
        "status": "actual",
        "jti": uuid7(1),
        "iat": NOW - 10,
        "exp": NOW + 30 * DAY,
        "keep": NOW + 365 * DAY,
        "tlp": "GREEN",
        "rel": "none",
        "lane": "science",
        "purpose": "prevent",
        "pri": "routine",
    }
    return Terms(**(usual | changes))


def reference(n: int = 7) -> Reference:
    """Some other envelope."""
    return Reference(uuid7(n), "A" * 43)


@dataclass
class World:
    """Alpha and its recipients, the directory and the ledger they share."""

    suite: str
    alpha: Agency
    others: list[Agency]
    directory: MemoryDirectory
    ledger: MemoryLedger

    def seal(self, *, to: Sequence[Agency] | None = None, **changes: Any) -> SealedEnvelope:
        """Seal alpha's alert to all others, with changes to the arguments of `seal`."""
        recipients = self.others if to is None else to
        arguments: dict[str, Any] = {
            "terms": terms(),
            "alert": ALERT,
            "suite": self.suite,
            "originator": self.alpha.recipient,
            "recipients": [agency.recipient for agency in recipients],
            "signer": self.alpha.signing[self.suite],
            "nonce": bytes(16),
            "now": NOW,
            "confirm_ec1": True,
        } | changes
        return seal(arguments.pop("terms"), arguments.pop("alert"), **arguments)

    def intake(
        self, sealed: SealedEnvelope, *, caller: str | None = None, now: int = NOW
    ) -> VerifiedEnvelope:
        """Check a submission as the exchange does."""
        blobs = [measure_blob(blob) for blob in sealed.blobs]
        unverified = parse_submission(sealed.manifest, sealed.jwe, blobs, caller=caller or self.alpha.id)
        return verify_submission(unverified, directory=self.directory, now=now)

    def slice_of(
        self, verified: VerifiedEnvelope, agency: str, receipts: Sequence[Receipt] | None = None
    ) -> bytes:
        """The slice of one agency; logs the manifest unless receipts are given."""
        entry = next(entry for entry in verified.entries if entry.agency == agency)
        if receipts is None:
            receipts = [self.ledger.log(verified.md)]
        return build_slice(
            manifest=verified.manifest_bytes,
            jwe_head=verified.jwe_head,
            entry=entry.text,
            index=entry.index,
            path=verified.path(entry.index),
            receipts=[receipt.as_json() for receipt in receipts],
        )

    def verify(self, octets: bytes, reader: str, **changes: Any) -> VerifiedSlice:
        """Make a recipient's checks before opening."""
        arguments: dict[str, Any] = {
            "directory": self.directory,
            "ledger": self.ledger.view(),
            "now": NOW,
        } | changes
        return verify_slice(octets, reader=reader, **arguments)

    def open(
        self,
        octets: bytes,
        reader: Agency,
        *,
        blobs: Sequence[bytes] = (),
        seen: Callable[[str, str], str | None] = lambda iss, jti: None,
        **changes: Any,
    ) -> OpenedAlert:
        return open_alert(
            self.verify(octets, reader.id, **changes),
            keys=reader.private_keys,
            blobs=[measure_blob(blob) for blob in blobs],
            seen=seen,
            now=changes.get("now", NOW),
        )

    def deliver(self, sealed: SealedEnvelope, reader: Agency, **changes: Any) -> OpenedAlert:
        """Do all steps: intake, ledger, slice, verify, open."""
        octets = self.slice_of(self.intake(sealed), reader.id)
        return self.open(octets, reader, blobs=sealed.blobs, **changes)


@cache
def known_agency(name: str) -> Agency:
    """An agency whose keys are made once for all tests; no test may change it."""
    return make_agency(name)


def make_world(suite: str = PQ1, names: Sequence[str] = ("xb-bravo", "xc-charlie")) -> World:
    """Alpha, recipients by these names, and a directory and a ledger of their own."""
    alpha = known_agency("xa-alpha")
    others = [known_agency(name) for name in names]
    return World(suite, alpha, others, MemoryDirectory(alpha, *others), MemoryLedger())

# SPDX-License-Identifier: Apache-2.0
"""One envelope per suite, sealed, carried, verified and opened at start, by processes that may open.

Keys are made for the purpose and forgotten. `accord.envelope.selftest` comes first: it says which
primitive is at fault.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from accord.envelope.errors import BackendError, EnvelopeError
from accord.envelope.intake import parse_submission, verify_submission
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import (
    KeyRow,
    Keyset,
    RecipientKey,
    Revocation,
    build_keyset_body,
    newest_encryption_key,
    verify_keyset,
)
from accord.envelope.manifest import Terms
from accord.envelope.private import (
    DecryptionKey,
    LedgerKey,
    Root,
    SignerSet,
    generate_decryption_key,
    generate_signing_keys,
)
from accord.envelope.reading import open_alert
from accord.envelope.seal import Recipient, seal
from accord.envelope.slices import build_slice
from accord.envelope.statements.form import make_statement
from accord.envelope.tree import merkle
from accord.envelope.tree.notes import Checkpoint
from accord.envelope.tree.receipts import LeafEntry, Receipt
from accord.envelope.verifying import Ledger, verify_slice

_NOW = 1_800_000_000
_DAY = 24 * 3600
_ID = "01900000-0000-7000-8000-000000000000"
_WRITER, _READER = "xx-writer", "xy-reader"
_ALERT = {"schema": "accord-alert/1", "title": "self-test"}


def run_seal_and_open() -> None:
    """Seal and open one envelope per suite; raise BackendError when any step fails."""
    for suite in (PQ1, EC1):
        try:
            opened = _carry(suite)
        except EnvelopeError as failed:
            raise BackendError(f"self-test of {suite} failed: {failed}") from failed
        if opened != _ALERT:
            raise BackendError(f"self-test of {suite} opened something else")


class _Agency:
    """An agency with keys of one suite and a keyset."""

    def __init__(self, agency: str, suite: str) -> None:
        root = Root.generate()
        self.agency = agency
        self.signer = SignerSet(generate_signing_keys(suite))
        self.key: DecryptionKey = generate_decryption_key(suite)
        public = (*self.signer.signers, self.key.public)
        body = build_keyset_body(
            version=1,
            prev=None,
            root=root.public,
            nroot=root.fingerprint,
            custody="agency",
            low=suite,
            rows=[KeyRow(key, _NOW - _DAY, _NOW + _DAY) for key in public],
        )
        signed = make_statement(
            "keyset",
            iss=agency,
            signer=root.signer,
            suite=PQ1,
            id=_ID,
            iat=_NOW - _DAY,
            exp=_NOW + _DAY,
            nonce=os.urandom(16),
            body=body,
        )
        self.keyset = verify_keyset(signed, pinned=root.fingerprint, strict=True, log_time=_NOW - _DAY)
        self.recipient = Recipient(self.keyset, root.fingerprint)


class _Directory:
    """An `IntakeDirectory` over these agencies."""

    def __init__(self, *agencies: _Agency) -> None:
        self._keysets = {agency.agency: agency.keyset for agency in agencies}

    def keyset(self, agency: str) -> Keyset | None:
        return self._keysets.get(agency)

    def keyset_logged_before(self, agency: str, log_time: int, index: int | None = None) -> Keyset | None:
        return self._keysets.get(agency)

    def revocations(self, agency: str) -> Sequence[Revocation]:
        return ()

    def suspended_kids(self, agency: str) -> Sequence[str]:
        return ()

    def owners(self, kids: Sequence[str]) -> Mapping[str, str]:
        return {row.kid: agency for agency, keyset in self._keysets.items() for row in keyset.rows}

    def recipient_keys(self, agencies: Sequence[str], suite: str, now: int) -> Mapping[str, RecipientKey]:
        found = {}
        for agency, keyset in self._keysets.items():
            row = newest_encryption_key(keyset, suite, now)
            assert row is not None
            found[agency] = RecipientKey(agency, row.kid, row.key.alg, row.key.curve, keyset.custody)
        return found


def _carry(suite: str) -> Mapping[str, Any]:
    """Return what the reader opens of an alert the writer sealed."""
    writer, reader = _Agency(_WRITER, suite), _Agency(_READER, suite)
    directory = _Directory(writer, reader)
    sealed = seal(
        _terms(),
        _ALERT,
        suite=suite,
        originator=writer.recipient,
        recipients=[reader.recipient],
        signer=writer.signer,
        nonce=os.urandom(16),
        now=_NOW,
        confirm_ec1=True,
    )
    submission = parse_submission(sealed.manifest, sealed.jwe, [], caller=_WRITER)
    carried = verify_submission(submission, directory=directory, now=_NOW)
    entry = next(entry for entry in carried.entries if entry.agency == _READER)
    ledger, receipt = _logged(carried.md)
    octets = build_slice(
        manifest=carried.manifest_bytes,
        jwe_head=carried.jwe_head,
        entry=entry.text,
        index=entry.index,
        path=carried.path(entry.index),
        receipts=[receipt.as_json()],
    )
    verified = verify_slice(octets, reader=_READER, directory=directory, ledger=ledger, now=_NOW)
    keys = {reader.key.public.kid: reader.key}
    return open_alert(verified, keys=keys, blobs=[], seen=lambda iss, jti: None, now=_NOW).alert


def _terms() -> Terms:
    return Terms(
        kind="alert",
        status="test",
        jti=_ID,
        iat=_NOW,
        exp=_NOW + _DAY,
        keep=_NOW + _DAY,
        tlp="GREEN",
        rel="none",
        lane="science",
        purpose="science",
        pri="routine",
    )


def _logged(od: str) -> tuple[Ledger, Receipt]:
    """Return a ledger of one entry, and the receipt for it."""
    key = LedgerKey.generate("self-test.invalid")
    leaf = LeafEntry(od, "x", _NOW)
    root = merkle.root_of([merkle.leaf_hash(leaf.encode())])
    note = key.sign_note(Checkpoint(key.name, 1, root).text)
    return Ledger(keys=[key.verifier]), Receipt(leaf, 0, (), note)

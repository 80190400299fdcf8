# SPDX-License-Identifier: Apache-2.0
"""Changes of the keys of an agency that a test holds: revoked, replaced, its root recovered."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from accord.envelope.keys import EC1, PQ1, SIGN
from accord.envelope.keysets import KeyRow
from accord.envelope.private import (
    Root,
    SignerSet,
    SigningKey,
    generate_decryption_key,
    generate_signing_keys,
)
from agencies.accession import accept_revoke
from agencies.directory import DatabaseKeyDirectory
from agencies.models import Revocation

if TYPE_CHECKING:
    from tests.builders import HeldAgency

KEY_LIFETIME_SECS = 90 * 24 * 3600


class KeyChanges:
    """The part of a hub that changes keys; all that it makes is valid."""

    now: datetime

    if TYPE_CHECKING:

        def statement(self, agency: HeldAgency, k: str, sub: Any = None, **changes: Any) -> bytes: ...

        def publish_keyset(
            self,
            agency: HeldAgency,
            *,
            low: str = EC1,
            rows: Sequence[KeyRow] | None = None,
            version: int = 1,
            prev: str | None = None,
            signer: SignerSet | None = None,
        ) -> str: ...

        def sequence(self) -> Any: ...

    def revoke(
        self, agency: "HeldAgency", *, since: datetime, code: str = "stolen", n: int = 0
    ) -> Revocation:
        """Have the root revoke signing key `n` of PQ1 from `since` on; not logged yet."""
        kid = agency.signing[PQ1].signers[n].kid
        body = {"kid": kid, "since": int(since.timestamp()), "code": code}
        jws = self.statement(agency, "revoke", signer=agency.root.signer, body=body)
        return accept_revoke(agency.client, jws, now=self.now)

    def renew_signing_keys(self, agency: "HeldAgency") -> None:
        """Publish and log the next keyset, with new signing keys and the old ones retired or revoked."""
        directory = DatabaseKeyDirectory(self.now)
        before = directory.keyset(agency.id)
        assert before is not None
        revoked = {word.kid: word.since for word in directory.revocations(agency.id)}
        kept = [_row_after(row, revoked.get(row.kid)) for row in before.rows]
        agency.signing = signing_keys_of(list(agency.signing))
        begin = int(self.now.timestamp())
        new = {key.kid: key for signer in agency.signing.values() for key in signer.signers}
        rows = [*kept, *(KeyRow(key, begin, begin + KEY_LIFETIME_SECS) for key in new.values())]
        low, version = before.low, before.version + 1
        self.publish_keyset(agency, low=low, rows=rows, version=version, prev=before.od)
        self.sequence()

    def renew_all_keys(
        self, agency: "HeldAgency", *, change_root: bool = False, recover: bool = False
    ) -> None:
        """Publish and log the next keyset, all keys new and the old ones retired; by a new root, which the old one signs too,
        or which recovers alone.
        """
        before = DatabaseKeyDirectory(self.now).keyset(agency.id)
        assert before is not None
        signer, old = agency.root.signer, agency.root
        if change_root or recover:
            agency.root, agency.next_root = agency.next_root, Root.generate()
            signer = agency.root.signer if recover else old.change_signer(agency.root)
        agency.signing = signing_keys_of(list(agency.signing))
        agency.decryption = {suite: generate_decryption_key(suite) for suite in agency.decryption}
        begin = int(self.now.timestamp())
        new = {key.kid: key for each in agency.signing.values() for key in each.signers}
        new |= {key.public.kid: key.public for key in agency.decryption.values()}
        rows = [replace(row, st="retired") if row.st == "current" else row for row in before.rows]
        rows += [KeyRow(key, begin, begin + KEY_LIFETIME_SECS) for key in new.values()]
        version = before.version + 1
        self.publish_keyset(agency, low=before.low, rows=rows, version=version, prev=before.od, signer=signer)
        self.sequence()

    def recover_root(self, agency: "HeldAgency", *, revoking: int, since: datetime) -> None:
        """Publish a keyset that the announced next root signs alone, and that revokes signing key `revoking`; not logged yet.

        The new root takes over 72 hours later.
        """
        before = DatabaseKeyDirectory(self.now).keyset(agency.id)
        assert before is not None
        kid = agency.signing[PQ1].signers[revoking].kid
        rows = [_row_after(row, int(since.timestamp())) if row.kid == kid else row for row in before.rows]
        agency.root, agency.next_root = agency.next_root, Root.generate()
        version = before.version + 1
        self.publish_keyset(agency, low=before.low, rows=rows, version=version, prev=before.od)


def _row_after(row: KeyRow, since: int | None) -> KeyRow:
    """Return a key's row in the next keyset: revoked, retired if it is a signing key, otherwise unchanged."""
    if since is not None:
        return replace(row, st="revoked", since=since)
    return replace(row, st="retired") if row.use == SIGN and row.st == "current" else row


def signing_keys_of(suites: Sequence[str]) -> dict[str, SignerSet]:
    """Generate signing keys; both suites share one Ed25519 key, as with real agencies."""
    if PQ1 not in suites:
        return {suite: SignerSet(generate_signing_keys(suite)) for suite in suites}
    keys: list[SigningKey] = generate_signing_keys(PQ1)
    return {suite: SignerSet(keys if suite == PQ1 else keys[:1]) for suite in suites}

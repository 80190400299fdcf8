# SPDX-License-Identifier: Apache-2.0
"""Keysets, private keys and ledger of a case, in the types that the envelope's functions take."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from accord.envelope import keysets
from accord.envelope.encoding import unb64u
from accord.envelope.keys import suite_rank
from accord.envelope.keysets import Keyset, RecipientKey, Revocation
from accord.envelope.private import DecryptionKey
from accord.envelope.tree.notes import Checkpoint, VerifierKey
from accord.envelope.verifying import KeptCheckpoint, Ledger
from tests.envelope.kit.cases import load
from tests.envelope.kit.seeds import decryption_key_from_jwk


@cache
def _verified(pinned: str, jws: str, log_time: int) -> Keyset:
    return keysets.verify_keyset(jws.encode(), pinned=pinned, strict=True, log_time=log_time)


def agencies_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The agencies of a case: those of its file, or those of agencies.json."""
    own = given.get("agencies")
    agencies: dict[str, Any] = load("agencies")["agencies"] if own is None else own
    return agencies


class KitDirectory:
    """The directory of a case: one keyset for each agency, with the case's revocations and suspensions."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given
        self._stored = agencies_of(given)

    def keyset(self, agency: str) -> Keyset | None:
        stored = self._stored.get(agency)
        if stored is None:
            return None
        return _verified(stored["root"], stored["keyset"], stored["keyset_logged_at"])

    def keyset_logged_before(self, agency: str, log_time: int, index: int | None = None) -> Keyset | None:
        keyset = self.keyset(agency)
        known = keyset is not None and keyset.log_time is not None and keyset.log_time <= log_time
        return keyset if known else None

    def revocations(self, agency: str) -> Sequence[Revocation]:
        return [
            Revocation(agency, word["kid"], word["since"], None, "", word["log_time"])
            for word in self._given.get("revocations", ())
            if word["agency"] == agency
        ]

    def suspended_kids(self, agency: str) -> Collection[str]:
        return tuple(self._given.get("suspended", ()))

    def owners(self, kids: Sequence[str]) -> Mapping[str, str]:
        owners = {}
        for agency in self._stored:
            keyset = self.keyset(agency)
            owners.update({row.kid: agency for row in keyset.rows} if keyset else {})
        return {kid: owners[kid] for kid in kids if kid in owners}

    def recipient_keys(self, agencies: Sequence[str], suite: str, now: int) -> Mapping[str, RecipientKey]:
        found = {}
        for agency in agencies:
            keyset = self.keyset(agency)
            row = keysets.newest_encryption_key(keyset, suite, now) if keyset else None
            if keyset is None or row is None or row.kid in self.suspended_kids(agency):
                continue
            if suite_rank(suite) >= suite_rank(keyset.low):
                found[agency] = RecipientKey(agency, row.kid, row.key.alg, row.key.curve, keyset.custody)
        return found


def private_keys(given: Mapping[str, Any], agency: str) -> dict[str, DecryptionKey]:
    """The reader's private keys by kid; none if the case says `keyless`."""
    if given.get("keyless"):
        return {}
    keys = [decryption_key_from_jwk(jwk) for jwk in agencies_of(given)[agency]["decryption"]]
    return {key.public.kid: key for key in keys}


def ledger_of(given: Mapping[str, Any]) -> Ledger:
    """The ledger as the verifier of a case knows it."""
    vkeys = given.get("ledger") or load("agencies")["ledger"]
    kept = given.get("kept")
    proof = given.get("consistency")
    return Ledger(
        keys=[VerifierKey.parse(vkey) for vkey in vkeys],
        kept=None if kept is None else _kept(kept),
        consistency=None if proof is None else lambda first, second: [unb64u(node) for node in proof],
        known_log_times=given.get("known_log_times", {}),
    )


def _kept(kept: Mapping[str, Any]) -> KeptCheckpoint:
    checkpoint = Checkpoint(kept["origin"], kept["size"], unb64u(kept["root"]))
    return KeptCheckpoint(checkpoint, kept["kept_at"])

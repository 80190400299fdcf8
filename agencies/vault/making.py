# SPDX-License-Identifier: Apache-2.0
"""Making the keys of an agency whose root, too, is held by the hub (custody `hub`).

The keyset goes through the same door as everybody's: a challenge, proof of possession, the root's signature,
the ledger. Nobody is spared a check because the vault asks.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import KeyRow, build_keyset_body
from accord.envelope.keysets import Keyset as EnvelopeKeyset
from accord.envelope.private import DecryptionKey, Root, SignerSet, SigningKey, generate_decryption_key
from accord.envelope.statements.checks import pop_suite
from accord.envelope.statements.form import make_statement
from accord.envelope.unseal import open_challenge
from agencies.accession import accept_keyset, issue_challenge
from agencies.actors import SystemActor
from agencies.capabilities import Capability
from agencies.identifiers import RANDOM_SIZE_BYTES, uuid7_at
from agencies.models import Agency, Keyset, KeyUse
from agencies.registry import register_successor, standing_keyset
from agencies.vault.errors import SigningKeysMissingError
from agencies.vault.keeping import PrivateKey, ensure_secret, keep_private_keys, private_keys

KEYSET_LIVES: Final = timedelta(days=90)
KEY_LIVES: Final = timedelta(days=365)

_SIGNING_ALGS: Final = {PQ1: ("Ed25519", "ML-DSA-65"), EC1: ("Ed25519",)}
_NONCE_SIZE_BYTES = 16


@dataclass(frozen=True)
class AgencyKeys:
    """Fresh private keys of one agency, in the order of the keyset's rows."""

    root: Root
    successor: Root
    signing: tuple[SigningKey, ...]
    decryption: tuple[DecryptionKey, ...]

    @property
    def rows(self) -> tuple[SigningKey | DecryptionKey, ...]:
        """The operational keys, as the keyset lists them."""
        return (*self.signing, *self.decryption)


def draw_keys(suites: Sequence[str]) -> AgencyKeys:
    """A root and its successor, and what signs and decrypts in the suites; Ed25519 serves both."""
    algs = dict.fromkeys(alg for suite in suites for alg in _SIGNING_ALGS[suite])
    return AgencyKeys(
        root=Root.generate(),
        successor=Root.generate(),
        signing=tuple(SigningKey.generate(alg) for alg in algs),
        decryption=tuple(generate_decryption_key(suite) for suite in suites),
    )


def enrol_keys(agency: Agency, keys: AgencyKeys, *, low: str, now: datetime) -> Keyset:
    """Registers a first keyset over fresh keys and keeps the private halves; in the caller's transaction."""
    caller = _vault_of(agency)
    begins = int(now.timestamp())
    rows = [KeyRow(key.public, begins, begins + int(KEY_LIVES.total_seconds())) for key in keys.rows]
    body = build_keyset_body(
        version=1,
        prev=None,
        root=keys.root.public,
        nroot=keys.successor.fingerprint,
        custody=agency.custody,
        low=low,
        rows=rows,
    )
    keyset = _sign_keyset(agency, keys.root, body, now)
    pop = _prove_possession(caller, agency, keys, now)
    stored = accept_keyset(caller, agency.pk, pop=pop, keyset=keyset, now=now)
    register_successor(agency, keys.successor.public, now=now)
    kept: list[tuple[PrivateKey, str]] = [(key, key.public.use) for key in keys.rows]
    for root in (keys.root, keys.successor):
        kept += [(SigningKey.from_bytes(data), KeyUse.ROOT.value) for data in root.to_bytes()]
    keep_private_keys(ensure_secret(agency, now=now), kept)
    return stored


def renew_keys(agency: Agency, *, now: datetime) -> Keyset:
    """The next version of a keyset whose root the vault holds: the same keys, valid for 90 days more.

    It cancels a recovery that waits.

    In the caller's transaction. Raises SecretMissingError, SigningKeysMissingError.
    """
    before = standing_keyset(agency.pk, now=now)
    if before is None:
        raise SigningKeysMissingError(agency.pk, PQ1)
    body = build_keyset_body(
        version=before.version + 1,
        prev=before.od,
        root=before.root,
        nroot=before.nroot,
        custody=before.custody,
        low=before.low,
        rows=before.rows,
    )
    keyset = _sign_keyset(agency, _held_root(agency, before), body, now)
    return accept_keyset(_vault_of(agency), agency.pk, pop=None, keyset=keyset, now=now)


def _held_root(agency: Agency, keyset: EnvelopeKeyset) -> Root:
    held = private_keys(agency.pk, [key.kid for key in keyset.root])
    if len(held) != len(keyset.root):
        raise SigningKeysMissingError(agency.pk, PQ1)
    classical, lattice = (held[key.kid].to_bytes() for key in keyset.root)
    return Root.from_bytes(classical, lattice)


def _vault_of(agency: Agency) -> SystemActor:
    return SystemActor("vault", agency.pk, frozenset({Capability.KEY_ENROL}))


def _sign_keyset(agency: Agency, root: Root, body: Mapping[str, Any], now: datetime) -> bytes:
    begins = int(now.timestamp())
    return make_statement(
        "keyset",
        iss=agency.pk,
        signer=root.signer,
        suite=PQ1,
        id=new_id(now),
        iat=begins,
        exp=begins + int(KEYSET_LIVES.total_seconds()),
        nonce=secrets.token_bytes(_NONCE_SIZE_BYTES),
        body=body,
    )


def _prove_possession(caller: SystemActor, agency: Agency, keys: AgencyKeys, now: datetime) -> bytes:
    offered = [{"jwk": key.public.jwk, "use": key.public.use} for key in keys.rows]
    challenge = issue_challenge(caller, agency.pk, offered, now=now)
    held = {key.public.kid: key for key in keys.decryption}
    answers = [
        {
            "kid": item["kid"],
            "nonce": open_challenge(
                item["jwe"], agency=agency.pk, chal=challenge.chal, key=held[item["kid"]]
            ),
        }
        for item in challenge.sealed
    ]
    signer = SignerSet(keys.signing)
    return make_statement(
        "pop",
        iss=agency.pk,
        signer=signer,
        suite=pop_suite(signer.signers),
        id=new_id(now),
        iat=int(now.timestamp()),
        nonce=secrets.token_bytes(_NONCE_SIZE_BYTES),
        body={"chal": challenge.chal, "enc": answers},
    )


def new_id(now: datetime) -> str:
    """A fresh UUID of version 7 for `now`."""
    return uuid7_at(now, secrets.token_bytes(RANDOM_SIZE_BYTES))

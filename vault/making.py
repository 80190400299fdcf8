# SPDX-License-Identifier: Apache-2.0
"""Make a keyset with keys of the vault in it, prove it and bring it in.

It goes through the same door as everybody's: a challenge, proof of possession, the root's signature, the ledger.
Nobody is spared a check because the vault asks. Everything here runs in the caller's transaction.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from accord.envelope.keys import PQ1, SIGN, PublicKey
from accord.envelope.keysets import KeyRow
from accord.envelope.keysets import Keyset as EnvelopeKeyset
from accord.envelope.naming import NamedSigners
from accord.envelope.private import DecryptionKey, Root, SignerSet, SigningKey
from accord.envelope.statements.checks import pop_suite
from accord.envelope.statements.form import build_statement, make_statement, sign_statement
from accord.envelope.unseal import open_challenge
from agencies.accession import accept_keyset, issue_challenge
from agencies.models import Key, Keyset, KeyUse
from agencies.registry import register_successor, revoked_since, standing_keyset
from callers.actors import Actor, SystemActor
from callers.capabilities import Capability
from callers.identifiers import RANDOM_SIZE_BYTES, uuid7_at
from peers.models import Agency
from vault.changes import (
    ChangeRoot,
    Create,
    Following,
    Plan,
    PrivateKey,
    RecoverRoot,
    RootCard,
    plan_first,
    plan_next,
)
from vault.errors import SigningKeysMissingError
from vault.keeping import ensure_secret, keep_private_keys, private_keys

KEYSET_LIVES: Final = timedelta(days=90)

_NONCE_SIZE_BYTES = 16


def plan_change(agency: Agency, change: Create | Following, *, now: datetime) -> Plan:
    """The keyset a change makes; raises InputError, AbsentError, SigningKeysMissingError (no keyset yet)."""
    at = int(now.timestamp())
    if isinstance(change, Create):
        return plan_first(change, custody=agency.custody, at=at)
    before = standing_keyset(agency.pk, now=now)
    if before is None:
        raise SigningKeysMissingError(agency.pk, PQ1)
    return plan_next(before, change, revoked=revoked_since(agency.pk), at=at)


def build_keyset(agency: Agency, plan: Plan, *, now: datetime) -> bytes:
    """The payload of a planned keyset, as the root is to sign it."""
    begins = int(now.timestamp())
    return build_statement(
        "keyset",
        iss=agency.pk,
        signer=NamedSigners(plan.signers),
        suite=PQ1,
        id=new_id(now),
        iat=begins,
        exp=begins + int(KEYSET_LIVES.total_seconds()),
        nonce=secrets.token_bytes(_NONCE_SIZE_BYTES),
        body=plan.body,
    )


def build_revoke(
    agency: Agency, root: Sequence[PublicKey], body: Mapping[str, Any], *, now: datetime
) -> bytes:
    """The payload of a revoke, as the root is to sign it; raises MalformedError."""
    return build_statement(
        "revoke",
        iss=agency.pk,
        signer=NamedSigners(tuple(root)),
        suite=PQ1,
        id=new_id(now),
        iat=int(now.timestamp()),
        nonce=secrets.token_bytes(_NONCE_SIZE_BYTES),
        body=body,
    )


def sign_by_root(agency: Agency, payload: bytes, signers: Sequence[PublicKey]) -> bytes:
    """Signs with the roots the vault holds; raises SigningKeysMissingError."""
    held = private_keys(agency.pk, [key.kid for key in signers])
    keys = [key for public in signers if isinstance(key := held.get(public.kid), SigningKey)]
    if len(keys) != len(signers):
        raise SigningKeysMissingError(agency.pk, PQ1)
    return sign_statement(payload, SignerSet(keys))


def bring_in(
    actor: Actor,
    agency: Agency,
    signed: bytes,
    rows: Sequence[KeyRow],
    drawn: Sequence[PrivateKey],
    *,
    now: datetime,
) -> Keyset:
    """Proves possession of what was drawn, hands in the signed keyset and keeps the private halves.

    Raises SigningKeysMissingError and what `accept_keyset` raises.
    """
    caller = _caller_for(actor, agency)
    pop = _prove_possession(caller, agency, rows, drawn, now) if drawn else None
    stored = accept_keyset(caller, agency.pk, pop=pop, keyset=signed, now=now)
    if drawn:
        kept = [(key, str(key.public.use)) for key in drawn]
        keep_private_keys(agency.pk, ensure_secret(agency.pk, now=now), kept)
    return stored


def keep_roots(agency: Agency, roots: Sequence[Root], *, now: datetime) -> None:
    """Reserves roots for the agency and keeps their private halves."""
    kept: list[tuple[PrivateKey, str]] = []
    for root in roots:
        register_successor(agency.pk, root.public, now=now)
        kept += [(SigningKey.from_bytes(data), KeyUse.ROOT.value) for data in root.to_bytes()]
    keep_private_keys(agency.pk, ensure_secret(agency.pk, now=now), kept)


def held_root(agency: Agency, fingerprint: str) -> tuple[PublicKey, PublicKey]:
    """The public half of the root of this fingerprint among those reserved for the agency.

    Raises SigningKeysMissingError.
    """
    keys = [PublicKey(key.jwk, SIGN) for key in Key.objects.filter(agency_id=agency.pk, use=KeyUse.ROOT)]
    for classical in (key for key in keys if key.alg == "Ed25519"):
        for lattice in (key for key in keys if key.alg == "ML-DSA-65"):
            if RootCard((classical, lattice), "").fingerprint == fingerprint:
                return classical, lattice
    raise SigningKeysMissingError(agency.pk, PQ1)


def succession_of(
    agency: Agency, before: EnvelopeKeyset, successor: Root, *, alone: bool
) -> ChangeRoot | RecoverRoot:
    """The move to the announced root, which the vault holds, and which announces `successor`."""
    card = RootCard(held_root(agency, before.nroot), successor.fingerprint)
    return RecoverRoot(card) if alone else ChangeRoot(card)


def _caller_for(actor: Actor, agency: Agency) -> Actor:
    """The officer of the agency in person; for the operator, the vault."""
    if actor.agency_id == agency.pk:
        return actor
    return SystemActor("vault", agency.pk, frozenset({Capability.KEY_ENROL}))


def _prove_possession(
    caller: Actor, agency: Agency, rows: Sequence[KeyRow], drawn: Sequence[PrivateKey], now: datetime
) -> bytes:
    """A `pop` by the new signing keys in the keyset's order, else by those in use; with every new nonce."""
    offered = [{"jwk": key.public.jwk, "use": key.public.use} for key in drawn]
    challenge = issue_challenge(caller, agency.pk, offered, now=now)
    opening = {key.public.kid: key for key in drawn if isinstance(key, DecryptionKey)}
    answers = [
        {
            "kid": item["kid"],
            "nonce": open_challenge(
                item["jwe"], agency=agency.pk, chal=challenge.chal, key=opening[item["kid"]]
            ),
        }
        for item in challenge.sealed
    ]
    signer = SignerSet(_proving_keys(agency, rows, drawn))
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


def _proving_keys(agency: Agency, rows: Sequence[KeyRow], drawn: Sequence[PrivateKey]) -> list[SigningKey]:
    fresh = {key.public.kid: key for key in drawn if isinstance(key, SigningKey)}
    if fresh:
        return [fresh[row.kid] for row in rows if row.kid in fresh]
    current = [row.kid for row in rows if row.use == SIGN and row.st == "current"]
    held = private_keys(agency.pk, current)
    keys = [key for kid in current if isinstance(key := held.get(kid), SigningKey)]
    if not keys or len(keys) != len(current):
        raise SigningKeysMissingError(agency.pk, PQ1)
    return keys


def new_id(now: datetime) -> str:
    """A fresh UUID of version 7 for `now`."""
    return uuid7_at(now, secrets.token_bytes(RANDOM_SIZE_BYTES))

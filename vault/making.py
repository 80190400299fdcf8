# SPDX-License-Identifier: Apache-2.0
"""Building a keyset with keys of the vault for the agency's root to sign, and keeping it for the exchange.

A keyset of the vault passes the same checks as every other one (`vault.outgoing`): a challenge, proof of possession,
the root's signature, the ledger. All functions here run in the caller's transaction.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils.translation import gettext as _

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.keyrule import check_window
from accord.envelope.keys import PQ1, SIGN, PublicKey
from accord.envelope.keysets import Keyset, read_keyset, verify_keyset
from accord.envelope.naming import NamedSigners
from accord.envelope.private import Root, SignerSet, SigningKey
from accord.envelope.statements.checks import verify_revoke
from accord.envelope.statements.form import build_statement, parse_statement, sign_statement
from callers.actors import Actor
from callers.directory import Custody
from callers.errors import InputError
from peers.models import Agency
from vault.changes import (
    ChangeRoot,
    Create,
    Following,
    Move,
    Plan,
    PrivateKey,
    RecoverRoot,
    RootCard,
    plan_first,
    plan_next,
)
from vault.errors import CustodyRefusedError, SigningKeysMissingError
from vault.models import KeyStatement, VaultKey
from vault.outgoing import keep_statement, new_id
from vault.own_keys import OwnKeyState, keyset_in_force
from vault.wrapped_keys import ROOT, ensure_secret, keep_private_keys, private_keys

KEYSET_LIVES: Final = timedelta(days=90)

_NONCE_SIZE_BYTES = 16


def plan_change(agency: Agency, change: Create | Following, *, now: datetime) -> Plan:
    """Plan the keyset that a change makes; raises InputError, AbsentError, SigningKeysMissingError (no keyset yet),
    CustodyRefusedError.
    """
    at = int(now.timestamp())
    if isinstance(change, Create):
        return plan_first(change, custody=agency.custody, at=at)
    own_keys = OwnKeyState(agency.pk, now)
    if own_keys.keyset is None:
        raise SigningKeysMissingError(agency.pk, PQ1)
    if (own_keys.keyset.custody != agency.custody) != isinstance(change, Move):
        # Keys that are held elsewhere can only be moved here, and keys that are here are not moved here.
        raise CustodyRefusedError(agency.pk, own_keys.keyset.custody)
    if own_keys.keyset.custody == Custody.HUB and isinstance(change, Move) and change.root is None:
        # The present root is where the keys were, so it must move with them.
        raise InputError("root", _("Root: choose the public file that `accord keygen` wrote beside it."))
    return plan_next(own_keys.keyset, change, custody=agency.custody, revoked=own_keys.revoked, at=at)


def build_keyset(agency: Agency, plan: Plan, *, now: datetime) -> bytes:
    """Return the payload of a planned keyset, as the root is to sign it."""
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
    """Return the payload of a revoke, as the root is to sign it; raises MalformedError."""
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
    """Sign with roots that the vault holds; raises SigningKeysMissingError."""
    return sign_statement(payload, SignerSet(held_signing_keys(agency, signers)))


def held_signing_keys(agency: Agency, signers: Sequence[PublicKey]) -> list[SigningKey]:
    """Return the private halves of these keys, in this order; raises SigningKeysMissingError."""
    held = private_keys(agency.pk, [key.kid for key in signers])
    keys = [key for public in signers if isinstance(key := held.get(public.kid), SigningKey)]
    if len(keys) != len(signers):
        raise SigningKeysMissingError(agency.pk, PQ1)
    return keys


def keep_keyset(
    actor: Actor,
    agency: Agency,
    signed: bytes,
    act: str,
    *,
    roots: Sequence[str] = (),
    drawn: Sequence[PrivateKey] = (),
    now: datetime,
    **detail: Any,
) -> KeyStatement:
    """Keep a signed keyset for the exchange, with the private halves of the keys drawn for it; `roots` are kids from `keep_roots`.

    It is first checked as the exchange will check it. Raises VerificationError and related errors, CustodyRefusedError,
    ChangeWaitsError.
    """
    keyset = check_keyset(agency, signed, now=now)
    private = [(key, str(key.public.use)) for key in drawn]
    keep_private_keys(agency.pk, ensure_secret(agency.pk, now=now), private)
    kids = [*roots, *(key.public.kid for key in drawn)]
    return keep_statement(actor, agency.pk, signed, act, keyset=keyset, drawn=kids, now=now, **detail)


def keep_roots(agency: Agency, roots: Sequence[Root], *, now: datetime) -> list[str]:
    """Keep the private halves of roots of the agency; return their kids."""
    keys = [SigningKey.from_bytes(data) for root in roots for data in root.to_bytes()]
    keep_private_keys(agency.pk, ensure_secret(agency.pk, now=now), [(key, ROOT) for key in keys])
    return [key.public.kid for key in keys]


def check_keyset(agency: Agency, signed: bytes, *, now: datetime) -> Keyset:
    """Verify the keyset against the one that it follows; raises VerificationError and related errors, CustodyRefusedError."""
    before = keyset_in_force(agency.pk, now=now)
    pinned = before.root_fingerprint if before else agency.root_fingerprint
    statement = parse_statement(signed).statement
    _check_issuer(agency, statement.iss, statement.iat, now)
    if statement.exp is not None and statement.exp <= now.timestamp():
        raise VerificationError(Failure.EXPIRED)
    keyset = verify_keyset(signed, pinned=pinned or _root_of(signed), previous=before, strict=True)
    if keyset.custody != agency.custody:
        raise CustodyRefusedError(agency.pk, keyset.custody)
    return keyset


def keep_revoke(actor: Actor, agency: Agency, signed: bytes, *, now: datetime) -> KeyStatement:
    """Keep a signed revocation for the exchange, after the checks that `keep_keyset` makes, too."""
    keyset = keyset_in_force(agency.pk, now=now)
    if keyset is None:
        raise SigningKeysMissingError(agency.pk, PQ1)
    said = verify_revoke(signed, keyset)
    _check_issuer(agency, said.iss, said.iat, now)
    detail = {"code": said.body["code"], "since": said.body["since"]}
    return keep_statement(actor, agency.pk, signed, "key.revoked", now=now, **detail)


def _check_issuer(agency: Agency, iss: str, iat: int, now: datetime) -> None:
    if iss != agency.pk:
        raise VerificationError(Failure.ISSUER)
    check_window(iat, int(now.timestamp()))


def _root_of(signed: bytes) -> str:
    """Return the fingerprint of the root that this keyset names."""
    return read_keyset(signed).root_fingerprint


def held_root(agency: Agency, fingerprint: str) -> tuple[PublicKey, PublicKey]:
    """Return the public half of the root with this fingerprint, if the vault holds it for the agency.

    Raises SigningKeysMissingError.
    """
    rows = VaultKey.objects.filter(agency_id=agency.pk, use=ROOT)
    keys = [PublicKey(row.jwk, SIGN) for row in rows]
    for classical in (key for key in keys if key.alg == "Ed25519"):
        for lattice in (key for key in keys if key.alg == "ML-DSA-65"):
            if RootCard((classical, lattice), "").fingerprint == fingerprint:
                return classical, lattice
    raise SigningKeysMissingError(agency.pk, PQ1)


def holds_root(agency: Agency, fingerprint: str) -> bool:
    """Tell whether the root of this fingerprint, spaces allowed, is in the vault."""
    try:
        held_root(agency, "".join(fingerprint.split()))
    except SigningKeysMissingError:
        return False
    return True


def succession_of(
    agency: Agency, before: Keyset, successor: Root, *, alone: bool
) -> ChangeRoot | RecoverRoot:
    """Return the change to the announced root, which the vault holds and which announces `successor`."""
    card = RootCard(held_root(agency, before.nroot), successor.fingerprint)
    return RecoverRoot(card) if alone else ChangeRoot(card)

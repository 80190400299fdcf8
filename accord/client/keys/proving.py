# SPDX-License-Identifier: Apache-2.0
"""Proof of possession: a `pop` over the hub's one-time challenge, for the keys that a keyset adds.

Every new signing key signs it; where a keyset adds only encryption keys, the current signing keys do. Every new encryption key
opens the nonce that was sealed to it. Nothing else is opened here, since the challenge would otherwise be a decryption oracle.
Source: docs/spec/envelope.md, "Keys".
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from accord.calls.answers import ChallengeAnswer
from accord.client.errors import AnswerError, RequestError
from accord.client.session import Session
from accord.envelope.keys import ENC, SIGN
from accord.envelope.keysets import KeyRow, Keyset
from accord.envelope.private import SignerSet
from accord.envelope.statements.checks import pop_suite
from accord.envelope.statements.form import make_statement
from accord.envelope.unseal import open_challenge


def added_rows(keyset: Keyset, previous: Keyset | None) -> list[KeyRow]:
    """Return the rows of keys that the previous keyset did not list."""
    before = {row.kid for row in previous.rows} if previous else set()
    return [row for row in keyset.rows if row.kid not in before]


def prove_possession(session: Session, keyset: Keyset, previous: Keyset | None) -> bytes | None:
    """Return the `pop` for the keys that `keyset` adds, None where it adds none; ask the hub for a challenge.

    Raises RequestError where a private key is not held here, AnswerError, and the errors of the transport.
    """
    added = added_rows(keyset, previous)
    if not added:
        return None
    signer = _signer(session, keyset, added)
    offered = [{"jwk": row.key.jwk, "use": row.use} for row in added]
    challenge = session.exchange.challenge(keyset.agency, offered)
    nonces = _open_nonces(session, keyset.agency, challenge, {row.kid for row in added if row.use == ENC})
    now = session.clock()
    return make_statement(
        "pop",
        iss=keyset.agency,
        signer=signer,
        suite=pop_suite(signer.signers),
        id=session.new_id(now),
        iat=now,
        nonce=os.urandom(16),
        body={"chal": challenge.chal, "enc": nonces},
    )


def _signer(session: Session, keyset: Keyset, added: Sequence[KeyRow]) -> SignerSet:
    new = [row.kid for row in added if row.use == SIGN]
    current = [row.kid for row in keyset.rows if row.use == SIGN and row.st == "current"]
    held = {key.public.kid: key for key in session.ring.signing}
    missing = [kid for kid in new or current if kid not in held]
    missing += [row.kid for row in added if row.use == ENC and row.kid not in session.decryption_keys()]
    if missing:
        raise RequestError(
            f"The keyset adds keys that this home does not hold ({', '.join(missing)}), so it cannot prove them. "
            "Submit it from the home that proposed it."
        )
    return SignerSet([held[kid] for kid in new or current])


def _open_nonces(
    session: Session, agency: str, challenge: ChallengeAnswer, wanted: set[str]
) -> list[dict[str, str]]:
    held = session.decryption_keys()
    if {kid for kid, _ in challenge.sealed} != wanted:
        raise AnswerError("The hub's challenge is not about the keys of this home.")
    return [
        {"kid": kid, "nonce": open_challenge(jwe, agency=agency, chal=challenge.chal, key=held[kid])}
        for kid, jwe in challenge.sealed
    ]

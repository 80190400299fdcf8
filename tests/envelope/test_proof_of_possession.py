# SPDX-License-Identifier: Apache-2.0
"""Registering keys: an agency must prove that it holds every key that it registers. The kit has what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from accord.envelope.challenges import Challenge, _seal_nonce, issue_challenge
from accord.envelope.encoding import b64u
from accord.envelope.errors import Failure, KeyRefusedError, MalformedError, OpeningError
from accord.envelope.keys import PQ1
from accord.envelope.private import SignerSet
from accord.envelope.statements.checks import verify_pop
from accord.envelope.statements.form import make_statement
from accord.envelope.unseal import open_challenge
from tests.envelope.world import NOW, known_agency, uuid7

ALPHA = known_agency("xa-alpha")
ENCRYPTION = [key.public for key in ALPHA.decryption.values()]
SECRET = b"a nonce of exactly 32 octets ..."


def issue(*nonces: bytes, challenge: bytes = bytes(32)) -> Challenge:
    return issue_challenge("xa-alpha", ENCRYPTION, challenge=challenge, nonces=nonces)


def opened(jwe: Any, chal: str = "A" * 43) -> str:
    return open_challenge(jwe, agency="xa-alpha", chal=chal, key=ALPHA.decryption[PQ1])


def test_possession_of_every_key_is_proved() -> None:
    challenge = issue(SECRET, bytes(32))
    kids = [key.kid for key in ENCRYPTION]
    assert list(challenge.nonce_digests) == kids == [item["kid"] for item in challenge.sealed]
    assert challenge.as_json() == {"chal": "A" * 43, "sealed": list(challenge.sealed)}
    assert b64u(SECRET) not in repr(challenge) + str(challenge.as_json())
    answers = [
        {"kid": item["kid"], "nonce": open_challenge(
            item["jwe"], agency="xa-alpha", chal=challenge.chal, key=ALPHA.private_keys[item["kid"]]
        )}
        for item in challenge.sealed
    ]  # fmt: skip
    signers = SignerSet([key for signer in ALPHA.signing.values() for key in signer._keys])
    proof = make_statement(
        "pop", iss="xa-alpha", signer=signers, suite=PQ1, id=uuid7(8), iat=NOW, nonce=bytes(16),
        body={"chal": challenge.chal, "enc": answers},
    )  # fmt: skip
    said = verify_pop(
        proof, agency="xa-alpha", signing=signers.signers, chal=challenge.chal,
        nonce_digests=challenge.nonce_digests, now=NOW,
    )  # fmt: skip
    assert said.iss == "xa-alpha"


def test_a_challenge_is_for_encryption_keys_with_a_random_nonce_for_each() -> None:
    with pytest.raises(KeyRefusedError):
        issue_challenge("xa-alpha", [ALPHA.rows[0].key], challenge=bytes(32), nonces=[bytes(32)])
    for count in (1, 3):
        with pytest.raises(ValueError, match="zip"):
            issue(*[bytes(32)] * count)
    for challenge, nonce in ((bytes(31), bytes(32)), (bytes(33), bytes(32)), (bytes(32), bytes(31))):
        with pytest.raises(MalformedError):
            issue(bytes(32), nonce, challenge=challenge)


def refusal(jwe: Any) -> Failure:
    with pytest.raises(OpeningError) as refused:
        opened(jwe)
    return refused.value.cause


def test_a_challenge_is_json_no_larger_than_a_slice_and_holds_32_octets() -> None:
    """A hub could seal another content in the form of a challenge."""
    jwe = issue(SECRET, SECRET).sealed[0]["jwe"]
    assert opened(jwe) == b64u(SECRET)
    values: tuple[Any, ...] = (None, 5, [], "x", {"protected": 1.5}, jwe | {"aad": "A" * 600_000})
    for value in values:
        assert refusal(value) is Failure.MALFORMED
    assert refusal(jwe | {"aad": "A" * 400}) is Failure.AAD
    for size in (31, 33, 0):
        sealed = _seal_nonce("xa-alpha", "A" * 43, ALPHA.decryption[PQ1].public, bytes(size))
        assert refusal(sealed["jwe"]) is Failure.CHALLENGE

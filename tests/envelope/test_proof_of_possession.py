# SPDX-License-Identifier: Apache-2.0
"""Registering keys: an agency must prove that it holds every key that it registers."""

import json
import os
from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.challenges import Challenge, _seal_nonce, issue_challenge
from accord.envelope.encoding import b64u
from accord.envelope.errors import Failure, KeyRefusedError, MalformedError, OpeningError, VerificationError
from accord.envelope.keys import EC1, PQ1, PublicKey
from accord.envelope.private import DecryptionKey, SignerSet
from accord.envelope.statements.checks import pop_suite, verify_pop
from accord.envelope.statements.form import Statement, make_statement
from accord.envelope.unseal import open_challenge
from tests.envelope.world import DAY, NOW, Agency, World, make_agency, uuid7


@pytest.fixture(scope="module")
def alpha() -> Agency:
    return make_agency("xa-alpha")


def issue(alpha: Agency, agency: str = "xa-alpha") -> Challenge:
    keys = [row.key for row in alpha.rows if row.use == "enc"]
    return issue_challenge(agency, keys, challenge=os.urandom(32), nonces=[os.urandom(32) for _ in keys])


def signers_of(alpha: Agency) -> SignerSet:
    """Every signing key of the coming keyset, in its order."""
    return SignerSet([key for signer in alpha.signing.values() for key in signer._keys])


def answers(alpha: Agency, challenge: Challenge) -> list[dict[str, str]]:
    return [
        {"kid": item["kid"], "nonce": open_challenge(
            item["jwe"], agency="xa-alpha", chal=challenge.chal, key=alpha.private_keys[item["kid"]]
        )}
        for item in challenge.sealed
    ]  # fmt: skip


def pop(alpha: Agency, challenge: Challenge, **changes: Any) -> bytes:
    terms: dict[str, Any] = {
        "iss": "xa-alpha",
        "signer": signers_of(alpha),
        "suite": PQ1,
        "id": uuid7(8),
        "iat": NOW,
        "nonce": bytes(16),
        "body": {"chal": challenge.chal, "enc": answers(alpha, challenge)},
    }
    return make_statement("pop", **(terms | changes))


def verify(alpha: Agency, challenge: Challenge, data: bytes, **changes: Any) -> Statement:
    terms: dict[str, Any] = {
        "agency": "xa-alpha",
        "signing": [row.key for row in alpha.rows if row.use == "sign"],
        "chal": challenge.chal,
        "nonce_digests": challenge.nonce_digests,
        "now": NOW,
    }
    return verify_pop(data, **(terms | changes))


def failure_of(alpha: Agency, challenge: Challenge, data: bytes, **changes: Any) -> Failure:
    with pytest.raises(VerificationError) as refused:
        verify(alpha, challenge, data, **changes)
    return refused.value.failure


def test_possession_of_every_key_is_proved(alpha: Agency) -> None:
    challenge = issue(alpha)
    assert verify(alpha, challenge, pop(alpha, challenge)).iss == "xa-alpha"
    assert len(challenge.nonce_digests) == 2
    assert set(challenge.as_json()) == {"chal", "sealed"}


def test_every_signing_key_signs(alpha: Agency) -> None:
    challenge = issue(alpha)
    less = pop(alpha, challenge, signer=alpha.signing[PQ1])
    assert failure_of(alpha, challenge, less) is Failure.SIGNERS
    mallory = make_agency("xm-mallory")
    assert failure_of(alpha, challenge, pop(alpha, challenge, signer=signers_of(mallory))) is Failure.SIGNERS


def test_every_encryption_key_answers(alpha: Agency) -> None:
    challenge = issue(alpha)
    given = answers(alpha, challenge)
    swapped = [{"kid": a["kid"], "nonce": b["nonce"]} for a, b in zip(given, given[::-1], strict=True)]
    for wrong in ([], given[:1], given + given[:1], swapped):
        data = pop(alpha, challenge, body={"chal": challenge.chal, "enc": wrong})
        assert failure_of(alpha, challenge, data) is Failure.CHALLENGE


def test_answer_to_another_challenge_is_refused(alpha: Agency) -> None:
    one, other = issue(alpha), issue(alpha)
    assert failure_of(alpha, one, pop(alpha, other)) is Failure.CHALLENGE
    mixed = pop(alpha, other, body={"chal": other.chal, "enc": answers(alpha, one)})
    assert failure_of(alpha, one, mixed) is Failure.CHALLENGE


def test_other_agency_time_and_kind_are_refused(alpha: Agency) -> None:
    challenge = issue(alpha)
    assert failure_of(alpha, challenge, pop(alpha, challenge, iss="xb-bravo")) is Failure.ISSUER
    assert failure_of(alpha, challenge, pop(alpha, challenge, iat=NOW - 2 * DAY)) is Failure.STALE
    assert failure_of(alpha, challenge, pop(alpha, challenge, suite=EC1)) is Failure.SUITE
    assert failure_of(alpha, challenge, alpha.keyset_jws) is Failure.TYP


def test_suite_of_a_pop_follows_its_keys(alpha: Agency) -> None:
    assert pop_suite(alpha.signing[PQ1].signers) == PQ1
    assert pop_suite(alpha.signing[EC1].signers) == EC1


def open_first(alpha: Agency, challenge: Challenge, **changes: Any) -> str:
    item = challenge.sealed[0]
    terms: dict[str, Any] = {
        "agency": "xa-alpha", "chal": challenge.chal, "key": alpha.private_keys[item["kid"]]
    }  # fmt: skip
    return open_challenge(changes.pop("jwe", item["jwe"]), **(terms | changes))


def test_challenge_opens_for_its_agency_alone(alpha: Agency) -> None:
    challenge = issue(alpha)
    assert len(open_first(alpha, challenge)) == 43
    for wrong in (
        {"agency": "xb-bravo"},
        {"chal": b64u(bytes(32))},
        {"key": DecryptionKey.generate()},
        {"jwe": issue(alpha).sealed[0]["jwe"]},
        {"jwe": challenge.sealed[0]["jwe"] | {"tag": b64u(bytes(16))}},
    ):
        with pytest.raises(OpeningError):
            open_first(alpha, challenge, **wrong)


def test_client_opens_nothing_but_a_challenge(alpha: Agency, pq1: World) -> None:
    """Otherwise an issuer of challenges could have envelopes opened."""
    challenge = issue(alpha)
    jwe = json.loads(pq1.seal().jwe)
    kid = jwe["recipients"][0]["header"]["kid"]
    with pytest.raises(OpeningError) as refused:
        open_first(alpha, challenge, jwe=jwe, key=pq1.alpha.private_keys[kid])
    assert refused.value.cause is Failure.MALFORMED
    broken: Any
    for broken in ({}, None, [], challenge.sealed[0]["jwe"] | {"recipients": []}):
        with pytest.raises(OpeningError):
            open_first(alpha, challenge, jwe=broken)


def test_challenge_holds_exactly_thirty_two_octets(alpha: Agency) -> None:
    """A hub could seal another content in the form of a challenge."""
    key = alpha.decryption[PQ1]
    chal = b64u(bytes(32))
    for size in (31, 33, 0):
        item = _seal_nonce("xa-alpha", chal, key.public, bytes(size))
        with pytest.raises(OpeningError) as refused:
            open_challenge(item["jwe"], agency="xa-alpha", chal=chal, key=key)
        assert refused.value.cause is Failure.CHALLENGE


def test_challenge_is_for_encryption_keys_and_random(alpha: Agency) -> None:
    keys = [row.key for row in alpha.rows]
    with pytest.raises(KeyRefusedError):
        issue_challenge("xa-alpha", keys, challenge=bytes(32), nonces=[bytes(32)] * len(keys))
    encryption = [key for key in keys if key.use == "enc"]
    for short in (
        {"challenge": bytes(31), "nonces": [bytes(32)] * 2},
        {"challenge": bytes(32), "nonces": [b"", b""]},
    ):
        with pytest.raises(MalformedError):
            issue_challenge("xa-alpha", encryption, **short)  # type: ignore[arg-type]


def test_nonces_are_in_no_answer_and_no_repr(alpha: Agency) -> None:
    key: PublicKey = alpha.decryption[PQ1].public
    nonce = os.urandom(32)
    challenge = issue_challenge("xa-alpha", [key], challenge=os.urandom(32), nonces=[nonce])
    assert b64u(nonce) not in repr(challenge) + str(challenge.as_json())
    assert replace(challenge).nonce_digests == challenge.nonce_digests

# SPDX-License-Identifier: Apache-2.0
"""Every new key answers a challenge of the exchange; a kid belongs to one agency and one use for ever."""

import os
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from accord.envelope.encoding import b64u
from accord.envelope.errors import EnvelopeError, Failure, KeyRefusedError, MalformedError, VerificationError
from accord.envelope.keysets import KeyRow
from accord.envelope.private import DecryptionKey, SigningKey
from agencies.accession import CHALLENGE_LIVES, accept_keyset, issue_challenge
from agencies.errors import KeyTakenError
from agencies.expiring_rows import Challenge
from agencies.models import Key
from peers.models import Agency
from tests.agencies.entering import enter, refusal
from tests.agencies.world import (
    DAY,
    NOW,
    OwnKeys,
    admit,
    enrolling,
    own_agency,
    seconds,
)
from tests.entries import change_entry

pytestmark = pytest.mark.django_db
TICK = timedelta(seconds=1)


def test_a_challenge_serves_once(agency: Agency, keys: OwnKeys) -> None:
    pop = keys.pop(issue_challenge(enrolling(agency), "xa-lab", keys.offered(), now=NOW))
    stored = enter(agency, keys, pop=pop)
    new = SigningKey.generate("Ed25519")
    more = keys.adding(new)
    replayed = more.keyset(version=2, prev=stored.od, now=NOW + TICK)
    assert refusal(agency, more, pop=pop, keyset=replayed) == Failure.CHALLENGE


@pytest.mark.parametrize(("late", "good"), [(CHALLENGE_LIVES - TICK, True), (CHALLENGE_LIVES, False)])
def test_a_challenge_lives_ten_minutes(agency: Agency, keys: OwnKeys, late: timedelta, good: bool) -> None:
    pop = keys.pop(issue_challenge(enrolling(agency), "xa-lab", keys.offered(), now=NOW), now=NOW + late)
    if good:
        assert enter(agency, keys, pop=pop, now=NOW + late).version == 1
    else:
        assert refusal(agency, keys, pop=pop, now=NOW + late) == Failure.CHALLENGE


def test_a_challenge_of_another_agency_is_unknown(agency: Agency, keys: OwnKeys) -> None:
    other = OwnKeys.draw("xb-health")
    admitted = admit("xb-health", fingerprint=other.root.fingerprint)
    theirs = issue_challenge(enrolling(admitted), "xb-health", other.offered(), now=NOW).as_json()
    pop = keys.pop({"chal": theirs["chal"], "sealed": []})
    assert refusal(agency, keys, pop=pop) == Failure.CHALLENGE


def test_a_keyset_without_proof_is_refused(agency: Agency, keys: OwnKeys) -> None:
    with pytest.raises(VerificationError) as refused:
        accept_keyset(enrolling(agency), "xa-lab", pop=None, keyset=keys.keyset(), now=NOW)
    assert refused.value.failure == Failure.CHALLENGE


def _without_one_signature(keys: OwnKeys, answer: dict[str, Any]) -> bytes:
    return keys.pop(answer, signing=keys.signing[:1])


def _signed_by_somebody_else(keys: OwnKeys, answer: dict[str, Any]) -> bytes:
    return keys.pop(answer, signing=(SigningKey.generate("Ed25519"), SigningKey.generate("ML-DSA-65")))


def _with_a_guessed_nonce(keys: OwnKeys, answer: dict[str, Any]) -> bytes:
    return keys.pop(
        answer, enc=[{"kid": item["kid"], "nonce": b64u(os.urandom(32))} for item in answer["sealed"]]
    )


def _with_one_nonce_missing(keys: OwnKeys, answer: dict[str, Any]) -> bytes:
    return keys.pop(answer, enc=keys.nonces(answer)[:1])


def _with_one_nonce_twice(keys: OwnKeys, answer: dict[str, Any]) -> bytes:
    return keys.pop(answer, enc=keys.nonces(answer)[:1] * 2)


POPS = {
    "one signature missing": (_without_one_signature, Failure.SUITE),
    "somebody else's signatures": (_signed_by_somebody_else, Failure.SIGNERS),
    "a guessed nonce": (_with_a_guessed_nonce, Failure.CHALLENGE),
    "one nonce missing": (_with_one_nonce_missing, Failure.CHALLENGE),
    "one nonce twice": (_with_one_nonce_twice, Failure.CHALLENGE),
}


def test_a_proof_that_proves_nothing_is_refused(
    agency: Agency, keys: OwnKeys, subtests: pytest.Subtests
) -> None:
    answer = issue_challenge(enrolling(agency), "xa-lab", keys.offered(), now=NOW).as_json()
    for sentence, (make, failure) in POPS.items():
        with subtests.test(sentence):
            assert refusal(agency, keys, pop=make(keys, answer)) == failure
            assert Challenge.objects.get().used_at is None
    assert enter(agency, keys, pop=keys.pop(answer)).version == 1


def test_a_key_that_was_not_challenged_is_refused(agency: Agency, keys: OwnKeys) -> None:
    pop = keys.pop(issue_challenge(enrolling(agency), "xa-lab", keys.offered(), now=NOW))
    smuggled = keys.adding(DecryptionKey.generate("X25519"))
    assert refusal(agency, keys, pop=pop, keyset=smuggled.keyset()) == Failure.CHALLENGE


def test_a_key_of_another_agency_is_refused_at_challenge_and_keyset(agency: Agency, keys: OwnKeys) -> None:
    _, others = own_agency("xb-health")
    stolen = keys.adding(others.signing[0])
    with pytest.raises(KeyTakenError):
        issue_challenge(enrolling(agency), "xa-lab", stolen.offered(), now=NOW)
    pop = keys.pop(issue_challenge(enrolling(agency), "xa-lab", keys.offered(), now=NOW))
    with pytest.raises(KeyTakenError):
        enter(agency, keys, pop=pop, keyset=stolen.keyset())


@pytest.mark.parametrize("whose", ["another agency's", "its own"])
def test_a_root_key_serves_as_nothing_else(agency: Agency, keys: OwnKeys, whose: str) -> None:
    root = keys.root if whose == "its own" else own_agency("xb-health")[1].root
    smuggled = replace(keys, rows=(*keys.rows, KeyRow(root.public[0], seconds(NOW), seconds(NOW + DAY))))
    with pytest.raises((KeyTakenError, KeyRefusedError)):
        enter(agency, keys, keyset=smuggled.keyset())


def test_an_agency_cannot_take_anothers_root(agency: Agency, keys: OwnKeys) -> None:
    _, others = own_agency("xb-health")
    change_entry("xa-lab", root_fingerprint=others.root.fingerprint)
    with pytest.raises(KeyTakenError):
        enter(agency, keys, keyset=replace(keys, root=others.root).keyset())


SMALL_ORDER_ED25519 = {"kty": "OKP", "crv": "Ed25519", "x": b64u(bytes([1]) + bytes(31))}
SMALL_ORDER_X25519 = {"kty": "OKP", "crv": "X25519", "x": b64u(bytes(32))}
OFF_CURVE = {"kty": "EC", "crv": "P-256", "x": b64u(bytes([7]) * 32), "y": b64u(bytes([9]) * 32)}
BAD_KEYS = {
    "Ed25519 of small order": (SMALL_ORDER_ED25519, "sign"),
    "X25519 of small order": (SMALL_ORDER_X25519, "enc"),
    "off the curve": (OFF_CURVE, "enc"),
    "an unknown kind": ({"kty": "RSA", "n": "AQAB", "e": "AQAB"}, "sign"),
    "a private member": (
        {**SMALL_ORDER_X25519, "x": b64u(bytes([9]) + bytes(31)), "d": b64u(bytes(32))},
        "enc",
    ),
}


def test_a_key_that_is_none_is_refused(agency: Agency, keys: OwnKeys, subtests: pytest.Subtests) -> None:
    for sentence, (jwk, use) in BAD_KEYS.items():
        with subtests.test(sentence):
            with pytest.raises(KeyRefusedError):
                issue_challenge(enrolling(agency), "xa-lab", [{"jwk": jwk, "use": use}], now=NOW)
            body = _body_with(keys, {"jwk": jwk, "use": use})
            with pytest.raises(EnvelopeError):
                enter(agency, keys, keyset=keys.keyset(body=body))
            assert not Key.objects.exists()
    malformed: list[list[dict[str, Any]]] = [
        [],
        [{"jwk": {}, "use": "root"}],
        [{"use": "sign"}],
        [{"jwk": 3, "use": "enc"}],
    ]
    for offered in malformed:
        with pytest.raises(MalformedError):
            issue_challenge(enrolling(agency), "xa-lab", offered, now=NOW)


def _body_with(keys: OwnKeys, row: dict[str, Any]) -> dict[str, Any]:
    whole = {**row, "nbf": seconds(NOW), "exp": seconds(NOW + DAY), "st": "current", "since": None}
    return {
        "ver": 1,
        "prev": None,
        "root": [key.jwk for key in keys.root.public],
        "nroot": keys.successor.fingerprint,
        "custody": "agency",
        "low": "EC1",
        "keys": [whole],
    }

# SPDX-License-Identifier: Apache-2.0
"""Section 10: challenges, proofs of possession, the first API key."""

from __future__ import annotations

import hmac
import re
from typing import Any

from tests.examples.independent import jws, sealing
from tests.examples.independent.encoding import canonical, digest, kid, tobase64
from tests.examples.independent.judging import window
from tests.examples.independent.keys import PublicKey, public_of
from tests.examples.independent.refusal import need
from tests.examples.independent.statements import payload_form, typ_of

NONCE = 32


def challenge_aad(agency: str, chal: str, name: str) -> str:
    """The member `aad` of a challenge."""
    return tobase64(canonical({"a": agency, "chal": chal, "kid": name, "v": 1}))


def answer(agency: str, chal: str, private: dict[str, Any], value: Any) -> str:
    """Open the nonce of a challenge of exactly the one form."""
    kid(chal)
    name = digest(canonical(public_of(private)))
    nonce = open_single(private, value, sealing.CHALLENGE, challenge_aad(agency, chal, name))
    need(len(nonce) == NONCE, "challenge-not-met")
    return tobase64(nonce)


def credential_aad(agency: str, od: str, name: str) -> str:
    """The member `aad` of a first API key."""
    return tobase64(canonical({"a": agency, "kid": name, "od": od, "v": 1}))


def first_key(agency: str, od: str, private: dict[str, Any], value: Any) -> str:
    """Open the text of an agency's first API key."""
    name = digest(canonical(public_of(private)))
    text = open_single(private, value, sealing.CREDENTIAL, credential_aad(agency, od, name))
    need(re.fullmatch(rb"[0-9a-f]{12}[.][A-Za-z0-9_-]{43}", text) is not None, "no-credential")
    return text.decode("ascii")


def open_single(private: dict[str, Any], value: Any, protected: set[str], aad: str) -> bytes:
    """Open the plaintext of a JWE with one entry by this key."""
    public = public_of(private)
    suite = "PQ1" if public["kty"] == "AKP" else "EC1"
    jwe = sealing.jwe_form(value, protected, 501)
    entries = [sealing.entry_form(entry, suite) for entry in jwe["recipients"]]
    need(jwe["aad"] == aad, "aad-differs")
    need([entry["header"]["kid"] for entry in entries] == [digest(canonical(public))], "aad-differs")
    return sealing.decrypt(sealing.content_key(suite, private, entries[0]), jwe)


def check_pop(
    text: str, agency: str, keys: list[PublicKey], chal: str, nonce_digests: dict[str, str], now: int
) -> dict[str, str]:
    """Check a pop by the keys that the next keyset adds; return od and suite."""
    signed = jws.text_submitted(text, jws.STATEMENT_LIMIT)
    said = payload_form(signed.payload, "pop")
    signed.require_typ(typ_of("pop"))
    need(said["iss"] == agency, "issuer-differs")
    window(said["iat"], now)
    suite = "PQ1" if any(key.kind == "ML-DSA-65" for key in keys) else "EC1"
    need(said["suite"] == suite, "suites-mixed")
    need(said["signers"] == signed.kids, "signers-differ")
    jws.verify(signed, keys)
    need(said["body"]["chal"] == chal, "challenge-not-met")
    given = said["body"]["enc"]
    need(sorted(item["kid"] for item in given) == sorted(nonce_digests), "challenge-not-met")
    for item in given:
        said_digest = digest(item["nonce"].encode("ascii"))
        need(hmac.compare_digest(said_digest, nonce_digests[item["kid"]]), "challenge-not-met")
    return {"od": signed.od(typ_of("pop")), "suite": suite}

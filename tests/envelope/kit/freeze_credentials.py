# SPDX-License-Identifier: Apache-2.0
"""credentials.json: an agency's first API key, sealed to the agency by the hub."""

from __future__ import annotations

from typing import Any

from accord.envelope.credentials import credential_aad, seal_credential
from accord.envelope.encoding import b64u
from accord.envelope.single import seal_single
from accord.envelope.vocabulary import TYP_CREDENTIAL
from tests.envelope.kit.building import Body, bad, document, flipped, good
from tests.envelope.kit.freeze_statements import sealed_challenge
from tests.envelope.kit.seeds import ALPHA, BRAVO, decryption_key, octets, private_jwk

OD = b64u(octets("keyset of a credential"))
TEXT = "0123456789ab." + b64u(octets("secret of a credential"))


def credentials() -> Body:
    about = "`credential`: a first API key, to be opened with `private`; `od` is that of the agency's first keyset."
    return document(about, [*_good(), *_bad()])


def _sealed(alg: str, agency: str = ALPHA, od: str = OD) -> dict[str, Any]:
    key = decryption_key(alg, "coming")
    sealed = seal_credential(agency, od, key.public, TEXT.encode())
    return {"agency": ALPHA, "od": OD, "private": private_jwk(key), "jwe": sealed.jwe}


def _holding(text: bytes) -> dict[str, Any]:
    """A credential of the right form with another content."""
    key = decryption_key("X25519", "coming")
    aad = credential_aad(ALPHA, OD, key.public.kid)
    jwe = seal_single(TYP_CREDENTIAL, aad, key.public, text)
    return {"agency": ALPHA, "od": OD, "private": private_jwk(key), "jwe": jwe}


def _good() -> list[Body]:
    algs = ("X25519", "P-256", "HPKE-9-KE")
    return [good(alg, "credential", TEXT, **_sealed(alg)) for alg in algs]


def _bad() -> list[Body]:
    given = _sealed("X25519")
    jwe = given["jwe"]
    other = private_jwk(decryption_key("X25519", "other"))
    lattice = private_jwk(decryption_key("HPKE-9-KE", "coming"))
    wrong: dict[str, tuple[str, dict[str, Any]]] = {
        "for another agency": ("aad-differs", _sealed("X25519", BRAVO)),
        "with another keyset": ("aad-differs", _sealed("X25519", od=b64u(octets("other")))),
        "for another key": ("aad-differs", given | {"private": other}),
        "a challenge in its place": ("malformed", given | {"jwe": sealed_challenge("X25519")["jwe"]}),
        "a changed tag": ("content-not-decrypted", given | {"jwe": jwe | {"tag": flipped(jwe["tag"], 2)}}),
        "of another suite": ("malformed", given | {"private": lattice}),
        "one octet short": ("no-credential", _holding(TEXT[:-1].encode())),
        "one octet long": ("no-credential", _holding(TEXT.encode() + b"\n")),
        "a nonce inside": ("no-credential", _holding(octets("nonce", 32))),
        "upper case in the prefix": ("no-credential", _holding(TEXT.replace("a", "A", 1).encode())),
    }
    return [bad(name, "credential", word, "credential", **item) for name, (word, item) in wrong.items()]

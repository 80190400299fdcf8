# SPDX-License-Identifier: Apache-2.0
"""Wrapped keys and blobs whose randomness is fixed, so that they are equal on every run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from tests.envelope.kit import formulas
from tests.envelope.kit.building import Body, bad, document, flipped, good
from tests.envelope.kit.make_payloads import JTI
from tests.envelope.kit.seeds import decryption_key, octets, private_jwk

PUBLIC = Path(__file__).parents[2] / "vectors"
CONTENT_KEY = octets("content key")


def wrapping() -> Body:
    secrets = [bytes(32), b"\xff" * 32, octets("z")]
    kdf = [
        good(f"Concat KDF {n}", "kdf", formulas.wrapping_key(z).hex(), z=formulas.b64u(z))
        for n, z in enumerate(secrets)
    ]
    about = (
        "From the shared secret z to the wrapping key; from an entry and a private key to the content key."
    )
    return document(about, [*kdf, *_opened(), *_not_opened(), *_malformed()])


def _ec1(curve: str) -> dict[str, Any]:
    """The recipient's private JWK and the entry for it, under an ephemeral key made from a label."""
    recipient, ephemeral = decryption_key(curve, "recipient"), decryption_key(curve, "ephemeral")
    if curve == "X25519":
        z = ephemeral.material.exchange(recipient.public.material)
    else:
        z = ephemeral.material.exchange(ec.ECDH(), recipient.public.material)
    wrapped = aes_key_wrap(formulas.wrapping_key(z), CONTENT_KEY)
    header = {"alg": "ECDH-ES+A256KW", "epk": ephemeral.public.jwk, "kid": recipient.public.kid}
    entry = {"encrypted_key": formulas.b64u(wrapped), "header": header}
    return {"suite": "EC1", "private": private_jwk(recipient), "entry": entry}


def _pq1() -> tuple[dict[str, Any], str]:
    """The example of the JOSE-HPKE drafts as an entry of this profile; nobody else knows its content key."""
    published = json.loads((PUBLIC / "jose_hpke_drafts.json").read_text())
    (vector,) = [item for item in published if item["alg"] == "HPKE-9-KE"]
    jwe = vector["flattened"]
    header = json.loads(formulas.unb64u(jwe["protected"]))
    entry = {
        "encrypted_key": jwe["encrypted_key"],
        "header": {"alg": "HPKE-9-KE", "ek": header["ek"], "kid": header["kid"]},
    }
    private = {name: vector["jwk"][name] for name in ("kty", "alg", "pub", "priv")}
    return {"suite": "PQ1", "private": private, "entry": entry}, _DRAFT_KEY


# Decrypting the drafts' ciphertext proves it, see tests/envelope/test_vectors.py.
_DRAFT_KEY = "f0746847c7890165af234a14fbfe5c89c919cb356232e95810c3c8a172be692c"


def _changed(given: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Change the entry's header, or `encrypted_key`, which is outside it."""
    entry = given["entry"]
    header = entry["header"] | {name: item for name, item in changes.items() if name != "encrypted_key"}
    wrapped = changes.get("encrypted_key", entry["encrypted_key"])
    return given | {"entry": {"encrypted_key": wrapped, "header": header}}


def _opened() -> list[Body]:
    pq1, key = _pq1()
    cases = [
        good(f"EC1, {curve}", "unwrap", CONTENT_KEY.hex(), **_ec1(curve)) for curve in ("X25519", "P-256")
    ]
    return [*cases, good("PQ1, the example of the drafts", "unwrap", key, **pq1)]


def _not_opened() -> list[Body]:
    cases = []
    for name, given in (("X25519", _ec1("X25519")), ("P-256", _ec1("P-256")), ("PQ1", _pq1()[0])):
        wrapped = flipped(given["entry"]["encrypted_key"], 5)
        cases.append(_closed(f"{name}: one bit of the wrapped key", _changed(given, encrypted_key=wrapped)))
    x25519, p256 = _ec1("X25519"), _ec1("P-256")
    other = decryption_key("X25519", "other").public.jwk
    curve = p256["entry"]["header"]["epk"]
    cases.append(_closed("another ephemeral key", _changed(x25519, epk=other)))
    cases.append(_closed("an ephemeral key of another curve", _changed(x25519, epk=curve)))
    pq1 = _pq1()[0]
    for at, half in ((3, "ML-KEM"), (1100, "X25519")):
        ek = flipped(pq1["entry"]["header"]["ek"], at)
        cases.append(_closed(f"PQ1: one bit of the {half} half", _changed(pq1, ek=ek)))
    missing = x25519 | {"private": private_jwk(decryption_key("X25519", "other"))}
    cases.append(
        bad("an entry for another key", "unwrap", "no-private-key-for-the-entry", "opening", **missing)
    )
    return cases


def _closed(name: str, given: dict[str, Any]) -> Body:
    return bad(name, "unwrap", "content-key-not-unwrapped", "opening", **given)


_ORDER_8 = bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")


def _with_share(given: dict[str, Any], share: bytes) -> str:
    """Replace the X25519 half of the `ek`."""
    ek = formulas.unb64u(given["entry"]["header"]["ek"])
    return formulas.b64u(ek[:1088] + share)


def _malformed() -> list[Body]:
    x25519, p256, pq1 = _ec1("X25519"), _ec1("P-256"), _pq1()[0]
    epk = x25519["entry"]["header"]["epk"]
    point = p256["entry"]["header"]["epk"]
    wrong: dict[str, tuple[str, dict[str, Any]]] = {
        "epk of small order": ("key-refused", _changed(x25519, epk=epk | {"x": "A" * 43})),
        "epk off the curve": ("key-refused", _changed(p256, epk=point | {"y": flipped(point["y"], 31)})),
        "epk with its private key": ("malformed", _changed(x25519, epk=epk | {"d": "A" * 43})),
        "epk of P-384": ("malformed", _changed(p256, epk=point | {"crv": "P-384"})),
        "apu": ("malformed", _changed(x25519, apu="AA")),
        "zip": ("malformed", _changed(x25519, zip="DEF")),
        "enc in the entry": ("malformed", _changed(x25519, enc="A256GCM")),
        "ECDH-ES": ("malformed", _changed(x25519, alg="ECDH-ES")),
        "dir": ("malformed", _changed(x25519, alg="dir")),
        "RSA1_5": ("malformed", _changed(x25519, alg="RSA1_5")),
        "PBES2": ("malformed", _changed(x25519, alg="PBES2-HS256+A128KW")),
        "a kid that is no thumbprint": ("malformed", _changed(x25519, kid="bob")),
        "a wrapped key of 32 octets": ("malformed", _changed(x25519, encrypted_key="A" * 43)),
        "an EC1 entry in PQ1": ("malformed", x25519 | {"suite": "PQ1"}),
        "a PQ1 entry in EC1": ("malformed", pq1 | {"suite": "EC1"}),
        "an ek of 1119 octets": ("malformed", _changed(pq1, ek=formulas.b64u(bytes(1119)))),
        "an X25519 share of zeros": ("key-refused", _changed(pq1, ek=_with_share(pq1, bytes(32)))),
        "an X25519 share of order 8": ("key-refused", _changed(pq1, ek=_with_share(pq1, _ORDER_8))),
        "HPKE-7-KE": ("malformed", _changed(pq1, alg="HPKE-7-KE")),
        "psk_id": ("malformed", _changed(pq1, psk_id="AA")),
    }
    return [bad(name, "unwrap", word, "opening", **given) for name, (word, given) in wrong.items()]


_PLAIN = b"peaks" * 30


def _blob(
    plain: bytes, *, n: int = 0, size: int | None = None, padded: int | None = None, fill: bytes = b"\x00"
) -> dict[str, Any]:
    key, iv = octets("blob key"), octets("blob iv", 12)
    length = formulas.padme(len(plain) + 8) if padded is None else padded
    message = (len(plain) if size is None else size).to_bytes(8, "big") + plain
    message += fill * (length - len(message))
    blob = iv + AESGCM(key).encrypt(iv, message, f"{JTI}/{n}".encode())
    att = {
        "n": n, "sha256": formulas.b64u(formulas.h(blob)), "len": len(blob), "size": len(plain),
        "cty": "chemical/x-msp", "fn": "spectrum.msp", "k": formulas.b64u(key),
    }  # fmt: skip
    return {"jti": JTI, "att": att, "blob": formulas.b64u(blob)}


def blobs() -> Body:
    given = _blob(_PLAIN)
    att, blob = given["att"], given["blob"]
    cases = [
        good("a file", "blob", formulas.b64u(_PLAIN), **given),
        good("an empty file", "blob", "", **_blob(b"")),
        good("the tenth", "blob", formulas.b64u(b"x"), **_blob(b"x", n=9)),
    ]
    other = formulas.b64u(octets("other key"))
    changed = flipped(blob, 40)
    resealed = att | {"sha256": formulas.b64u(formulas.h(formulas.unb64u(changed)))}
    wrong: dict[str, tuple[str, dict[str, Any]]] = {
        "one bit changed": ("blob-differs", given | {"blob": changed}),
        "one octet more": ("blob-differs", given | {"blob": formulas.b64u(formulas.unb64u(blob) + b"\x00")}),
        "one bit changed, and the digest with it": (
            "content-not-decrypted", given | {"blob": changed, "att": resealed},
        ),
        "another key": ("content-not-decrypted", given | {"att": att | {"k": other}}),
        "in another place": ("content-not-decrypted", given | {"att": att | {"n": 1}}),
        "in another envelope": ("content-not-decrypted", given | {"jti": JTI.replace("7c31", "7c32")}),
        "another size inside": ("blob-differs", _blob(_PLAIN, size=len(_PLAIN) - 1)),
        "a pad that is not zeros": ("blob-differs", _blob(_PLAIN, fill=b"\x01")),
    }  # fmt: skip
    cases += [bad(name, "blob", word, "blob", **item) for name, (word, item) in wrong.items()]
    return document("The blob of an attachment, with its member of `att` in the inner payload.", cases)

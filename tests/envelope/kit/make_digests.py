# SPDX-License-Identifier: Apache-2.0
"""Formulas over octets: object digests, pd, ct, rr, associated data, headers."""

from __future__ import annotations

from typing import Any

from tests.envelope.kit import formulas
from tests.envelope.kit.building import Body, document, good
from tests.envelope.kit.make_keys import public_jwk
from tests.envelope.kit.make_payloads import manifest_members
from tests.envelope.kit.seeds import octets


def digests() -> Body:
    return document(
        "The digests of the page: od, pd, ct, rr, the members `aad`, the protected header.",
        [*_object_digests(), *_sealed(), *_entries(), *_associated_data(), *_headers()],
    )


def _object_digests() -> list[Body]:
    payload = formulas.compact(manifest_members())
    spaced = payload.replace(":", ": ", 1)
    cases = [
        good(f"od: {name}", "od", formulas.object_digest(typ, text.encode()), typ=typ, payload=text)
        for name, typ, text in (
            ("a manifest, which is md", "accord-manifest+jws", payload),
            ("the same with a space in it", "accord-manifest+jws", spaced),
            ("the same octets of another typ", "accord-alert+jws", payload),
            ("nothing", "accord-ack+jws", ""),
            ("above ASCII", "accord-alert+jws", '{"a":"\u20ac\U0001f600"}'),
        )
    ]
    inner = '{"payload":"e30","signatures":[]}'
    return [*cases, good("pd", "pd", formulas.b64u(formulas.h(inner.encode())), inner=inner)]


def _sealed() -> list[Body]:
    cases = []
    for name, size in (("ct", 100), ("ct of nothing", 0)):
        parts = {"iv": octets("iv", 12), "ciphertext": octets("ciphertext", size), "tag": octets("tag", 16)}
        texts = {"protected": "eyJlbmMiOiJBMjU2R0NNIn0", "aad": "e30"}
        given = texts | {part: formulas.b64u(raw) for part, raw in parts.items()}
        cases.append(
            good(name, "ct", formulas.ct(texts["protected"], texts["aad"], *parts.values()), **given)
        )
    return cases


def entry(n: int) -> dict[str, Any]:
    """An entry in the form of EC1 with meaningless values."""
    epk = {"kty": "OKP", "crv": "X25519", "x": formulas.b64u(octets(f"epk {n}"))}
    header = {"kid": formulas.b64u(octets(f"kid {n}")), "epk": epk, "alg": "ECDH-ES+A256KW"}
    return {"header": header, "encrypted_key": formulas.b64u(octets(f"wrapped {n}", 40))}


def _entries() -> list[Body]:
    cases = []
    for size in (1, 2, 3, 5):
        entries = [{"a": f"x{chr(97 + n)}-agency", "r": entry(n)} for n in range(size)]
        leaves = [formulas.leaf_hash(formulas.compact(item).encode()) for item in entries]
        paths = [[formulas.b64u(node) for node in formulas.path(leaves, n)] for n in range(size)]
        result = {
            "leaves": [formulas.b64u(leaf) for leaf in leaves],
            "rr": formulas.b64u(formulas.root(leaves)),
            "paths": paths,
        }
        cases.append(good(f"rr over {size}", "rr", result, entries=entries))
    return cases


def _associated_data() -> list[Body]:
    terms = {name: manifest_members()[name] for name in _TERMS}
    value = {"iss": "xa-alpha", "jti": terms["jti"], "tlp": "GREEN", "v": 1}
    aad = formulas.b64u(formulas.compact(value).encode())
    chal, kid = formulas.b64u(octets("chal")), formulas.b64u(octets("kid"))
    challenge = formulas.compact({"a": "xa-alpha", "chal": chal, "kid": kid, "v": 1})
    od = formulas.b64u(octets("od"))
    credential = formulas.compact({"a": "xa-alpha", "kid": kid, "od": od, "v": 1})
    return [
        good("aad of an envelope", "aad", aad, terms=terms, iss="xa-alpha"),
        good(
            "aad of a challenge",
            "challenge-aad",
            formulas.b64u(challenge.encode()),
            agency="xa-alpha",
            chal=chal,
            kid=kid,
        ),
        good(
            "aad of a first API key",
            "credential-aad",
            formulas.b64u(credential.encode()),
            agency="xa-alpha",
            od=od,
            kid=kid,
        ),
    ]


_TERMS = (
    "kind", "status", "jti", "iat", "exp", "keep", "tlp", "rel", "lane", "purpose", "pri", "ack_by",
    "reply_by", "re",
)  # fmt: skip


def _headers() -> list[Body]:
    cases = []
    for alg in ("Ed25519", "ES256", "ML-DSA-65"):
        jwk = public_jwk(alg)
        header = {"alg": alg, "kid": formulas.thumbprint(jwk), "typ": "accord-manifest+jws"}
        written = formulas.b64u(formulas.compact(header).encode())
        cases.append(
            good(f"protected header of {alg}", "header", written, jwk=jwk, typ="accord-manifest+jws")
        )
    return cases

# SPDX-License-Identifier: Apache-2.0
"""Signatures by Ed25519, and by ES256 as of RFC 6979, which are equal on every run."""

from __future__ import annotations

import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.envelope.kit import edwards, formulas
from tests.envelope.kit.building import Body, bad, document, flipped, good
from tests.envelope.kit.make_keys import public_jwk
from tests.envelope.kit.seeds import signing_key

TYP = "accord-manifest+jws"
_PAYLOAD = '{"a":1}'


def _signature(alg: str, protected: str, payload: str = _PAYLOAD) -> str:
    signed = f"{protected}.{formulas.b64u(payload.encode())}".encode()
    material = signing_key(alg, "kit")._material
    if alg != "ES256":
        return formulas.b64u(material.sign(signed))
    r, s = decode_dss_signature(material.sign(signed, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
    return formulas.b64u(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def _header(key: str = "Ed25519", **changes: Any) -> str:
    kid = formulas.thumbprint(public_jwk("Ed25519" if key in ("EdDSA", "none", "HS256") else key))
    header = {"alg": key, "kid": kid, "typ": TYP} | changes
    written = formulas.compact({name: item for name, item in header.items() if item is not None})
    return formulas.b64u(written.encode())


def _jws(*protected: str, alg: str = "Ed25519", payload: str = _PAYLOAD) -> dict[str, Any]:
    signatures = [{"protected": head, "signature": _signature(alg, head, payload)} for head in protected]
    return {"payload": formulas.b64u(payload.encode()), "signatures": signatures}


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def signatures() -> Body:
    """signatures.json: Ed25519 and ES256 (RFC 6979), which need no randomness; ML-DSA-65 is in statements.json."""
    return document(
        "A JWS of `typ` by exactly `keys`, in their order: its payload and od, or the refusal.",
        [*_good_signatures(), *_bad_signatures(), *_bad_forms(), *_by_hand()],
        typ=TYP,
        keys=[public_jwk("Ed25519")],
    )


def _good_signatures() -> list[Body]:
    result = {"payload": _PAYLOAD, "od": formulas.object_digest(TYP, _PAYLOAD.encode())}
    plain = _jws(_header())
    head = formulas.b64u(
        _text({"typ": TYP, "kid": formulas.thumbprint(public_jwk("Ed25519")), "alg": "Ed25519"}).encode()
    )
    es256 = _jws(_header("ES256"), alg="ES256")
    raw = formulas.unb64u(es256["signatures"][0]["signature"])
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    high = raw[:32] + (order - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    malleated = es256 | {"signatures": [es256["signatures"][0] | {"signature": formulas.b64u(high)}]}
    keys = [public_jwk("ES256")]
    return [
        good("Ed25519", "jws", result, jws=_text(plain)),
        good("members in another order", "jws", result, jws=_text(dict(reversed(plain.items())))),
        good("header members in another order", "jws", result, jws=_text(_jws(head))),
        good("EdDSA for an Ed25519 key", "jws", result, jws=_text(_jws(_header("EdDSA")))),
        good("ES256", "jws", result, jws=_text(es256), keys=keys),
        good("ES256 with the other s: the same od", "jws", result, jws=_text(malleated), keys=keys),
    ]


def _bad_signatures() -> list[Body]:
    plain, es256 = _jws(_header()), _jws(_header("ES256"), alg="ES256")
    (signature,) = plain["signatures"]
    stranger = public_jwk("Ed25519", "other")
    raw = formulas.unb64u(signature["signature"])
    order = 2**252 + 27742317777372353535851937790883648493
    plus = raw[:32] + (int.from_bytes(raw[32:], "little") + order).to_bytes(32, "little")
    zeros = es256 | {"signatures": [es256["signatures"][0] | {"signature": formulas.b64u(bytes(64))}]}

    def with_signature(text: str) -> str:
        return _text(plain | {"signatures": [signature | {"signature": text}]})

    wrong: dict[str, tuple[str, dict[str, Any]]] = {
        "one bit of the signature": (
            "bad-signature",
            {"jws": with_signature(flipped(signature["signature"], 9))},
        ),
        "another payload": ("bad-signature", {"jws": _text(plain | {"payload": formulas.b64u(b'{"a":2}')})}),
        "a signature of 63 octets": ("bad-signature", {"jws": with_signature(formulas.b64u(raw[:63]))}),
        "an empty signature": ("bad-signature", {"jws": with_signature("")}),
        "Ed25519 with S + L": ("bad-signature", {"jws": with_signature(formulas.b64u(plus))}),
        "ES256 of zeros": ("bad-signature", {"jws": _text(zeros), "keys": [public_jwk("ES256")]}),
        "one signature too many": ("signers-differ", {"jws": _text(plain | {"signatures": [signature] * 2})}),
        "one signature too few": (
            "signers-differ",
            {"jws": _text(plain), "keys": [public_jwk("Ed25519"), stranger]},
        ),
        "another key": ("signers-differ", {"jws": _text(plain), "keys": [stranger]}),
        "none": ("alg-differs-from-key", {"jws": _text(_jws(_header("none")))}),
        "HS256": ("alg-differs-from-key", {"jws": _text(_jws(_header("HS256")))}),
        "ES256 claimed for an Ed25519 key": (
            "alg-differs-from-key",
            {"jws": _text(_jws(_header("ES256", kid=formulas.thumbprint(public_jwk("Ed25519")))))},
        ),
        "EdDSA claimed for an ES256 key": (
            "alg-differs-from-key",
            {
                "jws": _text(_jws(_header("ES256", alg="EdDSA"), alg="ES256")),
                "keys": [public_jwk("ES256")],
            },
        ),
        "another typ": ("wrong-typ", {"jws": _text(_jws(_header(typ="accord-alert+jws")))}),
        "typ in capitals": ("wrong-typ", {"jws": _text(_jws(_header(typ=TYP.upper())))}),
    }
    return [bad(name, "jws", word, "signature", **given) for name, (word, given) in wrong.items()]


def _bad_forms() -> list[Body]:
    plain = _jws(_header())
    (signature,) = plain["signatures"]
    kid = formulas.thumbprint(public_jwk("Ed25519"))
    twice = formulas.b64u(f'{{"alg":"none","alg":"Ed25519","kid":"{kid}","typ":"{TYP}"}}'.encode())
    text = _text(plain)
    texts = {
        "crit": _text(_jws(_header(crit=[]))),
        "jwk in the header": _text(_jws(_header(jwk=public_jwk("Ed25519")))),
        "b64": _text(_jws(_header(b64=False))),
        "no kid": _text(_jws(_header(kid=None))),
        "no typ": _text(_jws(_header(typ=None))),
        "a header member twice": _text(_jws(twice)),
        "an unprotected header": _text(plain | {"signatures": [signature | {"header": {}}]}),
        "no signature at all": _text(plain | {"signatures": []}),
        "17 signatures": _text(plain | {"signatures": [signature] * 17}),
        "flattened": _text({"payload": plain["payload"]} | signature),
        "compact": f"{signature['protected']}.{plain['payload']}.{signature['signature']}",
        "an additional member": _text(plain | {"x": 1}),
        "a member twice": text[:-1] + f',"payload":"{plain["payload"]}"}}',
        "white space": text.replace(":", ": ", 1),
        "a line feed at the end": text + "\n",
        "a backslash": text.replace("payload", "p\\u0061yload", 1),
        "padding": _text(plain | {"payload": plain["payload"] + "=="}),
        "stray bits in the payload": _text(plain | {"payload": plain["payload"][:-1] + "R"}),
    }
    cases = [bad(name, "jws", "malformed", "signature", jws=item) for name, item in texts.items()]
    long = _text(_jws(_header(typ=TYP + "x" * 1000)))
    return [*cases, bad("a header of over 1,024 octets", "jws", "too-large", "signature", jws=long)]


def _by_hand() -> list[Body]:
    """Cases in which equations with and without the cofactor differ; without it, R is compared as octets."""
    mixed = edwards.add(edwards.PUBLIC, edwards.ORDER_8)
    result = {"payload": _PAYLOAD, "od": formulas.object_digest(TYP, _PAYLOAD.encode())}
    plain = _signed_by_hand(edwards.PUBLIC, edwards.NEUTRAL, zero=False)
    key = _signed_by_hand(mixed, edwards.NEUTRAL, zero=True)
    wrong = {
        "Ed25519: R with a part of small order": _signed_by_hand(edwards.PUBLIC, edwards.ORDER_8, zero=False),
        "Ed25519: a key of mixed order, k not a multiple of 8": _signed_by_hand(
            mixed, edwards.NEUTRAL, zero=False
        ),
    }
    return [
        good("Ed25519 by hand", "jws", result, **plain),
        good("Ed25519: a key of mixed order, k a multiple of 8", "jws", result, **key),
        *(bad(name, "jws", "bad-signature", "signature", **given) for name, given in wrong.items()),
    ]


def _signed_by_hand(public: edwards.Point, more: edwards.Point, *, zero: bool) -> dict[str, Any]:
    jwk = {"crv": "Ed25519", "kty": "OKP", "x": formulas.b64u(edwards.encode(public))}
    protected = _header(kid=formulas.thumbprint(jwk))
    payload = formulas.b64u(_PAYLOAD.encode())
    signature = edwards.sign(f"{protected}.{payload}".encode(), public=public, more=more, zero=zero)
    signatures = [{"protected": protected, "signature": formulas.b64u(signature)}]
    return {"jws": _text({"payload": payload, "signatures": signatures}), "keys": [jwk]}

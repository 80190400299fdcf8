# SPDX-License-Identifier: Apache-2.0
"""Keys of every kind: thumbprints, keys that must not be registered, fingerprints of roots, the key rule."""

from __future__ import annotations

from typing import Any

from tests.envelope.kit import formulas
from tests.envelope.kit.building import Body, bad, document, good
from tests.envelope.kit.seeds import decryption_key, octets, private_jwk, root, signing_key

_KINDS: dict[str, tuple[str, str, list[str]]] = {
    "Ed25519": ("sign", "Ed25519", ["EC1", "PQ1"]),
    "ES256": ("sign", "ES256", ["EC1"]),
    "ML-DSA-65": ("sign", "ML-DSA-65", ["PQ1"]),
    "X25519": ("enc", "ECDH-ES+A256KW", ["EC1"]),
    "P-256": ("enc", "ECDH-ES+A256KW", ["EC1"]),
    "HPKE-9-KE": ("enc", "HPKE-9-KE", ["PQ1"]),
}
_P = 2**255 - 19
_P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1


def public_jwk(kind: str, label: str = "kit") -> dict[str, str]:
    """The public key made from a label."""
    make: Any = signing_key if _KINDS[kind][0] == "sign" else decryption_key
    return dict(make(kind, label).public.jwk)


def _little(number: int) -> str:
    return formulas.b64u(number.to_bytes(32, "little"))


def _ed25519(x: str) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": x}


def _x25519(x: str) -> dict[str, str]:
    return {"kty": "OKP", "crv": "X25519", "x": x}


_ORDER_8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022
_U_ORDER_8 = 325606250916557431795983626356110631294008115727848805560023387167927233504
_NO_ED25519: dict[str, int] = {
    "the neutral point": 1,
    "the neutral point, sign bit set": 1 | 1 << 255,
    "the point of order 2": _P - 1,
    "a point of order 4": 0,
    "a point of order 8": _ORDER_8,
    "the other y of order 8": _P - _ORDER_8,
    "y = p": _P,
    "y = p + 1": _P + 1,
    "y on no point of the curve": 2,
}
_NO_X25519: dict[str, int] = {
    "u = 0": 0,
    "u = 1": 1,
    "u of order 8": _U_ORDER_8,
    "the other u of order 8": 39382357235489614581723060781553021112529911719440698176882885853963445705823,
    "u = p - 1": _P - 1,
    "u = p": _P,
    "u = p + 1": _P + 1,
    "u = 1 with the unused bit": 1 | 1 << 255,
}


def keys() -> Body:
    cases = []
    for kind, (use, alg, suites) in _KINDS.items():
        jwk = public_jwk(kind)
        result = {"kid": formulas.thumbprint(jwk), "alg": alg, "suites": suites}
        cases.append(good(f"{kind} for {use}", "key", result, jwk=jwk, use=use))
        other = {"sign": "enc", "enc": "sign"}[use]
        if jwk["kty"] != "EC":
            cases.append(_no(f"{kind} for {other}", jwk, other))
    cases += [_no(f"Ed25519: {name}", _ed25519(_little(y)), "sign") for name, y in _NO_ED25519.items()]
    cases += [_no(f"X25519: {name}", _x25519(_little(u)), "enc") for name, u in _NO_X25519.items()]
    cases += _refused_points() + _refused_members()
    about = "A public JWK, to be registered for `use`: its kid, alg and suites, or the refusal."
    return document(about, cases)


def _no(name: str, jwk: dict[str, Any], use: str) -> Body:
    return bad(name, "key", "key-refused", "key", jwk=jwk, use=use)


def _refused_points() -> list[Body]:
    xwing, p256 = public_jwk("HPKE-9-KE"), public_jwk("P-256")
    whole = formulas.unb64u(xwing["pub"])
    lattice, curve = whole[:1184], whole[1184:]
    too_large = p256 | {"x": formulas.b64u(_P256.to_bytes(32, "big"))}
    off = formulas.b64u(bytes([*formulas.unb64u(p256["y"])[:31], formulas.unb64u(p256["y"])[31] ^ 1]))
    return [
        _no("P-256: off the curve", p256 | {"y": off}, "enc"),
        _no("P-256 to sign: off the curve", p256 | {"y": off}, "sign"),
        _no("P-256: x not below the prime", too_large, "enc"),
        _no("P-256: (0, 0)", p256 | {"x": "A" * 43, "y": "A" * 43}, "enc"),
        _no("X-Wing: X25519 half of small order", xwing | {"pub": formulas.b64u(lattice + bytes(32))}, "enc"),
        _no(
            "X-Wing: ML-KEM half not below q",
            xwing | {"pub": formulas.b64u(b"\xff" * 1152 + lattice[1152:] + curve)},
            "enc",
        ),
        _no("X-Wing: halves swapped", xwing | {"pub": formulas.b64u(curve + lattice)}, "enc"),
        _no("X-Wing: one octet short", xwing | {"pub": formulas.b64u(whole[:-1])}, "enc"),
    ]


def _refused_members() -> list[Body]:
    ed25519, lattice = public_jwk("Ed25519"), public_jwk("ML-DSA-65")
    short = formulas.b64u(formulas.unb64u(lattice["pub"])[:-1])
    return [
        _no("an additional member", ed25519 | {"kid": "x"}, "sign"),
        _no("an alg where none belongs", ed25519 | {"alg": "Ed25519"}, "sign"),
        _no("a private member", private_jwk(signing_key("Ed25519", "kit")), "sign"),
        _no("a missing member", {"kty": "OKP", "crv": "Ed25519"}, "sign"),
        _no("padding", ed25519 | {"x": ed25519["x"] + "="}, "sign"),
        _no("33 octets", _ed25519(formulas.b64u(bytes(33))), "sign"),
        _no("a number where a text belongs", ed25519 | {"x": 1}, "sign"),
        _no("ML-DSA-65: one octet short", lattice | {"pub": short}, "sign"),
        _no("ML-DSA-44", lattice | {"alg": "ML-DSA-44"}, "sign"),
        _no("Ed448", ed25519 | {"crv": "Ed448"}, "sign"),
        _no("P-384", public_jwk("P-256") | {"crv": "P-384"}, "enc"),
        _no("secp256k1", public_jwk("ES256") | {"crv": "secp256k1"}, "sign"),
        _no("RSA", {"kty": "RSA", "n": "AQAB", "e": "AQAB"}, "sign"),
        _no("a shared secret", {"kty": "oct", "k": formulas.b64u(bytes(32))}, "sign"),
        _no("HPKE-7-KE", public_jwk("HPKE-9-KE") | {"alg": "HPKE-7-KE"}, "enc"),
    ]


def seeds() -> Body:
    names = ("Ed25519", "ES256", "ML-DSA-65", "X25519", "P-256", "HPKE-9-KE")
    cases = []
    for name in names:
        use = _KINDS[name][0]
        key: Any = signing_key(name, "kit") if use == "sign" else decryption_key(name, "kit")
        private = private_jwk(key)
        assert private.get("d", private.get("priv")) == formulas.b64u(octets(f"kit {name}"))
        cases.append(good(name, "seed", key.public.jwk, private=private, use=use))
    return document("A private JWK; its public key, made from the 32 octets of `d` or `priv`.", cases)


def roots() -> Body:
    cases = []
    for label in ("xa-alpha", "xb-bravo"):
        pair = [key.jwk for key in root(label).public]
        kids = [formulas.thumbprint(jwk) for jwk in pair]
        found = formulas.h(formulas.compact(kids).encode()).hex()
        shown = " ".join(found[at : at + 4] for at in range(0, 64, 4))
        cases.append(good(label, "fingerprint", {"fingerprint": found, "shown": shown}, root=pair))
    swapped = [key.jwk for key in reversed(root("xa-alpha").public)]
    cases.append(bad("the two in the other order", "fingerprint", "key-refused", "key", root=swapped))
    return document("Fingerprint of a root: [Ed25519 JWK, ML-DSA-65 JWK].", cases)


_SINCE, _LOGGED = 1_000, 2_000
_REPUDIATED = {"repudiated": {"since": _SINCE, "revoked_at": _LOGGED}}
_TWO = [{"since": 1_500, "log_time": 2_000}, {"since": 1_200, "log_time": 2_500}]
_LATE = [{"since": 3_000, "log_time": 2_000}]
_RULES: dict[str, tuple[int, list[dict[str, int]], Any]] = {
    "one second before nbf": (99, [], "key-not-valid-then"),
    "at nbf": (100, [], "valid"),
    "one second before exp": (9_999, [], "valid"),
    "at exp": (10_000, [], "key-not-valid-then"),
    "one second before since": (999, [{"since": _SINCE, "log_time": _LOGGED}], "valid"),
    "at since": (1_000, [{"since": _SINCE, "log_time": _LOGGED}], _REPUDIATED),
    "one second before the revocation is logged": (1_999, [{"since": _SINCE, "log_time": _LOGGED}], _REPUDIATED),
    "when the revocation is logged": (2_000, [{"since": _SINCE, "log_time": _LOGGED}], "key-revoked"),
    "two words: the smallest since, the first log time": (
        1_300, _TWO, {"repudiated": {"since": 1_200, "revoked_at": 2_000}},
    ),
    "two words: after the first was logged": (2_000, _TWO, "key-revoked"),
    "since in the future of the word: before": (1_999, _LATE, "valid"),
    "since in the future of the word: from the log time on": (2_000, _LATE, "key-revoked"),
}  # fmt: skip
_AT_LEAF_5 = [{"since": 1_500, "log_time": 2_000, "index": 5}]
_LATE_AT_LEAF_5 = [{"since": 3_000, "log_time": 2_000, "index": 5}]
_TWO_IN_A_SECOND = [
    {"since": 1_500, "log_time": 2_000, "index": 9},
    {"since": 1_800, "log_time": 2_000, "index": 5},
]
_REPUDIATED = {"repudiated": {"since": 1_500, "revoked_at": 2_000}}
_RULES_IN_A_SECOND: dict[str, tuple[int, int, list[dict[str, int]], Any]] = {
    "the same second: a leaf before": (2_000, 4, _AT_LEAF_5, _REPUDIATED),
    "the same second: a leaf after": (2_000, 6, _AT_LEAF_5, "key-revoked"),
    "the same second: a leaf before, since in the future": (2_000, 4, _LATE_AT_LEAF_5, "valid"),
    "the same second: a leaf after, since in the future": (2_000, 6, _LATE_AT_LEAF_5, "key-revoked"),
    "the same second: before the first of two words": (2_000, 4, _TWO_IN_A_SECOND, _REPUDIATED),
    "the same second: between two words": (2_000, 7, _TWO_IN_A_SECOND, "key-revoked"),
    "a second before: a higher index, which no log has": (1_999, 6, _AT_LEAF_5, _REPUDIATED),
    "a second later: a lower index, which no log has": (2_001, 4, _AT_LEAF_5, "key-revoked"),
}  # fmt: skip


def key_rule() -> Body:
    jwk = public_jwk("Ed25519")
    cases = []
    rules = {
        name: ({"log_time": t, "revocations": words}, result) for name, (t, words, result) in _RULES.items()
    }
    for name, (t, index, words, result) in _RULES_IN_A_SECOND.items():
        rules[name] = {"log_time": t, "index": index, "revocations": words}, result
    for name, (given, result) in rules.items():
        refused = isinstance(result, str) and result != "valid"
        make = (
            bad(name, "key-rule", result, "key-rule", **given)
            if refused
            else good(name, "key-rule", result, **given)
        )
        cases.append(make)
    usual: dict[str, Any] = {"log_time": 200, "revocations": []}
    cases.append(bad("a kid of no row", "key-rule", "key-unknown", "key-rule", kid="A" * 43, **usual))
    enc = {"jwk": public_jwk("X25519"), "use": "enc"}
    cases.append(bad("a key of use enc", "key-rule", "key-of-other-use", "key-rule", **enc, **usual))
    about = "Does a signature by the key of this row count, given log time and leaf of what it signed?"
    return document(about, cases, jwk=jwk, use="sign", nbf=100, exp=10_000)

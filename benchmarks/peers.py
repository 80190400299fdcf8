# SPDX-License-Identifier: Apache-2.0
"""Comparison with two stock JOSE libraries: one JWE of 4 KiB for 500 recipients in EC1, and opening an entry.

They make a bare General JSON JWE and one signature. Manifest, digests, recipients' root and the second signature layer are ours
alone, so that the peers have less to do.
"""

import json
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.serialization import load_der_private_key
from joserfc import jwe as joserfc_jwe
from joserfc import jws as joserfc_jws
from joserfc.jwk import OKPKey
from jwcrypto import jwe as jwcrypto_jwe
from jwcrypto import jwk as jwcrypto_jwk
from jwcrypto import jws as jwcrypto_jws

from accord.envelope.encoding import b64u, canonical
from accord.envelope.keys import EC1
from benchmarks._agencies import World, alert_of
from benchmarks._figures import Work, median_seconds, report_ms
from benchmarks._floors import seal_floor_ec1

COUNT = 500
WRAP, ENC = "ECDH-ES+A256KW", "A256GCM"
PROTECTED = {"enc": ENC, "typ": "accord-alert+jwe", "cty": "accord-alert+jws"}


def main() -> None:
    world = World(COUNT)
    alert = alert_of(4096)
    content = canonical(alert)
    contestants: dict[str, Work] = {
        "accord": partial(world.seal, EC1, COUNT, alert),
        "joserfc": _joserfc(world, content),
        "jwcrypto": _jwcrypto(world, content),
        "floor": seal_floor_ec1(world, COUNT, content),
    }
    seconds = median_seconds(contestants, rounds=9)
    for name in ("accord", "joserfc", "jwcrypto"):
        report_ms(f"seal EC1 {COUNT} {name}", seconds[name], seconds["floor"])


def _joserfc(world: World, content: bytes) -> Work:
    signer = OKPKey.import_key(dict[str, Any](_signing_jwk(world)))
    recipients = [OKPKey.import_key(dict[str, Any](jwk)) for jwk in _recipient_jwks(world)]
    registry = joserfc_jwe.JWERegistry(algorithms=[WRAP, ENC], max_recipients=COUNT + 1)

    def work() -> None:
        signed = joserfc_jws.serialize_compact({"alg": "Ed25519"}, content, signer, algorithms=["Ed25519"])
        sealed = joserfc_jwe.GeneralJSONEncryption(PROTECTED, signed.encode())
        for key in recipients:
            sealed.add_recipient({"alg": WRAP}, key)
        joserfc_jwe.encrypt_json(sealed, None, registry=registry)

    return work


def _jwcrypto(world: World, content: bytes) -> Work:
    signer = jwcrypto_jwk.JWK(**_signing_jwk(world))
    recipients = [jwcrypto_jwk.JWK(**jwk) for jwk in _recipient_jwks(world)]
    header = json.dumps({"alg": WRAP})

    def work() -> None:
        signed = jwcrypto_jws.JWS(content)
        signed.add_signature(signer, alg="EdDSA", protected=json.dumps({"alg": "EdDSA"}))
        sealed = jwcrypto_jwe.JWE(signed.serialize(compact=True), protected=json.dumps(PROTECTED))
        for key in recipients:
            sealed.add_recipient(key, header)
        sealed.serialize()

    return work


def _signing_jwk(world: World) -> dict[str, str]:
    key = world.signing_keys[0]
    stored = load_der_private_key(key.to_bytes(), None)
    return dict(key.public.jwk) | {"d": b64u(stored.private_bytes_raw())}  # type: ignore[union-attr]


def _recipient_jwks(world: World) -> list[dict[str, str]]:
    everyone = (world.originator, *world.recipients[:COUNT])
    return [dict(agency.decryption[EC1].public.jwk) for agency in everyone]


if __name__ == "__main__":
    main()

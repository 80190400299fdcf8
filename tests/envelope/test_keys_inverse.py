# SPDX-License-Identifier: Apache-2.0
"""A key, private or public, is equal after it is written and read again."""

import pytest

from accord.envelope.keys import PublicKey
from accord.envelope.private import DecryptionKey, LedgerKey, SigningKey, private_key_from_bytes
from accord.envelope.tree.notes import VerifierKey

LEDGER = LedgerKey.generate("ledger.example/log")


@pytest.mark.parametrize("alg", ["Ed25519", "ES256", "ML-DSA-65"])
def test_signing_key(alg: str) -> None:
    key = SigningKey.generate(alg)
    again = private_key_from_bytes(key.public, key.to_bytes())
    assert (again.public, again.to_bytes()) == (key.public, key.to_bytes())
    assert PublicKey.from_jwk(key.public.jwk, "sign") == key.public


@pytest.mark.parametrize("alg", ["HPKE-9-KE", "X25519", "P-256"])
def test_decryption_key(alg: str) -> None:
    key = DecryptionKey.generate(alg)
    again = private_key_from_bytes(key.public, key.to_bytes())
    assert (again.public, again.to_bytes()) == (key.public, key.to_bytes())
    assert PublicKey.from_jwk(key.public.jwk, "enc") == key.public


def test_ledger_key() -> None:
    again = LedgerKey.from_text(LEDGER.to_text())
    assert (again.to_text(), again.vkey) == (LEDGER.to_text(), LEDGER.vkey)
    assert VerifierKey.parse(LEDGER.vkey).text == LEDGER.vkey

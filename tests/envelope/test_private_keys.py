# SPDX-License-Identifier: Apache-2.0
"""Private keys are stored, read back, and never shown."""

import pytest

from accord.envelope.errors import KeyRefusedError, MalformedError
from accord.envelope.keys import PublicKey
from accord.envelope.private import (
    DecryptionKey,
    LedgerKey,
    Root,
    SignerSet,
    SigningKey,
    private_key_from_bytes,
)
from accord.envelope.tree.notes import verify_note

KEYS = [
    *(SigningKey.generate(alg) for alg in ("Ed25519", "ES256", "ML-DSA-65")),
    *(DecryptionKey.generate(alg) for alg in ("HPKE-9-KE", "X25519", "P-256")),
]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.public.alg + (key.public.curve or ""))
def test_reads_back_what_it_stored(key: SigningKey | DecryptionKey) -> None:
    again = private_key_from_bytes(key.public, key.to_bytes())
    assert again.public == key.public
    assert again.to_bytes() == key.to_bytes()


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.public.alg + (key.public.curve or ""))
def test_its_public_half_passes_every_refusal(key: SigningKey | DecryptionKey) -> None:
    assert PublicKey.from_jwk(key.public.jwk, key.public.use).kid == key.public.kid


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.public.alg + (key.public.curve or ""))
def test_repr_shows_no_secret(key: SigningKey | DecryptionKey) -> None:
    assert repr(key) == f"{type(key).__name__}({key.public.alg}, {key.public.kid})"


def test_refuses_bytes_of_another_key() -> None:
    one, other = SigningKey.generate(), SigningKey.generate()
    with pytest.raises(MalformedError):
        private_key_from_bytes(one.public, other.to_bytes())


@pytest.mark.parametrize("data", [b"", b"nonsense", bytes(31), bytes(33)])
def test_refuses_bytes_that_are_no_key(data: bytes) -> None:
    with pytest.raises(MalformedError):
        SigningKey.from_bytes(data)
    with pytest.raises(MalformedError):
        DecryptionKey.from_bytes("HPKE-9-KE", data)


def test_keys_of_one_use_are_not_read_as_the_other() -> None:
    with pytest.raises(KeyRefusedError):
        SigningKey.from_bytes(DecryptionKey.generate("X25519").to_bytes())
    with pytest.raises(KeyRefusedError):
        DecryptionKey.from_bytes("X25519", SigningKey.generate("Ed25519").to_bytes())
    with pytest.raises(KeyRefusedError):
        DecryptionKey.generate("RSA-OAEP")


def test_root_reads_back_with_its_fingerprint() -> None:
    root = Root.generate()
    assert Root.from_bytes(*root.to_bytes()).fingerprint == root.fingerprint
    assert root.to_bytes()[0].hex() not in repr(root)


def test_signatures_are_hedged() -> None:
    for alg in ("ES256", "ML-DSA-65"):
        key = SigningKey.generate(alg)
        assert key.sign(b"same") != key.sign(b"same")


def test_signer_set_shows_its_kids() -> None:
    key = SigningKey.generate()
    assert repr(SignerSet([key])) == f"SignerSet({key.public.kid})"


def test_signer_set_signs_in_its_order() -> None:
    keys = [SigningKey.generate("Ed25519"), SigningKey.generate("ML-DSA-65")]
    assert SignerSet(keys).signers == tuple(key.public for key in keys)


def test_ledger_key_signs_notes_its_vkey_verifies() -> None:
    key = LedgerKey.generate("ledger.example/log")
    again = LedgerKey.from_text(key.to_text() + "\n")
    assert again.vkey == key.vkey
    assert verify_note(again.sign_note("text\n"), [key.verifier]) == "text\n"
    assert "PRIVATE" not in repr(key)


def test_ledger_key_of_another_name_is_refused() -> None:
    text = LedgerKey.generate("ledger.example/log").to_text()
    for wrong in (text.replace("ledger.example", "ledger.invalid"), text[:-4], "", "PRIVATE+KEY+x"):
        with pytest.raises(MalformedError):
            LedgerKey.from_text(wrong)

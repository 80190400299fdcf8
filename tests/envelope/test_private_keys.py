# SPDX-License-Identifier: Apache-2.0
"""Private keys are stored, read back, and never shown."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from accord.envelope.errors import (
    BackendError,
    KeyRefusedError,
    MalformedError,
)
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
def test_reads_back_what_it_stored_and_shows_no_secret(key: SigningKey | DecryptionKey) -> None:
    again = private_key_from_bytes(key.public, key.to_bytes())
    assert (again.public, again.to_bytes()) == (key.public, key.to_bytes())
    assert PublicKey.from_jwk(key.public.jwk, key.public.use) == key.public
    assert repr(key) == f"{type(key).__name__}({key.public.alg}, {key.public.kid})"


def test_refuses_bytes_of_another_key() -> None:
    one, other = SigningKey.generate(), SigningKey.generate()
    with pytest.raises(MalformedError):
        private_key_from_bytes(one.public, other.to_bytes())


@pytest.mark.parametrize("data", [b"", b"nonsense", bytes(31), bytes(33)])
def test_refuses_bytes_that_are_no_key(data: bytes) -> None:
    for read in (SigningKey.from_bytes, lambda data: DecryptionKey.from_bytes("HPKE-9-KE", data)):
        with pytest.raises(MalformedError) as refused:
            read(data)
        assert type(refused.value) is MalformedError


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


def test_signer_set_signs_in_its_order_and_shows_its_kids() -> None:
    keys = [SigningKey.generate("Ed25519"), SigningKey.generate("ML-DSA-65")]
    assert SignerSet(keys).signers == tuple(key.public for key in keys)
    assert repr(SignerSet(keys)) == f"SignerSet({keys[0].public.kid}, {keys[1].public.kid})"


def test_ledger_key_signs_notes_its_vkey_verifies() -> None:
    key = LedgerKey.generate("ledger.example/log")
    again = LedgerKey.from_text(key.to_text() + "\n")
    assert again.vkey == key.vkey
    assert verify_note(again.sign_note("text\n"), [key.verifier]) == "text\n"
    assert "PRIVATE" not in repr(key)


def test_a_key_of_an_algorithm_that_the_library_lacks_is_named_so() -> None:
    unknown = (
        SigningKey.generate("Ed25519").to_bytes().replace(b"\x06\x03\x2b\x65\x70", b"\x06\x03\x2b\x65\x77")
    )
    with pytest.raises(BackendError):
        SigningKey.from_bytes(unknown)


LEDGER = "ledger.example/log"


# The ledger's private key as text.


# Base64 of these octets holds more than one plus sign.
PLUS_SIGNS = b"\x01\x00\x00" + b"\xfb\xef\xbe" * 10


def text_with_plus_signs() -> str:
    return LedgerKey(LEDGER, ed25519.Ed25519PrivateKey.from_private_bytes(PLUS_SIGNS[1:])).to_text()


def test_plus_signs_in_the_base64_of_a_ledger_key_are_no_separators() -> None:
    text = text_with_plus_signs()
    assert text.rpartition(LEDGER)[2].count("+") > 3
    assert LedgerKey.from_text(text).to_text() == text
    assert LedgerKey.from_text(text + "\n").to_text() == text


def test_a_ledger_key_text_is_refused_when_anything_is_amiss() -> None:
    text = text_with_plus_signs()
    head, encoded = text[:-44], text[-44:]
    for wrong in (
        text.removeprefix("PRIVATE+KEY+"),
        head + "!" + encoded,
        head + encoded[:20] + "\n" + encoded[20:],
        head + base64.b64encode(b"\x02" + PLUS_SIGNS[1:]).decode(),
        head + base64.b64encode(PLUS_SIGNS + b"\x00").decode(),
        head + base64.b64encode(PLUS_SIGNS[:-1]).decode(),
        text.replace(LEDGER, "ledger.example/lag"),
        "PRIVATE+KEY+a",
        "",
    ):
        with pytest.raises(MalformedError):
            LedgerKey.from_text(wrong)


@pytest.mark.parametrize("oid", ["2b656e", "2b6570"], ids=["X25519", "Ed25519"])
def test_a_stored_private_key_of_another_length_is_refused(oid: str) -> None:
    """The library answers some of them with an internal error of its own."""
    for size in (0, 1, 24, 31, 33, 56):
        inner = bytes([4, size + 2, 4, size]) + bytes([7]) * size
        body = bytes.fromhex("02010030050603" + oid) + inner
        octets = bytes([0x30, len(body)]) + body
        for read in (SigningKey.from_bytes, lambda data: DecryptionKey.from_bytes("X25519", data)):
            with pytest.raises(MalformedError):
                read(octets)

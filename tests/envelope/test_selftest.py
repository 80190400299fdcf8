# SPDX-License-Identifier: Apache-2.0
"""The self-test at start passes here, and names the fault elsewhere; so does every use of a primitive that is missing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from accord.envelope.selftest import run_primitives
from accord.envelope.selftest_opening import run_seal_and_open

BROKEN_LIBRARY = """
from cryptography.hazmat.primitives.asymmetric import {module}
from cryptography.exceptions import UnsupportedAlgorithm

class Missing:
    def __getattr__(self, name):
        raise UnsupportedAlgorithm("not in this library")

{module}.{name} = Missing()
from accord.envelope.errors import BackendError
from accord.envelope.selftest import run_primitives
try:
    run_primitives()
except BackendError as refused:
    print(refused)
"""


WRONG_LIBRARY = """
{change}
from accord.envelope.errors import BackendError
from accord.envelope.{selftest} import {run}
try:
    {run}()
except BackendError as refused:
    print(refused)
"""


LIBRARY, OWN = "from cryptography.hazmat.primitives", "from accord.envelope"


NO_AGREEMENT = "class Wrong:\n    def exchange(self, *parts): return bytes(32)\n"


# The wrong computation, and the name in the refusal.
LIES = {
    "SHA-256 ": "import hashlib\nhashlib.sha256 = lambda data=b'': hashlib.sha3_256(data)",
    "AES-256-GCM ": f"""{LIBRARY}.ciphers import aead
class Wrong:
    def __init__(self, key): pass
    def encrypt(self, *parts): return bytes(32)
aead.AESGCM = Wrong""",
    "AES key wrap ": f"{LIBRARY} import keywrap\nkeywrap.aes_key_unwrap = lambda key, wrapped: bytes(32)",
    "X25519 ": f"""{LIBRARY}.asymmetric import x25519\n{NO_AGREEMENT}
class Keys:
    from_private_bytes = staticmethod(lambda raw: Wrong())
x25519.X25519PrivateKey = Keys""",
    "P-256 ": f"{LIBRARY}.asymmetric import ec\n{NO_AGREEMENT}\nec.derive_private_key = lambda *parts: Wrong()",
    "Concat KDF ": f"{OWN}.suites import ec1\nec1.wrapping_key = lambda secret: bytes(32)",
    "Ed25519 ": f"{OWN}.keys import PublicKey\nPublicKey.verify = lambda *anything: None",
    "ES256 ": f"{OWN}.keys import PublicKey\nPublicKey._verify_es256 = lambda *anything: None",
    "ML-DSA-65 ": f"{OWN} import known_answers\nknown_answers.ML_DSA_KID = 'A' * 43",
    "HPKE-9-KE ": f"{OWN} import known_answers\nknown_answers.XWING_CONTENT_KEY = 'A' * 43",
    "Merkle tree hashing ": f"{OWN}.tree import merkle\nmerkle.leaf_hash = lambda data: bytes(32)",
    "Merkle tree": f"{OWN}.tree import merkle\nmerkle.root_of = lambda leaves: bytes(32)",
}


LIES_IN_WHOLE = {
    "EC1 failed": f"{LIBRARY} import keywrap\nkeywrap.aes_key_unwrap = lambda key, wrapped: bytes(32)",
    "PQ1 opened something else": f"{OWN} import content\ncontent._read_alert = lambda value: {{'title': 'other'}}",
}


def refusal(change: str, selftest: str, run: str) -> str:
    """The self-test's output in a process whose library computes something else."""
    program = WRONG_LIBRARY.format(change=change, selftest=selftest, run=run)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("named", LIES)
def test_library_that_computes_something_else_is_refused(named: str) -> None:
    assert refusal(LIES[named], "selftest", "run_primitives").startswith(named)


@pytest.mark.parametrize("named", LIES_IN_WHOLE)
def test_library_with_which_an_envelope_does_not_open_is_refused(named: str) -> None:
    assert named in refusal(LIES_IN_WHOLE[named], "selftest_opening", "run_seal_and_open")


def test_known_answers_are_computed() -> None:
    run_primitives()


def test_one_envelope_per_suite_is_sealed_and_opened() -> None:
    run_seal_and_open()


@pytest.mark.parametrize(
    ("module", "name", "named"),
    [("mldsa", "MLDSA65PrivateKey", "ML-DSA-65"), ("mlkem", "MLKEM768PrivateKey", "HPKE-9-KE")],
)
def test_library_without_a_primitive_is_refused_by_name(module: str, name: str, named: str) -> None:
    program = BROKEN_LIBRARY.format(module=module, name=name)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert named in done.stdout


WITHOUT = """
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mldsa, mlkem

class Missing:
    def __getattr__(self, name):
        return self

    def __call__(self, *parts):
        raise UnsupportedAlgorithm("not in this library")

mldsa.MLDSA65PrivateKey = mldsa.MLDSA65PublicKey = mlkem.MLKEM768PrivateKey = Missing()
hpke.Suite = Missing()
from accord.envelope.encoding import b64u
from accord.envelope.errors import BackendError
from accord.envelope.keys import PublicKey
from accord.envelope.private import DecryptionKey, SigningKey
from accord.envelope.suites import pq1
jwk = {"kty": "AKP", "alg": "ML-DSA-65", "pub": b64u(bytes(1952))}
for name, attempt in {
    "verify": lambda: PublicKey(jwk, "sign").material,
    "generate": lambda: SigningKey.generate("ML-DSA-65"),
    "decrypt": lambda: DecryptionKey.from_bytes("HPKE-9-KE", bytes(32)),
    "wrap": pq1.hpke_suite,
}.items():
    try:
        attempt()
    except BackendError as refused:
        print(name, refused)
"""


def test_every_door_to_a_missing_primitive_says_that_it_is_missing() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["verify", "generate", "decrypt", "wrap"]

# SPDX-License-Identifier: Apache-2.0
"""The self-test at start: it passes here, and names what is at fault elsewhere."""

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
from cryptography.hazmat.primitives import {module}
{change}
from accord.envelope.errors import BackendError
from accord.envelope.{selftest} import {run}
try:
    {run}()
except BackendError as refused:
    print(refused)
"""
LIES = {
    "a wrong unwrapping": (
        "keywrap", "keywrap.aes_key_unwrap = lambda key, wrapped: bytes(32)", "selftest", "run_primitives",
        "AES key wrap",
    ),
    "a verification that accepts everything": (
        "hashes", "from accord.envelope.keys import PublicKey\nPublicKey.verify = lambda *anything: None",
        "selftest", "run_primitives", "Ed25519",
    ),
    "an envelope that does not open": (
        "keywrap", "keywrap.aes_key_unwrap = lambda key, wrapped: bytes(32)", "selftest_opening",
        "run_seal_and_open", "EC1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_library_that_computes_something_else_is_refused(lie: tuple[str, str, str, str, str]) -> None:
    module, change, selftest, run, named = lie
    program = WRONG_LIBRARY.format(module=module, change=change, selftest=selftest, run=run)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert named in done.stdout


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

# SPDX-License-Identifier: Apache-2.0
"""Reopening a desk: it is read as it was built, and only the signers that it names sign it. The kit has the rest."""

import json
from typing import Any

import pytest

from accord.envelope.encoding import canonical
from accord.envelope.errors import MalformedError, TooLargeError
from accord.envelope.private import Root
from accord.envelope.reopening import (
    MAX_REOPENING_BYTES,
    build_reopening,
    read_reopening,
    sign_reopening,
    verify_reopening,
)
from accord.envelope.statements.form import parse_statement
from tests.envelope.world import NOW, uuid7

DESK = "9b2f6c1e-5a77-4d0e-8f31-2c6d7e8f9a01"
OWN = Root.generate()


def payload(**changed: Any) -> bytes:
    usual: dict[str, Any] = {
        "iss": "xa-alpha",
        "root": OWN.public,
        "id": uuid7(),
        "iat": NOW,
        "nonce": b"n" * 16,
        "desk": DESK,
        "role": "keeper",
        "name": "Ilse Morrow",
        "email": "ilse@alpha.example",
        "account": "again",
    }
    return build_reopening(**usual | changed)


def test_what_is_signed_is_what_was_built() -> None:
    signed = sign_reopening(payload(), OWN.signer)
    said = verify_reopening(signed, agency="xa-alpha", desk=DESK, root=OWN.public, now=NOW)
    assert said == read_reopening(payload())
    assert (said.role, said.name, said.email, said.account) == (
        "keeper", "Ilse Morrow", "ilse@alpha.example", "again",
    )  # fmt: skip


def test_a_name_and_an_address_may_fill_their_room() -> None:
    address = f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 61}"
    said = read_reopening(payload(name="I" * 120, email=address))
    assert (len(said.name), len(said.email)) == (120, 254)


@pytest.mark.parametrize(
    "changed",
    [
        {"v": 0}, {"v": 2}, {"iss": "alpha"}, {"id": "1"}, {"signers": {"A" * 43: 1, "E" * 43: 2}},
        {"signers": ["A" * 42] * 2}, {"name": 5}, {"email": 5},
    ],
)  # fmt: skip
def test_what_is_no_reopening_is_not_read(changed: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        read_reopening(canonical(json.loads(payload()) | changed))


def test_a_reopening_is_measured_before_it_is_read() -> None:
    endless = b" " * (MAX_REOPENING_BYTES + 1)
    with pytest.raises(TooLargeError):
        read_reopening(endless)
    with pytest.raises(TooLargeError):
        verify_reopening(endless, agency="xa-alpha", desk=DESK, root=OWN.public, now=NOW)


def test_only_canonical_octets_are_read() -> None:
    with pytest.raises(MalformedError):
        read_reopening(payload().replace(b'":"', b'": "', 1))


def test_only_whom_it_names_signs_it() -> None:
    with pytest.raises(MalformedError):
        sign_reopening(payload(), Root.generate().signer)


def test_what_cannot_be_read_is_not_built() -> None:
    with pytest.raises(MalformedError):
        payload(role="auditor")


def test_no_exchange_takes_one_as_a_statement() -> None:
    with pytest.raises(MalformedError):
        parse_statement(sign_reopening(payload(), OWN.signer))

# SPDX-License-Identifier: Apache-2.0
"""Reopening a desk: it is read as it was built, and only the signers that it names sign it. The kit has the rest."""

from typing import Any

import pytest

from accord.envelope.errors import Failure, MalformedError, VerificationError
from accord.envelope.private import Root
from accord.envelope.reopening import build_reopening, read_reopening, sign_reopening, verify_reopening
from accord.envelope.statements.form import parse_statement
from accord.envelope.vocabulary import TYP_REOPEN
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


@pytest.mark.parametrize(
    ("agency", "desk", "root", "failure"),
    [
        ("xb-bravo", DESK, OWN, Failure.ISSUER),
        ("xa-alpha", DESK[::-1], OWN, Failure.SUBJECT),
        ("xa-alpha", DESK, Root.generate(), Failure.SIGNERS),
    ],
)
def test_it_counts_for_its_own_agency_desk_and_root_alone(
    agency: str, desk: str, root: Root, failure: Failure
) -> None:
    signed = sign_reopening(payload(), OWN.signer)
    with pytest.raises(VerificationError) as refused:
        verify_reopening(signed, agency=agency, desk=desk, root=root.public, now=NOW)
    assert refused.value.failure == failure


def test_the_signers_that_it_names_are_those_of_its_signatures() -> None:
    signed = Root.generate().signer.sign_jws(TYP_REOPEN, payload())
    with pytest.raises(VerificationError) as refused:
        verify_reopening(signed, agency="xa-alpha", desk=DESK, root=OWN.public, now=NOW)
    assert refused.value.failure == Failure.SIGNERS


@pytest.mark.parametrize(
    "changed",
    [
        {"desk": "desk.alpha.example"},
        {"email": f"{'i' * 250}@a.example"},
        {"name": ""},
        {"name": "I" * 121},
        {"name": "Ilse\u202e worroM"},
        {"name": " Ilse Morrow"},
        {"root": OWN.public[:1]},
        {"account": "other"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_member_outside_its_limits_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        payload(**changed)


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

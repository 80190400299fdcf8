# SPDX-License-Identifier: Apache-2.0
"""A list of fingerprints is read as it was built, and counts for its root alone, for ninety days."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from accord.envelope.encoding import canonical
from accord.envelope.errors import Failure, MalformedError, TooLargeError, VerificationError
from accord.envelope.fingerprints import (
    MAX_LIST_BYTES,
    build_list,
    read_list,
    read_signed_list,
    sign_list,
    verify_list,
)
from accord.envelope.private import Root
from accord.envelope.vocabulary import MAX_CLOCK_AHEAD_SECS, TYP_FINGERPRINTS
from tests.envelope.world import DAY, NOW, uuid7

OWN, OTHER = Root.generate(), Root.generate()
ROOTS = {"xb-bravo": "0123" * 16, "xc-charlie": "4567" * 16}


def payload(**changed: Any) -> bytes:
    usual: dict[str, Any] = {
        "iss": "xa-alpha",
        "root": OWN.public,
        "id": uuid7(),
        "iat": NOW,
        "nonce": b"n" * 16,
        "roots": ROOTS,
    }
    return build_list(**usual | changed)


def test_what_is_signed_is_what_was_built() -> None:
    signed = sign_list(payload(), OWN.signer)
    said = verify_list(signed, root=OWN.public, now=NOW + 90 * DAY)
    assert said == read_list(payload()) == read_signed_list(signed)
    assert said.roots == ROOTS


def test_a_list_names_one_to_five_hundred_agencies_and_may_be_five_minutes_ahead() -> None:
    for number in (1, 500):
        assert len(read_list(payload(roots={f"xb-a{n:03}": "0" * 64 for n in range(number)})).roots) == number
    ahead = sign_list(payload(iat=NOW + MAX_CLOCK_AHEAD_SECS), OWN.signer)
    assert verify_list(ahead, root=OWN.public, now=NOW).iat == NOW + 300


def test_only_whom_it_names_signs_it() -> None:
    with pytest.raises(MalformedError):
        sign_list(payload(), OTHER.signer)


@pytest.mark.parametrize(
    "changed",
    [
        {"roots": {}},
        {"roots": ["xb-bravo"]},
        {"roots": {"XB-bravo": "0123" * 16}},
        {"roots": {"xb-bravo": 5}},
        {"roots": {"xa-alpha": "0123" * 16}},
        {"roots": {"xb-bravo": "0123"}},
        {"roots": {f"xb-a{n}": "0" * 64 for n in range(501)}},
        {"k": "reopen"},
        {"signers": "nobody"},
    ],
)
def test_what_is_no_list_is_not_read(changed: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        read_list(canonical(json.loads(payload()) | changed))


def test_what_cannot_be_read_is_not_built() -> None:
    with pytest.raises(MalformedError):
        payload(roots={})


def test_a_list_is_measured_before_it_is_read() -> None:
    endless = b" " * (MAX_LIST_BYTES + 1)
    for read in (read_signed_list, lambda data: verify_list(data, root=OWN.public, now=NOW)):
        with pytest.raises(TooLargeError):
            read(endless)


def test_it_is_read_in_its_canonical_form_alone() -> None:
    with pytest.raises(MalformedError, match="canonical"):
        read_list(json.dumps(json.loads(payload())).encode())


REFUSED: dict[str, tuple[Callable[[], bytes], Failure]] = {
    "another root": (lambda: sign_list(payload(root=OTHER.public), OTHER.signer), Failure.SIGNERS),
    "other signers than it names": (
        lambda: OTHER.signer.sign_jws(TYP_FINGERPRINTS, payload()),
        Failure.SIGNERS,
    ),
    "older than ninety days": (
        lambda: sign_list(payload(iat=NOW - 90 * DAY - 1), OWN.signer),
        Failure.STALE,
    ),
    "of the future": (
        lambda: sign_list(payload(iat=NOW + MAX_CLOCK_AHEAD_SECS + 1), OWN.signer),
        Failure.FUTURE,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_list_counts_for_its_root_and_its_time(name: str) -> None:
    signed, failure = REFUSED[name]
    with pytest.raises(VerificationError) as refused:
        verify_list(signed(), root=OWN.public, now=NOW)
    assert refused.value.failure is failure

# SPDX-License-Identifier: Apache-2.0
"""A logged `revoke` is judged by the root that was in force when it was logged, however old it is."""

from __future__ import annotations

from typing import Any

import pytest

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.keys import PQ1
from accord.envelope.keysets import KeyRow, Keyset, verify_keyset
from accord.envelope.private import DecryptionKey, Root, SignerSet
from accord.envelope.statements.checks import verify_logged_revoke
from accord.envelope.statements.form import make_statement
from tests.envelope.world import DAY, NOW, Agency, make_agency, uuid7

HOUR = 3600
YEAR = 365 * DAY


@pytest.fixture(scope="module")
def alpha() -> Agency:
    return make_agency("xa-alpha")


@pytest.fixture(scope="module")
def third() -> Root:
    return Root.generate()


def revoke(alpha: Agency, by: Root, *, kid: str = "", at: int = NOW) -> bytes:
    body = {"kid": kid or alpha.rows[0].kid, "since": at - 60, "code": "stolen"}
    return make_statement(
        "revoke", iss=alpha.id, signer=by.signer, suite=PQ1, id=uuid7(6), iat=at, nonce=bytes(16), body=body
    )


def next_keyset(
    alpha: Agency, previous: Keyset, root: Root, successor: Root, *, signer: SignerSet, at: int, **more: Any
) -> Keyset:
    body = alpha.body(
        version=previous.version + 1,
        prev=previous.od,
        root=root.public,
        nroot=successor.fingerprint,
        **more,
    )
    octets = alpha.sign_keyset(body, signer=signer, iat=at)
    pinned = previous.root_fingerprint
    return verify_keyset(octets, pinned=pinned, previous=previous, strict=True, log_time=at)


@pytest.fixture
def changed(alpha: Agency, third: Root) -> list[Keyset]:
    """A chain in which the root changed at NOW, signed by both roots."""
    both = alpha.root.change_signer(alpha.next_root)
    return [alpha.keyset, next_keyset(alpha, alpha.keyset, alpha.next_root, third, signer=both, at=NOW)]


@pytest.fixture
def recovered(alpha: Agency, third: Root) -> list[Keyset]:
    """A chain in which the announced root alone recovered at NOW."""
    alone = alpha.next_root.signer
    return [alpha.keyset, next_keyset(alpha, alpha.keyset, alpha.next_root, third, signer=alone, at=NOW)]


def refusal(data: bytes, chain: list[Keyset], log_time: int) -> Failure:
    with pytest.raises(VerificationError) as refused:
        verify_logged_revoke(data, chain, log_time=log_time)
    return refused.value.failure


def test_the_word_of_a_former_root_stays_good(alpha: Agency, changed: list[Keyset]) -> None:
    said = revoke(alpha, alpha.root, at=NOW - HOUR)
    statement = verify_logged_revoke(said, changed, log_time=NOW - HOUR)
    assert statement.body["kid"] == alpha.rows[0].kid
    assert verify_logged_revoke(said, changed[:1], log_time=NOW - HOUR) == statement


def test_each_root_revokes_in_its_own_time(alpha: Agency, changed: list[Keyset]) -> None:
    assert refusal(revoke(alpha, alpha.next_root), changed, NOW - 1) is Failure.SIGNERS
    assert verify_logged_revoke(revoke(alpha, alpha.next_root), changed, log_time=NOW)
    assert refusal(revoke(alpha, alpha.root), changed, NOW + DAY) is Failure.SIGNERS
    assert refusal(revoke(alpha, alpha.root), changed, NOW + YEAR) is Failure.SIGNERS


@pytest.mark.parametrize("late", [0, 1, DAY - 1])
def test_a_word_that_was_under_way_when_the_root_changed_counts(
    alpha: Agency, changed: list[Keyset], late: int
) -> None:
    assert verify_logged_revoke(revoke(alpha, alpha.root), changed, log_time=NOW + late)


def test_a_root_of_one_hour_is_found_between_two_changes(
    alpha: Agency, third: Root, changed: list[Keyset]
) -> None:
    both = alpha.next_root.change_signer(third)
    again = next_keyset(alpha, changed[-1], third, Root.generate(), signer=both, at=NOW + HOUR)
    chain = [*changed, again]
    for root in (alpha.root, alpha.next_root, third):
        assert verify_logged_revoke(revoke(alpha, root), chain, log_time=NOW + 2 * HOUR)
    assert refusal(revoke(alpha, alpha.root), chain, NOW + DAY) is Failure.SIGNERS
    assert verify_logged_revoke(revoke(alpha, alpha.next_root), chain, log_time=NOW + DAY)


def test_a_root_that_waits_revokes_nothing(alpha: Agency, recovered: list[Keyset]) -> None:
    begins = NOW + 72 * HOUR
    for moment in (NOW, begins - 1):
        assert refusal(revoke(alpha, alpha.next_root), recovered, moment) is Failure.SIGNERS
        assert verify_logged_revoke(revoke(alpha, alpha.root), recovered, log_time=moment)
    assert verify_logged_revoke(revoke(alpha, alpha.next_root), recovered, log_time=begins)


def test_a_key_that_came_later_is_not_known_before(alpha: Agency) -> None:
    added = KeyRow(DecryptionKey.generate().public, NOW, NOW + YEAR)
    second = next_keyset(
        alpha,
        alpha.keyset,
        alpha.root,
        alpha.next_root,
        signer=alpha.root.signer,
        at=NOW,
        rows=[*alpha.rows, added],
    )
    said = revoke(alpha, alpha.root, kid=added.kid)
    assert refusal(said, [alpha.keyset, second], NOW - 1) is Failure.KEY_UNKNOWN
    assert verify_logged_revoke(said, [alpha.keyset, second], log_time=NOW)


def test_without_a_keyset_in_force_then_nothing_is_judged(alpha: Agency) -> None:
    said = revoke(alpha, alpha.root)
    assert refusal(said, [], NOW) is Failure.KEYSET_UNKNOWN
    assert refusal(said, [alpha.keyset], NOW - DAY - 1) is Failure.KEYSET_UNKNOWN


def test_a_stranger_revokes_nothing(alpha: Agency) -> None:
    assert refusal(revoke(alpha, Root.generate()), [alpha.keyset], NOW) is Failure.SIGNERS
    other = make_agency("xb-bravo")
    assert refusal(revoke(other, other.root), [alpha.keyset], NOW) is Failure.ISSUER
    assert refusal(alpha.keyset_jws, [alpha.keyset], NOW) is Failure.TYP

# SPDX-License-Identifier: Apache-2.0
"""Keysets at their limits: the same version, the same second, a revocation that was made before."""

from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.keys import EC1, ENC, PQ1, SIGN
from accord.envelope.keysets import (
    RECOVERED,
    SAME,
    KeyRow,
    Keyset,
    newest_signing_keys,
    read_keyset,
    verify_keyset,
)
from accord.envelope.private import DecryptionKey, SigningKey
from tests.envelope.world import DAY, NOW, Agency, make_agency


@pytest.fixture(scope="module")
def alpha() -> Agency:
    return make_agency("xa-alpha")


def follow(alpha: Agency, previous: Keyset, *, iat: int = NOW, strict: bool = True, **changes: Any) -> Keyset:
    body = alpha.body(**({"version": previous.version + 1, "prev": previous.od} | changes))
    octets = alpha.sign_keyset(body, iat=iat)
    return verify_keyset(
        octets, pinned=alpha.root.fingerprint, previous=previous, strict=strict, log_time=NOW
    )


def with_since(alpha: Agency, since: int | None) -> list[KeyRow]:
    first, *others = alpha.rows
    revoked = replace(first, st="current" if since is None else "revoked", since=since)
    return [revoked, *others]


def refused_as(failure: Failure, alpha: Agency, previous: Keyset, **changes: Any) -> str:
    with pytest.raises(VerificationError) as refused:
        follow(alpha, previous, **changes)
    assert refused.value.failure is failure
    return refused.value.detail


def test_a_key_may_be_revoked_as_of_the_second_of_the_keyset(alpha: Agency) -> None:
    assert follow(alpha, alpha.keyset, rows=with_since(alpha, NOW)).rows[0].since == NOW
    refused_as(Failure.KEYSET_CHAIN, alpha, alpha.keyset, rows=with_since(alpha, NOW + 1))


def test_since_may_stay_or_move_back_and_never_later_or_away(alpha: Agency) -> None:
    revoked = follow(alpha, alpha.keyset, rows=with_since(alpha, NOW - 10))
    for since in (NOW - 10, NOW - 11):
        assert follow(alpha, revoked, rows=with_since(alpha, since)).rows[0].since == since
    for later in (NOW - 9, NOW, None):
        assert refused_as(Failure.KEYSET_CHAIN, alpha, revoked, rows=with_since(alpha, later))


@pytest.mark.parametrize("strict", [True, False])
def test_a_version_counts_once(alpha: Agency, strict: bool) -> None:
    second = follow(alpha, alpha.keyset)
    refused_as(Failure.KEYSET_CHAIN, alpha, second, strict=strict, version=2, prev=alpha.keyset.od)
    refused_as(Failure.KEYSET_CHAIN, alpha, second, strict=strict, version=2, prev=second.od)


def test_two_keysets_may_be_of_one_second(alpha: Agency) -> None:
    second = follow(alpha, alpha.keyset, iat=NOW)
    assert follow(alpha, second, iat=NOW).iat == second.iat
    refused_as(Failure.KEYSET_CHAIN, alpha, second, iat=NOW - 1)


def test_a_keyset_may_last_ninety_days_to_the_second(alpha: Agency) -> None:
    assert follow(alpha, alpha.keyset).exp - NOW == 90 * DAY


def test_the_end_of_a_key_may_move_to_the_second_of_the_keyset(alpha: Agency) -> None:
    for exp, good in ((NOW, True), (NOW - 1, False)):
        rows = [replace(alpha.rows[0], exp=exp), *alpha.rows[1:]]
        if good:
            assert follow(alpha, alpha.keyset, rows=rows).rows[0].exp == exp
        else:
            refused_as(Failure.KEYSET_CHAIN, alpha, alpha.keyset, rows=rows)


def test_how_a_root_came_to_be_is_kept_by_the_store(alpha: Agency) -> None:
    assert read_keyset(alpha.keyset_jws, log_time=5, succession=RECOVERED).succession == RECOVERED
    stored = read_keyset(alpha.keyset_jws)
    assert (stored.succession, stored.log_time) == (SAME, None)


def test_every_member_of_a_keyset_is_read(alpha: Agency) -> None:
    keyset = read_keyset(alpha.keyset_jws, log_time=7)
    assert (keyset.custody, keyset.low, keyset.iat, keyset.exp) == ("agency", EC1, NOW - DAY, NOW + 89 * DAY)
    assert (keyset.nroot, keyset.root) == (alpha.next_root.fingerprint, alpha.root.public)
    assert keyset.signers == tuple(key.kid for key in alpha.root.public)
    assert [row.as_json() for row in keyset.rows] == [row.as_json() for row in alpha.rows]
    assert keyset.row(alpha.rows[1].kid) == keyset.rows[1]
    assert keyset.row("A" * 43) is None


def keyset_of(alpha: Agency, rows: list[KeyRow]) -> Keyset:
    return replace(alpha.keyset, rows=tuple(rows))


def test_ec1_signs_with_the_newest_signing_key_of_the_suite(alpha: Agency) -> None:
    old, new = (SigningKey.generate("ES256").public for _ in range(2))
    lattice = SigningKey.generate("ML-DSA-65").public
    enc = DecryptionKey.generate("P-256").public
    rows = [
        KeyRow(new, NOW - 5, NOW + DAY),
        KeyRow(old, NOW - 10, NOW + DAY),
        KeyRow(lattice, NOW - 1, NOW + DAY),
        KeyRow(enc, NOW, NOW + DAY),
    ]
    (found,) = newest_signing_keys(keyset_of(alpha, rows), EC1, NOW)
    assert (found.key, found.use) == (new, SIGN)
    assert newest_signing_keys(keyset_of(alpha, rows), PQ1, NOW) == ()
    (older,) = newest_signing_keys(keyset_of(alpha, rows), EC1, NOW, revoked=[new.kid])
    assert older.key == old
    assert newest_signing_keys(keyset_of(alpha, rows[2:]), EC1, NOW) == ()
    assert rows[3].use == ENC


def test_a_key_signs_from_its_first_second_to_its_last(alpha: Agency) -> None:
    key = SigningKey.generate().public
    rows = [KeyRow(key, NOW, NOW + 10)]
    for now, usable in ((NOW - 1, 0), (NOW, 1), (NOW + 9, 1), (NOW + 10, 0)):
        assert len(newest_signing_keys(keyset_of(alpha, rows), EC1, now)) == usable

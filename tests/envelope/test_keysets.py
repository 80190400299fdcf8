# SPDX-License-Identifier: Apache-2.0
"""Keysets at their limits: the same version, the same second, a revocation made before, the newest keys."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.errors import Failure, KeyRefusedError, VerificationError
from accord.envelope.keys import EC1, PQ1, SIGN
from accord.envelope.keysets import (
    RECOVERED,
    SAME,
    KeyRow,
    Keyset,
    newest_encryption_key,
    newest_signing_keys,
    read_keyset,
    verify_keyset,
)
from accord.envelope.private import DecryptionKey, SigningKey
from tests.envelope.good_statements import good_statement
from tests.envelope.world import DAY, NOW, known_agency

ALPHA = known_agency("xa-alpha")
FIRST = ALPHA.keyset


def follow(previous: Keyset, *, iat: int = NOW, strict: bool = True, **changes: Any) -> Keyset:
    body = ALPHA.body(**({"version": previous.version + 1, "prev": previous.od} | changes))
    octets = ALPHA.sign_keyset(body, iat=iat)
    pinned = ALPHA.root.fingerprint
    return verify_keyset(octets, pinned=pinned, previous=previous, strict=strict, log_time=NOW)


def rows(**changes: Any) -> list[KeyRow]:
    """Alpha's rows, the first of them changed."""
    first, *others = ALPHA.rows
    return [replace(first, **changes), *others]


def with_since(since: int | None) -> list[KeyRow]:
    return rows(st="current" if since is None else "revoked", since=since)


def does_not_follow(rule: str, previous: Keyset, **changes: Any) -> None:
    with pytest.raises(VerificationError) as refused:
        follow(previous, **changes)
    assert (refused.value.failure, refused.value.detail) == (Failure.KEYSET_CHAIN, rule)


def test_a_reader_may_have_missed_versions_and_the_hub_not() -> None:
    assert follow(FIRST, strict=False, version=5, prev="A" * 43).version == 5
    does_not_follow("version", FIRST, version=5, prev="A" * 43)
    does_not_follow("prev", FIRST, strict=False, prev="A" * 43)


ALLOWED: dict[str, Callable[[], dict[str, Any]]] = {
    "nothing new": dict,
    "another key": lambda: {"rows": [*ALPHA.rows, KeyRow(SigningKey.generate().public, NOW, NOW + DAY)]},
    "a key retired": lambda: {"rows": rows(st="retired")},
    "an end moved later": lambda: {"rows": rows(exp=NOW + 400 * DAY)},
    "an end moved to now": lambda: {"rows": rows(exp=NOW)},
    "a key revoked since now": lambda: {"rows": with_since(NOW)},
    "custody changed": lambda: {"custody": "hub"},
    "lowest suite raised": lambda: {"low": PQ1},
}


@pytest.mark.parametrize("changes", ALLOWED.values(), ids=ALLOWED.keys())
def test_a_later_keyset_may_have(changes: Callable[[], dict[str, Any]]) -> None:
    keyset = follow(FIRST, **changes())
    assert (keyset.version, keyset.exp) == (2, NOW + 90 * DAY)


def test_what_happens_to_a_key_is_not_dated_beyond_the_keyset() -> None:
    does_not_follow("since after iat", FIRST, rows=with_since(NOW + 1))
    does_not_follow("exp moved before iat", FIRST, rows=rows(exp=NOW - 1))
    does_not_follow("a key was dropped or changed", FIRST, rows=rows(nbf=NOW))


def test_since_may_stay_or_move_back_and_never_later_or_away() -> None:
    revoked = follow(FIRST, rows=with_since(NOW - 10))
    for since in (NOW - 10, NOW - 11):
        assert follow(revoked, rows=with_since(since)).rows[0].since == since
    for later in (NOW - 9, NOW, None):
        does_not_follow("since moved later", revoked, rows=with_since(later))


@pytest.mark.parametrize("strict", [True, False])
def test_a_version_counts_once(strict: bool) -> None:
    second = follow(FIRST)
    for prev in (FIRST.od, second.od):
        does_not_follow("version", second, strict=strict, version=2, prev=prev)


def test_two_keysets_may_be_of_one_second() -> None:
    second = follow(FIRST)
    assert follow(second).iat == second.iat
    does_not_follow("iat", second, iat=NOW - 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"rows": [*ALPHA.rows, KeyRow(ALPHA.root.public[0], NOW, NOW + DAY)]},
        {"rows": [*ALPHA.rows, ALPHA.rows[0]]},
        {"root": ALPHA.root.public[::-1]},
    ],
    ids=["a root key in a row", "a kid twice", "roots in the other order"],
)
def test_no_keyset_has(changes: dict[str, Any]) -> None:
    with pytest.raises(KeyRefusedError):
        verify_keyset(ALPHA.sign_keyset(ALPHA.body(**changes)), pinned=ALPHA.root.fingerprint)


def test_other_statements_are_no_keysets() -> None:
    with pytest.raises(VerificationError) as refused:
        verify_keyset(good_statement(ALPHA, "apikey"), pinned=ALPHA.root.fingerprint)
    assert refused.value.failure is Failure.TYP


def test_every_member_of_a_keyset_is_read() -> None:
    keyset = read_keyset(ALPHA.keyset_jws, log_time=7, succession=RECOVERED)
    assert (keyset.succession, keyset.log_time) == (RECOVERED, 7)
    assert (keyset.custody, keyset.low, keyset.iat, keyset.exp) == ("agency", EC1, NOW - DAY, NOW + 89 * DAY)
    assert (keyset.nroot, keyset.root) == (ALPHA.next_root.fingerprint, ALPHA.root.public)
    assert keyset.signers == tuple(key.kid for key in ALPHA.root.public)
    assert [row.as_json() for row in keyset.rows] == [row.as_json() for row in ALPHA.rows]
    assert (keyset.row(ALPHA.rows[1].kid), keyset.row("A" * 43)) == (keyset.rows[1], None)
    stored = read_keyset(ALPHA.keyset_jws)
    assert (stored.succession, stored.log_time) == (SAME, None)


# The newest keys.


def keyset_of(*rows: KeyRow) -> Keyset:
    return replace(FIRST, rows=rows)


def encryption_row(nbf: int, **changes: Any) -> KeyRow:
    return KeyRow(DecryptionKey.generate().public, nbf, NOW + DAY, **changes)


def test_newest_encryption_key_has_the_greatest_nbf_and_of_equals_is_the_last() -> None:
    old, first, last = encryption_row(NOW - 9), encryption_row(NOW - 5), encryption_row(NOW - 5)
    keyset = keyset_of(first, last, old)
    assert newest_encryption_key(keyset, PQ1, NOW) == last
    assert newest_encryption_key(keyset, PQ1, NOW, revoked={last.kid}) == first
    assert newest_encryption_key(keyset, EC1, NOW) is None


@pytest.mark.parametrize(
    ("row", "usable"),
    [
        (encryption_row(NOW), True),
        (encryption_row(NOW + 1), False),
        (replace(encryption_row(NOW - 9), exp=NOW), False),
        (replace(encryption_row(NOW - 9), exp=NOW + 1), True),
        (encryption_row(NOW - 9, st="retiring"), False),
        (encryption_row(NOW - 9, st="revoked", since=NOW - 1), False),
    ],
    ids=["begins now", "begins later", "ends now", "ends later", "retiring", "revoked"],
)
def test_only_a_current_and_valid_key_is_sealed_to(row: KeyRow, usable: bool) -> None:
    assert newest_encryption_key(keyset_of(row), PQ1, NOW) == (row if usable else None)


def test_newest_signing_keys_are_complete_or_none() -> None:
    algs = [row.key.alg for row in newest_signing_keys(FIRST, PQ1, NOW)]
    assert algs == ["Ed25519", "ML-DSA-65"]
    lattice_alone = keyset_of(*(row for row in ALPHA.rows if row.key.alg == "ML-DSA-65"))
    for suite in (PQ1, EC1):
        assert newest_signing_keys(lattice_alone, suite, NOW) == ()


def test_ec1_signs_with_the_newest_signing_key_of_the_suite() -> None:
    old, new = (SigningKey.generate("ES256").public for _ in range(2))
    unfit = (SigningKey.generate("ML-DSA-65").public, DecryptionKey.generate("P-256").public)
    others = [KeyRow(key, NOW, NOW + DAY) for key in unfit]
    keyset = keyset_of(KeyRow(new, NOW - 5, NOW + DAY), KeyRow(old, NOW - 10, NOW + DAY), *others)
    (found,) = newest_signing_keys(keyset, EC1, NOW)
    assert (found.key, found.use) == (new, SIGN)
    assert newest_signing_keys(keyset, PQ1, NOW) == ()
    (older,) = newest_signing_keys(keyset, EC1, NOW, revoked=[new.kid])
    assert older.key == old
    assert newest_signing_keys(keyset_of(*others), EC1, NOW) == ()


def test_a_key_signs_from_its_first_second_to_its_last() -> None:
    row = KeyRow(SigningKey.generate().public, NOW, NOW + 10)
    for now, usable in ((NOW - 1, 0), (NOW, 1), (NOW + 9, 1), (NOW + 10, 0)):
        assert len(newest_signing_keys(keyset_of(row), EC1, now)) == usable

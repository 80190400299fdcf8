# SPDX-License-Identifier: Apache-2.0
"""The rows of the next keyset keep every promise of the keysets before."""

import pytest

from accord.client.keys.rows import (
    DAY_SECS,
    OVERLAP_SECS,
    carried_rows,
    new_rows,
    smallest_since,
    suites_of,
    with_replaced,
    with_retired,
    with_revoked,
    without_lost,
)
from accord.envelope.keysets import KeyRow, Keyset, Revocation
from accord.envelope.private import Root, generate_decryption_key, generate_signing_keys

NOW = 1_800_000_000
KEYS = [*(key.public for key in generate_signing_keys("PQ1")), generate_decryption_key("PQ1").public]
ROOT = Root.generate().public


def keyset(*rows: KeyRow) -> Keyset:
    return Keyset(
        "xa-alpha",
        1,
        None,
        "od",
        NOW - DAY_SECS,
        NOW + DAY_SECS,
        ROOT,
        "ab" * 32,
        "agency",
        "PQ1",
        rows,
        (),
        NOW,
    )


def row(
    n: int = 2, *, st: str = "current", exp: int = NOW + 300 * DAY_SECS, since: int | None = None
) -> KeyRow:
    return KeyRow(KEYS[n], NOW - 60 * DAY_SECS, exp, st, since)


def revocation(kid: str, since: int) -> Revocation:
    return Revocation("xa-alpha", kid, since, "stolen", "od", NOW)


def test_the_earliest_word_about_a_key_holds() -> None:
    words = [revocation("a", 5), revocation("a", 3), revocation("b", 9), revocation("a", 4)]
    assert smallest_since(words) == {"a": 3, "b": 9}


def test_what_was_revoked_by_a_statement_is_stated_as_revoked() -> None:
    current, stated = row(0), row(1, st="revoked", since=NOW - 50)
    said = [revocation(current.kid, NOW - 10), revocation(stated.kid, NOW - 99)]
    rows = carried_rows(keyset(current, stated), said, now=NOW)
    assert [(item.st, item.since) for item in rows] == [("revoked", NOW - 10), ("revoked", NOW - 99)]


@pytest.mark.parametrize(("ends_in", "st"), [(1, "retiring"), (0, "retired"), (-5, "retired")])
def test_an_overlap_that_is_over_is_stated(ends_in: int, st: str) -> None:
    (after,) = carried_rows(keyset(row(st="retiring", exp=NOW + ends_in)), (), now=NOW)
    assert (after.st, after.exp) == (st, NOW + ends_in)


def test_a_replaced_key_ends_in_thirty_days_or_when_it_would_have_ended() -> None:
    long_lived, short_lived, other = row(0), row(1, exp=NOW + 5), row(2)
    rows = with_replaced([long_lived, short_lived, other], ("sign",), now=NOW)
    assert [(item.st, item.exp) for item in rows] == [
        ("retiring", NOW + OVERLAP_SECS),
        ("retiring", NOW + 5),
        ("current", other.exp),
    ]


def test_a_retired_signing_key_counts_for_what_is_on_its_way() -> None:
    signing, opening = row(0), row(2)
    rows = with_retired([signing, opening], signing.kid, now=NOW)
    assert [(item.st, item.exp) for item in rows] == [("retired", NOW + 3600), ("current", opening.exp)]
    (ended,) = with_retired([opening], opening.kid, now=NOW)
    assert (ended.st, ended.exp) == ("retired", NOW)


def test_an_end_that_is_past_stays_where_it_was() -> None:
    past = row(0, exp=NOW - 7)
    (after,) = with_retired([past], past.kid, now=NOW)
    assert after.exp == NOW - 7


def test_new_keys_count_from_the_first_moment_even_where_the_clock_is_fast() -> None:
    (new,) = new_rows([KEYS[0]], now=NOW)
    assert (new.nbf, new.exp, new.st) == (NOW - 300, NOW + 365 * DAY_SECS, "current")


def test_what_nobody_holds_is_retired_and_what_has_ended_stays_as_it_is() -> None:
    held, lost, ended = row(0), row(1), row(2, st="revoked", since=NOW - 5)
    rows = without_lost([held, lost, ended], {held.kid}, now=NOW)
    assert [item.st for item in rows] == ["current", "retired", "revoked"]
    assert rows[2] == ended


def test_a_revoked_row_says_since_when() -> None:
    rows = with_revoked([row(0), row(1)], KEYS[0].kid, NOW - 3)
    assert [(item.st, item.since) for item in rows] == [("revoked", NOW - 3), ("current", None)]


def test_the_suites_in_use_are_those_of_the_current_keys() -> None:
    assert suites_of(keyset(row(0), row(1), row(2)), "sign") == ("PQ1",)
    assert suites_of(keyset(row(0), row(1, st="retiring"), row(2)), "sign") == ("EC1",)
    assert suites_of(keyset(row(0), row(1), row(2)), "enc") == ("PQ1",)
    assert suites_of(keyset(row(0), row(2, st="retired")), "enc") == ()

# SPDX-License-Identifier: Apache-2.0
"""The keyset of a chain that is in force, and the root that revokes: none before the one it follows, none after a cancelled one."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.keyrule import Repudiated, Valid, judge_key
from accord.envelope.keys import PQ1
from accord.envelope.keysets import (
    KeyRow,
    Keyset,
    in_force,
    newest_in_force,
    revocations_of,
    verify_keyset,
)
from accord.envelope.private import DecryptionKey, Root, SignerSet
from accord.envelope.statements.checks import verify_logged_revoke
from accord.envelope.statements.form import make_statement
from tests.envelope.world import DAY, NOW, Agency, make_agency, uuid7

HOUR = 3600
DELAY = 72 * HOUR


@pytest.fixture(scope="module")
def alpha() -> Agency:
    return make_agency("xa-alpha")


@pytest.fixture(scope="module")
def third_root() -> Root:
    """The root that a holder of the announced root names as the next."""
    return Root.generate()


class Line:
    """A chain of keysets by the holder of one root of alpha."""

    def __init__(self, alpha: Agency, root: Root, successor: Root) -> None:
        self._alpha, self._root, self._successor = alpha, root, successor

    def follow(
        self,
        previous: Keyset,
        *,
        at: int = NOW,
        signer: SignerSet | None = None,
        rows: list[KeyRow] | None = None,
    ) -> Keyset:
        body = self._alpha.body(
            version=previous.version + 1,
            prev=previous.od,
            root=self._root.public,
            nroot=self._successor.fingerprint,
            rows=rows or self._alpha.rows,
        )
        octets = self._alpha.sign_keyset(body, signer=signer or self._root.signer, iat=at)
        pinned = previous.root_fingerprint
        return verify_keyset(octets, pinned=pinned, previous=previous, strict=True, log_time=at)


@pytest.fixture
def old(alpha: Agency) -> Line:
    return Line(alpha, alpha.root, alpha.next_root)


@pytest.fixture
def new(alpha: Agency, third_root: Root) -> Line:
    """The holder of the announced root alone: the agency that lost its root, or a thief."""
    return Line(alpha, alpha.next_root, third_root)


def revoking(alpha: Agency, place: int, since: int) -> list[KeyRow]:
    rows = list(alpha.rows)
    rows[place] = replace(rows[place], st="revoked", since=since)
    return rows


def test_what_follows_a_waiting_recovery_waits_with_it(alpha: Agency, new: Line) -> None:
    recovery = new.follow(alpha.keyset)
    second = new.follow(recovery, at=NOW + HOUR)
    third = new.follow(second, at=NOW + 2 * HOUR)
    for chain in itertools.permutations([alpha.keyset, recovery, second, third]):
        assert newest_in_force(chain, NOW + DELAY - 1) == alpha.keyset
        assert newest_in_force(chain, NOW + DELAY) == third


def test_what_follows_a_cancelled_recovery_is_never_in_force(alpha: Agency, old: Line, new: Line) -> None:
    recovery = new.follow(alpha.keyset)
    hasty = new.follow(recovery, at=NOW + HOUR)
    later = new.follow(hasty, at=NOW + 2 * HOUR)
    cancel = old.follow(alpha.keyset, at=NOW + DELAY - 1)
    chain = [alpha.keyset, recovery, hasty, later, cancel]
    assert newest_in_force(chain, NOW + 9 * DELAY) == cancel
    after = old.follow(cancel, at=NOW + 2 * DELAY)
    assert newest_in_force([*chain, after], NOW + 9 * DELAY) == after


def test_of_two_recoveries_the_first_counts(alpha: Agency, new: Line) -> None:
    """An exchange refuses the second; a reader that was given both must not choose."""
    first, second = new.follow(alpha.keyset), new.follow(alpha.keyset, at=NOW + HOUR)
    for chain in itertools.permutations([alpha.keyset, first, second]):
        assert in_force(chain, NOW + 9 * DELAY) == [alpha.keyset, first]
    twin = replace(second, log_time=first.log_time)
    assert in_force([alpha.keyset, first, twin], NOW + 9 * DELAY) == [alpha.keyset]


def test_what_follows_a_word_of_the_old_root_that_came_too_late_is_never_in_force(
    alpha: Agency, old: Line, new: Line
) -> None:
    recovery = new.follow(alpha.keyset)
    late = old.follow(alpha.keyset, at=NOW + DELAY)
    more = old.follow(late, at=NOW + DELAY + HOUR)
    assert in_force([alpha.keyset, recovery, late, more], NOW + 9 * DELAY) == [alpha.keyset, recovery]


def test_a_past_moment_stays_as_it_was(alpha: Agency, old: Line, new: Line) -> None:
    recovery, cancel = new.follow(alpha.keyset), old.follow(alpha.keyset, at=NOW + 10)
    again = new.follow(cancel, at=NOW + 20)
    chain = [alpha.keyset, recovery, cancel, again]
    moments = {
        alpha.keyset.log_time: alpha.keyset,
        NOW + 9: alpha.keyset,
        NOW + 10: cancel,
        NOW + 20 + DELAY - 1: cancel,
        NOW + 20 + DELAY: again,
    }
    for moment, expected in moments.items():
        assert moment is not None
        assert newest_in_force(chain, moment) == expected
    assert newest_in_force(chain, NOW - 10**8) is None


def test_a_keyset_without_the_one_it_follows_is_not_in_force(alpha: Agency, old: Line) -> None:
    second = old.follow(alpha.keyset)
    unlogged = replace(second, log_time=None)
    third = old.follow(second, at=NOW + 1)
    assert newest_in_force([alpha.keyset, unlogged], NOW + 9) == alpha.keyset
    # A reader may have begun with a later one, or have missed one in between.
    assert newest_in_force([second, third], NOW + 9) == third
    assert newest_in_force([alpha.keyset, third], NOW + 9) == third


def test_a_wait_that_ends_ends_for_the_whole_second(alpha: Agency, new: Line) -> None:
    """A keyset that comes into force by its time alone, not by being logged, has no place within the second."""
    recovery = replace(new.follow(alpha.keyset), log_index=5)
    third = replace(new.follow(recovery, at=NOW + HOUR), log_index=7)
    last = replace(new.follow(third, at=NOW + DELAY), log_index=900)
    chain = [alpha.keyset, recovery, third, last]
    assert newest_in_force(chain, NOW + DELAY, index=4) == third
    assert newest_in_force(chain, NOW + DELAY, index=901) == last


def test_over_a_gap_a_keyset_waits_for_every_one_before(alpha: Agency, old: Line, new: Line) -> None:
    recovery = new.follow(alpha.keyset)
    third = new.follow(new.follow(recovery, at=NOW + 1), at=NOW + 2)
    chain = [alpha.keyset, recovery, third]
    assert newest_in_force(chain, NOW + DELAY - 1) == alpha.keyset
    assert newest_in_force(chain, NOW + DELAY) == third


def test_a_recovery_that_waits_revokes_nothing_and_then_from_that_moment(alpha: Agency, new: Line) -> None:
    kid, since = alpha.rows[0].kid, NOW - HOUR
    recovery = new.follow(alpha.keyset, rows=revoking(alpha, 0, since))
    chain = [alpha.keyset, recovery]
    assert revocations_of(chain, now=NOW + DELAY - 1) == ()
    (word,) = revocations_of(chain, now=NOW + DELAY)
    assert (word.kid, word.since, word.log_time) == (kid, since, NOW + DELAY)
    assert judge_key(recovery, kid, NOW + HOUR, [word]) == Repudiated(NOW + HOUR, since, NOW + DELAY)
    with pytest.raises(VerificationError) as refused:
        judge_key(recovery, kid, NOW + DELAY, [word])
    assert refused.value.failure is Failure.KEY_REVOKED


def test_a_cancelled_recovery_revokes_nothing(alpha: Agency, old: Line, new: Line) -> None:
    recovery = new.follow(alpha.keyset, rows=revoking(alpha, 0, NOW - HOUR))
    cancel = old.follow(alpha.keyset, at=NOW + HOUR, rows=revoking(alpha, 1, NOW))
    chain = [alpha.keyset, recovery, cancel]
    for now in (None, NOW + 9 * DELAY):
        words = revocations_of(chain, now=now)
        assert [(word.kid, word.od) for word in words] == [(alpha.rows[1].kid, cancel.od)]
        assert judge_key(cancel, alpha.rows[0].kid, NOW + 2 * DELAY, words) == Valid()


# A logged `revoke` is judged by the root that was in force when it was logged, however old it is.


def revoke(alpha: Agency, by: Root, kid: str = "") -> bytes:
    body = {"kid": kid or alpha.rows[0].kid, "since": NOW - 60, "code": "stolen"}
    return make_statement(
        "revoke", iss=alpha.id, signer=by.signer, suite=PQ1, id=uuid7(6), iat=NOW, nonce=bytes(16), body=body
    )


def refusal(data: bytes, chain: list[Keyset], log_time: int) -> Failure:
    with pytest.raises(VerificationError) as refused:
        verify_logged_revoke(data, chain, log_time=log_time)
    return refused.value.failure


def test_a_root_of_one_hour_is_found_between_two_changes(alpha: Agency, new: Line, third_root: Root) -> None:
    first = new.follow(alpha.keyset, signer=alpha.root.change_signer(alpha.next_root))
    newest = Line(alpha, third_root, Root.generate())
    both = alpha.next_root.change_signer(third_root)
    chain = [alpha.keyset, first, newest.follow(first, at=NOW + HOUR, signer=both)]
    for root in (alpha.root, alpha.next_root, third_root):
        assert verify_logged_revoke(revoke(alpha, root), chain, log_time=NOW + 2 * HOUR)
    assert refusal(revoke(alpha, alpha.root), chain, NOW + DAY) is Failure.SIGNERS
    assert verify_logged_revoke(revoke(alpha, alpha.next_root), chain, log_time=NOW + DAY)


def test_a_root_that_waits_revokes_nothing(alpha: Agency, new: Line) -> None:
    chain, begins = [alpha.keyset, new.follow(alpha.keyset)], NOW + DELAY
    for moment in (NOW, begins - 1):
        assert refusal(revoke(alpha, alpha.next_root), chain, moment) is Failure.SIGNERS
        assert verify_logged_revoke(revoke(alpha, alpha.root), chain, log_time=moment)
    assert verify_logged_revoke(revoke(alpha, alpha.next_root), chain, log_time=begins)


def test_an_agency_without_a_keyset_in_force_then_is_named(alpha: Agency) -> None:
    with pytest.raises(VerificationError) as refused:
        verify_logged_revoke(revoke(alpha, alpha.root), [alpha.keyset], log_time=NOW - DAY - 1)
    assert (refused.value.failure, refused.value.agencies) == (Failure.KEYSET_UNKNOWN, ("xa-alpha",))


def test_a_key_that_came_later_is_not_known_before(alpha: Agency, old: Line) -> None:
    added = KeyRow(DecryptionKey.generate().public, NOW, NOW + DAY)
    chain = [alpha.keyset, old.follow(alpha.keyset, rows=[*alpha.rows, added])]
    said = revoke(alpha, alpha.root, added.kid)
    assert refusal(said, chain, NOW - 1) is Failure.KEY_UNKNOWN
    assert verify_logged_revoke(said, chain, log_time=NOW)

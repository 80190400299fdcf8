# SPDX-License-Identifier: Apache-2.0
"""A repudiated object and its issuer's later reaffirm, judged anew at each display."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.keyrule import Reaffirmed, Repudiated, Standing, Valid, worst_of
from accord.envelope.keys import PQ1
from accord.envelope.private import SignerSet
from accord.envelope.reaffirming import standing_after
from accord.envelope.releases import manifest_ref
from accord.envelope.statements.checks import VerifiedStatement
from accord.envelope.statements.form import SubjectRef, parse_statement
from tests.envelope.good_statements import good_statement
from tests.envelope.two_key_pairs import HOUR, REVOKED_AT, SINCE, reaffirm, revoke, with_two_pairs
from tests.envelope.world import (
    NOW,
    MemoryDirectory,
    MemoryLedger,
    World,
    known_agency,
    uuid7,
)

REPUDIATED = Repudiated(NOW, SINCE, REVOKED_AT)
SUBJECT = SubjectRef("manifest", uuid7(1), "A" * 43)


@pytest.fixture(scope="module")
def word() -> VerifiedStatement:
    """Alpha's reaffirm of SUBJECT, logged in the second of the revocation."""
    said = parse_statement(good_statement(known_agency("xa-alpha"), "reaffirm", sub=SUBJECT)).statement
    return VerifiedStatement(said, Valid(), REVOKED_AT)


def after(*words: VerifiedStatement, standing: Standing = REPUDIATED) -> Standing:
    return standing_after(standing, words, SUBJECT, "xa-alpha")


def test_the_earliest_answer_from_the_second_of_the_revocation_on_counts(word: VerifiedStatement) -> None:
    for at in (REVOKED_AT, REVOKED_AT + 5):
        words = [replace(word, log_time=then) for then in (at + 9, at, REVOKED_AT - 1)]
        assert after(*words) == Reaffirmed(log_time=NOW, since=SINCE, revoked_at=REVOKED_AT, reaffirmed_at=at)
    assert after(replace(word, log_time=REVOKED_AT - 1)) is after() is REPUDIATED


def test_only_what_is_repudiated_is_reaffirmed(word: VerifiedStatement) -> None:
    for standing in (Valid(), Reaffirmed(NOW, SINCE, REVOKED_AT, NOW + 9999)):
        assert after(word, standing=standing) is standing


@pytest.mark.parametrize(
    "change",
    [
        {"k": "retract"},
        {"iss": "xb-bravo"},
        {"sub": replace(SUBJECT, k="ack")},
        {"sub": replace(SUBJECT, id=uuid7(2))},
        {"sub": replace(SUBJECT, d="B" * 42 + "A")},
        {"sub": None},
    ],
)
def test_other_words_are_passed_over(word: VerifiedStatement, change: dict[str, Any]) -> None:
    other = replace(word, statement=replace(word.statement, **change))
    assert after(other) is REPUDIATED
    assert isinstance(after(other, word), Reaffirmed)


def test_a_word_that_does_not_count_itself_reaffirms_nothing(word: VerifiedStatement) -> None:
    assert after(replace(word, standing=Repudiated(REVOKED_AT, NOW, NOW + 2 * HOUR))) is REPUDIATED
    reaffirmed_itself = Reaffirmed(REVOKED_AT, NOW, NOW + 2 * HOUR, NOW + 3 * HOUR)
    assert after(replace(word, standing=reaffirmed_itself)) is REPUDIATED
    assert after(replace(word, log_time=None)) is REPUDIATED


def test_worst_of_puts_reaffirmed_between_valid_and_repudiated() -> None:
    reaffirmed = Reaffirmed(NOW, SINCE, REVOKED_AT, REVOKED_AT)
    earlier = replace(reaffirmed, since=SINCE - 1)
    assert worst_of(()) == Valid()
    assert worst_of((Valid(), reaffirmed, Valid())) is reaffirmed
    assert worst_of((reaffirmed, REPUDIATED)) is REPUDIATED
    assert worst_of((REPUDIATED, earlier)) is REPUDIATED
    assert worst_of((reaffirmed, earlier)) is earlier
    assert worst_of((earlier, reaffirmed)) is earlier
    same = replace(reaffirmed, reaffirmed_at=NOW + 7)
    assert worst_of((reaffirmed, same)) is reaffirmed


class Theft:
    """Alpha's alert to bravo under its first pair, which alpha revokes later; alpha goes on with a second pair."""

    def __init__(self) -> None:
        self.alpha, self.second = with_two_pairs("xa-alpha")
        self.first, bravo = self.alpha.signing[PQ1], known_agency("xb-bravo")
        self.world = World(PQ1, self.alpha, [bravo], MemoryDirectory(self.alpha, bravo), MemoryLedger())
        carried = self.world.intake(self.world.seal())
        self.manifest = carried.manifest
        self.octets = self.world.slice_of(carried, bravo.id)

    def revoke_first(self) -> None:
        revoke(self.world, self.alpha, self.first, SINCE, REVOKED_AT)

    def reaffirm(
        self, log_time: int = NOW + 2 * HOUR, index: int | None = None, by: SignerSet | None = None
    ) -> VerifiedStatement:
        about = manifest_ref(self.manifest)
        return reaffirm(self.world, self.alpha, by or self.second, about, log_time, index)

    def standing(self, *words: VerifiedStatement) -> Standing:
        return self.world.verify(self.octets, "xb-bravo", reaffirms=words).standing


@pytest.fixture
def theft() -> Theft:
    return Theft()


def test_the_revoked_key_does_not_stand_by_its_own_word(theft: Theft) -> None:
    theft.revoke_first()
    for at in (REVOKED_AT, NOW + 2 * HOUR):
        with pytest.raises(VerificationError) as refused:
            theft.reaffirm(at, by=theft.first)
        assert refused.value.failure is Failure.KEY_REVOKED
    thief = theft.reaffirm(REVOKED_AT - 1, by=theft.first)
    assert isinstance(thief.standing, Repudiated)
    assert theft.standing(thief) == REPUDIATED


def test_a_later_revocation_of_the_reaffirming_key_takes_it_back(theft: Theft) -> None:
    theft.revoke_first()
    said_at = NOW + 2 * HOUR
    for since, still in ((said_at + 1, True), (said_at, False), (said_at - 1, False)):
        theft.world.directory.revokes = []
        theft.revoke_first()
        revoke(theft.world, theft.alpha, theft.second, since, NOW + 3 * HOUR)
        assert isinstance(theft.standing(theft.reaffirm(said_at)), Reaffirmed) is still


def test_every_revocation_must_have_been_answered(theft: Theft) -> None:
    """One key of the pair is revoked, the alert reaffirmed, then the other key revoked: a second reaffirm is needed."""
    one, two = (SignerSet([key]) for key in theft.first._keys)
    revoke(theft.world, theft.alpha, one, SINCE, REVOKED_AT)
    words = [theft.reaffirm(REVOKED_AT + 10)]
    assert isinstance(theft.standing(*words), Reaffirmed)
    revoke(theft.world, theft.alpha, two, SINCE + 5, REVOKED_AT + 20)
    assert theft.standing(*words) == Repudiated(NOW, SINCE, REVOKED_AT + 20)
    words.append(theft.reaffirm(REVOKED_AT + 20))
    assert theft.standing(*words) == Reaffirmed(NOW, SINCE, REVOKED_AT + 20, REVOKED_AT + 20)


@pytest.mark.parametrize(
    ("index", "of_revocation", "answers"),
    [(7, 5, True), (4, 5, False), (None, 5, True), (4, None, True), (None, None, True)],
)
def test_within_the_second_of_the_revocation_the_leaf_decides_what_answers_it(
    theft: Theft, index: int | None, of_revocation: int | None, answers: bool
) -> None:
    revoke(theft.world, theft.alpha, theft.first, SINCE, REVOKED_AT, of_revocation)
    assert isinstance(theft.standing(theft.reaffirm(REVOKED_AT, index)), Reaffirmed) is answers


def test_of_two_revocations_in_a_second_the_later_leaf_is_to_be_answered(theft: Theft) -> None:
    one, two = (SignerSet([key]) for key in theft.first._keys)
    revoke(theft.world, theft.alpha, one, SINCE, REVOKED_AT, 5)
    revoke(theft.world, theft.alpha, two, SINCE, REVOKED_AT, 9)
    between, after_both = (theft.reaffirm(REVOKED_AT, index) for index in (7, 11))
    assert isinstance(theft.standing(between), Repudiated)
    assert isinstance(theft.standing(between, after_both), Reaffirmed)

# SPDX-License-Identifier: Apache-2.0
"""A repudiated object and its issuer's later reaffirm, judged anew at each display."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.errors import Failure, MalformedError, VerificationError
from accord.envelope.keyrule import Reaffirmed, Repudiated, Standing, Valid, judge_signers, worst_of
from accord.envelope.keys import PQ1
from accord.envelope.private import SignerSet
from accord.envelope.reaffirming import standing_after
from accord.envelope.releases import manifest_ref
from accord.envelope.statements.checks import VerifiedStatement, verify_statement
from accord.envelope.statements.form import SubjectRef, make_statement, parse_statement
from tests.envelope.good_statements import good_statement
from tests.envelope.releasing import DELTA, Chain
from tests.envelope.two_key_pairs import HOUR, REVOKED_AT, SINCE, reaffirm, revoke, with_two_pairs
from tests.envelope.world import (
    ALERT,
    NOW,
    Agency,
    MemoryDirectory,
    MemoryLedger,
    World,
    known_agency,
    make_world,
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


def test_repudiated_and_reaffirmed_keeps_every_time(word: VerifiedStatement) -> None:
    assert after(replace(word, log_time=REVOKED_AT + 5)) == Reaffirmed(
        log_time=NOW, since=SINCE, revoked_at=REVOKED_AT, reaffirmed_at=REVOKED_AT + 5
    )


def test_only_what_is_repudiated_is_reaffirmed(word: VerifiedStatement) -> None:
    for standing in (Valid(), Reaffirmed(NOW, SINCE, REVOKED_AT, NOW + 9999)):
        assert after(word, standing=standing) is standing


def test_nothing_said_leaves_it_repudiated() -> None:
    assert after() is REPUDIATED


def test_it_answers_from_the_second_of_the_revocation_on(word: VerifiedStatement) -> None:
    assert isinstance(after(word), Reaffirmed)
    assert after(replace(word, log_time=REVOKED_AT - 1)) is REPUDIATED


def test_the_earliest_of_several_answers_counts(word: VerifiedStatement) -> None:
    words = [replace(word, log_time=at) for at in (REVOKED_AT + 9, REVOKED_AT + 2, REVOKED_AT - 1)]
    assert after(*words) == Reaffirmed(NOW, SINCE, REVOKED_AT, REVOKED_AT + 2)


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
        bravo = known_agency("xb-bravo")
        self.bravo = bravo
        self.world = World(PQ1, self.alpha, [bravo], MemoryDirectory(self.alpha, bravo), MemoryLedger())
        carried = self.world.intake(self.world.seal())
        self.manifest = carried.manifest
        self.octets = self.world.slice_of(carried, bravo.id)

    @property
    def first(self) -> SignerSet:
        return self.alpha.signing[PQ1]

    def revoke_first(self) -> None:
        revoke(self.world, self.alpha, self.first, SINCE, REVOKED_AT)

    def reaffirm(self, log_time: int = NOW + 2 * HOUR) -> VerifiedStatement:
        return reaffirm(self.world, self.alpha, self.second, manifest_ref(self.manifest), log_time)

    def standing(self, *words: VerifiedStatement) -> Standing:
        return self.world.verify(self.octets, "xb-bravo", reaffirms=words).standing


@pytest.fixture
def theft() -> Theft:
    return Theft()


def test_stolen_key_revoked_and_the_alert_reaffirmed(theft: Theft) -> None:
    assert theft.standing() == Valid()
    theft.revoke_first()
    assert theft.standing() == REPUDIATED
    word = theft.reaffirm()
    assert theft.standing(word) == Reaffirmed(NOW, SINCE, REVOKED_AT, NOW + 2 * HOUR)
    opened = theft.world.open(theft.octets, theft.bravo, reaffirms=[word])
    assert opened.standing == Reaffirmed(NOW, SINCE, REVOKED_AT, NOW + 2 * HOUR)
    assert (opened.standings, opened.via) == ((opened.standing,), ())
    assert opened.alert == ALERT


def test_the_same_from_what_a_desk_has_kept(theft: Theft) -> None:
    """Without the slice, issuer, signers, suite and log time are enough to judge again."""
    theft.revoke_first()
    manifest = theft.manifest
    _, standing = judge_signers(theft.world.directory, manifest.iss, manifest.signers, manifest.suite, NOW)
    words = [theft.reaffirm()]
    assert standing_after(standing, words, manifest_ref(manifest), manifest.iss) == theft.standing(*words)


def test_the_revoked_key_does_not_stand_by_its_own_word(theft: Theft) -> None:
    theft.revoke_first()
    for at in (REVOKED_AT, NOW + 2 * HOUR):
        with pytest.raises(VerificationError) as refused:
            reaffirm(theft.world, theft.alpha, theft.first, manifest_ref(theft.manifest), at)
        assert refused.value.failure is Failure.KEY_REVOKED
    thief = reaffirm(theft.world, theft.alpha, theft.first, manifest_ref(theft.manifest), REVOKED_AT - 1)
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
    about = manifest_ref(theft.manifest)
    word = reaffirm(theft.world, theft.alpha, theft.second, about, REVOKED_AT, index)
    assert isinstance(theft.standing(word), Reaffirmed) is answers


def test_of_two_revocations_in_a_second_the_later_leaf_is_to_be_answered(theft: Theft) -> None:
    one, two = (SignerSet([key]) for key in theft.first._keys)
    revoke(theft.world, theft.alpha, one, SINCE, REVOKED_AT, 5)
    revoke(theft.world, theft.alpha, two, SINCE, REVOKED_AT, 9)
    about = manifest_ref(theft.manifest)
    between, after_both = (
        reaffirm(theft.world, theft.alpha, theft.second, about, REVOKED_AT, index) for index in (7, 11)
    )
    assert isinstance(theft.standing(between), Repudiated)
    assert isinstance(theft.standing(between, after_both), Reaffirmed)


def test_the_reaffirming_key_had_to_be_valid_then(theft: Theft) -> None:
    theft.revoke_first()
    end = theft.alpha.rows[-1].exp
    assert isinstance(theft.reaffirm(end - 1).standing, Valid)
    with pytest.raises(VerificationError) as refused:
        theft.reaffirm(end)
    assert refused.value.failure is Failure.KEY_NOT_VALID_THEN


def test_another_agency_reaffirms_nothing(theft: Theft) -> None:
    theft.revoke_first()
    word = reaffirm(
        theft.world, theft.bravo, theft.bravo.signing[PQ1], manifest_ref(theft.manifest), NOW + 2 * HOUR
    )
    assert isinstance(word.standing, Valid)
    assert theft.standing(word) == REPUDIATED


def test_what_is_refused_stays_refused(theft: Theft) -> None:
    revoke(theft.world, theft.alpha, theft.first, SINCE, NOW)
    word = theft.reaffirm()
    with pytest.raises(VerificationError) as refused:
        theft.standing(word)
    assert refused.value.failure is Failure.KEY_REVOKED


def test_a_statement_is_reaffirmed_like_an_alert(theft: Theft) -> None:
    octets = make_statement(
        "retract", iss="xa-alpha", signer=theft.first, suite=PQ1, id=uuid7(71), iat=NOW, nonce=bytes(16),
        sub=manifest_ref(theft.manifest), body={"code": "error", "by": None},
    )  # fmt: skip
    theft.revoke_first()
    retract = verify_statement(parse_statement(octets), theft.world.directory, log_time=NOW)
    said = retract.statement
    assert said.ref == SubjectRef("retract", uuid7(71), said.od)
    word = reaffirm(theft.world, theft.alpha, theft.second, said.ref, NOW + 2 * HOUR)
    assert standing_after(retract.standing, [word], said.ref, said.iss) == Reaffirmed(
        NOW, SINCE, REVOKED_AT, NOW + 2 * HOUR
    )
    assert theft.standing(word) == REPUDIATED


def test_a_reaffirm_is_about_no_reaffirm(theft: Theft) -> None:
    about_it = theft.reaffirm().statement.ref
    with pytest.raises(MalformedError):
        reaffirm(theft.world, theft.alpha, theft.second, about_it, NOW)


def released_by(bravo: Agency) -> tuple[Chain, bytes, str]:
    """Release alpha's alert by bravo to delta; return delta's slice and the release's od."""
    world = make_world(PQ1)
    world.others[0] = bravo
    world.directory.keysets[bravo.id] = [bravo.keyset]
    chain = Chain(world)
    release = chain.release(bravo, [DELTA])
    return chain, chain.slice(DELTA, [release]), parse_statement(release[0]).od


def test_a_repudiated_release_is_its_issuers_matter() -> None:
    bravo, second = with_two_pairs("xb-bravo")
    chain, octets, od = released_by(bravo)
    revoke(chain.world, bravo, bravo.signing[PQ1], SINCE, REVOKED_AT)
    opened = chain.open(octets, DELTA)
    assert opened.alert == ALERT
    assert opened.standings == (Valid(), REPUDIATED)
    assert opened.standing == REPUDIATED
    assert [(release.iss, release.od) for release in opened.via] == [("xb-bravo", od)]
    word = reaffirm(chain.world, bravo, second, opened.via[0].ref, NOW + 2 * HOUR)
    reaffirmed = Reaffirmed(NOW, SINCE, REVOKED_AT, NOW + 2 * HOUR)
    assert chain.verify(octets, DELTA, reaffirms=[word]).standings == (Valid(), reaffirmed)
    about_the_alert = reaffirm(chain.world, bravo, second, opened.via[0].sub or SUBJECT, NOW + 2 * HOUR)
    assert chain.verify(octets, DELTA, reaffirms=[about_the_alert]).standings == (Valid(), REPUDIATED)


def test_a_repudiated_alert_says_nothing_against_its_release() -> None:
    bravo, _ = with_two_pairs("xb-bravo")
    chain, octets, _ = released_by(bravo)
    alpha = chain.world.alpha
    revoke(chain.world, alpha, alpha.signing[PQ1], SINCE, REVOKED_AT)
    assert chain.verify(octets, DELTA).standings == (REPUDIATED, Valid())

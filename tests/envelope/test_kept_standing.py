# SPDX-License-Identifier: Apache-2.0
"""Standing of kept facts of logged objects: judged by the newest keysets, with a question only where in doubt."""

from collections.abc import Collection, Mapping, Sequence

import pytest

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.keyrule import Reaffirmed, Repudiated, Valid, keys_of_signers
from accord.envelope.keys import PQ1
from accord.envelope.private import SignerSet
from accord.envelope.statements.checks import VerifiedStatement
from accord.envelope.statements.form import SubjectRef
from accord.envelope.worth import Refused, Signed, Worth, has_force, worth_of
from tests.envelope.two_key_pairs import HOUR, REVOKED_AT, SINCE, reaffirm, revoke, with_two_pairs
from tests.envelope.world import NOW, MemoryDirectory, MemoryLedger, World, uuid7

FIRST, SECOND = SubjectRef("manifest", uuid7(1), "A" * 43), SubjectRef("ack", uuid7(2), "B" * 43)


def _kids(pair: SignerSet) -> tuple[str, ...]:
    return tuple(key.kid for key in pair.signers)


class Kept:
    """Two kept objects of alpha, one by each of its pairs, and a stand-in for the question about reaffirms."""

    def __init__(self) -> None:
        self.alpha, self.second = with_two_pairs("xa-alpha")
        self.first = self.alpha.signing[PQ1]
        self.directory = MemoryDirectory(self.alpha)
        self.world = World(PQ1, self.alpha, [], self.directory, MemoryLedger())
        self.asked: list[set[str]] = []
        self.said: dict[str, list[VerifiedStatement]] = {}

    def worth(self) -> tuple[Worth, Worth]:
        objects = [self._signed(FIRST, self.first), self._signed(SECOND, self.second)]
        found = worth_of(objects, self.directory, self._said)
        return found[FIRST.d], found[SECOND.d]

    def revoke(self, log_time: int = REVOKED_AT) -> None:
        revoke(self.world, self.alpha, self.first, SINCE, log_time)

    def reaffirm(self) -> None:
        self.said[FIRST.d] = [reaffirm(self.world, self.alpha, self.second, FIRST, REVOKED_AT + HOUR)]

    def _said(self, digests: Collection[str]) -> Mapping[str, Sequence[VerifiedStatement]]:
        self.asked.append(set(digests))
        return self.said

    def _signed(self, ref: SubjectRef, signer: SignerSet) -> Signed:
        return Signed(ref, self.alpha.id, _kids(signer), PQ1, NOW)


@pytest.fixture
def kept() -> Kept:
    return Kept()


def test_without_a_revocation_all_is_valid_and_nobody_is_asked(kept: Kept) -> None:
    assert kept.worth() == (Valid(), Valid())
    assert kept.asked == []


def test_what_the_revoked_key_signed_is_repudiated_and_only_that_is_asked_about(kept: Kept) -> None:
    kept.revoke()
    assert kept.worth() == (Repudiated(NOW, SINCE, REVOKED_AT), Valid())
    assert kept.asked == [{FIRST.d}]


def test_its_issuer_may_stand_by_it(kept: Kept) -> None:
    kept.revoke()
    kept.reaffirm()
    assert kept.worth()[0] == Reaffirmed(NOW, SINCE, REVOKED_AT, REVOKED_AT + HOUR)


def test_logged_after_the_revocation_it_is_refused_and_no_word_helps(kept: Kept) -> None:
    kept.revoke(log_time=NOW - 1)
    assert kept.worth() == (Refused(NOW, Failure.KEY_REVOKED), Valid())
    assert kept.asked == []


def test_one_in_doubt_does_not_help_another_that_is_refused(kept: Kept) -> None:
    kept.revoke()
    late = Signed(FIRST, kept.alpha.id, _kids(kept.first), PQ1, REVOKED_AT + 1)
    early = Signed(SECOND, kept.alpha.id, _kids(kept.first), PQ1, NOW)
    found = worth_of([late, early], kept.directory, lambda digests: {})
    assert found[FIRST.d] == Refused(REVOKED_AT + 1, Failure.KEY_REVOKED)
    assert found[SECOND.d] == Repudiated(NOW, SINCE, REVOKED_AT)


@pytest.mark.parametrize(
    ("worth", "has"),
    [
        (None, True),
        (Valid(), True),
        (Reaffirmed(NOW, SINCE, REVOKED_AT, REVOKED_AT), True),
        (Repudiated(NOW, SINCE, REVOKED_AT), False),
        (Refused(NOW, Failure.KEY_REVOKED), False),
    ],
)
def test_what_is_repudiated_or_refused_has_no_force(worth: Worth | None, has: bool) -> None:
    assert has_force(worth) is has


def test_the_keys_of_signers_are_found_whether_or_not_they_count(kept: Kept) -> None:
    kept.revoke(log_time=NOW - 1)
    found = keys_of_signers(kept.directory, kept.alpha.id, _kids(kept.first))
    assert tuple(key.kid for key in found) == _kids(kept.first)


@pytest.mark.parametrize("agency", ["xa-alpha", "xb-bravo"])
def test_a_signer_that_no_keyset_states_is_unknown(kept: Kept, agency: str) -> None:
    for kids in ((*_kids(kept.first), "C" * 43), ("C" * 43,), ()):
        with pytest.raises(VerificationError) as refused:
            keys_of_signers(kept.directory, agency, kids)
        assert refused.value.failure is Failure.KEY_UNKNOWN

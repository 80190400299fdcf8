# SPDX-License-Identifier: Apache-2.0
"""The key rule where the kit does not reach: keysets that revoke, the lowest suite, keys that may still submit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.keyrule import Repudiated, Standing, Valid, judge_key, judge_signers, signers_at_intake
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import Keyset, Revocation, revocations_of
from tests.envelope.world import NOW, MemoryDirectory, known_agency

HOUR = 3600
SINCE, REVOKED_AT = NOW - 2 * HOUR, NOW - HOUR
ALPHA = known_agency("xa-alpha")
KIDS = {suite: [key.kid for key in signer.signers] for suite, signer in ALPHA.signing.items()}


def revoking(**changes: Any) -> Keyset:
    """Alpha's keyset with its first key alone, which it revokes."""
    return replace(ALPHA.keyset, rows=(replace(ALPHA.rows[0], st="revoked", since=SINCE),), **changes)


@pytest.mark.parametrize("logged", [True, False])
def test_a_row_alone_says_it_too_and_from_its_since_while_its_keyset_is_not_logged(logged: bool) -> None:
    keyset = revoking(log_time=REVOKED_AT if logged else None)
    kid = keyset.rows[0].kid
    assert judge_key(keyset, kid, SINCE - 1) == Valid()
    if logged:
        assert judge_key(keyset, kid, SINCE) == Repudiated(SINCE, SINCE, REVOKED_AT)
    with pytest.raises(VerificationError) as refused:
        judge_key(keyset, kid, REVOKED_AT if logged else SINCE)
    assert refused.value.failure is Failure.KEY_REVOKED


def test_a_keyset_that_revokes_has_its_leaf_too() -> None:
    keyset = revoking(log_time=REVOKED_AT, log_index=5)
    (said,) = revocations_of([keyset])
    assert said.index == 5
    for words in ([said], []):
        assert isinstance(judge_key(keyset, keyset.rows[0].kid, REVOKED_AT, words, index=4), Repudiated)


def test_revocation_of_another_key_means_nothing() -> None:
    other = Revocation("xa-alpha", ALPHA.rows[1].kid, SINCE, "stolen", "A" * 43, REVOKED_AT)
    assert judge_key(ALPHA.keyset, ALPHA.rows[0].kid, NOW, [other]) == Valid()


# The keysets of a directory.


def directory(*keysets: Keyset) -> MemoryDirectory:
    made = MemoryDirectory(ALPHA)
    made.keysets["xa-alpha"] = list(keysets or [ALPHA.keyset])
    return made


def judged(known: MemoryDirectory, suite: str, log_time: int, index: int | None = None) -> Standing:
    return judge_signers(known, "xa-alpha", KIDS[suite], suite, log_time, index=index)[1]


def failure(known: MemoryDirectory, suite: str, log_time: int, index: int | None = None) -> Failure:
    with pytest.raises(VerificationError) as refused:
        judged(known, suite, log_time, index)
    assert refused.value.agencies == ("xa-alpha",)
    return refused.value.failure


def test_lowest_suite_is_that_of_the_newest_keyset_logged_before() -> None:
    known = directory(ALPHA.keyset, replace(ALPHA.keyset, version=2, low=PQ1, log_time=NOW - 100))
    assert judged(known, EC1, NOW - 101) == Valid()
    assert failure(known, EC1, NOW - 100) is Failure.SUITE_BELOW_LOW
    assert judged(known, PQ1, NOW) == Valid()


@pytest.mark.parametrize(
    ("index", "of_keyset", "counts"),
    [(4, 5, True), (6, 5, False), (None, 5, False), (4, None, False), (None, None, False)],
)
def test_within_the_second_of_a_keyset_the_leaf_decides_which_low_holds(
    index: int | None, of_keyset: int | None, counts: bool
) -> None:
    raised = replace(ALPHA.keyset, version=2, low=PQ1, log_time=NOW, log_index=of_keyset)
    known = directory(ALPHA.keyset, raised)
    if counts:
        assert judged(known, EC1, NOW, index) == Valid()
    else:
        assert failure(known, EC1, NOW, index) is Failure.SUITE_BELOW_LOW


def test_within_the_second_of_a_revocation_the_leaf_decides_of_every_signer() -> None:
    known = directory()
    known.revokes = [Revocation("xa-alpha", KIDS[PQ1][0], SINCE, "stolen", "A" * 43, NOW, 5)]
    assert judged(known, PQ1, NOW, 4) == Repudiated(NOW, SINCE, NOW, 5)
    with pytest.raises(VerificationError) as refused:
        judged(known, PQ1, NOW, 6)
    assert refused.value.failure is Failure.KEY_REVOKED


def test_nothing_counts_in_the_second_of_the_first_keyset_before_its_leaf() -> None:
    known = directory(replace(ALPHA.keyset, log_time=NOW, log_index=5))
    assert judged(known, PQ1, NOW, 6) == Valid()
    assert failure(known, PQ1, NOW, 4) is Failure.KEYSET_UNKNOWN


class Forgetful(MemoryDirectory):
    """A directory that has lost an agency's newest keyset."""

    def keyset(self, agency: str) -> Keyset | None:
        return None


class Ignorant(MemoryDirectory):
    """A directory without earlier keysets."""

    def keyset_logged_before(self, agency: str, log_time: int, index: int | None = None) -> Keyset | None:
        return None


@pytest.mark.parametrize("kind", [Forgetful, Ignorant])
def test_keys_are_judged_by_the_newest_keyset_and_the_one_of_that_time(kind: type[MemoryDirectory]) -> None:
    assert failure(kind(ALPHA), PQ1, NOW) is Failure.KEYSET_UNKNOWN


# Keys that may submit.


def with_rows(**changes: Any) -> MemoryDirectory:
    return directory(replace(ALPHA.keyset, rows=tuple(replace(row, **changes) for row in ALPHA.rows)))


def suspended() -> MemoryDirectory:
    made = directory()
    made.suspended = {KIDS[PQ1][1]}
    return made


def revoked(log_time: int) -> MemoryDirectory:
    made = directory()
    made.revokes = [Revocation("xa-alpha", KIDS[PQ1][0], SINCE, "stolen", "A" * 43, log_time)]
    return made


SUBMITTING: dict[str, tuple[MemoryDirectory, Failure | None]] = {
    "an hour before their end": (with_rows(exp=NOW + HOUR), None),
    "a second later": (with_rows(exp=NOW + HOUR - 1), Failure.KEY_ENDING),
    "retiring": (with_rows(st="retiring"), None),
    "retired": (with_rows(st="retired"), Failure.KEY_NOT_CURRENT),
    "suspended": (suspended(), Failure.KEY_SUSPENDED),
    "revoked": (revoked(REVOKED_AT), Failure.KEY_REVOKED),
    "revoked by what is logged next": (revoked(NOW + 1), Failure.KEY_REVOKED),
    "in a keyset that has expired": (directory(replace(ALPHA.keyset, exp=NOW)), Failure.KEYSET_EXPIRED),
}


@pytest.mark.parametrize(("known", "failure"), SUBMITTING.values(), ids=SUBMITTING.keys())
def test_keys_may_submit(known: MemoryDirectory, failure: Failure | None) -> None:
    if failure is None:
        assert len(signers_at_intake(known, "xa-alpha", KIDS[PQ1], PQ1, NOW)) == 2
    else:
        with pytest.raises(VerificationError) as refused:
            signers_at_intake(known, "xa-alpha", KIDS[PQ1], PQ1, NOW)
        assert refused.value.failure is failure


@pytest.mark.parametrize("known", [MemoryDirectory(), SUBMITTING["in a keyset that has expired"][0]])
def test_an_agency_without_a_keyset_in_force_is_named(known: MemoryDirectory) -> None:
    with pytest.raises(VerificationError) as refused:
        signers_at_intake(known, "xa-alpha", KIDS[PQ1], PQ1, NOW)
    assert refused.value.agencies == ("xa-alpha",)


@pytest.mark.parametrize("name", ["suspended", "in a keyset that has expired"])
def test_what_they_signed_before_still_counts(name: str) -> None:
    assert judged(SUBMITTING[name][0], PQ1, NOW) == Valid()

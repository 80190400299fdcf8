# SPDX-License-Identifier: Apache-2.0
"""The key rule, second by second: nbf <= L < exp, and L < since once revoked."""

from dataclasses import replace

import pytest

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.keyrule import (
    Repudiated,
    Standing,
    Valid,
    check_window,
    judge_key,
    judge_signers,
    signers_at_intake,
    worst_of,
)
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import KeyRow, Keyset, Revocation, revocations_of
from tests.envelope.world import DAY, NOW, Agency, MemoryDirectory, make_agency

HOUR = 3600
SINCE, REVOKED_AT = NOW - 2 * HOUR, NOW - HOUR


@pytest.fixture(scope="module")
def alpha() -> Agency:
    return make_agency("xa-alpha")


def first_row(alpha: Agency) -> KeyRow:
    return alpha.rows[0]


def revocation(alpha: Agency, since: int = SINCE, log_time: int = REVOKED_AT) -> Revocation:
    return Revocation("xa-alpha", first_row(alpha).kid, since, "stolen", "A" * 43, log_time)


def judge(alpha: Agency, log_time: int, *said: Revocation) -> Standing:
    return judge_key(alpha.keyset, first_row(alpha).kid, log_time, said)


def test_counts_from_nbf_until_before_exp(alpha: Agency) -> None:
    row = first_row(alpha)
    assert judge(alpha, row.nbf) == Valid()
    assert judge(alpha, row.exp - 1) == Valid()
    for outside in (row.nbf - 1, row.exp):
        with pytest.raises(VerificationError) as refused:
            judge(alpha, outside)
        assert refused.value.failure is Failure.KEY_NOT_VALID_THEN


def test_revoked_counts_before_since_and_is_repudiated_until_the_revocation(alpha: Agency) -> None:
    said = revocation(alpha)
    assert judge(alpha, SINCE - 1, said) == Valid()
    assert judge(alpha, SINCE, said) == Repudiated(SINCE, SINCE, REVOKED_AT)
    assert judge(alpha, REVOKED_AT - 1, said) == Repudiated(REVOKED_AT - 1, SINCE, REVOKED_AT)
    for after in (REVOKED_AT, NOW):
        with pytest.raises(VerificationError) as refused:
            judge(alpha, after, said)
        assert refused.value.failure is Failure.KEY_REVOKED


def test_smallest_since_holds_and_the_first_word_counts(alpha: Agency) -> None:
    words = revocation(alpha), revocation(alpha, since=SINCE - HOUR, log_time=NOW)
    assert judge(alpha, SINCE - HOUR - 1, *words) == Valid()
    assert judge(alpha, SINCE - HOUR, *words) == Repudiated(SINCE - HOUR, SINCE - HOUR, REVOKED_AT)
    with pytest.raises(VerificationError):
        judge(alpha, REVOKED_AT, *words)


def test_nothing_counts_from_the_revocation_on_even_before_a_later_since(alpha: Agency) -> None:
    said = revocation(alpha, since=REVOKED_AT + 200)
    assert judge(alpha, REVOKED_AT - 1, said) == Valid()
    with pytest.raises(VerificationError):
        judge(alpha, REVOKED_AT, said)


def test_a_row_alone_says_it_too(alpha: Agency) -> None:
    revoked = replace(first_row(alpha), st="revoked", since=SINCE)
    keyset = replace(alpha.keyset, rows=(revoked,), log_time=REVOKED_AT)
    assert judge_key(keyset, revoked.kid, SINCE - 1) == Valid()
    assert isinstance(judge_key(keyset, revoked.kid, SINCE), Repudiated)
    with pytest.raises(VerificationError):
        judge_key(keyset, revoked.kid, REVOKED_AT)


def test_a_row_counts_from_its_since_while_its_keyset_is_not_logged(alpha: Agency) -> None:
    revoked = replace(first_row(alpha), st="revoked", since=SINCE)
    keyset = replace(alpha.keyset, rows=(revoked,), log_time=None)
    assert judge_key(keyset, revoked.kid, SINCE - 1) == Valid()
    with pytest.raises(VerificationError) as refused:
        judge_key(keyset, revoked.kid, SINCE)
    assert refused.value.failure is Failure.KEY_REVOKED


@pytest.mark.parametrize(
    ("index", "of_revocation", "is_refused"),
    [(4, 5, False), (6, 5, True), (None, 5, True), (4, None, True), (None, None, True)],
)
def test_within_the_second_of_the_revocation_the_leaf_decides(
    alpha: Agency, index: int | None, of_revocation: int | None, is_refused: bool
) -> None:
    said = replace(revocation(alpha), index=of_revocation)
    kid = first_row(alpha).kid
    if is_refused:
        with pytest.raises(VerificationError) as refused:
            judge_key(alpha.keyset, kid, REVOKED_AT, [said], index=index)
        assert refused.value.failure is Failure.KEY_REVOKED
    else:
        standing = judge_key(alpha.keyset, kid, REVOKED_AT, [said], index=index)
        assert standing == Repudiated(REVOKED_AT, SINCE, REVOKED_AT, 5)


def test_a_keyset_that_revokes_has_its_leaf_too(alpha: Agency) -> None:
    row = replace(first_row(alpha), st="revoked", since=SINCE)
    keyset = replace(alpha.keyset, rows=(row,), log_time=REVOKED_AT, log_index=5)
    (said,) = revocations_of([keyset])
    assert said.index == 5
    for words in ([said], []):
        assert isinstance(judge_key(keyset, row.kid, REVOKED_AT, words, index=4), Repudiated)


def test_revocation_of_another_key_means_nothing(alpha: Agency) -> None:
    other = replace(revocation(alpha), kid=alpha.rows[1].kid)
    assert judge(alpha, NOW, other) == Valid()


def test_unknown_key_and_encryption_key_are_refused(alpha: Agency) -> None:
    encryption = next(row for row in alpha.rows if row.use == "enc")
    for kid, failure in (("A" * 43, Failure.KEY_UNKNOWN), (encryption.kid, Failure.KEY_USE)):
        with pytest.raises(VerificationError) as refused:
            judge_key(alpha.keyset, kid, NOW)
        assert refused.value.failure is failure


def kids(alpha: Agency, suite: str) -> list[str]:
    return [key.kid for key in alpha.signing[suite].signers]


def directory_of(alpha: Agency, *later: Keyset) -> MemoryDirectory:
    directory = MemoryDirectory(alpha)
    directory.keysets["xa-alpha"].extend(later)
    return directory


def test_lowest_suite_is_that_of_the_newest_keyset_logged_before(alpha: Agency) -> None:
    raised = replace(alpha.keyset, version=2, low=PQ1, log_time=NOW - 100)
    directory = directory_of(alpha, raised)
    keys, standing = judge_signers(directory, "xa-alpha", kids(alpha, EC1), EC1, NOW - 101)
    assert (len(keys), standing) == (1, Valid())
    with pytest.raises(VerificationError) as refused:
        judge_signers(directory, "xa-alpha", kids(alpha, EC1), EC1, NOW - 100)
    assert (refused.value.failure, refused.value.agencies) == (Failure.SUITE_BELOW_LOW, ("xa-alpha",))
    assert judge_signers(directory, "xa-alpha", kids(alpha, PQ1), PQ1, NOW)[1] == Valid()


@pytest.mark.parametrize(
    ("index", "of_keyset", "counts"),
    [(4, 5, True), (6, 5, False), (None, 5, False), (4, None, False), (None, None, False)],
)
def test_within_the_second_of_a_keyset_the_leaf_decides_which_low_holds(
    alpha: Agency, index: int | None, of_keyset: int | None, counts: bool
) -> None:
    raised = replace(alpha.keyset, version=2, low=PQ1, log_time=NOW, log_index=of_keyset)
    directory = directory_of(alpha, raised)
    if counts:
        assert judge_signers(directory, "xa-alpha", kids(alpha, EC1), EC1, NOW, index=index)[1] == Valid()
    else:
        with pytest.raises(VerificationError) as refused:
            judge_signers(directory, "xa-alpha", kids(alpha, EC1), EC1, NOW, index=index)
        assert refused.value.failure is Failure.SUITE_BELOW_LOW


def test_nothing_counts_in_the_second_of_the_first_keyset_before_its_leaf(alpha: Agency) -> None:
    directory = MemoryDirectory(alpha)
    directory.keysets["xa-alpha"] = [replace(alpha.keyset, log_time=NOW, log_index=5)]
    assert judge_signers(directory, "xa-alpha", kids(alpha, PQ1), PQ1, NOW, index=6)[1] == Valid()
    with pytest.raises(VerificationError) as refused:
        judge_signers(directory, "xa-alpha", kids(alpha, PQ1), PQ1, NOW, index=4)
    assert refused.value.failure is Failure.KEYSET_UNKNOWN


def test_nothing_counts_before_the_first_keyset_was_logged(alpha: Agency) -> None:
    for agency, log_time in (("xa-alpha", NOW - DAY - 1), ("xm-mallory", NOW)):
        with pytest.raises(VerificationError) as refused:
            judge_signers(MemoryDirectory(alpha), agency, kids(alpha, PQ1), PQ1, log_time)
        assert (refused.value.failure, refused.value.agencies) == (Failure.KEYSET_UNKNOWN, (agency,))


def test_suites_are_not_mixed(alpha: Agency) -> None:
    directory = MemoryDirectory(alpha)
    classical, lattice = kids(alpha, PQ1)
    for signers, suite in (
        ([classical], PQ1),
        ([classical, lattice], EC1),
        ([lattice, classical], PQ1),
        ([lattice], EC1),
    ):
        with pytest.raises(VerificationError) as refused:
            judge_signers(directory, "xa-alpha", signers, suite, NOW)
        assert refused.value.failure is Failure.SUITE


@pytest.mark.parametrize("turned", [False, True])
def test_two_repudiated_signatures_have_the_smallest_since_and_the_latest_r(
    alpha: Agency, turned: bool
) -> None:
    directory = MemoryDirectory(alpha)
    words = [(NOW - 5, NOW + 50), (NOW - 20, NOW + 5)]
    for kid, (since, logged) in zip(kids(alpha, PQ1), words[::-1] if turned else words, strict=True):
        directory.revokes.append(Revocation("xa-alpha", kid, since, "stolen", "", logged))
    standing = judge_signers(directory, "xa-alpha", kids(alpha, PQ1), PQ1, NOW)[1]
    assert standing == Repudiated(NOW, NOW - 20, NOW + 50)


def test_one_repudiated_object_makes_the_whole_repudiated() -> None:
    early, late = Repudiated(9, 5, 20), Repudiated(9, 8, 20)
    assert worst_of([Valid(), late, early, Valid()]) == early
    assert worst_of([Valid(), Valid()]) == Valid()


def at_intake(directory: MemoryDirectory, alpha: Agency, now: int = NOW) -> int:
    return len(signers_at_intake(directory, "xa-alpha", kids(alpha, PQ1), PQ1, now))


@pytest.mark.parametrize("stored", [False, True])
def test_nobody_submits_without_a_keyset_in_force(alpha: Agency, stored: bool) -> None:
    directory = MemoryDirectory(alpha)
    directory.keysets["xa-alpha"] = [replace(alpha.keyset, exp=NOW)] if stored else []
    with pytest.raises(VerificationError) as refused:
        at_intake(directory, alpha)
    failure = Failure.KEYSET_EXPIRED if stored else Failure.KEYSET_UNKNOWN
    assert (refused.value.failure, refused.value.agencies) == (failure, ("xa-alpha",))


def test_keys_may_submit_until_an_hour_before_their_end(alpha: Agency) -> None:
    directory = MemoryDirectory(alpha)
    end = NOW + 2 * HOUR
    directory.keysets["xa-alpha"] = [
        replace(alpha.keyset, rows=tuple(replace(row, exp=end) for row in alpha.rows))
    ]
    assert at_intake(directory, alpha, end - HOUR) == 2
    with pytest.raises(VerificationError) as refused:
        at_intake(directory, alpha, end - HOUR + 1)
    assert refused.value.failure is Failure.KEY_ENDING


@pytest.mark.parametrize(
    ("st", "failure"), [("current", None), ("retiring", None), ("retired", Failure.KEY_NOT_CURRENT)]
)
def test_keys_may_submit_while_current_or_retiring(alpha: Agency, st: str, failure: Failure | None) -> None:
    directory = MemoryDirectory(alpha)
    rows = tuple(replace(row, st=st) for row in alpha.rows)
    directory.keysets["xa-alpha"] = [replace(alpha.keyset, rows=rows)]
    if failure is None:
        assert at_intake(directory, alpha) == 2
    else:
        with pytest.raises(VerificationError) as refused:
            at_intake(directory, alpha)
        assert refused.value.failure is failure


def test_a_suspended_key_may_not_submit_and_what_it_signed_still_counts(alpha: Agency) -> None:
    directory = MemoryDirectory(alpha)
    directory.suspended = {kids(alpha, PQ1)[1]}
    with pytest.raises(VerificationError) as refused:
        at_intake(directory, alpha)
    assert refused.value.failure is Failure.KEY_SUSPENDED
    assert judge_signers(directory, "xa-alpha", kids(alpha, PQ1), PQ1, NOW)[1] == Valid()


def test_a_revoked_key_may_not_submit(alpha: Agency) -> None:
    directory = MemoryDirectory(alpha)
    for log_time in (REVOKED_AT, NOW + 1):
        directory.revokes = [Revocation("xa-alpha", kids(alpha, PQ1)[0], SINCE, "stolen", "A" * 43, log_time)]
        with pytest.raises(VerificationError) as refused:
            at_intake(directory, alpha)
        assert refused.value.failure is Failure.KEY_REVOKED


def test_an_expired_keyset_stops_intake_and_never_reading(alpha: Agency) -> None:
    directory = MemoryDirectory(alpha)
    after = alpha.keyset.exp
    with pytest.raises(VerificationError) as refused:
        at_intake(directory, alpha, after)
    assert refused.value.failure is Failure.KEYSET_EXPIRED
    assert judge_signers(directory, "xa-alpha", kids(alpha, PQ1), PQ1, after)[1] == Valid()


def test_window_is_a_day_back_and_five_minutes_ahead() -> None:
    for iat in (NOW - DAY, NOW + 300):
        check_window(iat, NOW)
    for iat, failure in ((NOW - DAY - 1, Failure.STALE), (NOW + 301, Failure.FUTURE)):
        with pytest.raises(VerificationError) as refused:
            check_window(iat, NOW)
        assert refused.value.failure is failure

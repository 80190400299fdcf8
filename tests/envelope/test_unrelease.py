# SPDX-License-Identifier: Apache-2.0
"""An `unrelease` withdraws a release and everything below it in a chain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.keyrule import Reaffirmed, Repudiated, Standing, Valid
from accord.envelope.releases import withdrawn_by
from accord.envelope.statements.checks import VerifiedStatement, verify_statement
from accord.envelope.statements.entitlement import SubjectFacts, check_entitled
from accord.envelope.statements.form import Statement, make_statement, parse_statement
from tests.envelope.releasing import DELTA, ECHO, FOXTROT, Chain, Released
from tests.envelope.world import ALERT, NOW, known_agency, uuid7


@pytest.fixture
def chain(pq1_chain: Chain) -> Chain:
    return pq1_chain


def chain_of_three(chain: Chain) -> list[Released]:
    via = [chain.release(chain.bravo, [DELTA])]
    for issuer, to in ((DELTA, ECHO), (ECHO, FOXTROT)):
        via.append(chain.onward(via, issuer, to))
    return via


def said_in(via: list[Released]) -> list[Statement]:
    return [parse_statement(jws).statement for jws, _ in via]


def unrelease(chain: Chain, by: str, release: Statement, **changes: Any) -> VerifiedStatement:
    agency = known_agency(by)
    terms: dict[str, Any] = {
        "iss": by, "signer": agency.signing["PQ1"], "suite": "PQ1", "id": uuid7(90), "iat": NOW,
        "nonce": bytes(16), "sub": release.ref, "body": {"code": "condition"},
    }  # fmt: skip
    octets = make_statement("unrelease", **(terms | changes))
    return verify_statement(parse_statement(octets), chain.world.directory, log_time=NOW)


def withdrawn(chain: Chain, via: list[Released], *words: VerifiedStatement) -> frozenset[str]:
    return withdrawn_by(chain.carried.manifest, said_in(via), words)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_lies_below_a_withdrawn_release_gives_no_access_and_what_lies_above_does(
    chain: Chain, place: int
) -> None:
    via = chain_of_three(chain)
    said = said_in(via)
    gone = withdrawn(chain, via, unrelease(chain, said[place].iss, said[place]))
    assert gone == {said[place].od}
    for depth, reader in enumerate((DELTA, ECHO, FOXTROT)):
        octets = chain.slice(reader, via[: depth + 1])
        if depth < place:
            assert chain.open(octets, reader, unreleased=gone).alert == ALERT
        else:
            assert chain.failure(octets, reader, unreleased=gone) is Failure.WITHDRAWN_ACCESS


def test_recipients_of_the_alert_itself_keep_it(chain: Chain) -> None:
    via = chain_of_three(chain)
    gone = withdrawn(chain, via, unrelease(chain, "xa-alpha", said_in(via)[0]))
    assert chain.open(chain.slices["xb-bravo"], "xb-bravo", unreleased=gone).alert == ALERT


@pytest.mark.parametrize(
    ("by", "counts"),
    [("xa-alpha", True), (DELTA, True), ("xb-bravo", False), (ECHO, False), (FOXTROT, False)],
)
def test_its_issuer_and_the_originator_withdraw_a_release_and_nobody_else(
    chain: Chain, by: str, counts: bool
) -> None:
    via = chain_of_three(chain)
    second = said_in(via)[1]
    word = unrelease(chain, by, second)
    assert withdrawn(chain, via, word) == ({second.od} if counts else frozenset())
    facts = SubjectFacts(
        "release", second.id, second.od, iss=second.iss, manifest_iss="xa-alpha", holders={by}
    )
    if counts:
        check_entitled(word.statement, facts)
    else:
        with pytest.raises(VerificationError) as refused:
            check_entitled(word.statement, facts)
        assert refused.value.failure is Failure.NOT_ENTITLED


def test_several_are_withdrawn_one_by_one(chain: Chain) -> None:
    via = chain_of_three(chain)
    first, _, third = said_in(via)
    words = [unrelease(chain, "xa-alpha", first), unrelease(chain, ECHO, third)]
    assert withdrawn(chain, via, *words) == {first.od, third.od}


@pytest.mark.parametrize("member", ["id", "d"])
def test_it_names_the_release_by_both_its_members(chain: Chain, member: str) -> None:
    via = chain_of_three(chain)
    release = said_in(via)[0]
    other = replace(release.ref, **{member: {"id": uuid7(5), "d": "A" * 43}[member]})
    assert withdrawn(chain, via, unrelease(chain, "xb-bravo", release, sub=other)) == frozenset()


def test_another_kind_about_the_release_withdraws_nothing(chain: Chain) -> None:
    via = chain_of_three(chain)
    release = said_in(via)[0]
    word = unrelease(chain, "xb-bravo", release)
    other = replace(word, statement=replace(word.statement, k="reaffirm"))
    assert withdrawn(chain, via, other) == frozenset()


@pytest.mark.parametrize(
    ("standing", "counts"),
    [
        (Valid(), True),
        (Repudiated(NOW, NOW - 1, NOW + 1), False),
        (Reaffirmed(NOW, NOW - 1, NOW + 1, NOW + 2), True),
    ],
)
def test_a_repudiated_unrelease_withdraws_nothing_until_reaffirmed(
    chain: Chain, standing: Standing, counts: bool
) -> None:
    via = chain_of_three(chain)
    release = said_in(via)[0]
    word = replace(unrelease(chain, "xb-bravo", release), standing=standing)
    assert withdrawn(chain, via, word) == ({release.od} if counts else frozenset())


def test_a_rekey_falls_with_the_release_that_proved_the_access(chain: Chain) -> None:
    via = [chain.release(chain.bravo, [DELTA])]
    via.append(chain.release(chain.world.alpha, [DELTA], code="rekey"))
    gone = withdrawn(chain, via, unrelease(chain, "xb-bravo", said_in(via)[0]))
    octets = chain.slice(DELTA, via)
    assert chain.open(octets, DELTA).alert == ALERT
    assert chain.failure(octets, DELTA, unreleased=gone) is Failure.WITHDRAWN_ACCESS

# SPDX-License-Identifier: Apache-2.0
"""Entitlement of issuers: a table of each kind by each party."""

from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.keys import PQ1
from accord.envelope.statements.entitlement import SubjectFacts, check_entitled
from accord.envelope.statements.form import Statement, SubjectRef, parse_statement
from tests.envelope.good_statements import AGREEMENT, DIGEST, good_statement
from tests.envelope.world import Agency, make_agency, uuid7

ORIGINATOR, HOLDER, RELEASER, PARTY, STRANGER = "xa-alpha", "xb-bravo", "xc-charlie", "xd-delta", "xm-mallory"
EVERYONE = {ORIGINATOR, HOLDER, RELEASER, PARTY, STRANGER}
HOLDERS = frozenset({ORIGINATOR, HOLDER, RELEASER})
ENTITLED = {
    "ack": {ORIGINATOR, HOLDER, RELEASER},
    "retract": {ORIGINATOR},
    "confirm": {ORIGINATOR, HOLDER, RELEASER},
    "ask": {ORIGINATOR, HOLDER, RELEASER},
    "answer": {ORIGINATOR},
    "release": {ORIGINATOR, HOLDER, RELEASER},
    "unrelease": {ORIGINATOR, RELEASER},
    "reaffirm": {ORIGINATOR},
    "accept": {ORIGINATOR, PARTY},
    "leave": {ORIGINATOR, PARTY},
    "suspend": {ORIGINATOR, PARTY},
    "resume": {ORIGINATOR, PARTY},
}


@pytest.fixture(scope="module")
def alpha() -> Agency:
    return make_agency(ORIGINATOR)


def statement(alpha: Agency, kind: str, **changes: Any) -> Statement:
    return replace(parse_statement(good_statement(alpha, kind)).statement, **changes)


def subject_of(said: Statement) -> SubjectFacts:
    assert said.sub is not None
    issuers = {"manifest": ORIGINATOR, "retract": ORIGINATOR, "ask": HOLDER, "release": RELEASER}
    facts = SubjectFacts(
        said.sub.k, said.sub.id, said.sub.d, iss=issuers.get(said.sub.k, ORIGINATOR), manifest_iss=ORIGINATOR,
        holders=HOLDERS,
    )  # fmt: skip
    if said.sub.k == "agreement":
        return replace(facts, manifest_iss=None, holders=frozenset(), parties=frozenset({ORIGINATOR, PARTY}))
    return facts


@pytest.mark.parametrize("kind", ENTITLED)
def test_entitled(alpha: Agency, kind: str) -> None:
    said = statement(alpha, kind)
    for agency in EVERYONE:
        by = replace(said, iss=agency)
        if agency in ENTITLED[kind]:
            check_entitled(by, subject_of(said))
        else:
            with pytest.raises(VerificationError) as refused:
                check_entitled(by, subject_of(said))
            assert refused.value.failure is Failure.NOT_ENTITLED


def test_an_unknown_kind_entitles_nobody(alpha: Agency) -> None:
    said = replace(statement(alpha, "ack"), k="gossip")
    with pytest.raises(VerificationError) as refused:
        check_entitled(said, subject_of(said))
    assert refused.value.failure is Failure.NOT_ENTITLED


def test_reaffirm_of_a_statement_is_by_its_issuer(alpha: Agency) -> None:
    said = statement(alpha, "reaffirm", sub=SubjectRef("ack", uuid7(2), DIGEST))
    facts = SubjectFacts("ack", uuid7(2), DIGEST, iss=HOLDER, manifest_iss=ORIGINATOR, holders=HOLDERS)
    check_entitled(replace(said, iss=HOLDER), facts)
    with pytest.raises(VerificationError):
        check_entitled(said, facts)


def test_agreement_is_by_one_of_its_parties(alpha: Agency) -> None:
    said = statement(alpha, "agreement")
    assert AGREEMENT["parties"] == [ORIGINATOR, HOLDER]
    check_entitled(said, None)
    with pytest.raises(VerificationError):
        check_entitled(replace(said, iss=STRANGER), None)


@pytest.mark.parametrize("member", ["k", "id", "d"])
def test_subject_is_the_one_named(alpha: Agency, member: str) -> None:
    said = statement(alpha, "ack", iss=HOLDER)
    facts = subject_of(said)
    check_entitled(said, facts)
    other = {"k": "release", "id": uuid7(99), "d": "B" * 42 + "A"}[member]
    with pytest.raises(VerificationError) as refused:
        check_entitled(said, replace(facts, **{member: other}))
    assert refused.value.failure is Failure.SUBJECT


def test_subject_that_nobody_knows_is_refused(alpha: Agency) -> None:
    with pytest.raises(VerificationError) as refused:
        check_entitled(statement(alpha, "ack", iss=HOLDER), None)
    assert refused.value.failure is Failure.SUBJECT


def test_the_root_speaks_for_its_own_agency(alpha: Agency) -> None:
    keyset = parse_statement(alpha.keyset_jws).statement
    check_entitled(keyset, None)
    assert keyset.suite == PQ1

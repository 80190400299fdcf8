# SPDX-License-Identifier: Apache-2.0
"""Statements of every kind are accepted and read member by member; the kit has what is refused."""

import json
from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.encoding import (
    MAX_RELEASE_BYTES,
    MAX_STATEMENT_BYTES,
    b64u,
    canonical,
    object_digest,
    sha256,
    unb64u,
)
from accord.envelope.errors import (
    Failure,
    MalformedError,
    TooLargeError,
    VerificationError,
)
from accord.envelope.keyrule import Valid
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import Revocation
from accord.envelope.private import SignerSet
from accord.envelope.statements.bodies import KIND_RULES
from accord.envelope.statements.checks import (
    VerifiedStatement,
    accept_statement,
    revocation_of,
    verify_revoke,
    verify_statement,
)
from accord.envelope.statements.entitlement import SubjectFacts, check_entitled
from accord.envelope.statements.form import (
    CheckpointRef,
    Statement,
    SubjectRef,
    build_statement,
    make_statement,
    parse_statement,
    parse_statement_object,
    sign_statement,
)
from tests.envelope.good_statements import DIGEST, GOOD, MANIFEST, good_statement
from tests.envelope.tampering import write
from tests.envelope.world import DAY, NOW, Agency, MemoryDirectory, World, make_agency, make_world, uuid7


def accept(world: World, signed: bytes, caller: str = "xa-alpha") -> VerifiedStatement:
    return accept_statement(parse_statement(signed), caller=caller, directory=world.directory, now=NOW)


@pytest.mark.parametrize("kind", GOOD)
def test_is_accepted_and_verified(pq1: World, kind: str) -> None:
    signed = good_statement(pq1.alpha, kind)
    accepted = accept(pq1, signed)
    verified = verify_statement(parse_statement(signed), pq1.directory, log_time=NOW)
    assert accepted.statement == verified.statement
    assert (verified.standing, verified.log_time, accepted.log_time) == (Valid(), NOW, None)
    assert verified.statement.typ == f"accord-{kind.split(maxsplit=1)[0]}+jws"
    assert parse_statement(signed).raw == signed


def test_every_kind_but_those_of_the_root_is_tried_here() -> None:
    assert {name.split()[0] for name in GOOD} == KIND_RULES.keys() - {"keyset", "revoke", "pop"}


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("gossip", {}),
        ("reaffirm", {"body": {"code": "error"}}),
        ("reaffirm", {"nonce": bytes(15)}),
        ("confirm", {"body": {"st": "stopped"}}),
    ],
    ids=["an unknown kind", "a body of another kind", "a short nonce", "a subject of another kind"],
)
def test_what_cannot_be_read_is_not_built(pq1: World, kind: str, changes: dict[str, Any]) -> None:
    arguments: dict[str, Any] = {
        "iss": "xa-alpha", "signer": pq1.alpha.signing[PQ1], "suite": PQ1, "id": uuid7(4), "iat": NOW,
        "nonce": bytes(16), "sub": MANIFEST,
    }  # fmt: skip
    with pytest.raises(MalformedError):
        build_statement(kind, **(arguments | changes))


def test_unknown_kind_is_refused(world: World) -> None:
    with pytest.raises(MalformedError):
        parse_statement(signed(world, payload_of(good_statement(world.alpha, "reaffirm")) | {"k": "gossip"}))


def test_signer_is_the_one_it_was_built_for(pq1: World) -> None:
    payload = build_statement(
        "reaffirm", iss="xa-alpha", signer=pq1.alpha.signing[PQ1], suite=PQ1, id=uuid7(4), iat=NOW,
        nonce=bytes(16), sub=MANIFEST,
    )  # fmt: skip
    with pytest.raises(MalformedError):
        sign_statement(payload, pq1.others[0].signing[PQ1])


def test_the_root_revokes_a_key(pq1: World) -> None:
    alpha = pq1.alpha
    body = {"kid": alpha.rows[0].kid, "since": NOW - 60, "code": "stolen"}
    octets = make_statement(
        "revoke", iss=alpha.id, signer=alpha.root.signer, suite=PQ1, id=uuid7(6), iat=NOW, nonce=bytes(16), body=body
    )  # fmt: skip
    said = verify_revoke(octets, alpha.keyset)
    wanted = Revocation("xa-alpha", alpha.rows[0].kid, NOW - 60, "stolen", said.od, NOW + 5)
    assert revocation_of(said, NOW + 5) == wanted


def test_only_the_root_revokes_and_only_a_key_of_its_agency(pq1: World) -> None:
    alpha, body = pq1.alpha, {"kid": pq1.alpha.rows[0].kid, "since": NOW - 60, "code": "stolen"}
    for changes, failure in (
        ({"signer": alpha.next_root.signer}, Failure.SIGNERS),
        ({"body": body | {"kid": DIGEST}}, Failure.KEY_UNKNOWN),
        ({"iss": "xb-bravo"}, Failure.ISSUER),
    ):
        arguments: dict[str, Any] = {
            "iss": alpha.id, "signer": alpha.root.signer, "suite": PQ1, "id": uuid7(6), "iat": NOW,
            "nonce": bytes(16), "body": body,
        }  # fmt: skip
        with pytest.raises(VerificationError) as refused:
            verify_revoke(make_statement("revoke", **(arguments | changes)), alpha.keyset)
        assert refused.value.failure is failure


def test_a_keyset_has_a_door_of_its_own(pq1: World) -> None:
    with pytest.raises(VerificationError) as refused:
        accept(pq1, pq1.alpha.keyset_jws)
    assert (refused.value.failure, refused.value.detail) == (Failure.TYP, "keyset")


def test_a_statement_holds_no_spaces_and_its_signatures_are_those_that_it_names(pq1: World) -> None:
    octets = good_statement(pq1.alpha, "retract")
    for spaced in (
        octets.replace(b":", b": ", 1),
        octets + b"\n",
        octets.replace(b"payload", b"p\\u0061yload", 1),
    ):
        with pytest.raises(MalformedError):
            parse_statement(spaced)
    value = json.loads(octets)
    value["signatures"].reverse()
    with pytest.raises(VerificationError) as refused:
        parse_statement(write(value))
    assert refused.value.failure is Failure.SIGNERS


def test_lowest_suite_binds_statements_too(pq1: World) -> None:
    foxtrot = make_agency("xf-border", suites=[EC1])
    pq1.directory.keysets[foxtrot.id] = [replace(foxtrot.keyset, low=PQ1)]
    with pytest.raises(VerificationError) as refused:
        accept(pq1, good_statement(foxtrot, "ack", EC1), caller="xf-border")
    assert refused.value.failure is Failure.SUITE_BELOW_LOW


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(PQ1)


def payload_of(octets: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(unb64u(json.loads(octets)["payload"]))
    return value


def signed(world: World, payload: dict[str, Any]) -> bytes:
    """Sign any payload by alpha, even one that `build_statement` would refuse."""
    return world.alpha.signing[PQ1].sign_jws(f"accord-{payload['k']}+jws", canonical(payload))


def test_a_statement_is_read_member_by_member(world: World) -> None:
    cp = CheckpointRef(5, b64u(sha256(b"root")))
    sub = SubjectRef("manifest", uuid7(1), "A" * 43)
    octets = good_statement(world.alpha, "ack opened", nonce=b"sixteen octets !", cp=cp, sub=sub)
    read = parse_statement(octets)
    said = read.statement
    assert (said.k, said.suite, said.iss, said.id) == ("ack", PQ1, "xa-alpha", uuid7(4))
    assert (said.iat, said.exp, said.act, said.cp, said.sub) == (NOW, None, "of-1", cp, sub)
    assert said.nonce == b64u(b"sixteen octets !")
    assert said.body == {"st": "opened", "code": None}
    payload = unb64u(json.loads(octets)["payload"])
    assert said.od == read.od == object_digest("accord-ack+jws", payload)
    assert said.od == b64u(sha256(b"accord-ack+jws\x00" + payload))
    assert (read.raw, said.typ) == (octets, "accord-ack+jws")


def test_what_ends_does_so_after_it_begins(world: World) -> None:
    release, agreement = (payload_of(good_statement(world.alpha, kind)) for kind in ("release", "agreement"))

    def agreed(nbf: int, exp: int | None) -> dict[str, Any]:
        return agreement | {"exp": exp, "body": agreement["body"] | {"nbf": nbf}}

    for good in (release | {"exp": NOW + 1}, agreed(0, NOW + 1), agreed(NOW + DAY - 1, NOW + DAY)):
        assert parse_statement(signed(world, good)).statement.exp == good["exp"]
    for wrong in (
        *(release | {"exp": exp} for exp in (NOW, None)), agreed(0, NOW), agreed(0, None), agreed(NOW + DAY, NOW + DAY)
    ):  # fmt: skip
        with pytest.raises(MalformedError):
            parse_statement(signed(world, wrong))


@pytest.mark.parametrize("value", [None, [], "x", 1, {}, {"payload": 5}, {"payload": "AAAA"}])
def test_a_statement_inside_a_larger_text_is_an_object_that_holds_one(value: object) -> None:
    with pytest.raises(MalformedError):
        parse_statement_object(value, b"")


@pytest.mark.parametrize(
    ("kind", "limit"), [("release", MAX_RELEASE_BYTES), ("ack opened", MAX_STATEMENT_BYTES)]
)
def test_a_statement_may_be_as_long_as_its_limit(world: World, kind: str, limit: int) -> None:
    value = json.loads(good_statement(world.alpha, kind))
    room = limit - len(write(value))
    # A longer signature: three octets more are four characters.
    value["signatures"][0]["signature"] += "AAAA" * (room // 4)
    assert parse_statement(write(value)).statement.k == kind.split(maxsplit=1)[0]
    value["signatures"][0]["signature"] += "AAAA"
    with pytest.raises(TooLargeError) as refused:
        parse_statement(write(value))
    assert refused.value.limit == limit


class LongSigner(SignerSet):
    """A signer that gives a signed text of any length."""

    length = 0

    def sign_jws(self, typ: str, payload: bytes) -> bytes:
        return b"x" * self.length


def test_nothing_longer_than_a_statement_may_be_is_signed(world: World) -> None:
    signer = LongSigner(world.alpha.signing[PQ1]._keys)
    payload = unb64u(json.loads(good_statement(world.alpha, "ack opened"))["payload"])
    signer.length = MAX_STATEMENT_BYTES
    assert len(sign_statement(payload, signer)) == MAX_STATEMENT_BYTES
    signer.length = MAX_STATEMENT_BYTES + 1
    with pytest.raises(TooLargeError) as refused:
        sign_statement(payload, signer)
    assert refused.value.limit == MAX_STATEMENT_BYTES


def test_a_reader_takes_ec1_from_an_agency_that_had_nothing_else_then() -> None:
    agency = make_agency("xw-whisky", suites=(EC1,))
    directory = MemoryDirectory(agency)
    said = parse_statement(good_statement(agency, "ask", keys=EC1))
    assert verify_statement(said, directory, log_time=NOW).log_time == NOW


# Who may say it: each kind by each party.

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
}


@pytest.fixture(scope="module")
def alpha() -> Agency:
    return make_agency(ORIGINATOR)


def statement(alpha: Agency, kind: str) -> Statement:
    return parse_statement(good_statement(alpha, kind)).statement


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


@pytest.mark.parametrize("kind", ["suspend", "resume"])
def test_nobody_suspends_or_resumes_lanes_with_itself(alpha: Agency, kind: str) -> None:
    said = statement(alpha, kind)
    check_entitled(said, None)
    with pytest.raises(VerificationError) as refused:
        check_entitled(replace(said, iss="xb-bravo"), None)
    assert refused.value.failure is Failure.NOT_ENTITLED


def test_an_unknown_kind_entitles_nobody_and_an_unknown_subject_is_refused(alpha: Agency) -> None:
    said = statement(alpha, "ack")
    for unfit, subject, failure in (
        (replace(said, k="gossip"), subject_of(said), Failure.NOT_ENTITLED),
        (replace(said, iss=HOLDER), None, Failure.SUBJECT),
    ):
        with pytest.raises(VerificationError) as refused:
            check_entitled(unfit, subject)
        assert refused.value.failure is failure


def test_the_root_speaks_for_its_own_agency(alpha: Agency) -> None:
    check_entitled(parse_statement(alpha.keyset_jws).statement, None)

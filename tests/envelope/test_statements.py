# SPDX-License-Identifier: Apache-2.0
"""Statements: closed bodies, signed like every object, accepted once they fit."""

from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.encoding import MAX_STATEMENT_BYTES, canonical, unb64u
from accord.envelope.errors import (
    EnvelopeError,
    Failure,
    MalformedError,
    TooLargeError,
    VerificationError,
)
from accord.envelope.keyrule import Repudiated, Valid
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import Revocation
from accord.envelope.statements.bodies import KIND_RULES
from accord.envelope.statements.checks import (
    VerifiedStatement,
    accept_statement,
    revocation_of,
    verify_revoke,
    verify_statement,
)
from accord.envelope.statements.form import (
    CheckpointRef,
    SubjectRef,
    build_statement,
    make_statement,
    parse_statement,
    sign_statement,
)
from tests.envelope.good_statements import AGREEMENT, DIGEST, GOOD, MANIFEST, RELEASE, good_statement
from tests.envelope.tampering import read, write
from tests.envelope.world import DAY, NOW, Agency, World, make_agency, uuid7


def accept(world: World, signed: bytes, caller: str = "xa-alpha", now: int = NOW) -> VerifiedStatement:
    return accept_statement(parse_statement(signed), caller=caller, directory=world.directory, now=now)


def failure_of(world: World, signed: bytes, **changes: Any) -> Failure:
    with pytest.raises(VerificationError) as refused:
        accept(world, signed, **changes)
    return refused.value.failure


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


def test_checkpoint_of_the_issuer_is_carried(pq1: World) -> None:
    signed = good_statement(pq1.alpha, "reaffirm", cp=CheckpointRef(7, DIGEST))
    assert parse_statement(signed).statement.cp == CheckpointRef(7, DIGEST)


WRONG_BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "opened with a code": ("ack opened", {"body": {"st": "opened", "code": "policy"}}),
    "opened by nobody": ("ack opened", {"act": None}),
    "unopenable by a person": ("ack unopenable", {"act": "of-1"}),
    "unopenable for policy": ("ack unopenable", {"body": {"st": "unopenable", "code": "policy"}}),
    "unopenable without a code": ("ack unopenable", {"body": {"st": "unopenable", "code": None}}),
    "an unknown state": ("ack opened", {"body": {"st": "read", "code": None}}),
    "free text": ("ack refused", {"body": {"st": "refused", "code": "we are not allowed to"}}),
    "an additional member": ("ack opened", {"body": {"st": "opened", "code": None, "note": ""}}),
    "a missing member": ("ack opened", {"body": {"st": "opened"}}),
    "an unknown reason": ("retract", {"body": {"code": "regret", "by": None}}),
    "a correction that is no id": ("retract", {"body": {"code": "error", "by": "x"}}),
    "an unsorted audience": ("ask", {"body": GOOD["ask"][1] | {"aud": ["xe-echo", "xd-delta"]}}),
    "no audience": ("ask", {"body": GOOD["ask"][1] | {"aud": []}}),
    "unsorted parts": ("ask", {"body": GOOD["ask"][1] | {"part": [3, 1]}}),
    "no parts": ("ask", {"body": GOOD["ask"][1] | {"part": []}}),
    "a part that is a truth value": ("ask", {"body": GOOD["ask"][1] | {"part": [True]}}),
    "a release without an end": ("release", {"exp": None}),
    "a release for another number": ("release", {"body": RELEASE | {"rn": 3}}),
    "an unknown condition": ("release", {"body": RELEASE | {"cond": ["burn"]}}),
    "an acknowledgement with an end": ("ack opened", {"exp": NOW + DAY}),
    "an end before the beginning": ("release", {"exp": NOW}),
    "something about reaffirm": ("reaffirm", {"body": {"code": "error"}}),
    "an agreement with oneself": ("agreement", {"body": AGREEMENT | {"parties": ["xa-alpha"]}}),
    "an agreement about nothing": ("agreement", {"body": AGREEMENT | {"lanes": []}}),
    "an agreement with a subject": ("agreement", {"sub": MANIFEST}),
    "an agreement that begins at its end": (
        "agreement",
        {"exp": NOW + 1, "body": AGREEMENT | {"nbf": NOW + 1}},
    ),
    "a second version of nothing": ("agreement", {"body": AGREEMENT | {"ver": 2}}),
    "a flag that is a number": ("agreement", {"body": AGREEMENT | {"emergency": 0}}),
    "no lane": ("suspend", {"body": {"lanes": []}}),
    "a lane twice": ("suspend", {"body": {"lanes": ["trade", "trade"]}}),
    "about the wrong kind": ("confirm", {"sub": MANIFEST}),
    "about nothing": ("ack opened", {"sub": None}),
    "an id of another version": ("reaffirm", {"id": "01900000-0000-4000-8000-000000000000"}),
    "a short nonce": ("reaffirm", {"nonce": bytes(15)}),
    "an unknown suite": ("reaffirm", {"suite": "PQ2"}),
    "an officer id with a space": ("ack opened", {"act": "of 1"}),
    "a time that is a truth value": ("reaffirm", {"iat": True}),
}


@pytest.mark.parametrize(("kind", "changes"), WRONG_BODIES.values(), ids=WRONG_BODIES.keys())
def test_refuses_to_say(pq1: World, kind: str, changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        good_statement(pq1.alpha, kind, **changes)


@pytest.mark.parametrize(("kind", "changes"), WRONG_BODIES.values(), ids=WRONG_BODIES.keys())
def test_refuses_to_hear(pq1: World, kind: str, changes: dict[str, Any]) -> None:
    """An agency whose software does not check has signed it."""
    payload = read(unb64u(read(good_statement(pq1.alpha, kind))["payload"]))
    for name, value in changes.items():
        if isinstance(value, SubjectRef):
            payload[name] = value.as_json()
        else:
            payload[name] = "AAAA" if isinstance(value, bytes) else value
    signed = pq1.alpha.signing[PQ1].sign_jws(f"accord-{kind.split(maxsplit=1)[0]}+jws", canonical(payload))
    with pytest.raises(MalformedError):
        parse_statement(signed)


KEYSET: dict[str, Any] = {
    "ver": 1, "prev": None, "root": [{}, {}], "nroot": "0" * 64, "custody": "agency", "low": "PQ1", "keys": [],
}  # fmt: skip
WRONG_PAYLOADS: dict[str, tuple[str, dict[str, Any]]] = {
    "a body that is no object": ("reaffirm", {"body": None}),
    "signers that are no array": ("reaffirm", {"signers": "A" * 43}),
    "no signer": ("reaffirm", {"signers": []}),
    "a checkpoint with other members": ("reaffirm", {"cp": {"n": 1}}),
    "another version": ("reaffirm", {"v": 2}),
    "a keyset row without a key": (
        "keyset",
        {
            "body": KEYSET
            | {"keys": [{"jwk": "", "use": "sign", "nbf": 0, "exp": 1, "st": "current", "since": None}]}
        },
    ),
    "a keyset with one root": ("keyset", {"body": KEYSET | {"root": [{}]}}),
    "keys that are no array": ("keyset", {"body": KEYSET | {"keys": {}}}),
    "a proof that is no array": ("pop", {"body": {"chal": DIGEST, "enc": {}}}),
    "a proof with a short nonce": (
        "pop",
        {"body": {"chal": DIGEST, "enc": [{"kid": DIGEST, "nonce": "AA"}]}},
    ),
}


@pytest.mark.parametrize(("kind", "changes"), WRONG_PAYLOADS.values(), ids=WRONG_PAYLOADS.keys())
def test_refuses_the_payload(pq1: World, kind: str, changes: dict[str, Any]) -> None:
    payload = read(unb64u(read(good_statement(pq1.alpha, "reaffirm"))["payload"])) | {"k": kind} | changes
    if kind != "reaffirm":
        payload |= {"sub": None, "exp": NOW + DAY if kind == "keyset" else None}
    with pytest.raises(MalformedError):
        parse_statement(pq1.alpha.signing[PQ1].sign_jws(f"accord-{kind}+jws", canonical(payload)))


def test_unknown_kind_is_not_built(pq1: World) -> None:
    with pytest.raises(MalformedError):
        build_statement(
            "gossip", iss="xa-alpha", signer=pq1.alpha.signing[PQ1], suite=PQ1, id=uuid7(4), iat=NOW,
            nonce=bytes(16),
        )  # fmt: skip


def test_typ_fits_the_kind(pq1: World) -> None:
    payload = unb64u(read(good_statement(pq1.alpha, "retract"))["payload"])
    for typ in ("accord-reaffirm+jws", "accord-manifest+jws", "JWT"):
        with pytest.raises(VerificationError) as refused:
            parse_statement(pq1.alpha.signing[PQ1].sign_jws(typ, payload))
        assert refused.value.failure is Failure.TYP


def test_a_manifest_is_no_statement(pq1: World) -> None:
    with pytest.raises(MalformedError):
        parse_statement(pq1.seal().manifest)


def test_unknown_kind_is_refused(pq1: World) -> None:
    payload = read(unb64u(read(good_statement(pq1.alpha, "reaffirm"))["payload"])) | {"k": "gossip"}
    with pytest.raises(MalformedError):
        parse_statement(pq1.alpha.signing[PQ1].sign_jws("accord-gossip+jws", canonical(payload)))


def test_signers_member_names_the_signatures(pq1: World) -> None:
    signed = read(good_statement(pq1.alpha, "retract"))
    signed["signatures"] = signed["signatures"][:1]
    with pytest.raises(VerificationError) as refused:
        parse_statement(write(signed))
    assert refused.value.failure is Failure.SIGNERS


def test_signer_is_the_one_it_was_built_for(pq1: World) -> None:
    payload = build_statement(
        "reaffirm", iss="xa-alpha", signer=pq1.alpha.signing[PQ1], suite=PQ1, id=uuid7(4), iat=NOW,
        nonce=bytes(16), sub=MANIFEST,
    )  # fmt: skip
    with pytest.raises(MalformedError):
        sign_statement(payload, pq1.others[0].signing[PQ1])


def test_issuer_is_the_caller_and_owner_of_the_keys(pq1: World) -> None:
    signed = good_statement(pq1.alpha, "retract")
    assert failure_of(pq1, signed, caller="xb-bravo") is Failure.ISSUER
    claimed = good_statement(pq1.alpha, "retract", iss="xb-bravo")
    assert failure_of(pq1, claimed, caller="xb-bravo") is Failure.KEY_UNKNOWN


def test_stale_and_future_iat_are_refused(pq1: World) -> None:
    assert accept(pq1, good_statement(pq1.alpha, "retract", iat=NOW - DAY)).od
    assert failure_of(pq1, good_statement(pq1.alpha, "retract", iat=NOW - DAY - 1)) is Failure.STALE
    assert failure_of(pq1, good_statement(pq1.alpha, "retract", iat=NOW + 301)) is Failure.FUTURE


def test_past_its_end_it_is_refused(pq1: World) -> None:
    release = good_statement(pq1.alpha, "release", exp=NOW + 60)
    assert accept(pq1, release, now=NOW + 59).od
    assert failure_of(pq1, release, now=NOW + 60) is Failure.EXPIRED


def test_pq1_is_used_where_the_issuer_has_it(pq1: World) -> None:
    assert failure_of(pq1, good_statement(pq1.alpha, "retract", EC1)) is Failure.SUITE
    with pytest.raises(VerificationError) as refused:
        verify_statement(
            parse_statement(good_statement(pq1.alpha, "retract", EC1)), pq1.directory, log_time=NOW
        )
    assert refused.value.failure is Failure.SUITE
    # A release has its manifest's suite.
    assert accept(pq1, good_statement(pq1.alpha, "release", EC1)).od


def test_an_agency_with_ec1_alone_may_speak(pq1: World) -> None:
    foxtrot = make_agency("xf-border", suites=[EC1])
    pq1.directory.keysets[foxtrot.id] = [foxtrot.keyset]
    assert accept(pq1, good_statement(foxtrot, "ack", EC1), caller="xf-border").od


def test_repudiated_statement_is_told_from_a_valid_one(pq1: World) -> None:
    kid = pq1.alpha.signing[PQ1].signers[1].kid
    pq1.directory.revokes = [Revocation("xa-alpha", kid, NOW - 60, "stolen", DIGEST, NOW + 60)]
    verified = verify_statement(
        parse_statement(good_statement(pq1.alpha, "retract")), pq1.directory, log_time=NOW
    )
    assert verified.standing == Repudiated(NOW, NOW - 60, NOW + 60)
    assert failure_of(pq1, good_statement(pq1.alpha, "retract")) is Failure.KEY_REVOKED


def test_nothing_is_signed_over_its_limit(pq1: World) -> None:
    many = [f"xd-a{n:04d}" for n in range(500)]
    aud = [agency[:3] + agency[3:].ljust(20, "x") for agency in many]
    body = GOOD["ask"][1] | {"aud": aud, "part": list(range(34_000))}
    with pytest.raises(TooLargeError):
        good_statement(pq1.alpha, "ask", body=body)


def test_over_its_limit_it_is_refused(pq1: World) -> None:
    signed = good_statement(pq1.alpha, "retract")
    with pytest.raises(TooLargeError):
        parse_statement(signed + b" " * (MAX_STATEMENT_BYTES - len(signed) + 1))


def revoke(agency: Agency, **changes: Any) -> bytes:
    terms: dict[str, Any] = {
        "iss": agency.id,
        "signer": agency.root.signer,
        "suite": PQ1,
        "id": uuid7(6),
        "iat": NOW,
        "nonce": bytes(16),
        "body": {"kid": agency.rows[0].kid, "since": NOW - 60, "code": "stolen"},
    }
    return make_statement("revoke", **(terms | changes))


def test_the_root_revokes_a_key(pq1: World) -> None:
    alpha = pq1.alpha
    statement = verify_revoke(revoke(alpha), alpha.keyset)
    assert revocation_of(statement, NOW + 5) == Revocation(
        "xa-alpha", alpha.rows[0].kid, NOW - 60, "stolen", statement.od, NOW + 5
    )


def test_only_the_root_revokes(pq1: World) -> None:
    alpha = pq1.alpha
    for signer in (alpha.signing[PQ1], alpha.next_root.signer):
        with pytest.raises(VerificationError) as refused:
            verify_revoke(revoke(alpha, signer=signer), alpha.keyset)
        assert refused.value.failure is Failure.SIGNERS


def test_revoke_names_a_key_of_the_agency(pq1: World) -> None:
    alpha, bravo = pq1.alpha, pq1.others[0]
    for signed, failure in (
        (revoke(alpha, body={"kid": DIGEST, "since": NOW, "code": "lost"}), Failure.KEY_UNKNOWN),
        (revoke(alpha, iss="xb-bravo"), Failure.ISSUER),
        (good_statement(alpha, "retract"), Failure.TYP),
    ):
        with pytest.raises(VerificationError) as refused:
            verify_revoke(signed, alpha.keyset)
        assert refused.value.failure is failure
    assert bravo.keyset.agency == "xb-bravo"


def test_revoke_looks_back_only(pq1: World) -> None:
    with pytest.raises(MalformedError):
        revoke(pq1.alpha, body={"kid": pq1.alpha.rows[0].kid, "since": NOW + 1, "code": "lost"})
    with pytest.raises(MalformedError):
        revoke(pq1.alpha, suite=EC1)


def test_keyset_and_revoke_have_their_own_doors(pq1: World) -> None:
    for signed in (revoke(pq1.alpha), pq1.alpha.keyset_jws):
        assert failure_of(pq1, signed) is Failure.TYP
        with pytest.raises(EnvelopeError):
            verify_statement(parse_statement(signed), pq1.directory, log_time=NOW)


def test_suspended_key_says_nothing(pq1: World) -> None:
    pq1.directory.suspended = {pq1.alpha.signing[PQ1].signers[0].kid}
    assert failure_of(pq1, good_statement(pq1.alpha, "retract")) is Failure.KEY_SUSPENDED


def test_lowest_suite_binds_statements_too(pq1: World) -> None:
    foxtrot = make_agency("xf-border", suites=[EC1])
    pq1.directory.keysets[foxtrot.id] = [replace(foxtrot.keyset, low=PQ1)]
    signed = good_statement(foxtrot, "ack", EC1)
    assert failure_of(pq1, signed, caller="xf-border") is Failure.SUITE_BELOW_LOW

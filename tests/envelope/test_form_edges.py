# SPDX-License-Identifier: Apache-2.0
"""Statements and manifests at the limits of their form: first and last second, first and last octet."""

import json
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
from accord.envelope.errors import EnvelopeError, Failure, MalformedError, TooLargeError, VerificationError
from accord.envelope.keyrule import Valid
from accord.envelope.keys import EC1, PQ1
from accord.envelope.manifest import MANIFEST_MEMBERS, read_manifest
from accord.envelope.private import SignerSet, generate_signing_keys
from accord.envelope.statements.checks import accept_statement, verify_logged_revoke, verify_statement
from accord.envelope.statements.form import (
    CheckpointRef,
    SubjectRef,
    parse_statement,
    parse_statement_object,
    sign_statement,
)
from accord.envelope.vocabulary import MAX_KEEP_SECS
from tests.envelope.good_statements import good_statement
from tests.envelope.tampering import manifest_of
from tests.envelope.world import DAY, NOW, MemoryDirectory, World, make_agency, make_world, uuid7


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


WRONG: dict[str, dict[str, Any]] = {
    "version 0": {"v": 0},
    "version 2": {"v": 2},
    "version true": {"v": True},
    "a nonce of 15 octets": {"nonce": b64u(bytes(15))},
    "a nonce of 17 octets": {"nonce": b64u(bytes(17))},
    "an officer of 65 characters": {"act": "o" * 65},
    "an officer of none": {"act": ""},
    "a checkpoint without root": {"cp": {"n": 1}},
    "a checkpoint of a negative size": {"cp": {"n": -1, "root": "A" * 43}},
    "a checkpoint with a short root": {"cp": {"n": 1, "root": "A"}},
    "a subject of another kind": {"sub": {"k": "ask", "id": uuid7(1), "d": "A" * 43}},
    "a subject without digest": {"sub": {"k": "manifest", "id": uuid7(1)}},
    "no subject": {"sub": None},
    "an end": {"exp": NOW + 1},
    "no signers": {"signers": []},
    "the same signer twice": {"signers": ["A" * 43, "A" * 43]},
    "a signer that is no digest": {"signers": ["A"]},
    "a body that is no object": {"body": []},
    "another suite": {"suite": "PQ2"},
    "an id of version 4": {"id": "01900000-0000-4000-8000-000000000000"},
}


@pytest.mark.parametrize("case", WRONG)
def test_a_statement_is_refused_with(world: World, case: str) -> None:
    payload = payload_of(good_statement(world.alpha, "ack opened"))
    parse_statement(signed(world, payload))
    with pytest.raises(EnvelopeError):
        parse_statement(signed(world, payload | WRONG[case]))


def test_a_checkpoint_counts_up_to_the_largest_integer(world: World) -> None:
    payload = payload_of(good_statement(world.alpha, "ack opened"))
    largest = parse_statement(signed(world, payload | {"cp": {"n": 2**53 - 1, "root": "A" * 43}}))
    assert largest.statement.cp == CheckpointRef(2**53 - 1, "A" * 43)


def test_an_officer_id_has_up_to_64_characters(world: World) -> None:
    payload = payload_of(good_statement(world.alpha, "ack opened"))
    assert parse_statement(signed(world, payload | {"act": "o" * 64})).statement.act == "o" * 64


def test_what_ends_ends_a_second_later_at_the_earliest(world: World) -> None:
    for kind in ("release", "agreement"):
        changes = (
            {}
            if kind == "release"
            else {"body": payload_of(good_statement(world.alpha, kind))["body"] | {"nbf": 0}}
        )
        payload = payload_of(good_statement(world.alpha, kind)) | changes
        assert parse_statement(signed(world, payload | {"exp": NOW + 1})).statement.exp == NOW + 1
        for exp in (NOW, None):
            with pytest.raises(MalformedError):
                parse_statement(signed(world, payload | {"exp": exp}))


def test_an_agreement_begins_before_it_ends(world: World) -> None:
    payload = payload_of(good_statement(world.alpha, "agreement"))
    for nbf, good in ((NOW + DAY - 1, True), (NOW + DAY, False)):
        changed = payload | {"body": payload["body"] | {"nbf": nbf}}
        if good:
            parse_statement(signed(world, changed))
        else:
            with pytest.raises(MalformedError):
                parse_statement(signed(world, changed))


@pytest.mark.parametrize("value", [None, [], "x", 1, {}, {"payload": 5}, {"payload": "AAAA"}])
def test_a_statement_inside_a_larger_text_is_an_object_that_holds_one(value: object) -> None:
    with pytest.raises(MalformedError):
        parse_statement_object(value, b"")


def padded(octets: bytes, size: int) -> bytes:
    """Lengthen the text of the first signature until the statement has `size` octets."""
    value = json.loads(octets)
    missing = size - len(json.dumps(value, separators=(",", ":")))
    raw = unb64u(value["signatures"][0]["signature"])
    for extra in range(missing * 3 // 4 - 4, missing * 3 // 4 + 4):
        value["signatures"][0]["signature"] = b64u(raw + bytes(extra))
        whole = json.dumps(value, separators=(",", ":")).encode()
        if len(whole) == size:
            return whole
    raise AssertionError(f"no base64 makes {size} octets")


@pytest.mark.parametrize(
    ("kind", "limit"), [("release", MAX_RELEASE_BYTES), ("ack opened", MAX_STATEMENT_BYTES)]
)
def test_a_statement_may_be_as_long_as_its_limit(world: World, kind: str, limit: int) -> None:
    octets = good_statement(world.alpha, kind)
    lengths = [limit, limit - 1, limit - 2]
    fitting = next(length for length in lengths if can_be(octets, length))
    assert parse_statement(padded(octets, fitting)).statement.k == kind.split(maxsplit=1)[0]
    over = next(length for length in (limit + 1, limit + 2, limit + 3) if can_be(octets, length))
    with pytest.raises(TooLargeError) as refused:
        parse_statement(padded(octets, over))
    assert refused.value.limit == limit


def can_be(octets: bytes, size: int) -> bool:
    try:
        padded(octets, size)
    except AssertionError:
        return False
    return True


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


def test_an_accepted_statement_stands_and_awaits_its_log_time(world: World) -> None:
    accepted = accept_statement(
        parse_statement(good_statement(world.alpha, "ask")),
        caller="xa-alpha",
        directory=world.directory,
        now=NOW,
    )
    assert (accepted.standing, accepted.log_time) == (Valid(), None)
    assert accepted.od == accepted.statement.od


def test_a_reader_takes_ec1_from_an_agency_that_had_nothing_else_then() -> None:
    agency = make_agency("xw-whisky", suites=(EC1,))
    directory = MemoryDirectory(agency)
    said = parse_statement(good_statement(agency, "ask", keys=EC1))
    assert verify_statement(said, directory, log_time=NOW).log_time == NOW
    both = make_agency("xv-victor", signing={EC1: SignerSet(generate_signing_keys(EC1)),
                                             PQ1: SignerSet(generate_signing_keys(PQ1))})  # fmt: skip
    with pytest.raises(VerificationError) as refused:
        verify_statement(
            parse_statement(good_statement(both, "ask", keys=EC1)), MemoryDirectory(both), log_time=NOW
        )
    assert refused.value.failure is Failure.SUITE


def test_a_revoke_before_any_keyset_names_its_agency(world: World) -> None:
    body = {"kid": world.alpha.rows[0].kid, "since": NOW - 5, "code": "stolen"}
    octets = good_statement(world.alpha, "reaffirm")
    payload = payload_of(octets) | {"k": "revoke", "sub": None, "body": body}
    root = world.alpha.root.signer
    payload["signers"] = [key.kid for key in root.signers]
    revoke = root.sign_jws("accord-revoke+jws", canonical(payload))
    with pytest.raises(VerificationError) as refused:
        verify_logged_revoke(revoke, [world.alpha.keyset], log_time=0)
    assert (refused.value.failure, refused.value.agencies) == (Failure.KEYSET_UNKNOWN, ("xa-alpha",))
    logged = verify_logged_revoke(revoke, [world.alpha.keyset], log_time=NOW)
    assert logged.body["kid"] == world.alpha.rows[0].kid


# The manifest.


def test_a_manifest_is_read_member_by_member(world: World) -> None:
    sealed = world.seal()
    value = manifest_of(sealed)
    read = read_manifest(canonical(value))
    assert read.shared() | {name: getattr(read, name) for name in ("pd", "ct", "rn", "rr")} == {
        name: member for name, member in value.items() if name != "att"
    }
    assert value.keys() == MANIFEST_MEMBERS
    assert read.md == sealed.md == b64u(sha256(b"accord-manifest+jws\x00" + canonical(value)))


@pytest.mark.parametrize("member", ["exp", "keep", "ack_by", "reply_by"])
def test_clocks_of_a_manifest_run_in_order(world: World, member: str) -> None:
    value = manifest_of(world.seal())
    iat, exp, keep = value["iat"], value["exp"], value["keep"]
    first, last = {"exp": (iat + 1, keep), "keep": (exp, iat + MAX_KEEP_SECS)}.get(member, (iat + 1, keep))
    for moment in (first, last):
        assert read_manifest(canonical(value | {member: moment}))
    for moment in (first - 1, last + 1):
        with pytest.raises(EnvelopeError):
            read_manifest(canonical(value | {member: moment}))


def blob(n: int, length: int = 36) -> dict[str, Any]:
    return {"n": n, "sha256": "A" * 43, "len": length}


def test_a_manifest_names_up_to_32_blobs_in_order(world: World) -> None:
    value = manifest_of(world.seal())
    for count in (0, 1, 32):
        assert len(read_manifest(canonical(value | {"att": [blob(n) for n in range(count)]})).att) == count
    wrong: tuple[Any, ...] = (
        [blob(n) for n in range(33)],
        [blob(1)],
        [blob(0), blob(0)],
        [blob(0), blob(2)],
        {},
        None,
    )
    for att in wrong:
        with pytest.raises(MalformedError):
            read_manifest(canonical(value | {"att": att}))


def test_a_blob_has_36_octets_to_64_mib_and_all_together_256_mib(world: World) -> None:
    value = manifest_of(world.seal())
    mib = 1024 * 1024
    for lengths in ([36], [64 * mib], [64 * mib] * 4, [64 * mib] * 3 + [64 * mib - 36, 36]):
        att = [blob(n, length) for n, length in enumerate(lengths)]
        assert len(read_manifest(canonical(value | {"att": att})).att) == len(lengths)
    for lengths in ([35], [64 * mib + 1], [64 * mib] * 4 + [36], [0], [-1]):
        att = [blob(n, length) for n, length in enumerate(lengths)]
        with pytest.raises(MalformedError):
            read_manifest(canonical(value | {"att": att}))


def test_a_manifest_has_two_to_501_entries_and_red_101(world: World) -> None:
    value = manifest_of(world.seal())
    red = value | {"tlp": "RED", "named": 1}
    for manifest, least, most in ((value, 2, 501), (red, 2, 101)):
        for rn in (least, most):
            assert read_manifest(canonical(manifest | {"rn": rn})).rn == rn
        for rn in (least - 1, most + 1):
            with pytest.raises(EnvelopeError):
                read_manifest(canonical(manifest | {"rn": rn}))


def test_red_names_one_officer_to_32_000(world: World) -> None:
    value = manifest_of(world.seal()) | {"tlp": "RED"}
    for named, good in ((0, False), (1, True), (32_000, True), (32_001, False)):
        if good:
            assert read_manifest(canonical(value | {"named": named})).named == named
        else:
            with pytest.raises(EnvelopeError):
                read_manifest(canonical(value | {"named": named}))

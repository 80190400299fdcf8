# SPDX-License-Identifier: Apache-2.0
"""Envelopes and statements for each check that follows others: no other check refuses them."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accord.envelope.blobs import blob_aad, blob_size, measure_blob, seal_blob
from accord.envelope.challenges import issue_challenge
from accord.envelope.content import AttachmentKey, NamedOfficer
from accord.envelope.encoding import unb64u
from accord.envelope.errors import (
    Failure,
    MalformedError,
    OpeningError,
    SealingError,
    SealRefusal,
    TooLargeError,
    VerificationError,
)
from accord.envelope.intake import parse_submission
from accord.envelope.jwe import leaf_hashes, read_entries, recipients_root
from accord.envelope.keyrule import judge_signers
from accord.envelope.keys import PQ1
from accord.envelope.keysets import KeyRow, Keyset, verify_keyset
from accord.envelope.manifest import MAX_BLOB_BYTES
from accord.envelope.private import SigningKey
from accord.envelope.seal import Recipient, SealedEnvelope
from accord.envelope.slices import parse_slice
from accord.envelope.statements.checks import accept_statement, verify_statement
from accord.envelope.statements.form import UnverifiedStatement, make_statement, parse_statement, read_payload
from accord.envelope.unseal import open_attachment, open_challenge, open_stream
from accord.envelope.vocabulary import MAX_RED_AGENCIES
from tests.envelope.good_statements import DIGEST, good_statement
from tests.envelope.receiving import changed, intake_failure, slice_for
from tests.envelope.tampering import read, signed_again, with_jwe, write
from tests.envelope.world import DAY, NOW, Agency, MemoryDirectory, World, known_agency, terms, uuid7

# Intake.


def counted_over(sealed: SealedEnvelope, world: World, agencies: Sequence[str]) -> SealedEnvelope:
    """Sign alpha's manifest over the JWE's entries, as if they were for these agencies."""
    entries = read_entries(read(sealed.jwe)["recipients"], world.suite)
    rr = recipients_root(leaf_hashes(agencies, [entry.text for entry in entries]))
    return signed_again(sealed, world.alpha.signing[world.suite], rr=rr, rn=len(entries))


def test_the_number_of_entries_is_the_signed_one(scene: World) -> None:
    for rn in (2, 4):
        sealed = signed_again(scene.seal(), scene.alpha.signing[scene.suite], rn=rn)
        assert intake_failure(scene, sealed) is Failure.RECIPIENTS


def test_an_entry_of_nobody_is_refused_even_if_it_is_counted(scene: World) -> None:
    unknown = known_agency("xn-nobody")
    entry = read(scene.seal(to=[unknown]).jwe)["recipients"][1]
    sealed = with_jwe(scene.seal(), lambda jwe: jwe["recipients"].insert(0, entry))
    counted = counted_over(sealed, scene, ["", "xa-alpha", "xb-bravo", "xc-charlie"])
    assert intake_failure(scene, counted) is Failure.RECIPIENTS


def test_two_entries_of_one_agency_are_refused_even_if_they_are_counted(scene: World) -> None:
    again = read(scene.seal().jwe)["recipients"][1]
    sealed = with_jwe(scene.seal(), lambda jwe: jwe["recipients"].insert(1, again))
    counted = counted_over(sealed, scene, ["xa-alpha", "xb-bravo", "xb-bravo", "xc-charlie"])
    assert intake_failure(scene, counted) is Failure.RECIPIENTS
    turned = with_jwe(scene.seal(), lambda jwe: jwe["recipients"].reverse())
    counted = counted_over(turned, scene, ["xc-charlie", "xb-bravo", "xa-alpha"])
    assert intake_failure(scene, counted) is Failure.RECIPIENTS


def test_a_manifest_with_an_endless_signature_is_too_large(pq1: World) -> None:
    sealed = pq1.seal()
    manifest = read(sealed.manifest)
    manifest["signatures"][0]["signature"] = "A" * 65_536
    with pytest.raises(TooLargeError):
        parse_submission(write(manifest), sealed.jwe, [], caller="xa-alpha")


# Keys and keysets.


class Forgetful(MemoryDirectory):
    """A directory that has lost an agency's newest keyset."""

    def keyset(self, agency: str) -> Keyset | None:
        return None


class Ignorant(MemoryDirectory):
    """A directory without earlier keysets."""

    def keyset_logged_before(self, agency: str, log_time: int, index: int | None = None) -> Keyset | None:
        return None


@pytest.mark.parametrize("directory", [Forgetful, Ignorant])
def test_keys_are_judged_by_the_newest_keyset_and_the_one_of_that_time(
    directory: type[MemoryDirectory],
) -> None:
    alpha = known_agency("xa-alpha")
    kids = [key.kid for key in alpha.signing[PQ1].signers]
    assert judge_signers(MemoryDirectory(alpha), alpha.id, kids, PQ1, NOW)
    with pytest.raises(VerificationError) as refused:
        judge_signers(directory(alpha), alpha.id, kids, PQ1, NOW)
    assert refused.value.failure is Failure.KEYSET_UNKNOWN


def test_a_keyset_of_the_same_version_does_not_follow() -> None:
    alpha = known_agency("xa-alpha")
    again = alpha.sign_keyset(iat=NOW)
    with pytest.raises(VerificationError) as refused:
        verify_keyset(again, pinned=alpha.root.fingerprint, previous=alpha.keyset, log_time=NOW)
    assert (refused.value.failure, refused.value.detail) == (Failure.KEYSET_CHAIN, "version")


def signed_payload(agency: Agency, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    keyset = read(unb64u(read(agency.keyset_jws)["payload"]))
    ends = keyset["exp"] if kind == "keyset" else None
    return keyset | {"k": kind, "body": body, "exp": ends}


def test_a_keyset_has_256_keys_at_most() -> None:
    alpha = known_agency("xa-alpha")
    rows = [KeyRow(SigningKey.generate().public, NOW, NOW + DAY).as_json() for _ in range(257)]
    body = alpha.body() | {"keys": rows[:256]}
    assert read_payload(write(signed_payload(alpha, "keyset", body)), "keyset").body["keys"] == rows[:256]
    with pytest.raises(MalformedError):
        read_payload(write(signed_payload(alpha, "keyset", body | {"keys": rows})), "keyset")


def test_a_pop_answers_for_256_keys_at_most() -> None:
    answers = [{"kid": DIGEST, "nonce": DIGEST}] * 257
    alpha = known_agency("xa-alpha")
    for number, good in ((256, True), (257, False)):
        payload = write(signed_payload(alpha, "pop", {"chal": DIGEST, "enc": answers[:number]}))
        if good:
            assert len(read_payload(payload, "pop").body["enc"]) == 256
        else:
            with pytest.raises(MalformedError):
                read_payload(payload, "pop")


@pytest.mark.parametrize("kind", ["keyset", "agreement"])
def test_a_version_is_a_number_and_no_truth(kind: str) -> None:
    alpha = known_agency("xa-alpha")
    octets = alpha.keyset_jws if kind == "keyset" else good_statement(alpha, kind)
    payload = read(unb64u(read(octets)["payload"]))
    assert (payload["body"]["ver"], payload["body"]["prev"]) == (1, None)
    payload["body"]["ver"] = True
    with pytest.raises(MalformedError):
        read_payload(write(payload), kind)


def test_the_number_of_entries_of_a_release_is_no_truth() -> None:
    payload = read(unb64u(read(good_statement(known_agency("xb-bravo"), "release"))["payload"]))
    payload["body"] |= {"aud": ["xd-delta"], "rn": 1}
    assert read_payload(write(payload), "release").body["rn"] == 1
    payload["body"]["rn"] = True
    with pytest.raises(MalformedError):
        read_payload(write(payload), "release")


# Statements.


def refusals(world: World, unverified: UnverifiedStatement) -> list[tuple[Failure, str]]:
    """The refusals of the exchange and of a reader."""
    with pytest.raises(VerificationError) as at_intake:
        accept_statement(unverified, caller=unverified.statement.iss, directory=world.directory, now=NOW)
    with pytest.raises(VerificationError) as at_reader:
        verify_statement(unverified, world.directory, log_time=NOW)
    return [(refused.value.failure, refused.value.detail) for refused in (at_intake, at_reader)]


def test_a_forged_statement_is_not_accepted(pq1: World) -> None:
    bravo = pq1.others[0]
    said, forged = (
        read(good_statement(bravo, "ack")),
        read(good_statement(bravo, "ack", nonce=b"another nonce 16")),
    )
    forged["signatures"] = said["signatures"]
    unverified = parse_statement(write(forged))
    assert [failure for failure, _ in refusals(pq1, unverified)] == [Failure.SIGNATURE] * 2


def test_what_has_a_door_of_its_own_comes_through_no_other(pq1: World) -> None:
    bravo = pq1.others[0]
    octets = make_statement(
        "pop",
        iss=bravo.id,
        signer=bravo.signing[PQ1],
        suite=PQ1,
        id=uuid7(3),
        iat=NOW,
        nonce=bytes(16),
        body={"chal": DIGEST, "enc": []},
    )
    unverified = parse_statement(octets)
    assert refusals(pq1, unverified) == [(Failure.TYP, "pop")] * 2


def test_a_statement_holds_no_spaces(pq1: World) -> None:
    octets = good_statement(pq1.others[0], "ack")
    for spaced in (
        octets.replace(b":", b": ", 1),
        octets + b"\n",
        octets.replace(b"payload", b"p\\u0061yload", 1),
    ):
        with pytest.raises(MalformedError):
            parse_statement(spaced)


# Slices.


def test_there_is_no_receipt_too_many(pq1: World) -> None:
    octets = slice_for(pq1, pq1.seal(), pq1.others[0])
    twice = changed(octets, lambda value: value.update(receipts=value["receipts"] * 2))
    with pytest.raises(MalformedError):
        parse_slice(twice)


# Sealing.


def test_nothing_is_sealed_to_a_keyset_of_the_future(pq1: World) -> None:
    bravo = pq1.others[0]
    for log_time, good in ((NOW, True), (NOW + 1, False)):
        recipient = Recipient(replace(bravo.keyset, log_time=log_time), bravo.root.fingerprint)
        if good:
            assert pq1.seal(recipients=[recipient])
        else:
            with pytest.raises(SealingError) as refused:
                pq1.seal(recipients=[recipient])
            assert refused.value.reason is SealRefusal.NOT_LOGGED


def test_red_goes_to_a_hundred_agencies_at_most(pq1: World) -> None:
    bravo = pq1.others[0]
    red = terms(tlp="RED")
    many = [
        Recipient(replace(bravo.keyset, agency=f"xr-{number:04d}"), bravo.root.fingerprint)
        for number in range(MAX_RED_AGENCIES + 1)
    ]
    names = [NamedOfficer(recipient.agency, "of-1") for recipient in many]
    with pytest.raises(SealingError) as refused:
        pq1.seal(terms=red, recipients=many, names=names)
    assert refused.value.reason is SealRefusal.RED_RULES
    assert pq1.seal(terms=red, recipients=many[:-1], names=names[:-1])


@pytest.mark.parametrize(
    "change", [{"st": "retired"}, {"nbf": NOW + 1}, {"st": "revoked", "since": NOW - DAY}]
)
def test_signing_keys_are_in_use_now(pq1: World, change: dict[str, Any]) -> None:
    kid = pq1.alpha.signing[PQ1].signers[0].kid
    rows = tuple(replace(row, **change) if row.kid == kid else row for row in pq1.alpha.keyset.rows)
    own = Recipient(replace(pq1.alpha.keyset, rows=rows), pq1.alpha.root.fingerprint)
    with pytest.raises(SealingError) as refused:
        pq1.seal(originator=own)
    assert refused.value.reason is SealRefusal.SIGNER
    assert pq1.seal(signer=pq1.alpha.signing[PQ1])


def test_signing_keys_are_in_the_own_keyset(pq1: World) -> None:
    with pytest.raises(SealingError) as refused:
        pq1.seal(signer=known_agency("xm-mallory").signing[PQ1])
    assert refused.value.reason is SealRefusal.SIGNER


# Attachments and challenges.

KEY, IV, JTI = bytes(range(32)), bytes(12), uuid7(1)


def blob_of(message: bytes, **facts: Any) -> tuple[AttachmentKey, bytes]:
    """A blob over any message, with the facts that an originator could sign about it."""
    blob = IV + AESGCM(KEY).encrypt(IV, message, blob_aad(JTI, 0))
    measured = measure_blob(blob)
    known: dict[str, Any] = {
        "n": 0,
        "sha256": measured.sha256,
        "len": measured.len,
        "size": 3,
        "cty": "a/b",
        "fn": "c",
        "k": KEY,
    }
    return AttachmentKey(**(known | facts)), blob


def open_at_length(attachment: AttachmentKey, jti: str, blob: bytes) -> bytes:
    """Open the attachment a piece at a time, otherwise as `open_attachment`."""
    sink = io.BytesIO()
    open_stream(attachment, jti, io.BytesIO(blob), sink)
    return sink.getvalue()


DISHONEST: dict[str, tuple[bytes, dict[str, Any], Failure]] = {
    "another digest": ((3).to_bytes(8, "big") + b"abc", {"sha256": DIGEST}, Failure.BLOB),
    "another length": ((3).to_bytes(8, "big") + b"abc", {"len": 99}, Failure.BLOB),
    "another size inside": ((2).to_bytes(8, "big") + b"abc", {}, Failure.BLOB),
    "something behind the file": ((3).to_bytes(8, "big") + b"abc\x01", {}, Failure.BLOB),
    "something far behind the file": ((3).to_bytes(8, "big") + b"abc" + bytes(9) + b"\x01", {}, Failure.BLOB),
    "another key": ((3).to_bytes(8, "big") + b"abc", {"k": bytes(32)}, Failure.DECRYPT),
    "another place": ((3).to_bytes(8, "big") + b"abc", {"n": 1}, Failure.DECRYPT),
}


@pytest.mark.parametrize(("message", "facts", "cause"), DISHONEST.values(), ids=DISHONEST.keys())
def test_an_attachment_is_what_was_signed(message: bytes, facts: dict[str, Any], cause: Failure) -> None:
    for open_it in (open_attachment, open_at_length):
        good, blob = blob_of((3).to_bytes(8, "big") + b"abc" + bytes(4))
        assert open_it(good, JTI, blob) == b"abc"
        attachment, blob = blob_of(message, **facts)
        with pytest.raises(OpeningError) as refused:
            open_it(attachment, JTI, blob)
        assert refused.value.cause is cause


def test_a_file_over_its_limit_is_not_sealed() -> None:
    """The limit of 64 MiB is that of the blob: IV, tag, size and the zeros up to the next PADME length included."""
    most = next(size for size in range(MAX_BLOB_BYTES, 0, -1) if blob_size(size) <= MAX_BLOB_BYTES)
    with pytest.raises(SealingError) as refused:
        seal_blob(bytes(most + 1), JTI, 0)
    assert refused.value.reason is SealRefusal.ATTACHMENT


def challenge() -> tuple[Agency, str, dict[str, Any]]:
    bravo = known_agency("xb-bravo")
    issued = issue_challenge(
        bravo.id, [bravo.decryption[PQ1].public], challenge=bytes(32), nonces=[bytes(32)]
    )
    return bravo, issued.chal, json.loads(write(issued.sealed[0]["jwe"]))


def challenge_cause(change: dict[str, Any]) -> Failure:
    bravo, chal, jwe = challenge()
    with pytest.raises(OpeningError) as refused:
        open_challenge(jwe | change, agency=bravo.id, chal=chal, key=bravo.decryption[PQ1])
    return refused.value.cause


def test_a_challenge_has_one_entry() -> None:
    _, _, jwe = challenge()
    assert challenge_cause({"recipients": jwe["recipients"] * 2}) is Failure.AAD


def test_a_challenge_is_no_larger_than_a_slice() -> None:
    assert challenge_cause({"aad": "A" * 600_000}) is Failure.MALFORMED
    assert challenge_cause({"aad": "A" * 400}) is Failure.AAD


def test_a_challenge_is_json(pq1: World) -> None:
    bravo, chal, _ = challenge()
    values: tuple[Any, ...] = (None, 5, [], "x", {"protected": 1.5})
    for value in values:
        with pytest.raises(OpeningError) as refused:
            open_challenge(value, agency=bravo.id, chal=chal, key=bravo.decryption[PQ1])
        assert refused.value.cause is Failure.MALFORMED

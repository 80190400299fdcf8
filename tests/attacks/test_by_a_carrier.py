# SPDX-License-Identifier: Apache-2.0
"""Attacks by the hub, or by anybody on the way, on the envelopes that it carries and on the keys that it shows."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.content import Attachment
from accord.envelope.encoding import b64u, unb64u
from accord.envelope.errors import (
    EnvelopeError,
    Failure,
    MalformedError,
    SealingError,
    SealRefusal,
    VerificationError,
)
from accord.envelope.intake import parse_submission, verify_submission
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import KeyRow, RecipientKey, verify_keyset
from accord.envelope.private import DecryptionKey
from accord.envelope.seal import Recipient
from accord.envelope.verifying import verify_receipt
from tests.envelope.receiving import changed, intake_failure, opening_cause, slice_failure, slice_for
from tests.envelope.tampering import read, signed_again, with_jwe, write
from tests.envelope.world import (
    ALERT,
    DAY,
    NOW,
    Agency,
    MemoryDirectory,
    World,
    make_agency,
    make_world,
    terms,
    uuid7,
)


def test_stripping_a_signature(pq1: World) -> None:
    """One of the two signatures is removed, or broken while the other stays valid: the manifest is refused."""
    sealed = pq1.seal()
    octets = slice_for(pq1, sealed, pq1.others[0])
    for kept in (slice(0, 1), slice(1, 2)):
        stripped = read(sealed.manifest)
        stripped["signatures"] = stripped["signatures"][kept]
        assert intake_failure(pq1, replace(sealed, manifest=write(stripped))) is Failure.SIGNERS
        in_slice = changed(octets, lambda value, jws=stripped: value.update(manifest=jws))  # type: ignore[misc]
        assert slice_failure(pq1, in_slice, pq1.others[0]) is Failure.SIGNERS
    for number in (0, 1):
        broken = read(sealed.manifest)
        good = unb64u(broken["signatures"][number]["signature"])
        broken["signatures"][number]["signature"] = b64u(bytes([good[0] ^ 1]) + good[1:])
        assert intake_failure(pq1, replace(sealed, manifest=write(broken))) is Failure.SIGNATURE


def test_replacing_a_signature_by_ones_own(scene: World, mallory: Agency) -> None:
    """Mallory signs alpha's payload, in place of alpha's signature and beside it."""
    sealed = scene.seal()
    own = read(signed_again(sealed, mallory.signing[scene.suite]).manifest)
    assert intake_failure(scene, replace(sealed, manifest=write(own))) is Failure.SIGNERS
    both = read(sealed.manifest)
    both["signatures"] = [*both["signatures"], *own["signatures"]]
    assert intake_failure(scene, replace(sealed, manifest=write(both))) is Failure.SIGNERS


def test_moving_an_entry(scene: World) -> None:
    """Bravo's entry of one envelope is put into another envelope of the same sender, at intake and in the slice."""
    one, other = scene.seal(), scene.seal(terms=terms(jti=uuid7(2)))
    entry = read(other.jwe)["recipients"][1]
    moved = with_jwe(one, lambda jwe: jwe["recipients"].__setitem__(1, entry))
    assert intake_failure(scene, moved) is Failure.RECIPIENTS
    bravo = scene.others[0]
    octets = changed(slice_for(scene, one, bravo), lambda value: value["jwe"].update(recipients=[entry]))
    assert slice_failure(scene, octets, bravo) is Failure.PATH


def test_moving_a_ciphertext(scene: World) -> None:
    """One envelope's content travels under another's manifest: `ct` and `aad` are of the other."""
    one, other = scene.seal(), scene.seal(terms=terms(jti=uuid7(2)))
    assert intake_failure(scene, replace(one, jwe=other.jwe)) is Failure.AAD
    parts = {name: read(other.jwe)[name] for name in ("iv", "ciphertext", "tag")}
    assert intake_failure(scene, with_jwe(one, lambda jwe: jwe.update(parts))) is Failure.CIPHERTEXT
    bravo = scene.others[0]
    octets = changed(slice_for(scene, one, bravo), lambda value: value["jwe"].update(parts))
    assert slice_failure(scene, octets, bravo) is Failure.CIPHERTEXT


def test_moving_a_blob(scene: World) -> None:
    """The exchange serves the blob of another envelope in place of this one's."""
    one = scene.seal(attachments=[Attachment("a.bin", "text/plain", b"first")])
    other = scene.seal(terms=terms(jti=uuid7(2)), attachments=[Attachment("a.bin", "text/plain", b"first")])
    bravo = scene.others[0]
    octets = slice_for(scene, one, bravo)
    for blobs in ((other.blobs[0],), (), (*one.blobs, *other.blobs)):
        assert opening_cause(scene, octets, bravo, blobs=blobs) is Failure.BLOB


def test_adding_a_recipient(scene: World, mallory: Agency) -> None:
    """Mallory's entry is appended on the way: the signed `rr` and `rn` do not cover it."""
    entry = read(scene.seal(to=[mallory]).jwe)["recipients"][1]
    added = with_jwe(scene.seal(), lambda jwe: jwe["recipients"].append(entry))
    assert intake_failure(scene, added) is Failure.RECIPIENTS


def test_removing_a_recipient(scene: World) -> None:
    """The hub leaves charlie out, on the wire or by asking the sender's software to seal for fewer recipients."""
    sealed = scene.seal()
    removed = with_jwe(sealed, lambda jwe: jwe["recipients"].pop())
    assert intake_failure(scene, removed) is Failure.RECIPIENTS
    bravo = scene.others[0]
    octets = slice_for(scene, sealed, bravo)
    shortened = changed(octets, lambda value: value.update(path=value["path"][:-1]))
    assert slice_failure(scene, shortened, bravo) is Failure.PATH


def test_substituting_keys(pq1: World) -> None:
    """The hub shows the sender keys of its own as bravo's."""
    bravo, hub = pq1.others[0], make_agency("xb-bravo")
    with pytest.raises(VerificationError) as refused:
        verify_keyset(hub.keyset_jws, pinned=bravo.root.fingerprint, log_time=NOW)
    assert refused.value.failure is Failure.KEYSET_ROOT
    with pytest.raises(SealingError) as unsealed:
        _seal_to(pq1, Recipient(hub.keyset, bravo.root.fingerprint))
    assert unsealed.value.reason is SealRefusal.PIN

    # A row slipped into bravo's own keyset breaks the root's signature.
    body = read(bravo.keyset_jws)
    payload = read(unb64u(body["payload"]))
    payload["body"]["keys"].append(KeyRow(hub.decryption[PQ1].public, NOW - DAY, NOW + DAY).as_json())
    body["payload"] = b64u(write(payload))
    with pytest.raises(VerificationError) as refused:
        verify_keyset(write(body), pinned=bravo.root.fingerprint, log_time=NOW)
    assert refused.value.failure is Failure.SIGNATURE


def later(agency: Agency, rows: list[KeyRow], *, version: int = 2, **changes: Any) -> bytes:
    """Return the next keyset of an agency, validly signed by its root."""
    prev = changes.pop("prev", agency.keyset.od)
    return agency.sign_keyset(agency.body(version=version, prev=prev, rows=rows), iat=NOW, **changes)


def test_rolling_back_a_keyset(pq1: World) -> None:
    """The hub shows bravo's first keyset again, after the second has revoked a stolen key."""
    bravo = pq1.others[0]
    stolen = bravo.decryption[PQ1].public.kid
    rows = [replace(row, st="retired") if row.kid == stolen else row for row in bravo.rows]
    rows.append(KeyRow(DecryptionKey.generate("HPKE-9-KE").public, NOW - 60, NOW + DAY))
    second = verify_keyset(
        later(bravo, rows), pinned=bravo.root.fingerprint, previous=bravo.keyset, log_time=NOW
    )
    with pytest.raises(VerificationError) as refused:
        verify_keyset(bravo.keyset_jws, pinned=bravo.root.fingerprint, previous=second, log_time=NOW)
    assert refused.value.failure is Failure.KEYSET_CHAIN
    with pytest.raises(SealingError) as unsealed:
        _seal_to(pq1, Recipient(bravo.keyset, bravo.root.fingerprint, seen_version=second.version))
    assert unsealed.value.reason is SealRefusal.ROLLBACK
    # A version that leaves out the stolen key is no valid successor.
    without = [row for row in rows if row.kid != stolen]
    with pytest.raises(VerificationError) as refused:
        third = later(bravo, without, version=3, prev=second.od)
        verify_keyset(third, pinned=bravo.root.fingerprint, previous=second, log_time=NOW)
    assert refused.value.failure is Failure.KEYSET_CHAIN


def _seal_to(world: World, recipient: Recipient) -> None:
    world.seal(to=[], recipients=[recipient])


def test_serving_expired_keys(pq1: World) -> None:
    """The hub withholds newer keysets until the last one that it shows has expired: nothing is sealed to it."""
    bravo = pq1.others[0]
    ended = NOW + 90 * DAY
    with pytest.raises(SealingError) as unsealed:
        pq1.seal(to=[bravo], now=ended, terms=terms(iat=ended - 1, exp=ended + DAY, keep=ended + 2 * DAY))
    assert unsealed.value.reason is SealRefusal.EXPIRED
    assert set(unsealed.value.agencies) == {"xa-alpha", "xb-bravo"}


def test_forking_a_chain_of_keysets(pq1: World) -> None:
    """Two second keysets, each shown to half of the agencies: both follow the first, and neither follows the other."""
    bravo = pq1.others[0]
    pinned = bravo.root.fingerprint
    one, other = (
        verify_keyset(
            later(bravo, bravo.rows), pinned=pinned, previous=bravo.keyset, strict=True, log_time=NOW
        )
        for _ in range(2)
    )
    assert (one.version, one.prev) == (other.version, other.prev)
    for octets, previous in (
        (later(bravo, bravo.rows), one),
        (later(bravo, bravo.rows, version=3, prev=one.od), other),
    ):
        with pytest.raises(VerificationError) as refused:
            verify_keyset(octets, pinned=pinned, previous=previous, log_time=NOW)
        assert refused.value.failure is Failure.KEYSET_CHAIN


def test_replaying_an_envelope(scene: World) -> None:
    """Yesterday's octets come again, at the exchange and under a known id at the reader."""
    sealed = scene.seal()
    assert intake_failure(scene, sealed, now=NOW + DAY) is Failure.STALE
    again = scene.seal()
    bravo = scene.others[0]
    octets = slice_for(scene, again, bravo)
    assert opening_cause(scene, octets, bravo, seen=lambda iss, jti: sealed.md) is Failure.REPLAY
    # The same octets are the same envelope, and stay readable.
    assert scene.open(octets, bravo, seen=lambda iss, jti: again.md).alert == ALERT


DOWNGRADES: dict[str, Callable[[dict[str, Any]], None]] = {
    "none": lambda header: header.update(alg="none"),
    "HMAC with the public key": lambda header: header.update(alg="HS256"),
    "the other suite's algorithm": lambda header: header.update(alg="ES256"),
    "RSA": lambda header: header.update(alg="RS256"),
    "the old name on the wrong key": lambda header: header.update(alg="ML-DSA-87"),
    "a key that the sender brings along": lambda header: header.update(jwk={"kty": "oct", "k": "AAAA"}),
    "a critical extension": lambda header: header.update(crit=["b64"], b64=False),
}


@pytest.mark.parametrize("change", DOWNGRADES.values(), ids=DOWNGRADES.keys())
def test_confusing_the_algorithm(scene: World, change: Callable[[dict[str, Any]], None]) -> None:
    """The header names an algorithm of the attacker's choice: the reader compares it with the key and never obeys it."""
    sealed = scene.seal()
    manifest = read(sealed.manifest)
    header = read(unb64u(manifest["signatures"][0]["protected"]))
    change(header)
    manifest["signatures"][0]["protected"] = b64u(write(header))
    with pytest.raises(EnvelopeError) as refused:
        scene.intake(replace(sealed, manifest=write(manifest)))
    failure = getattr(refused.value, "failure", Failure.MALFORMED)
    assert failure in (Failure.ALG, Failure.MALFORMED)


WRAPPINGS = {
    "dir": {"alg": "dir"},
    "RSA1_5": {"alg": "RSA1_5"},
    "PBES2": {"alg": "PBES2-HS256+A128KW", "p2s": "AAAA", "p2c": 1},
    "A128KW": {"alg": "ECDH-ES+A128KW"},
}


@pytest.mark.parametrize("header", WRAPPINGS.values(), ids=WRAPPINGS.keys())
def test_confusing_the_wrapping(scene: World, header: Mapping[str, Any]) -> None:
    """An entry, or the whole envelope, asks for another way to wrap the content key, or for decompression."""

    def ask(jwe: dict[str, Any]) -> None:
        jwe["recipients"][1]["header"] |= header

    with pytest.raises(MalformedError):
        scene.intake(with_jwe(scene.seal(), ask))
    for protected in ({"zip": "DEF"}, {"enc": "A128GCM"}, {"crit": ["zip"]}):
        spelled = b64u(
            write({"enc": "A256GCM", "typ": "accord-alert+jwe", "cty": "accord-alert+jws"} | protected)
        )
        with pytest.raises(MalformedError):
            scene.intake(with_jwe(scene.seal(), lambda jwe, text=spelled: jwe.update(protected=text)))  # type: ignore[misc]


def test_downgrading_an_agency(pq1: World) -> None:
    """An agency that demands PQ1 is sent EC1, or gets a statement in its name signed in EC1."""
    strict = make_agency("xs-strict", low=PQ1)
    ec1 = make_world(EC1)
    ec1.directory.keysets["xs-strict"] = [strict.keyset]
    with pytest.raises(SealingError) as unsealed:
        ec1.seal(to=[strict])
    assert unsealed.value.reason is SealRefusal.SUITE_BELOW_LOW
    speaking = replace(ec1, alpha=strict, directory=MemoryDirectory(strict, *ec1.others))
    with pytest.raises(SealingError):
        speaking.seal()
    careless = Recipient(replace(strict.keyset, low=EC1), strict.root.fingerprint)
    sealed = speaking.seal(originator=careless)
    assert intake_failure(speaking, sealed) is Failure.SUITE_BELOW_LOW
    # The suite of a signed manifest cannot be rewritten without its signature.
    mixed = signed_again(pq1.seal(), pq1.alpha.signing[EC1], suite=EC1)
    with pytest.raises(EnvelopeError):
        pq1.intake(mixed)


def spelled_otherwise(octets: bytes) -> dict[str, bytes]:
    """Return signed JSON in spellings that some parsers read like the true one."""
    payload = read(octets)["payload"].encode()
    return {
        "a member twice": octets.replace(b'{"payload"', b'{"payload":"e30","payload"', 1),
        "padding": octets.replace(payload, payload + b"="),
        "the other alphabet": octets.replace(payload, payload[:8] + b"+" + payload[9:]),
        "an escape": octets.replace(b'"payload"', b'"p\\u0061yload"', 1),
        "a space": octets.replace(b'"payload":', b'"payload": ', 1),
        "a byte order mark": b"\xef\xbb\xbf" + octets,
        "something behind": octets + b"{}",
        "a null": octets + b"\x00",
        "UTF-16": octets.decode().encode("utf-16-le"),
    }


def test_feeding_parsers_that_read_differently(scene: World) -> None:
    """Spellings that some libraries accept and others refuse are all refused, even with a valid signature."""
    sealed = scene.seal()
    for name, octets in spelled_otherwise(sealed.manifest).items():
        with pytest.raises(MalformedError):
            scene.intake(replace(sealed, manifest=octets))
        assert name
    lossy = {"a float": b'"named":0.0', "an exponent": b'"named":0e0', "minus zero": b'"named":-0'}
    payload = unb64u(read(sealed.manifest)["payload"])
    for spelling in lossy.values():
        twisted = payload.replace(b'"named":0', spelling)
        assert twisted != payload
        manifest = scene.alpha.signing[scene.suite].sign_jws("accord-manifest+jws", twisted)
        with pytest.raises(MalformedError):
            scene.intake(replace(sealed, manifest=manifest))


def test_spelling_one_envelope_as_two(scene: World) -> None:
    """A carrier reorders parts that signatures do not cover: it stays one envelope, with one address."""
    sealed = scene.seal()
    manifest = read(sealed.manifest)
    respelled = write({"signatures": manifest["signatures"], "payload": manifest["payload"]})
    assert respelled != sealed.manifest
    assert scene.intake(replace(sealed, manifest=respelled)).md == scene.intake(sealed).md == sealed.md


def test_dropping_an_envelope(scene: World) -> None:
    """The hub swallows the second envelope and shows the receipt of the first for it."""
    first, second = scene.seal(), scene.seal(terms=terms(jti=uuid7(2)))
    receipt = scene.ledger.log(first.md)
    with pytest.raises(VerificationError) as refused:
        verify_receipt(receipt, second.md, scene.ledger.view())
    assert refused.value.failure is Failure.RECEIPT
    bravo = scene.others[0]
    with pytest.raises(VerificationError) as refused:
        scene.open(scene.slice_of(scene.intake(second), bravo.id, receipts=[]), bravo)
    assert refused.value.failure is Failure.RECEIPT_MISSING


def test_guessing_content_from_digests(scene: World) -> None:
    """Knowledge of every word of an alert and of all its terms is not enough to compute, or recognise, its digests."""
    one, other = scene.seal(nonce=os.urandom(16)), scene.seal(nonce=os.urandom(16))
    facts = [scene.intake(sealed).manifest for sealed in (one, other)]
    for name in ("pd", "ct", "rr", "md"):
        assert getattr(facts[0], name) != getattr(facts[1], name)
    # Sizes show one of six classes, not the words.
    short, long = (
        read(scene.seal(alert=ALERT | {"note": "x" * size}).jwe)["ciphertext"] for size in (1, 200)
    )
    assert len(short) == len(long)


class CountingDirectory(MemoryDirectory):
    """A directory that records, in order, what intake asked for."""

    def __init__(self, *agencies: Agency) -> None:
        super().__init__(*agencies)
        self.asked: list[str] = []

    def suspended_kids(self, agency: str) -> Any:
        self.asked.append("signers")
        return super().suspended_kids(agency)

    def owners(self, kids: Any) -> Mapping[str, str]:
        self.asked.append("owners")
        return super().owners(kids)

    def recipient_keys(self, agencies: Any, suite: str, now: int) -> Mapping[str, RecipientKey]:
        self.asked.append("recipients")
        return super().recipient_keys(agencies, suite, now)


def test_exhausting_the_exchange_with_hybrid_entries(pq1: World) -> None:
    """Five hundred entries of 1.6 KiB each without an agency's signature: dropped before any entry is looked at."""
    directory = CountingDirectory(pq1.alpha, *pq1.others)
    sealed = pq1.seal()
    entry = read(sealed.jwe)["recipients"][1]
    flooded = with_jwe(sealed, lambda jwe: jwe.update(recipients=[entry] * 501))
    unsigned = signed_again(flooded, pq1.others[0].signing[PQ1], rn=501)
    for envelope, failure, asked in (
        (unsigned, Failure.SIGNERS, []),
        (flooded, Failure.RECIPIENTS, ["signers", "owners"]),
    ):
        directory.asked.clear()
        parsed = parse_submission(envelope.manifest, envelope.jwe, [], caller="xa-alpha")
        with pytest.raises(VerificationError) as refused:
            verify_submission(parsed, directory=directory, now=NOW)
        assert (refused.value.failure, directory.asked) == (failure, asked)
    for jwe in (b" " * (1536 * 1024), with_jwe(sealed, lambda jwe: jwe.update(recipients=[entry] * 502)).jwe):
        with pytest.raises(MalformedError):
            parse_submission(sealed.manifest, jwe, [], caller="xa-alpha")

# SPDX-License-Identifier: Apache-2.0
"""Octets into each parser, and back: the functions in the table of `devtool.drills.fuzz_targets`."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from accord.calls import answers, deliveries
from accord.calls.transport import Answer
from accord.client.errors import ClientError
from accord.envelope import encoding, jwe, keysets, private, unseal
from accord.envelope.blobs import measure_blob
from accord.envelope.content import AttachmentKey
from accord.envelope.errors import EnvelopeError
from accord.envelope.intake import parse_submission
from accord.envelope.jws import UnverifiedJws, parse_jws, protected_header, write_jws
from accord.envelope.keys import PQ1, PublicKey
from accord.envelope.manifest import Manifest, read_manifest
from accord.envelope.release_intake import EnvelopeFacts, accept_release
from accord.envelope.slices import UnverifiedSlice, build_slice
from accord.envelope.statements.checks import verify_pop, verify_revoke
from accord.envelope.statements.form import Statement, parse_statement, read_payload
from accord.envelope.tree import merkle, notes
from accord.envelope.tree.receipts import Receipt
from accord.envelope.vocabulary import TYP_MANIFEST, statement_typ
from accord.state import StateFile
from devtool.drills import fuzz_seeds as seeds

LIMIT = 1 << 20
NOWHERE = Path("/nonexistent")
Read = Callable[[bytes], Any]


def as_text(data: bytes) -> str:
    """Decode any octets to a text, as a caller would send it."""
    return data.decode("utf-8", "replace")


def read_json(data: bytes) -> Any:
    return encoding.parse_json(data, limit=LIMIT)


def canonical_or_same(value: Any) -> bytes:
    """Return canonical JSON, or Python's where member names are not ASCII."""
    try:
        return encoding.canonical(value)
    except EnvelopeError:
        return json.dumps(value, ensure_ascii=False).encode()


# JWS, manifest, inner payload.


def read_jws(data: bytes) -> UnverifiedJws:
    return parse_jws(data, TYP_MANIFEST, limit=LIMIT)


def write_parsed_jws(jws: UnverifiedJws) -> bytes:
    pairs = [(item.signed.partition(b".")[0].decode(), item.signature) for item in jws.signatures]
    return write_jws(jws.payload, pairs)


def read_manifest_payload(data: bytes) -> Manifest:
    return replace(read_manifest(data), md="")


def write_manifest(manifest: Manifest) -> bytes:
    facts = {name: getattr(manifest, name) for name in ("pd", "ct", "rn", "rr")}
    return encoding.canonical(manifest.shared() | facts | {"att": [vars(blob) for blob in manifest.att]})


def manifests() -> Iterable[bytes]:
    return [seeds.payload_of(item.manifest) for _, item in seeds.envelopes()]


def inner_payloads() -> Iterable[bytes]:
    return [seeds.payload_of(seeds.inner_jws(*item)) for item in seeds.envelopes()]


# JWE and entries.


def joined(value: jwe.UnverifiedJwe) -> str:
    return jwe.join_jwe(value.head, [entry.text for entry in value.entries])


def challenge_jwes(suite: str) -> Iterable[bytes]:
    return [
        seeds.as_bytes(item["jwe"])
        for item, key in zip(seeds.challenges(), seeds.challenge_keys(), strict=True)
        if suite in key.public.suites
    ]


def open_challenge(data: bytes) -> str:
    key = seeds.challenge_keys()[0]
    return unseal.open_challenge(read_json(data), agency="xq-quebec", chal=seeds.nonce(), key=key)


# Slices and submissions.


def write_slice(value: UnverifiedSlice) -> bytes:
    return build_slice(
        manifest=write_parsed_jws(value.manifest_jws),
        jwe_head=value.jwe.head,
        entry=value.jwe.entries[0].text,
        index=value.index,
        path=value.path,
        receipts=[receipt.as_json() for receipt in value.receipts],
        via=[write_parsed_jws(release.jws) for release in value.via],
    )


def read_submission(data: bytes) -> Any:
    manifest, _, sealed = data.partition(b"\n")
    return parse_submission(manifest, sealed, [], caller="xa-alpha")


def submissions() -> Iterable[bytes]:
    return [item.manifest + b"\n" + item.jwe for _, item in seeds.envelopes()]


# Statements, keysets, releases.


def read_statement_payload(data: bytes) -> Statement:
    k = encoding.text(encoding.parse_object(data, limit=LIMIT).get("k"), "k")
    return replace(read_payload(data, k), od="")


def write_payload(said: Statement) -> bytes:
    value = {name: getattr(said, name) for name in ("k", "suite", "iss", "id", "iat", "exp", "nonce", "act")}
    refs = {"sub": said.sub and said.sub.as_json(), "cp": said.cp and said.cp.as_json()}
    return encoding.canonical(
        {**value, **refs, "v": 1, "signers": list(said.signers), "body": dict(said.body)}
    )


def payloads() -> Iterable[bytes]:
    return [seeds.payload_of(jws) for jws in seeds.statements().values()]


def signed(payload: bytes, keys: Iterable[PublicKey], k: str) -> bytes:
    """Return a JWS over any payload; its signatures are invalid."""
    return write_jws(payload, [(protected_header(key, statement_typ(k)), bytes(64)) for key in keys])


def verify_keyset(data: bytes) -> keysets.Keyset:
    alpha = seeds.world(PQ1).alpha
    jws = signed(data, alpha.root.public, "keyset")
    return keysets.verify_keyset(jws, pinned=alpha.root.fingerprint, previous=alpha.keyset)


def read_keyset(data: bytes) -> keysets.Keyset:
    return keysets.read_keyset(signed(data, seeds.world(PQ1).alpha.root.public, "keyset"), log_time=1)


def verify_revoke_payload(data: bytes) -> Statement:
    alpha = seeds.world(PQ1).alpha
    return verify_revoke(signed(data, alpha.root.public, "revoke"), alpha.keyset)


def verify_pop_payload(data: bytes) -> Statement:
    alpha = seeds.world(PQ1).alpha
    signing = alpha.signing[PQ1].signers
    jws = signed(data, signing, "pop")
    now, digests = 1_800_000_000, {"A" * 43: "A" * 43}
    return verify_pop(jws, agency=alpha.id, signing=signing, chal="A" * 43, nonce_digests=digests, now=now)


def payload_of_kind(k: str) -> Callable[[], Iterable[bytes]]:
    return lambda: [seeds.payload_of(seeds.statements()[k])]


def accept_release_with_entries(data: bytes) -> Any:
    said, _, entries = data.partition(b"\n")
    scene = seeds.world(PQ1)
    manifest = read_manifest(seeds.payload_of(seeds.sealed(PQ1).manifest))
    facts = EnvelopeFacts(manifest, [agency.id for agency in scene.others])
    return accept_release(
        parse_statement(said),
        entries,
        envelope=facts,
        caller="xa-alpha",
        directory=scene.directory,
        now=1_800_000_000,
    )


def releases() -> Iterable[bytes]:
    entries = seeds.as_bytes(json.loads(seeds.sealed(PQ1).jwe)["recipients"][1:])
    return [seeds.statements()["release"] + b"\n" + entries]


# Ledger.


def write_note(note: notes.Note) -> bytes:
    lines = [notes.signature_line(item.name, item.key_id, item.signature) for item in note.signatures]
    return (note.text + "\n" + "".join(lines)).encode()


def noted() -> list[str]:
    return [receipt["checkpoint"] for receipt in seeds.receipts()]


def proofs() -> Iterable[bytes]:
    return [Receipt.parse(receipt).tlog_proof().encode() for receipt in seeds.receipts()]


def verify_proof(data: bytes) -> None:
    """Pass two numbers and hashes to both verifications."""
    first, second = data[0] if data else 0, data[1] if len(data) > 1 else 0
    hashes = [data[at : at + 32] for at in range(2, min(len(data), 2 + 32 * 20), 32)] or [b""]
    try:
        merkle.verify_inclusion(leaf=hashes[0], index=first, size=second, path=hashes[1:], root=hashes[-1])
    except EnvelopeError:
        merkle.verify_consistency(
            first=first, second=second, path=hashes[1:-1], first_root=hashes[0], second_root=hashes[-1]
        )


# Keys, identifiers, files.


def read_jwk(use: str) -> Read:
    return lambda data: PublicKey.from_jwk(encoding.parse_object(data, limit=LIMIT), use)


IDENTIFIERS: tuple[Callable[[object], object], ...] = (
    encoding.agency_id,
    encoding.officer_id,
    lambda value: encoding.uuid7(value, ""),
    lambda value: encoding.digest(value, ""),
    lambda value: encoding.sorted_set(value, ""),
    lambda value: encoding.agency_ids(value, ""),
    lambda value: encoding.integer(value, ""),
    lambda value: encoding.one_of(value, ("a", "b"), ""),
)


def read_identifiers(data: bytes) -> None:
    value, refused = read_json(data), 0
    for check in IDENTIFIERS:
        try:
            check(value)
        except EnvelopeError:
            refused += 1
    if refused == len(IDENTIFIERS):
        raise EnvelopeError


def identifiers() -> Iterable[bytes]:
    values = [
        "xa-alpha",
        "A" * 43,
        "01900000-0000-7000-8000-000000000000",
        ["xa-a", "xb-b"],
        7,
        "o_1",
        "a",
        [],
    ]
    return [seeds.as_bytes(value) for value in values]


def read_private(data: bytes) -> None:
    refused = 0
    for read in (private.SigningKey.from_bytes, *(decryption(alg) for alg in ("X25519", "HPKE-9-KE"))):
        try:
            read(data)
        except EnvelopeError:
            refused += 1
    if refused == 3:
        raise EnvelopeError


def decryption(alg: str) -> Read:
    return lambda data: private.DecryptionKey.from_bytes(alg, data)


def privates() -> Iterable[bytes]:
    signing = [private.SigningKey.generate(alg).to_bytes() for alg in ("Ed25519", "ES256", "ML-DSA-65")]
    return signing + [
        private.DecryptionKey.generate(alg).to_bytes() for alg in ("X25519", "P-256", "HPKE-9-KE")
    ]


def open_blob(data: bytes) -> bytes:
    facts = measure_blob(data)
    file = AttachmentKey(0, facts.sha256, facts.len, 10, "text/plain", "a", bytes(32))
    return unseal.open_attachment(file, "j", data)


def read_answers(data: bytes) -> None:
    value, refused = answers.parse_answer(Answer(200, {}, data), "fuzz"), 0
    readers = (
        answers.read_feed_entry,
        deliveries.read_submission,
        answers.read_statement,
        answers.read_receipt,
    )
    for read in readers:
        try:
            read(value)
        except ClientError:
            refused += 1
    if refused == len(readers):
        raise ClientError


def key_file() -> Iterable[bytes]:
    cost = {"lanes": 1, "memory_kib": 8, "passes": 1}
    header = {"cost": cost, "iv": "A" * 16, "kind": "accord-keys", "salt": "A" * 22, "v": 1}
    return [encoding.canonical(header) + b"\n" + b"A" * 64 + b"\n"]


def open_state(data: bytes) -> bytes:
    return StateFile(NOWHERE, bytes(32))._open(data)

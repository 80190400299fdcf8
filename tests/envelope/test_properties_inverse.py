# SPDX-License-Identifier: Apache-2.0
"""Writing and parsing are inverse for every object on the wire: nothing is lost, added or read differently."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.envelope.blobs import seal_blob
from accord.envelope.content import AttachmentKey, NamedOfficer, build_inner, read_inner
from accord.envelope.encoding import MAX_INTEGER, MAX_TIME, b64u, canonical, parse_json, unb64u
from accord.envelope.jwe import head_of, join_jwe, parse_jwe, read_entries, wrap_for
from accord.envelope.jws import parse_jws, verify_jws
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import KeyRow, build_keyset_body, read_keyset, verify_keyset
from accord.envelope.manifest import Reference, Terms, read_manifest, shared_members
from accord.envelope.private import LedgerKey
from accord.envelope.slices import build_slice, parse_slice
from accord.envelope.statements.form import (
    CheckpointRef,
    SubjectRef,
    build_statement,
    make_statement,
    parse_statement,
    read_payload,
)
from accord.envelope.tree.merkle import EMPTY_ROOT, inclusion_path, leaf_hash, root_of
from accord.envelope.tree.notes import Checkpoint, parse_note, verify_checkpoint
from accord.envelope.tree.receipts import LeafEntry, Receipt
from accord.envelope.unseal import open_attachment
from accord.envelope.vocabulary import (
    CUSTODIES,
    KEY_STATES,
    LANES,
    MAX_KEY_SECS,
    PRIORITIES,
    PURPOSES,
    RELS,
    STATUSES,
    TLPS,
    TYP_MANIFEST,
)
from tests.envelope.examples import examples
from tests.envelope.world import NOW, known_agency, make_world, uuid7

SUITES = st.sampled_from([PQ1, EC1])
TIMES = st.integers(0, MAX_TIME - MAX_KEY_SECS)
DIGESTS = st.binary(min_size=32, max_size=32).map(b64u)
IDS = st.integers(0, 10**6).map(uuid7)
AGENCIES = st.from_regex(r"[a-z]{2}-[a-z0-9]{2,20}", fullmatch=True)
OFFICERS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXTS,
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(st.text(st.characters(max_codepoint=127), max_size=6), inside, max_size=3)
    ),
    max_leaves=8,
)


def words(allowed: frozenset[str], least: int = 0) -> st.SearchStrategy[list[str]]:
    return st.sets(st.sampled_from(sorted(allowed)), min_size=least).map(sorted)


def one(allowed: frozenset[str] | set[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(sorted(allowed))


def agency_sets(least: int = 1) -> st.SearchStrategy[list[str]]:
    return st.sets(AGENCIES, min_size=least, max_size=5).map(sorted)


# Bytes and texts.


@examples(80)
@given(DOCUMENTS)
def test_canonical_json(value: Any) -> None:
    octets = canonical(value)
    assert parse_json(octets, limit=10**6) == value
    assert canonical(parse_json(octets, limit=10**6)) == octets
    assert canonical(parse_json(json.dumps(value).encode(), limit=10**6)) == octets


# Signed objects.


@examples(20)
@given(st.binary(max_size=60), SUITES)
def test_jws(payload: bytes, suite: str) -> None:
    signer = known_agency("xa-alpha").signing[suite]
    jws = parse_jws(signer.sign_jws("accord-test+jws", payload), "accord-test+jws", limit=10**5)
    assert (jws.payload, jws.kids) == (payload, tuple(key.kid for key in signer.signers))
    verify_jws(jws, signer.signers)


@st.composite
def terms(draw: st.DrawFn, suite: str) -> Terms:
    """Draw any terms that the profile allows for the suite, except RED."""
    iat = draw(TIMES)
    exp = iat + draw(st.integers(1, 10**8))
    keep = exp + draw(st.integers(0, MAX_KEY_SECS - 10**8))
    kind = draw(st.sampled_from(["alert", "update", "reply", "outcome", "extract"]))
    clock = st.none() | st.integers(iat + 1, keep)
    return Terms(
        kind=kind,
        status=draw(one(STATUSES)),
        jti=draw(IDS),
        iat=iat,
        exp=exp,
        keep=keep,
        tlp=draw(one(TLPS - {"RED"} - ({"AMBER+STRICT"} if suite == EC1 else set()))),
        rel=draw(one(RELS)),
        lane=draw(one(LANES)),
        purpose=draw(one(PURPOSES)),
        pri=draw(one(PRIORITIES)),
        ack_by=draw(clock),
        reply_by=draw(clock),
        re=None if kind == "alert" else Reference(draw(IDS), draw(DIGESTS)),
    )


@examples(40)
@given(st.data(), SUITES)
def test_manifest(data: st.DataObject, suite: str) -> None:
    chosen = data.draw(terms(suite))
    signers = tuple(data.draw(st.lists(DIGESTS, min_size=2, max_size=2)))[: 2 if suite == PQ1 else 1]
    facts = {"pd": data.draw(DIGESTS), "ct": data.draw(DIGESTS), "rr": data.draw(DIGESTS)}
    lengths = data.draw(st.lists(st.integers(36, 10**6), max_size=4))
    att = [{"n": n, "sha256": data.draw(DIGESTS), "len": length} for n, length in enumerate(lengths)]
    written = shared_members(chosen, suite, "xa-alpha", 0, signers) | facts
    written |= {"rn": data.draw(st.integers(2, 501)), "att": att}
    octets = canonical(written)
    manifest = read_manifest(octets)
    assert (manifest.terms, manifest.suite, manifest.signers) == (chosen, suite, signers)
    again = manifest.shared() | {name: getattr(manifest, name) for name in ("pd", "ct", "rn", "rr")}
    again["att"] = [vars(blob) for blob in manifest.att]
    assert canonical(again) == octets
    assert read_manifest(json.dumps(written, indent=1).encode()) == replace(
        manifest, md=read_manifest(json.dumps(written, indent=1).encode()).md
    )


@examples(30)
@given(st.data(), SUITES)
def test_inner_payload(data: st.DataObject, suite: str) -> None:
    chosen, signers = data.draw(terms(suite)), ("A" * 43, "E" * 43)[: 2 if suite == PQ1 else 1]
    aud = data.draw(agency_sets().filter(lambda aud: "xa-alpha" not in aud))
    alert = {"more": data.draw(DOCUMENTS), "schema": "accord-alert/1"}
    files = [
        AttachmentKey(
            n,
            data.draw(DIGESTS),
            44,
            8,
            "text/plain",
            f"{n}.txt",
            data.draw(st.binary(min_size=32, max_size=32)),
        )
        for n in range(data.draw(st.integers(0, 2)))
    ]
    octets = build_inner(
        chosen, suite=suite, iss="xa-alpha", signers=signers, aud=aud[::-1], names=(),
        nonce=data.draw(st.binary(min_size=16, max_size=16)), alert=alert, attachments=files,
    )  # fmt: skip
    inner = read_inner(octets)
    assert (inner.aud, inner.alert, inner.attachments) == (tuple(aud), alert, tuple(files))
    assert inner.shared == shared_members(chosen, suite, "xa-alpha", 0, signers)
    assert len(octets) in (2048, 4096, 8192)


@examples(15)
@given(st.sets(AGENCIES, min_size=1, max_size=3).map(sorted), st.data())
def test_inner_payload_of_red(aud: list[str], data: st.DataObject) -> None:
    red = replace(data.draw(terms(PQ1)), tlp="RED", rel="none")
    names = {NamedOfficer(agency, data.draw(OFFICERS)) for agency in aud for _ in range(2)}
    octets = build_inner(
        red, suite=PQ1, iss="xy-none", signers=("A" * 43, "E" * 43), aud=aud, names=names, nonce=bytes(16),
        alert={"schema": "accord-alert/2"}, attachments=(),
    )  # fmt: skip
    assert read_inner(octets).names == tuple(sorted(names))


BODIES: dict[str, tuple[str | None, st.SearchStrategy[dict[str, Any]]]] = {
    "ack": ("manifest", st.just({"st": "refused"}).flatmap(
        lambda body: one({"malformed", "key-missing", "check-failed", "policy"}).map(lambda code: body | {"code": code})
    )),
    "retract": ("manifest", st.fixed_dictionaries(
        {"code": one({"error", "contaminated", "mistaken", "legal"}), "by": st.none() | IDS}
    )),
    "confirm": ("retract", st.fixed_dictionaries({"st": one({"stopped", "impossible"})})),
    "ask": ("manifest", st.fixed_dictionaries({
        "aud": agency_sets(), "purpose": one(PURPOSES), "due": st.none() | TIMES,
        "part": st.none() | st.sets(st.integers(0, 99), min_size=1).map(sorted),
    })),
    "answer": ("ask", st.fixed_dictionaries({
        "st": one({"grant", "refuse", "extract"}), "ref": st.none() | DIGESTS,
        "code": st.none() | one({"court", "source", "policy", "other"}),
    })),
    "release": ("manifest", agency_sets().flatmap(lambda aud: st.fixed_dictionaries({
        "parent": st.none() | DIGESTS, "aud": st.just(aud), "rn": st.just(len(aud)), "rr": DIGESTS, "rel": one(RELS),
        "purpose": one(PURPOSES), "code": st.none() | one({"ask", "emergency", "rekey"}),
        "cond": words(frozenset({"contact-first", "no-court", "no-automated", "read-only"})),
    }))),
    "unrelease": ("release", st.fixed_dictionaries({"code": one({"error", "expired", "condition", "legal"})})),
    "reaffirm": ("ask", st.just({})),
    "agreement": (None, st.fixed_dictionaries({
        "ref": st.from_regex(r"\A[A-Za-z0-9](?:[A-Za-z0-9 .-]{0,18}[A-Za-z0-9])?\Z"),
        "ver": st.just(1), "prev": st.none(), "parties": agency_sets(2), "lanes": words(LANES, 1), "tlp": one(TLPS),
        "purposes": words(PURPOSES, 1), "nbf": st.integers(0, NOW), "clocks": one({"freeze", "run"}),
        "survive": st.fixed_dictionaries({"lanes": words(LANES), "flash": st.booleans()}), "emergency": st.booleans(),
        "text": st.none() | st.fixed_dictionaries({"jti": IDS, "md": DIGESTS}),
    })),
    "accept": ("agreement", st.fixed_dictionaries({"st": one({"accept", "refuse"})})),
    "leave": ("agreement", st.just({})),
    "suspend": (None, st.fixed_dictionaries({
        "lanes": words(LANES, 1), "with": agency_sets(), "why": st.none() | one({"political", "legal", "security"}),
    })),
    "resume": (None, st.fixed_dictionaries({"lanes": words(LANES, 1), "with": agency_sets()})),
    "revoke": (None, st.fixed_dictionaries({
        "kid": DIGESTS, "since": st.integers(0, NOW), "code": one({"stolen", "lost", "error", "ended"}),
    })),
    "pop": (None, st.fixed_dictionaries({
        "chal": DIGESTS, "enc": st.lists(st.fixed_dictionaries({"kid": DIGESTS, "nonce": DIGESTS}), max_size=3),
    })),
}  # fmt: skip


@pytest.mark.parametrize("kind", BODIES)
@examples(8)
@given(data=st.data())
def test_statement(kind: str, data: st.DataObject) -> None:
    about, bodies = BODIES[kind]
    said: dict[str, Any] = {
        "iss": data.draw(AGENCIES),
        "suite": PQ1 if kind == "revoke" else data.draw(SUITES),
        "id": data.draw(IDS),
        "iat": NOW,
        "nonce": data.draw(st.binary(min_size=16, max_size=16)),
        "exp": NOW + 9 if kind in ("release", "agreement") else None,
        "act": data.draw(st.none() | OFFICERS),
        "sub": None if about is None else SubjectRef(about, data.draw(IDS), data.draw(DIGESTS)),
        "cp": data.draw(st.none() | st.builds(CheckpointRef, st.integers(0, MAX_INTEGER), DIGESTS)),
        "body": data.draw(bodies),
    }
    signer = known_agency("xa-alpha").signing[said["suite"]]
    payload = build_statement(kind, signer=signer, **said)
    read = read_payload(payload, kind)
    heard = parse_statement(make_statement(kind, signer=signer, **said))
    assert heard.statement == read
    assert heard.jws.payload == payload
    assert {name: getattr(read, name) for name in said if name != "nonce"} == {
        name: value for name, value in said.items() if name != "nonce"
    }
    assert unb64u(read.nonce) == said["nonce"]
    repeated = {name: getattr(read, name) for name in said} | {"nonce": unb64u(read.nonce)}
    assert build_statement(read.k, signer=signer, **repeated) == payload


@examples(10)
@given(st.data())
def test_keyset(data: st.DataObject) -> None:
    alpha = known_agency("xa-alpha")
    rows = []
    for row in alpha.rows:
        begins, state = data.draw(TIMES), data.draw(one(KEY_STATES))
        since = data.draw(st.integers(0, NOW)) if state == "revoked" else None
        rows.append(KeyRow(row.key, begins, begins + data.draw(st.integers(1, MAX_KEY_SECS)), state, since))
    version = data.draw(st.integers(1, 10**6))
    body = build_keyset_body(
        version=version,
        prev=None if version == 1 else data.draw(DIGESTS),
        root=alpha.root.public,
        nroot=data.draw(st.binary(min_size=32, max_size=32)).hex(),
        custody=data.draw(one(CUSTODIES)),
        low=data.draw(SUITES),
        rows=rows,
    )
    octets = alpha.sign_keyset(body, iat=NOW)
    keyset = verify_keyset(octets, pinned=alpha.root.fingerprint, log_time=NOW)
    assert read_keyset(octets, log_time=NOW) == keyset
    assert keyset.rows == tuple(rows)
    assert (
        build_keyset_body(
            version=keyset.version, prev=keyset.prev, root=keyset.root, nroot=keyset.nroot, custody=keyset.custody,
            low=keyset.low, rows=keyset.rows,
        )
        == body
    )  # fmt: skip


# Sealed objects.


@examples(10)
@given(st.data(), SUITES)
def test_jwe_and_its_entries(data: st.DataObject, suite: str) -> None:
    sealed = make_world(suite).seal()
    whole = parse_jwe(sealed.jwe, suite, limit=10**6)
    parts = [data.draw(st.binary(min_size=size, max_size=size)) for size in (12, 16)]
    ciphertext = data.draw(st.binary(max_size=99))
    head = head_of(whole.protected, b64u(b"{}"), b64u(parts[0]), b64u(ciphertext), b64u(parts[1]))
    keys = [known_agency(name).decryption[suite].public for name in ("xb-bravo", "xc-charlie")]
    texts = [wrap_for(suite, key, bytes(32)) for key in keys]
    read = parse_jwe(join_jwe(head, texts).encode(), suite, limit=10**6)
    assert (read.iv, read.ciphertext, read.tag, read.head) == (parts[0], ciphertext, parts[1], head)
    assert [(entry.kid, entry.text) for entry in read.entries] == [
        (key.kid, text) for key, text in zip(keys, texts, strict=True)
    ]
    array = json.dumps([json.loads(text) for text in texts])
    assert read_entries(json.loads(array), suite) == read.entries
    assert join_jwe(read.head, [entry.text for entry in read.entries]) == join_jwe(head, texts)


@examples(10)
@given(st.data(), SUITES)
def test_slice(data: st.DataObject, suite: str) -> None:
    world = make_world(suite)
    carried = world.intake(world.seal())
    receipt = world.ledger.log(carried.md)
    entry = data.draw(st.sampled_from(carried.entries))
    path = data.draw(st.lists(st.binary(min_size=32, max_size=32), max_size=16))
    index = data.draw(st.integers(0, MAX_INTEGER))
    octets = build_slice(
        manifest=carried.manifest_bytes, jwe_head=carried.jwe_head, entry=entry.text, index=index, path=path,
        receipts=[receipt.as_json()],
    )  # fmt: skip
    read = parse_slice(octets)
    assert (read.manifest, read.index, list(read.path)) == (carried.manifest, index, path)
    assert read.receipts == (receipt,)
    assert (read.jwe.head, [item.text for item in read.jwe.entries]) == (carried.jwe_head, [entry.text])
    assert read.manifest_jws == parse_jws(carried.manifest_bytes, TYP_MANIFEST, limit=10**6)


@examples(25)
@given(st.binary(max_size=300), st.integers(0, 31), IDS)
def test_blob(plain: bytes, n: int, jti: str) -> None:
    blob = seal_blob(plain, jti, n)
    key = AttachmentKey(n, blob.facts.sha256, blob.facts.len, len(plain), "a/b", "c", blob.key)
    assert open_attachment(key, jti, blob.octets) == plain


# The ledger's objects.

LEDGER = LedgerKey.generate("ledger.example/log")
LEAVES = st.builds(LeafEntry, DIGESTS, st.just("x"), TIMES) | st.builds(
    LeafEntry, DIGESTS, st.sampled_from(["keyset", "revoke"]), TIMES, AGENCIES
)


@examples(40)
@given(LEAVES)
def test_leaf(leaf: LeafEntry) -> None:
    assert LeafEntry.parse(leaf.encode()) == LeafEntry.from_json(leaf.as_json()) == leaf
    assert LeafEntry.parse(leaf.encode()).encode() == leaf.encode()


@examples(25)
@given(st.lists(LEAVES, min_size=1, max_size=9), st.data())
def test_receipt_and_its_checkpoint(leaves: list[LeafEntry], data: st.DataObject) -> None:
    hashes = [leaf_hash(leaf.encode()) for leaf in leaves]
    index = data.draw(st.integers(0, len(leaves) - 1))
    checkpoint = Checkpoint(LEDGER.name, len(leaves), root_of(hashes))
    receipt = Receipt(
        leaves[index], index, tuple(inclusion_path(hashes, index)), LEDGER.sign_note(checkpoint.text)
    )
    assert Receipt.parse(receipt.as_json()) == receipt
    assert Receipt.parse_bytes(canonical(receipt.as_json())) == receipt
    assert Receipt.parse_tlog_proof(receipt.tlog_proof()) == receipt
    assert Receipt.parse_tlog_proof(receipt.tlog_proof()).tlog_proof() == receipt.tlog_proof()
    leaf = leaves[index]
    assert receipt.verify(d=leaf.d, keys=[LEDGER.verifier], k=leaf.k, a=leaf.a) == leaf.t
    assert verify_checkpoint(receipt.checkpoint, [LEDGER.verifier]) == checkpoint


@examples(40)
@given(st.integers(0, MAX_INTEGER), st.binary(min_size=32, max_size=32))
def test_checkpoint(size: int, root: bytes) -> None:
    checkpoint = Checkpoint("ledger.example/log", size, root if size else EMPTY_ROOT)
    assert Checkpoint.parse(checkpoint.text) == checkpoint
    assert Checkpoint.parse(checkpoint.text).text == checkpoint.text
    note = parse_note(LEDGER.sign_note(checkpoint.text))
    assert note.text == checkpoint.text
    assert [signature.name for signature in note.signatures] == [LEDGER.name]

# SPDX-License-Identifier: Apache-2.0
"""Well-formed objects of every kind as the fuzzer's seeds: made by the tests' world, and the stored vectors."""

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from accord.envelope.challenges import issue_challenge
from accord.envelope.content import Attachment, NamedOfficer
from accord.envelope.encoding import b64u, unb64u
from accord.envelope.jwe import UnverifiedJwe, parse_jwe
from accord.envelope.keys import EC1, PQ1
from accord.envelope.manifest import Reference
from accord.envelope.private import DecryptionKey, SigningKey
from accord.envelope.seal import SealedEnvelope
from accord.envelope.slices import parse_slice
from accord.envelope.statements.form import make_statement
from accord.envelope.unseal import decrypt, unwrap
from tests.envelope.good_statements import GOOD, good_statement
from tests.envelope.kit.cases import opening_cases
from tests.envelope.world import NOW, World, make_agency, make_world, terms, uuid7

SUITES = (PQ1, EC1)


@cache
def world(suite: str) -> World:
    """Return the world of alpha, bravo and charlie."""
    return make_world(suite)


@cache
def sealed(suite: str) -> SealedEnvelope:
    """Return an alert with two files; in PQ1 also RED with named officers."""
    files = [Attachment("a.txt", "text/plain", b"a" * 10), Attachment("\u00e9.bin", "x/y;z=1", b"")]
    return world(suite).seal(attachments=files)


@cache
def sealed_red() -> SealedEnvelope:
    """Return a RED alert, with two named officers at one agency."""
    names = [NamedOfficer("xb-bravo", "o1"), NamedOfficer("xb-bravo", "o2"), NamedOfficer("xc-charlie", "o3")]
    update = terms(
        kind="update", re=Reference(uuid7(3), "A" * 43), tlp="RED", ack_by=NOW + 9, reply_by=NOW + 99
    )
    return world(PQ1).seal(terms=update, names=names)


def envelopes() -> list[tuple[str, SealedEnvelope]]:
    """Return pairs of suite and envelope."""
    return [(PQ1, sealed(PQ1)), (EC1, sealed(EC1)), (PQ1, sealed_red())]


@cache
def slices() -> list[bytes]:
    """Return slices for bravo, and those of the stored vectors: some with a receipt, some with releases."""
    own = [world(suite).slice_of(world(suite).intake(item), "xb-bravo") for suite, item in envelopes()]
    return own + [case.given["slice"].encode() for case in opening_cases()]


def payload_of(jws: bytes) -> bytes:
    """Return the octets a JWS signs."""
    return unb64u(json.loads(jws)["payload"])


def inner_jws(suite: str, item: SealedEnvelope) -> bytes:
    """Return the inner JWS that bravo decrypts."""
    jwe: UnverifiedJwe = parse_jwe(item.jwe, suite, limit=len(item.jwe))
    key = next(agency for agency in world(suite).others if agency.id == "xb-bravo").decryption[suite]
    entry = next(entry for entry in jwe.entries if entry.kid == key.public.kid)
    return decrypt(jwe, unwrap(entry, key))


@cache
def statements() -> dict[str, bytes]:
    """Return one statement of every kind, by its name."""
    alpha = world(PQ1).alpha
    made = {name: good_statement(alpha, name) for name in GOOD}
    made["keyset"] = alpha.keyset_jws
    made["revoke"] = _by_root("revoke", {"kid": alpha.rows[0].kid, "since": NOW - 9, "code": "stolen"})
    made["pop"] = _said("pop", {"chal": "A" * 43, "enc": [{"kid": "A" * 43, "nonce": "A" * 43}]})
    return made


def _by_root(k: str, body: Mapping[str, Any]) -> bytes:
    return _said(k, body, signer=world(PQ1).alpha.root.signer)


def _said(k: str, body: Mapping[str, Any], **changes: Any) -> bytes:
    alpha = world(PQ1).alpha
    usual: dict[str, Any] = {
        "iss": alpha.id, "signer": alpha.signing[PQ1], "suite": PQ1, "id": uuid7(9), "iat": NOW, "nonce": bytes(16),
    }  # fmt: skip
    return make_statement(k, body=body, **(usual | changes))


def receipts() -> list[dict[str, Any]]:
    """Return receipts as JSON, one of them for a keyset."""
    found = [receipt.as_json() for octets in slices()[:3] for receipt in parse_slice(octets).receipts]
    leaf = found[0]["leaf"] | {"k": "keyset", "a": "xa-alpha"}
    return [*found, found[0] | {"leaf": leaf}]


def jwks() -> list[dict[str, str]]:
    """Return public keys of every kind."""
    kinds = [SigningKey.generate(alg).public for alg in ("Ed25519", "ES256", "ML-DSA-65")]
    kinds += [DecryptionKey.generate(alg).public for alg in ("HPKE-9-KE", "X25519", "P-256")]
    return [dict(key.jwk) for key in kinds]


@cache
def challenge_keys() -> tuple[DecryptionKey, ...]:
    """Return one key of each suite, to open challenges with."""
    return tuple(make_agency("xq-quebec").decryption.values())


def challenges() -> list[dict[str, Any]]:
    """Return a sealed challenge for each of these keys."""
    public = [key.public for key in challenge_keys()]
    nonces = [os.urandom(32) for _ in public]
    return list(issue_challenge("xq-quebec", public, challenge=bytes(32), nonces=nonces).sealed)


def as_bytes(value: Any) -> bytes:
    """Return JSON octets."""
    return json.dumps(value, separators=(",", ":")).encode()


def fed_page() -> list[dict[str, Any]]:
    """Return items of a hub's lists: an item of the feed, a submission with a delivery."""
    item = {
        "number": 1,
        "what": "envelope",
        "digest": "A" * 43,
        "iss": "xa-alpha",
        "id": uuid7(1),
        "ref": None,
    }
    delivery = {"recipient": "xb-bravo", "state": "told", "answer": None, "told_at": "2026-01-01T00:00:00Z"}
    own = item | {"iat": NOW, "receipt": receipts()[0], "deliveries": [delivery]}
    return [item, own, {"statement": statements()["ack opened"].decode(), "receipt": receipts()[0]}]


def nonce() -> str:
    """Return 32 octets, base64url."""
    return b64u(bytes(32))

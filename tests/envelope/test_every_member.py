# SPDX-License-Identifier: Apache-2.0
"""Every member of every object on the wire, absent, misspelt, of another sort or outside its limits, is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import pytest

from accord.envelope.content import read_inner
from accord.envelope.encoding import b64u, unb64u
from accord.envelope.errors import MalformedError
from accord.envelope.jwe import parse_jwe_object, read_entries
from accord.envelope.jws import parse_jws_object
from accord.envelope.keys import EC1, PQ1
from accord.envelope.manifest import read_manifest
from accord.envelope.slices import parse_slice
from accord.envelope.statements.form import CheckpointRef, parse_statement_object
from accord.envelope.tree.receipts import LeafEntry, Receipt
from accord.envelope.vocabulary import TYP_MANIFEST, statement_typ
from tests.envelope import forbidden_values
from tests.envelope.forbidden_values import Path, Shape, Sort
from tests.envelope.good_statements import DIGEST, GOOD, good_statement
from tests.envelope.tampering import read, write
from tests.envelope.world import DAY, NOW, known_agency, make_world, uuid7

Read = Callable[[Any], object]


def payload_of(jws: bytes) -> dict[str, Any]:
    return read(unb64u(read(jws)["payload"]))


def spoken(kind: str) -> dict[str, Any]:
    """A good payload of this kind, with null only where it must be."""
    name = next((name for name in reversed(GOOD) if name.split()[0] == kind), kind)
    payload = payload_of(good_statement(known_agency("xb-bravo"), name, cp=CheckpointRef(7, DIGEST)))
    if kind == "ask":
        payload["body"] |= {"part": [1, 3], "due": NOW}
    if kind == "agreement":
        payload["body"] |= {"ver": 2, "prev": DIGEST}
    return payload


def signed_by_root(kind: str) -> dict[str, Any]:
    """A good keyset, revoke or pop."""
    keyset = payload_of(known_agency("xb-bravo").keyset_jws)
    keyset["body"] |= {"ver": 2, "prev": DIGEST}
    keyset["body"]["keys"][0] |= {"st": "revoked", "since": NOW - DAY}
    keyset["cp"] = {"n": 7, "root": DIGEST}
    bodies = {
        "keyset": keyset["body"],
        "revoke": {"kid": DIGEST, "since": keyset["iat"], "code": "lost"},
        "pop": {"chal": DIGEST, "enc": [{"kid": DIGEST, "nonce": DIGEST}]},
    }
    ends = keyset["exp"] if kind == "keyset" else None
    return keyset | {"k": kind, "body": bodies[kind], "exp": ends}


@cache
def statement(kind: str) -> dict[str, Any]:
    return signed_by_root(kind) if kind in ("keyset", "revoke", "pop") else spoken(kind)


def read_as(kind: str, payload: Any) -> object:
    """Read as a statement of this kind; of the signatures only the kids are checked."""
    typ, kids = statement_typ(kind), statement(kind)["signers"]
    headers = [b64u(write({"alg": "Ed25519", "kid": kid, "typ": typ})) for kid in kids]
    signatures = [{"protected": header, "signature": "AA"} for header in headers]
    return parse_statement_object({"payload": b64u(write(payload)), "signatures": signatures}, b"").statement


@cache
def manifest() -> dict[str, Any]:
    """The payload of an update to two named officers under RED, with an attachment: no member is null."""
    payload = payload_of(make_world(PQ1).seal().manifest)
    more = {
        "kind": "update",
        "re": {"jti": uuid7(7), "md": DIGEST},
        "ack_by": NOW,
        "reply_by": NOW,
        "tlp": "RED",
    }
    return payload | more | {"named": 2, "att": [{"n": 0, "sha256": DIGEST, "len": 44}]}


@cache
def inner() -> dict[str, Any]:
    shared = {
        name: value for name, value in manifest().items() if name not in ("pd", "ct", "rn", "rr", "att")
    }
    file = {"n": 0, "sha256": DIGEST, "len": 44, "size": 8, "cty": "text/plain", "fn": "a.txt", "k": DIGEST}
    return shared | {
        "aud": ["xb-bravo", "xc-charlie"],
        "names": [{"a": "xb-bravo", "o": "of-1"}, {"a": "xc-charlie", "o": "of-2"}],
        "nonce": "A" * 22,
        "alert": {"schema": "accord-alert/1"},
        "att": [file],
        "pad": "0",
    }


def read_padded(payload: Any) -> object:
    """Read as an inner payload padded to the smallest size; `pad` is filled only if it is "0"."""
    bare = len(write(payload | {"pad": ""})) if isinstance(payload, dict) else 0
    if isinstance(payload, dict) and payload.get("pad") == "0":
        size = next(size for size in (2048, 4096, 8192, 16384, 32768, 65536) if size >= bare)
        payload = payload | {"pad": "0" * (size - bare)}
    return read_inner(write(payload).ljust(2048))


@cache
def sealed() -> dict[str, Any]:
    jwe = read(make_world(PQ1).seal().jwe)
    return jwe | {"recipients": jwe["recipients"][:1]}


@cache
def receipt() -> dict[str, Any]:
    world = make_world(PQ1)
    return [world.ledger.log(DIGEST), world.ledger.log(DIGEST)][1].as_json()


@cache
def signed() -> dict[str, Any]:
    return read(make_world(PQ1).seal().manifest)


@cache
def sliced() -> dict[str, Any]:
    world = make_world(PQ1)
    return read(world.slice_of(world.intake(world.seal()), "xb-bravo"))


def header_of(suite: str) -> dict[str, Any]:
    header: dict[str, Any] = read(make_world(suite).seal().jwe)["recipients"][1]["header"]
    return header


def read_header(suite: str) -> Read:
    """Read as the header of an entry whose key is wrapped well."""
    wrapped = "A" * (64 if suite == PQ1 else 54)
    return lambda value: read_entries([{"header": value, "encrypted_key": wrapped}], suite)


OBJECTS: dict[str, tuple[Shape, Callable[[], dict[str, Any]], Read]] = {
    **{
        kind: (shape, partial(statement, kind), partial(read_as, kind))
        for kind, shape in forbidden_values.STATEMENTS.items()
    },
    "manifest": (forbidden_values.MANIFEST, manifest, lambda value: read_manifest(write(value))),
    "inner payload": (forbidden_values.INNER, inner, read_padded),
    "receipt": (forbidden_values.RECEIPT, receipt, Receipt.parse),
    "leaf of a keyset": (
        forbidden_values.KEYSET_LEAF,
        lambda: {"d": DIGEST, "k": "keyset", "t": NOW, "a": "xa-alpha"},
        LeafEntry.from_json,
    ),
    "jwe": (forbidden_values.JWE, sealed, lambda value: parse_jwe_object(value, PQ1)),
    "slice": (forbidden_values.SLICE, sliced, lambda value: parse_slice(write(value))),
    "header of an entry in PQ1": (forbidden_values.PQ1_HEADER, lambda: header_of(PQ1), read_header(PQ1)),
    "header of an entry in EC1": (forbidden_values.EC1_HEADER, lambda: header_of(EC1), read_header(EC1)),
    "jws": (forbidden_values.JWS, signed, lambda value: parse_jws_object(value, TYP_MANIFEST)),
}
# The document of an alert is the author's and may have any further members.
FREE = {("inner payload", ("alert",))}
MEMBERS = [
    pytest.param(name, path, sort, id=f"{name} {'.'.join(map(str, path))}")
    for name, (shape, _, _) in OBJECTS.items()
    for path, sort in forbidden_values.members_of(shape)
]
HOLDERS = [
    pytest.param(name, path, id=f"{name} {'.'.join(map(str, path))}".strip())
    for name, (shape, _, _) in OBJECTS.items()
    for path in forbidden_values.objects_of(shape)
    if (name, path) not in FREE
]


@pytest.mark.parametrize("name", OBJECTS)
def test_the_object_itself_is_good_and_has_every_member(name: str) -> None:
    shape, make_good, read_it = OBJECTS[name]
    good = make_good()
    assert read_it(good)
    for path in forbidden_values.objects_of(shape):
        if (name, path) not in FREE:
            known = forbidden_values.at(shape, path) if 0 not in path else None
            assert known is None or set(forbidden_values.at(good, path)) == set(known)


@pytest.mark.parametrize(("name", "path", "sort"), MEMBERS)
def test_a_member_of_another_sort_is_refused(name: str, path: Path, sort: Sort) -> None:
    _, make_good, read_it = OBJECTS[name]
    good = make_good()
    for wrong in sort:
        if wrong != forbidden_values.at(good, path) or isinstance(wrong, bool):
            with pytest.raises(MalformedError):
                read_it(forbidden_values.with_value(good, path, wrong))
                pytest.fail(f"{json.dumps(wrong)[:60]} is taken")


@pytest.mark.parametrize(("name", "path"), HOLDERS)
def test_a_member_missing_misspelt_or_added_is_refused(name: str, path: Path) -> None:
    _, make_good, read_it = OBJECTS[name]
    for changed in forbidden_values.without_and_with_more(make_good(), path):
        with pytest.raises(MalformedError):
            read_it(changed)


@pytest.mark.parametrize("name", OBJECTS)
def test_what_is_no_object_is_refused(name: str) -> None:
    *_, read_it = OBJECTS[name]
    for wrong in forbidden_values.OBJECT:
        with pytest.raises(MalformedError):
            read_it(wrong)

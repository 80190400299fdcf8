# SPDX-License-Identifier: Apache-2.0
"""The slice: one recipient's part of an envelope.

`{v, manifest, jwe (its own entry only), via, path, index, receipts}`. The exchange builds it from the bytes it keeps; the
reader parses it here and verifies it in `accord.envelope.verifying`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from accord.envelope.encoding import (
    MAX_INTEGER,
    MAX_SLICE_BYTES,
    b64u,
    integer,
    members,
    parse_object,
    unb64u,
)
from accord.envelope.errors import Failure, MalformedError, TooLargeError, VerificationError
from accord.envelope.jwe import UnverifiedJwe, join_jwe, parse_jwe_object
from accord.envelope.jws import UnverifiedJws, parse_jws_object
from accord.envelope.manifest import Manifest, read_manifest
from accord.envelope.statements.form import UnverifiedStatement, parse_statement_object
from accord.envelope.tree.receipts import Receipt
from accord.envelope.vocabulary import MAX_RELEASE_DEPTH, TYP_MANIFEST, VERSION

MAX_PATH: Final = 16
HASH_BYTES: Final = 32

_MEMBERS = frozenset({"v", "manifest", "jwe", "via", "path", "index", "receipts"})


@dataclass(frozen=True)
class UnverifiedSlice:
    """A well-formed slice; nothing in it was checked."""

    manifest: Manifest
    manifest_jws: UnverifiedJws = field(repr=False)
    jwe: UnverifiedJwe = field(repr=False)
    via: tuple[UnverifiedStatement, ...]
    path: tuple[bytes, ...] = field(repr=False)
    index: int
    receipts: tuple[Receipt, ...] = field(repr=False)


def build_slice(
    *,
    manifest: bytes,
    jwe_head: str,
    entry: str,
    index: int,
    path: Sequence[bytes],
    receipts: Sequence[Mapping[str, Any]],
    via: Sequence[bytes] = (),
) -> bytes:
    """Join the exchange's stored parts; `manifest` and `via` go in as received.

    `entry`, `index` and `path` are those of the recipient, under `rr` of the last `via` or else of the manifest; `receipts` are
    the JSON objects of the manifest, then of each `via`.
    """
    parts = (
        ("v", str(VERSION)),
        ("index", str(index)),
        ("path", json.dumps([b64u(node) for node in path], separators=(",", ":"))),
        ("via", f"[{','.join(release.decode('ascii') for release in via)}]"),
        ("manifest", manifest.decode("ascii")),
        ("jwe", join_jwe(jwe_head, [entry])),
        ("receipts", json.dumps(list(receipts), separators=(",", ":"))),
    )
    octets = ("{" + ",".join(f'"{name}":{value}' for name, value in parts) + "}").encode("ascii")
    if len(octets) > MAX_SLICE_BYTES:
        raise TooLargeError("slice", MAX_SLICE_BYTES)
    return octets


def parse_slice(data: bytes) -> UnverifiedSlice:
    """Read a slice; raise MalformedError, or VerificationError (wrong typ, receipt missing)."""
    value = members(parse_object(data, limit=MAX_SLICE_BYTES, where="slice"), _MEMBERS, "slice")
    integer(value["v"], "slice v", least=VERSION, most=VERSION)
    jws = parse_jws_object(value["manifest"], TYP_MANIFEST)
    manifest = read_manifest(jws.payload)
    jwe = parse_jwe_object(value["jwe"], manifest.suite)
    if len(jwe.entries) != 1:
        raise MalformedError("slice recipients")
    via = _read_via(value["via"])
    return UnverifiedSlice(
        manifest=manifest,
        manifest_jws=jws,
        jwe=jwe,
        via=via,
        path=_read_path(value["path"]),
        index=integer(value["index"], "slice index", most=MAX_INTEGER),
        receipts=_read_receipts(value["receipts"], 1 + len(via)),
    )


def _read_via(value: object) -> tuple[UnverifiedStatement, ...]:
    if not isinstance(value, list) or len(value) > MAX_RELEASE_DEPTH:
        raise MalformedError("slice via")
    via = tuple(parse_statement_object(item, b"") for item in value)
    if any(release.statement.k != "release" for release in via):
        raise VerificationError(Failure.TYP)
    return via


def _read_path(value: object) -> tuple[bytes, ...]:
    if not isinstance(value, list) or len(value) > MAX_PATH:
        raise MalformedError("slice path")
    return tuple(unb64u(node, size=HASH_BYTES, where="slice path") for node in value)


def _read_receipts(value: object, wanted: int) -> tuple[Receipt, ...]:
    if not isinstance(value, list) or len(value) > wanted:
        raise MalformedError("slice receipts")
    if len(value) < wanted or None in value:
        raise VerificationError(Failure.RECEIPT_MISSING)
    return tuple(Receipt.parse(item) for item in value)

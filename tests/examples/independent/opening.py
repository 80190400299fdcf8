# SPDX-License-Identifier: Apache-2.0
"""Section 5.9: a recipient opens its slice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.examples.independent import forms, jws, ledger, sealing
from tests.examples.independent.chain import Release, check_inner, check_open
from tests.examples.independent.encoding import array, closed, digest, integer, parse_text, tobase64, unbase64
from tests.examples.independent.judging import Standing, World, check_suite, judge_logged, reaffirmed, worst
from tests.examples.independent.refusal import at, need
from tests.examples.independent.statements import payload_form

SLICE_LIMIT = 524_288
MANIFEST = "accord-manifest+jws"
INNER = "accord-alert+jws"
RELEASE = "accord-release+jws"


@dataclass
class Reader:
    """A recipient: its id, its private keys, its pins and the facts that it keeps."""

    agency: str
    privates: list[dict[str, Any]]
    world: World
    vkeys: list[str]
    kept: ledger.Kept | None = None
    met: list[dict[str, str]] = field(default_factory=list)
    unreleased: set[str] = field(default_factory=set)
    reaffirms: list[tuple[str, int]] = field(default_factory=list)


@dataclass
class Slice:
    """A slice whose form is right."""

    signed: jws.Signed
    manifest: dict[str, Any]
    md: str
    jwe: dict[str, Any]
    entry: dict[str, Any]
    via: list[tuple[jws.Signed, Release]]
    path: list[bytes]
    index: int
    receipts: list[Any]


def read_slice(text: str) -> Slice:
    """Make step 1."""
    value = closed(
        parse_text(text, SLICE_LIMIT), ("v", "manifest", "jwe", "via", "path", "index", "receipts")
    )
    integer(value["v"], 1, 1)
    signed = jws.as_member(value["manifest"])
    manifest = forms.manifest(signed.payload)
    jwe = sealing.jwe_form(value["jwe"], sealing.ENVELOPE, 1)
    entry = sealing.entry_form(jwe["recipients"][0], manifest["suite"])
    via = [_read_release(item) for item in array(value["via"], 0, 3)]
    path = [unbase64(step, 32) for step in array(value["path"], 0, 16)]
    integer(value["index"])
    receipts = array(value["receipts"], 0, 1 + len(via))
    signed.require_typ(MANIFEST)
    receipts += [None] * (1 + len(via) - len(receipts))
    for receipt in receipts:
        if receipt is not None:
            ledger.receipt_form(receipt)
    need(None not in receipts, "receipt-missing")
    return Slice(signed, manifest, signed.od(MANIFEST), jwe, entry, via, path, value["index"], receipts)


def _read_release(value: Any) -> tuple[jws.Signed, Release]:
    signed = jws.as_member(value)
    said = payload_form(signed.payload, "release")
    signed.require_typ(RELEASE)
    return signed, Release(said, signed.od(RELEASE))


def open_slice(reader: Reader, text: str, blobs: list[bytes]) -> dict[str, Any]:
    """Make every step of 5.9; return the contents of the slice."""
    with at("verifying"):
        piece = read_slice(text)
        ods = [piece.md, *(release.od for _, release in piece.via)]
        proved = [
            ledger.log_time(receipt, od, reader.vkeys, reader.kept)
            for receipt, od in zip(piece.receipts, ods, strict=True)
        ]
        ledger.need_one_log([receipt["checkpoint"] for receipt in piece.receipts], reader.vkeys)
        moments = [moment for moment, _ in proved]
        standing = _verify(reader, piece, moments)
        _check_path(reader, piece)
        need(sealing.sealed_digest(piece.jwe) == piece.manifest["ct"], "ct-differs")
        need(sealing.associated(piece.manifest) == piece.jwe["aad"], "aad-differs")
    with at("opening"):
        said = _decrypt(reader, piece)
        _check_access(reader, piece, said)
        _check_blobs(piece.manifest, blobs)
    with at("blob"):
        files = {
            att["fn"]: tobase64(sealing.open_blob(said["jti"], att, blob))
            for att, blob in zip(said["att"], blobs, strict=True)
        }
    return {
        "md": piece.md,
        "alert": said["alert"],
        "files": files,
        "standing": standing,
        "log_time": moments[0],
        "log_compared": all(compared for _, compared in proved),
        "late": reader.world.now >= piece.manifest["exp"],
    }


def _verify(reader: Reader, piece: Slice, moments: list[int]) -> Standing:
    """Make steps 3 and 4; return the gravest standing of the manifest and each release."""
    world, manifest = reader.world, piece.manifest
    found = judge_logged(world, manifest, piece.signed, moments[0])
    sub = {"k": "manifest", "id": manifest["jti"], "d": piece.md}
    standings = [reaffirmed(world, found, manifest["iss"], sub, reader.reaffirms)]
    for (signed, release), moment in zip(piece.via, moments[1:], strict=True):
        found = judge_logged(world, release.said, signed, moment)
        check_suite(world, release.said, moment)
        sub = {"k": "release", "id": release.said["id"], "d": release.od}
        standings.append(reaffirmed(world, found, release.iss, sub, reader.reaffirms))
    chain = [release for _, release in piece.via]
    check_open(manifest, piece.md, chain, world.now, reader.unreleased)
    return worst(standings)


def _check_path(reader: Reader, piece: Slice) -> None:
    """Make step 5."""
    over = piece.via[-1][1].body if piece.via else piece.manifest
    leaf = ledger.leaf_hash(sealing.entry_leaf(reader.agency, piece.entry))
    root = unbase64(over["rr"], 32)
    holds = ledger.includes(leaf, piece.index, over["rn"], piece.path, root)
    need(holds, "not-a-recipient-by-path")


def _decrypt(reader: Reader, piece: Slice) -> dict[str, Any]:
    """Make steps 7 to 10; return the inner payload."""
    private = sealing.private_for(piece.entry, reader.privates)
    key = sealing.content_key(piece.manifest["suite"], private, piece.entry)
    plain = sealing.decrypt(key, piece.jwe)
    need(digest(plain) == piece.manifest["pd"], "pd-differs")
    signed = jws.as_submitted(plain, jws.INNER_LIMIT)
    signed.require_typ(INNER)
    keyset = reader.world.agencies[piece.manifest["iss"]].in_force(reader.world.now)
    rows = [keyset.row(name) if keyset else None for name in piece.signed.kids]
    jws.verify(signed, [row.key for row in rows if row is not None])
    said = forms.inner(signed.payload)
    need(forms.same(piece.manifest, said), "inner-and-manifest-differ")
    need(piece.manifest["rn"] == len(said["aud"]) + 1, "recipients-differ")
    return said


def _check_access(reader: Reader, piece: Slice, said: dict[str, Any]) -> None:
    """Make steps 11 and 12."""
    aud = set(said["aud"])
    if piece.via:
        chain = [release for _, release in piece.via]
        check_inner(piece.manifest, chain, aud)
        need(reader.agency in chain[-1].aud, "not-in-the-audience")
    else:
        need(reader.agency == said["iss"] or reader.agency in aud, "not-in-the-audience")
    for met in reader.met:
        if (met["iss"], met["jti"]) == (said["iss"], said["jti"]):
            need(met["md"] == piece.md, "same-id-with-other-bytes")


def _check_blobs(manifest: dict[str, Any], blobs: list[bytes]) -> None:
    """Make step 13."""
    need(len(blobs) == len(manifest["att"]), "blob-differs")
    for att, blob in zip(manifest["att"], blobs, strict=True):
        need(len(blob) == att["len"] and digest(blob) == att["sha256"], "blob-differs")

# SPDX-License-Identifier: Apache-2.0
"""Writes tests/vectors/envelope_v1.json: slices of both suites with what a reader must make of them.

    python -m tests.envelope.make_vectors

Keys and signatures are new on each run, so the file changes as a whole; it is written once per version
of the profile and kept, since PQ1 is what these octets are.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from accord.envelope.content import Attachment
from accord.envelope.encoding import b64u
from accord.envelope.keys import EC1, PQ1
from tests.envelope.receiving import changed
from tests.envelope.tampering import encrypted_again, flipped, read, signed_again
from tests.envelope.world import ALERT, NOW, Agency, World, make_world, terms, uuid7

TARGET = Path(__file__).parent.parent / "vectors" / "envelope_v1.json"
FILE = Attachment("spectrum.msp", "chemical/x-msp", b"peaks" * 30)


def main() -> None:
    """Write the file."""
    worlds = {suite: make_world(suite) for suite in (PQ1, EC1)}
    some = worlds[PQ1]
    some.ledger = worlds[EC1].ledger
    cases = [case for world in worlds.values() for case in _cases(world)]
    document = {
        "profile": 1,
        "now": NOW,
        "ledger": some.ledger.key.vkey,
        "agencies": {agency.id: _agency(agency) for agency in (some.alpha, *some.others)},
        "cases": cases,
    }
    TARGET.write_text(json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def _agency(agency: Agency) -> dict[str, Any]:
    return {
        "root": agency.root.fingerprint,
        "keyset": agency.keyset_jws.decode("ascii"),
        "keyset_logged_at": agency.keyset.log_time,
        "private": [
            {"alg": key.public.alg, "stored": b64u(key.to_bytes())} for key in agency.decryption.values()
        ],
    }


def _cases(world: World) -> list[dict[str, Any]]:
    bravo, charlie = world.others
    sealed = world.seal(attachments=[FILE])
    octets = world.slice_of(world.intake(sealed), bravo.id)
    other = world.slice_of(world.intake(world.seal()), bravo.id)
    signer = world.alpha.signing[world.suite]

    def case(
        name: str, slice_octets: bytes, expect: dict[str, Any], reader: Agency = bravo
    ) -> dict[str, Any]:
        return {
            "name": name,
            "suite": world.suite,
            "reader": reader.id,
            "slice": slice_octets.decode("utf-8"),
            "blobs": [b64u(blob) for blob in sealed.blobs],
            "expect": expect,
        }

    def refused(name: str, change: Callable[[dict[str, Any]], None], failure: str) -> dict[str, Any]:
        return case(name, changed(octets, change), {"verifying": failure})

    plain = world.slice_of(world.intake(world.seal()), bravo.id)
    inner = world.open(plain, bravo).inner_jws
    elsewhere = encrypted_again(inner, terms(jti=uuid7(2)), world.alpha, world.others, world.suite)
    forwarded = encrypted_again(inner, terms(), bravo, [charlie], world.suite)
    sent_on = world.slice_of(world.intake(forwarded, caller=bravo.id), charlie.id)
    marked = signed_again(sealed, signer, tlp="CLEAR")
    good = {"alert": ALERT, "files": {FILE.filename: b64u(FILE.plain)}}
    return [
        case("an alert with a file", octets, good),
        case("the slice of another agency", octets, {"verifying": "not-a-recipient-by-path"}, charlie),
        refused("no receipt yet", lambda value: value.update(receipts=[]), "receipt-missing"),
        refused(
            "the receipt of another envelope",
            lambda value: value.update(receipts=read(other)["receipts"]),
            "receipt-refused",
        ),
        refused(
            "a signature stripped",
            lambda value: value["manifest"]["signatures"].pop(),
            "signers-differ" if world.suite == PQ1 else "malformed",
        ),
        refused(
            "the entry of another envelope",
            lambda value: value["jwe"].update(recipients=read(other)["jwe"]["recipients"]),
            "not-a-recipient-by-path",
        ),
        refused(
            "the ciphertext of another envelope",
            lambda value: value["jwe"].update(
                {name: read(other)["jwe"][name] for name in ("iv", "ciphertext", "tag")}
            ),
            "ct-differs",
        ),
        case("one bit of the tag changed", _tag_flipped(octets), {"verifying": "ct-differs"}),
        refused(
            "a manifest of another marking",
            lambda value: value.update(
                manifest=read(marked.manifest), receipts=[world.ledger.log(marked.md).as_json()]
            ),
            "aad-differs",
        ),
        case(
            "an unknown member", changed(octets, lambda value: value.update(x=1)), {"verifying": "malformed"}
        ),
        case("a duplicate member", octets[:-1] + b',"v":1}', {"verifying": "malformed"}),
        case(
            "content moved to another envelope",
            world.slice_of(world.intake(elsewhere), bravo.id),
            {"opening": "inner-and-manifest-differ"},
        ),
        case("an alert encrypted again for a third agency", sent_on, {"opening": "signers-differ"}, charlie),
        case("an attachment missing", octets, {"opening": "blob-differs"}) | {"blobs": []},
    ]


def _tag_flipped(octets: bytes) -> bytes:
    return flipped(octets, octets.index(b'"tag":"') + 8, 0)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""opening_inner.json: refusals of a reader after it has used its private key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accord.envelope.encoding import canonical
from accord.envelope.jwe import leaf_hashes, recipients_root
from accord.envelope.keys import EC1, PQ1
from accord.envelope.seal import SealedEnvelope
from accord.envelope.vocabulary import TYP_INNER, TYP_MANIFEST
from tests.envelope.kit.building import Body, document, flipped
from tests.envelope.kit.make_payloads import OTHER_ID, digest
from tests.envelope.kit.seeds import BRAVO, CHARLIE
from tests.envelope.kit.slicing import FILES, Slices, change_slice, met, refused, signer_of, usual
from tests.envelope.tampering import read, signed_again, write
from tests.envelope.world import DAY, NOW


def opening_inner() -> Body:
    return document(
        "Slices whose outer checks hold, and what is wrong inside.",
        [*_inner(), *_sealed(), *_blobs()],
        now=NOW,
    )


def _inner() -> list[Body]:
    ec1 = usual()
    alpha = ec1.world.alpha.signing[EC1]
    sealed = ec1.plain
    inner = canonical(ec1.inner_of(sealed))
    mallory = signer_of("Ed25519", "mallory")
    signed = alpha.sign_jws(TYP_INNER, inner)
    wrong: dict[str, tuple[str, SealedEnvelope]] = {
        "inner: another marking": ("inner-and-manifest-differ", ec1.said_otherwise(tlp="CLEAR")),
        "inner: another priority": ("inner-and-manifest-differ", ec1.said_otherwise(pri="flash")),
        "inner: another keep": ("inner-and-manifest-differ", ec1.said_otherwise(keep=NOW + 366 * DAY)),
        "inner: another issuer": ("inner-and-manifest-differ", ec1.said_otherwise(iss="xd-delta")),
        "inner: another jti": ("inner-and-manifest-differ", ec1.said_otherwise(jti=OTHER_ID)),
        "inner: an attachment more": ("inner-and-manifest-differ", ec1.said_otherwise(att=[_attachment()])),
        "inner: one agency more in aud": ("recipients-differ", ec1.said_otherwise(aud=[BRAVO, CHARLIE, "xd-delta"])),
        "inner: an aud without the reader": ("not-in-the-audience", ec1.said_otherwise(aud=[CHARLIE, "xd-delta"])),
        "inner: an additional member": ("malformed", ec1.said_otherwise(x=1)),
        "inner: signed by another key": ("signers-differ", ec1.said_otherwise(signer=mallory)),
        "inner: a changed signature": ("bad-signature", ec1.with_inner(_resigned(signed))),
        "inner: a manifest": ("wrong-typ", ec1.with_inner(alpha.sign_jws(TYP_MANIFEST, inner))),
        "inner: no JWS": ("malformed", ec1.with_inner(b"hello")),
        "inner: white space in the JWS": ("malformed", ec1.with_inner(signed.replace(b":", b": ", 1))),
        "inner: another content under the same digest": (
            "pd-differs", ec1.with_inner(signed, pd=digest("another")),
        ),
    }  # fmt: skip
    return [refused(name, word, ec1.given(item), "opening") for name, (word, item) in wrong.items()]


def _attachment() -> dict[str, Any]:
    return {
        "n": 0, "sha256": digest("b"), "len": 172, "size": 136, "cty": "a/b", "fn": "a", "k": digest("k"),
    }  # fmt: skip


def _resigned(signed: bytes) -> bytes:
    value = read(signed)
    value["signatures"][0]["signature"] = flipped(value["signatures"][0]["signature"], 5)
    return write(value)


def _sealed() -> list[Body]:
    """Slices whose manifest fits the sealed content, but whose entry or content does not open."""
    cases = []
    for suite in (EC1, PQ1):
        slices = usual(suite)
        sealed = slices.plain
        given = slices.given(sealed)
        cases += [
            refused(f"{suite}: a wrapped key of another", "content-key-not-unwrapped",
                     slices.given(_entries_changed(slices, sealed)), "opening"),
            refused(f"{suite}: the content key of another", "content-not-decrypted",
                     slices.given(_key_of_another(slices, sealed)), "opening"),
            refused(f"{suite}: the private key is gone", "no-private-key-for-the-entry",
                     given | {"keyless": True}, "opening"),
        ]  # fmt: skip
    ec1 = usual()
    sealed = ec1.plain
    given = ec1.given(sealed)
    cases += [
        refused("an epk of small order", "key-refused", change_slice(given, _small_epk)),
        refused("met before with another md", "same-id-with-other-bytes",
                 given | {"met": [met(digest("another"))]}, "opening"),
    ]  # fmt: skip
    return cases


def _small_epk(value: dict[str, Any]) -> None:
    value["jwe"]["recipients"][0]["header"]["epk"]["x"] = "A" * 43


def _entries_changed(slices: Slices, sealed: SealedEnvelope) -> SealedEnvelope:
    """Change one bit of each entry's wrapped key, and sign `rr` over the changed entries."""
    jwe = read(sealed.jwe)
    for entry in jwe["recipients"]:
        entry["encrypted_key"] = flipped(entry["encrypted_key"], 3)
    return _signed_over(slices, sealed, jwe)


def _key_of_another(slices: Slices, sealed: SealedEnvelope) -> SealedEnvelope:
    """Take the entries of another envelope, which wrap another content key."""
    jwe = read(sealed.jwe)
    jwe["recipients"] = read(slices.seal().jwe)["recipients"]
    return _signed_over(slices, sealed, jwe)


def _signed_over(slices: Slices, sealed: SealedEnvelope, jwe: dict[str, Any]) -> SealedEnvelope:
    agencies = sorted([slices.world.alpha.id, *(agency.id for agency in slices.world.others)])
    entries: Sequence[str] = [canonical(entry).decode() for entry in jwe["recipients"]]
    rr = recipients_root(leaf_hashes(agencies, entries))
    signed = signed_again(sealed, slices.world.alpha.signing[slices.suite], rr=rr)
    return SealedEnvelope(signed.iss, signed.jti, signed.md, signed.manifest, write(jwe), signed.blobs)


def _blobs() -> list[Body]:
    ec1 = usual()
    given = ec1.given(ec1.seal(attachments=FILES))
    one, two = given["blobs"]
    return [
        refused("the blobs in the other order", "blob-differs", given | {"blobs": [two, one]}, "opening"),
        refused("one bit of a blob", "blob-differs", given | {"blobs": [flipped(one, 40), two]}, "opening"),
        refused("a blob too many", "blob-differs", given | {"blobs": [one, two, one]}, "opening"),
    ]

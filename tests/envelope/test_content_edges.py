# SPDX-License-Identifier: Apache-2.0
"""Limits of files and names, and stand-ins: names of one character and of 255 octets, keys of another length."""

import json
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest

from accord.envelope.blobs import blob_size, seal_blob
from accord.envelope.content import (
    Attachment,
    AttachmentKey,
    NamedOfficer,
    filename,
    media_type,
    read_inner,
)
from accord.envelope.encoding import b64u, canonical, unb64u
from accord.envelope.errors import EnvelopeError, Failure, MalformedError, OpeningError
from accord.envelope.keys import EC1, PQ1
from accord.envelope.private import DecryptionKey
from accord.envelope.standin import stand_in_for
from accord.envelope.unseal import open_attachment, open_challenge, open_stream
from tests.envelope.receiving import slice_for
from tests.envelope.world import World, make_world, terms

GOOD_NAMES = ("a", "X", "x" * 255, "\u00e9" * 127, " ", "a b.txt", "XX", "\u0635", "..", "a\u200bb")
BAD_NAMES = (
    "",
    "x" * 256,
    "\u00e9" * 128,
    "a/b",
    "/",
    "a\\b",
    "\\",
    "a\x00",
    "\x1f",
    "\x7f",
    "\x85",
    None,
    5,
)


def test_a_file_name_has_1_to_255_octets_without_controls_and_slashes() -> None:
    for name in GOOD_NAMES:
        assert filename(name) == name
    for bad in BAD_NAMES:
        with pytest.raises(MalformedError):
            filename(bad)


def test_a_media_type_has_3_to_127_characters_with_a_slash() -> None:
    for word in ("a/b", "x/" + "y" * 125, "text/plain; charset=utf-8"):
        assert media_type(word) == word
    for bad in ("x/" + "y" * 126, "/b", "a/", "ab", "a/\u00e9", "a/b ", " a/b", "", None):
        with pytest.raises(MalformedError):
            media_type(bad)


def inner_payload(world: World, **changes: Any) -> dict[str, Any]:
    sealed = world.seal(attachments=[Attachment("a.txt", "text/plain", b"abc")])
    bravo = world.others[0]
    opened = world.open(slice_for(world, sealed, bravo), bravo, blobs=sealed.blobs)
    value: dict[str, Any] = json.loads(unb64u(json.loads(opened.inner_jws)["payload"]))
    return value | changes


def padded(payload: dict[str, Any]) -> bytes:
    bare = len(canonical(payload | {"pad": ""}))
    size = next(size for size in (2048, 4096, 8192) if size >= bare)
    return canonical(payload | {"pad": "0" * (size - bare)})


@pytest.mark.parametrize("change", [
    {"k": b64u(bytes(31))}, {"k": b64u(bytes(33))}, {"k": ""}, {"size": 5}, {"size": -1}, {"size": 2**40},
    {"len": 37}, {"cty": "text"}, {"fn": ""}, {"n": 1}, {"sha256": "A"}, {"x": 1},
])  # fmt: skip
def test_a_file_of_the_inner_payload_is_refused_with(pq1: World, change: dict[str, Any]) -> None:
    payload = inner_payload(pq1)
    assert read_inner(padded(payload)).attachments[0].size == 3
    payload["att"][0] |= change
    with pytest.raises(EnvelopeError):
        read_inner(padded(payload))


def test_content_that_fills_a_size_gets_no_zero_and_no_larger_size(pq1: World) -> None:
    def payload_for(title: str) -> dict[str, Any]:
        opened = pq1.deliver(pq1.seal(alert={"schema": "accord-alert/1", "title": title}), pq1.others[0])
        value: dict[str, Any] = json.loads(unb64u(json.loads(opened.inner_jws)["payload"]))
        return value

    room = len(payload_for("")["pad"])
    exact = payload_for("x" * room)
    assert (exact["pad"], len(canonical(exact))) == ("", 2048)
    with pytest.raises(MalformedError):
        read_inner(canonical(exact | {"pad": "0" * 2048}))


# Attachments: every cause in the profile's order, by both ways of opening.


def the_file(plain: bytes = b"abc") -> tuple[AttachmentKey, bytes]:
    blob = seal_blob(plain, "j", 0)
    facts = blob.facts
    return AttachmentKey(0, facts.sha256, facts.len, len(plain), "text/plain", "a", blob.key), blob.octets


def causes(file: AttachmentKey, blob: bytes, jti: str = "j") -> set[Failure]:
    found = set()
    for call in (
        lambda: open_attachment(file, jti, blob),
        lambda: open_stream(file, jti, BytesIO(blob), BytesIO()),
    ):
        with pytest.raises(OpeningError) as refused:
            call()
        found.add(refused.value.cause)
    return found


def test_an_attachment_opens_whole_and_in_a_stream() -> None:
    for plain in (b"", b"abc", b"\x00\x00", bytes(300_000)):
        file, blob = the_file(plain)
        sink = BytesIO()
        open_stream(file, "j", BytesIO(blob), sink)
        assert open_attachment(file, "j", blob) == sink.getvalue() == plain


def test_an_attachment_is_refused_for_its_digest_its_key_or_its_padding() -> None:
    file, blob = the_file()
    flipped = blob[:-1] + bytes([blob[-1] ^ 1])
    assert causes(file, flipped) == causes(file, blob + b"x") == causes(file, blob[:-1]) == {Failure.BLOB}
    assert causes(file, b"") == {Failure.BLOB}
    assert causes(replace(file, k=bytes(32)), blob) == causes(file, blob, "other") == {Failure.DECRYPT}
    assert causes(replace(file, n=1), blob) == {Failure.DECRYPT}
    for size in (2, 4):
        assert causes(replace(file, size=size), blob) == {Failure.BLOB}


def test_an_attachment_whose_padding_is_not_zero_is_refused() -> None:
    """A dishonest sender could hide octets behind the end."""
    file, blob = the_file(b"x" * 92 + b"\x01")
    assert file.len == blob_size(92) == blob_size(93)
    longer, _ = the_file(b"x" * 92 + b"\x01")
    hidden = replace(longer, sha256=file.sha256, k=file.k, size=92)
    assert causes(hidden, blob) == {Failure.BLOB}


def test_a_challenge_for_another_is_no_challenge() -> None:
    key = DecryptionKey.generate("X25519")
    from accord.envelope.challenges import issue_challenge

    issued = issue_challenge("xa-alpha", [key.public], challenge=bytes(32), nonces=[b"n" * 32])
    jwe = issued.sealed[0]["jwe"]
    assert open_challenge(jwe, agency="xa-alpha", chal=issued.chal, key=key) == b64u(b"n" * 32)
    twice = jwe | {"recipients": jwe["recipients"] * 2}
    wrong: list[tuple[Any, str, str, Failure]] = [
        (jwe, "xb-bravo", issued.chal, Failure.AAD),
        (jwe, "xa-alpha", b64u(b"c" * 32), Failure.AAD),
        (twice, "xa-alpha", issued.chal, Failure.AAD),
        (jwe | {"tag": "A" * 22}, "xa-alpha", issued.chal, Failure.DECRYPT),
        ({}, "xa-alpha", issued.chal, Failure.MALFORMED),
        ([jwe], "xa-alpha", issued.chal, Failure.MALFORMED),
    ]
    for value, agency, chal, cause in wrong:
        with pytest.raises(OpeningError) as refused:
            open_challenge(value, agency=agency, chal=chal, key=key)
        assert refused.value.cause is cause


# Stand-ins that are checked in place of content which could not be decrypted.


@pytest.mark.parametrize("suite", [PQ1, EC1])
@pytest.mark.parametrize("size", [500, 5000, 20_000])
def test_a_stand_in_has_the_shape_of_what_it_stands_for(suite: str, size: int) -> None:
    world = make_world(suite)
    files = [Attachment(f"{n}", "x/y", b"a" * n) for n in range(3)]
    sealed = world.seal(alert={"schema": "accord-alert/1", "text": "x" * size}, attachments=files)
    bravo = world.others[0]
    verified = world.verify(slice_for(world, sealed, bravo), bravo.id)
    made = stand_in_for(verified)
    assert len(made.inner_jws) == len(verified.jwe.ciphertext)
    assert len(made.jws.payload) in (2048, 4096, 8192, 16384, 32768)
    assert (len(made.inner.aud) + 1, len(made.inner.attachments)) == (verified.manifest.rn, 3)
    assert made.jws.kids == verified.manifest.signers
    assert dict(made.inner.shared) == verified.manifest.shared()


def test_a_stand_in_for_red_names_as_many_officers(pq1: World) -> None:
    names = [NamedOfficer("xb-bravo", "o1"), NamedOfficer("xb-bravo", "o2"), NamedOfficer("xc-charlie", "o3")]
    sealed = pq1.seal(terms=terms(tlp="RED"), names=names)
    bravo = pq1.others[0]
    verified = pq1.verify(slice_for(pq1, sealed, bravo), bravo.id)
    assert len(stand_in_for(verified).inner.names) == 3
    for named in (1, 501, 32_000):
        manifest = replace(verified.manifest, named=named)
        assert stand_in_for(replace(verified, manifest=manifest)).inner.names == ()
    most = replace(verified, manifest=replace(verified.manifest, named=500))
    assert len(stand_in_for(most).inner.names) == 500


def test_there_is_a_stand_in_for_the_largest_and_the_oddest_manifest(pq1: World) -> None:
    bravo = pq1.others[0]
    verified = pq1.verify(slice_for(pq1, pq1.seal(), bravo), bravo.id)
    blobs = tuple(replace(blob, n=n) for n in range(32) for blob in _some_blob())
    for iss in ("xa-alpha", "zz-000", "zy-000", "zz-499"):
        for rn in (2, 501):
            manifest = replace(verified.manifest, iss=iss, rn=rn, att=blobs)
            made = stand_in_for(replace(verified, manifest=manifest))
            assert (len(made.inner.aud), len(made.inner.attachments)) == (rn - 1, 32)
            assert iss not in made.inner.aud


def _some_blob() -> Any:
    from accord.envelope.manifest import BlobRef

    return [BlobRef(0, "A" * 43, 99)]


def test_a_signature_of_a_stand_in_is_well_formed_and_good_for_nothing(scene: World) -> None:
    bravo = scene.others[0]
    verified = scene.verify(slice_for(scene, scene.seal(), bravo), bravo.id)
    made = stand_in_for(verified)
    for signature, key in zip(made.jws.signatures, verified.keys, strict=True):
        assert len(signature.signature) == {"Ed25519": 64, "ES256": 64, "ML-DSA-65": 3309}[key.alg]
        with pytest.raises(EnvelopeError):
            key.verify(signature.signature, signature.signed)

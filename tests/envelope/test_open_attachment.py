# SPDX-License-Identifier: Apache-2.0
"""Attachments: each opens in its own place of its own envelope alone."""

from dataclasses import replace

import pytest

from accord.envelope.blobs import blob_size
from accord.envelope.content import Attachment
from accord.envelope.encoding import b64u, canonical, unb64u
from accord.envelope.errors import (
    Failure,
    OpeningError,
    SealingError,
    SealRefusal,
)
from accord.envelope.keys import PQ1
from accord.envelope.unseal import open_attachment
from tests.envelope.receiving import opening_cause, slice_for
from tests.envelope.tampering import encrypted_again, inner_signed, read
from tests.envelope.world import World, terms, uuid7

FILES = [
    Attachment("Spektrum \u00e4.msp", "chemical/x-msp", b"peaks" * 500),
    Attachment("\u0635\u0648\u0631\u0629.png", "image/png", b""),
]


def test_attachments_open_as_they_were(scene: World) -> None:
    sealed = scene.seal(attachments=FILES)
    bravo = scene.others[0]
    opened = scene.open(slice_for(scene, sealed, bravo), bravo, blobs=sealed.blobs)
    for file, attachment, blob in zip(FILES, opened.attachments, sealed.blobs, strict=True):
        assert open_attachment(attachment, opened.manifest.jti, blob) == file.plain
        assert (attachment.fn, attachment.cty, attachment.size) == (
            file.filename, file.media_type, len(file.plain)
        )  # fmt: skip
        assert b64u(attachment.k) not in repr(opened)


def test_blobs_are_compared_before_anything_is_shown(scene: World) -> None:
    sealed = scene.seal(attachments=FILES)
    bravo = scene.others[0]
    octets = slice_for(scene, sealed, bravo)
    for blobs in ((), sealed.blobs[:1], sealed.blobs[::-1], (sealed.blobs[0], sealed.blobs[1] + b"\x00")):
        assert opening_cause(scene, octets, bravo, blobs=blobs) is Failure.BLOB


def test_blob_fits_one_place_of_one_envelope(scene: World) -> None:
    sealed = scene.seal(attachments=[FILES[0], FILES[0]])
    bravo = scene.others[0]
    opened = scene.open(slice_for(scene, sealed, bravo), bravo, blobs=sealed.blobs)
    first, second = opened.attachments
    wrong = [
        (replace(first, n=1), opened.manifest.jti, sealed.blobs[0]),
        (first, uuid7(2), sealed.blobs[0]),
        (first, opened.manifest.jti, sealed.blobs[1]),
        (replace(first, k=second.k), opened.manifest.jti, sealed.blobs[0]),
        (replace(first, size=first.size - 1), opened.manifest.jti, sealed.blobs[0]),
    ]
    for attachment, jti, blob in wrong:
        with pytest.raises(OpeningError):
            open_attachment(attachment, jti, blob)


@pytest.mark.parametrize(
    "name", ["", "a/b", "a\\b", "a\nb", "a\x00", "\x7f", "\x85", "x" * 256, "\u00e4" * 128]
)
def test_file_names_that_could_do_harm_are_refused(pq1: World, name: str) -> None:
    with pytest.raises(SealingError) as refused:
        pq1.seal(attachments=[Attachment(name, "text/plain", b"")])
    assert refused.value.reason is SealRefusal.ATTACHMENT


@pytest.mark.parametrize(
    "media_type", ["", "text", "/plain", "text/", "text/\u00e4", "x/" + "y" * 126, "text/plain\n"]
)
def test_media_types_are_printable_with_a_slash(pq1: World, media_type: str) -> None:
    with pytest.raises(SealingError) as refused:
        pq1.seal(attachments=[Attachment("a", media_type, b"")])
    assert refused.value.reason is SealRefusal.ATTACHMENT


def test_attachment_over_sixty_four_mib_is_refused(pq1: World) -> None:
    # 64 MiB less IV, tag and length is no PADME size; the largest that fits pads to 66,060,288 octets.
    assert blob_size(66_060_280) <= 64 * 2**20 < blob_size(66_060_281)
    with pytest.raises(SealingError) as refused:
        pq1.seal(attachments=[Attachment("a", "a/b", bytes(66_060_281))])
    assert refused.value.reason is SealRefusal.ATTACHMENT


def test_attachments_over_256_mib_together_are_refused(pq1: World) -> None:
    whole = bytes(55 * 2**20)
    with pytest.raises(SealingError) as refused:
        pq1.seal(attachments=[Attachment(str(n), "a/b", whole) for n in range(5)])
    assert refused.value.reason is SealRefusal.ATTACHMENT


def test_inner_payload_and_blob_have_one_size(pq1: World) -> None:
    """A length other than the padded size of `size` never opens, whoever signed it."""
    sealed = pq1.seal(attachments=[FILES[0]])
    bravo = pq1.others[0]
    opened = pq1.open(slice_for(pq1, sealed, bravo), bravo, blobs=sealed.blobs)
    payload = read(unb64u(read(opened.inner_jws)["payload"]))
    size = len(canonical(payload))
    payload["att"][0]["size"] -= 700
    inner = inner_signed(pq1.alpha.signing[PQ1], canonical(payload).ljust(size))
    broken = encrypted_again(
        inner, terms(), pq1.alpha, pq1.others, PQ1, att=[vars(blob) for blob in opened.manifest.att]
    )
    carried = replace(broken, blobs=sealed.blobs)
    octets = pq1.slice_of(pq1.intake(carried), bravo.id)
    assert opening_cause(pq1, octets, bravo, blobs=sealed.blobs) is Failure.MALFORMED


def test_too_many_attachments_are_refused(pq1: World) -> None:
    assert len(pq1.seal(attachments=[FILES[1]] * 32).blobs) == 32
    with pytest.raises(SealingError):
        pq1.seal(attachments=[FILES[1]] * 33)

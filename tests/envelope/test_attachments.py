# SPDX-License-Identifier: Apache-2.0
"""Attachments, whole and a piece at a time: one format, the same refusals, bounded memory."""

from __future__ import annotations

import io
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accord.envelope.blobs import (
    CHUNK_BYTES,
    blob_aad,
    blob_size,
    measure_blob,
    measure_file,
    padded_size,
    seal_blob,
    seal_stream,
)
from accord.envelope.content import (
    Attachment,
    AttachmentKey,
    filename,
    media_type,
)
from accord.envelope.encoding import b64u
from accord.envelope.errors import (
    Failure,
    MalformedError,
    OpeningError,
    SealingError,
    SealRefusal,
)
from accord.envelope.manifest import MAX_BLOBS_BYTES
from accord.envelope.seal import refuse_unfit_files
from accord.envelope.unseal import open_attachment, open_stream
from tests.envelope.good_statements import DIGEST
from tests.envelope.receiving import slice_for
from tests.envelope.world import World, terms, uuid7

KEY, IV, JTI = bytes(range(32)), bytes(12), uuid7(1)
SIZES = (0, 1, 8, 1000, CHUNK_BYTES - 8, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 17)
LARGEST = 66_060_280


def content(size: int) -> bytes:
    return bytes(n * 7 % 251 for n in range(1024)) * (size // 1024 + 1)


def sealed(size: int) -> tuple[AttachmentKey, bytes, bytes]:
    """The key, the blob and the plain octets of an attachment."""
    plain, sink = content(size)[:size], io.BytesIO()
    key, facts = seal_stream(io.BytesIO(plain), size, sink, JTI, 3)
    attachment = AttachmentKey(3, facts.sha256, facts.len, size, "text/plain", "a.txt", key)
    return attachment, sink.getvalue(), plain


def opened(attachment: AttachmentKey, blob: bytes) -> bytes:
    sink = io.BytesIO()
    open_stream(attachment, JTI, io.BytesIO(blob), sink)
    return sink.getvalue()


@pytest.mark.parametrize("size", SIZES)
def test_streamed_and_whole_are_one_format(size: int) -> None:
    attachment, blob, plain = sealed(size)
    assert (len(blob), measure_blob(blob).sha256) == (blob_size(size), attachment.sha256)
    assert open_attachment(attachment, JTI, blob) == plain
    assert opened(attachment, blob) == plain

    whole = seal_blob(plain, JTI, 3)
    key = replace(attachment, k=whole.key, sha256=whole.facts.sha256)
    assert opened(key, whole.octets) == plain


@pytest.mark.parametrize("cut", [0, 5, 12, 19, 20, 500, -16, -1])
def test_a_blob_that_ends_early_or_late_is_refused(cut: int) -> None:
    attachment, blob, _ = sealed(1000)
    for wrong in (blob[:cut], blob + b"\x00"):
        with pytest.raises(OpeningError) as refused:
            opened(attachment, wrong)
        assert refused.value.cause is Failure.BLOB


@pytest.mark.parametrize("said", [999, 1001])
def test_a_file_that_changes_its_length_is_not_sealed(said: int) -> None:
    with pytest.raises(SealingError, match="changed its length") as caught:
        seal_stream(io.BytesIO(bytes(1000)), said, io.BytesIO(), JTI, 0)
    assert caught.value.reason is SealRefusal.ATTACHMENT


def test_over_64_mib_nothing_is_read() -> None:
    source = io.BytesIO(b"never read")
    for seal_it in (
        lambda: seal_stream(source, LARGEST + 1, io.BytesIO(), JTI, 0),
        lambda: seal_blob(bytes(LARGEST + 1), JTI, 0),
    ):
        with pytest.raises(SealingError, match="over 64 MiB") as refused:
            seal_it()
        assert refused.value.reason is SealRefusal.ATTACHMENT
    assert source.tell() == 0


def test_both_ways_tell_how_far_they_are() -> None:
    size = 2 * CHUNK_BYTES + 5
    told: list[int] = []
    sink = io.BytesIO()
    key, facts = seal_stream(io.BytesIO(bytes(size)), size, sink, JTI, 0, moved=told.append)
    assert (sum(told), len(told)) == (size, 3)
    told.clear()
    attachment = AttachmentKey(0, facts.sha256, facts.len, size, "text/plain", "a", key)
    open_stream(attachment, JTI, io.BytesIO(sink.getvalue()), io.BytesIO(), moved=told.append)
    assert sum(told) == padded_size(size) - 8


def test_a_file_is_measured_as_its_octets_are(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_bytes(content(3 * CHUNK_BYTES))
    assert measure_file(path) == measure_blob(path.read_bytes())


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """32 MiB by either way: much less than one copy of it is ever held."""
    size = 32 * 1024 * 1024
    source, blob = tmp_path / "source", tmp_path / "blob"
    with source.open("wb") as file:
        file.truncate(size)
    tracemalloc.start()
    try:
        with source.open("rb", buffering=0) as read, blob.open("wb") as write:
            key, facts = seal_stream(read, size, write, JTI, 0)
        attachment = AttachmentKey(0, facts.sha256, facts.len, size, "text/plain", "a", key)
        with blob.open("rb") as read, (tmp_path / "plain").open("wb") as write:
            open_stream(attachment, JTI, read, write)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * 1024 * 1024
    assert (tmp_path / "plain").stat().st_size == size


def test_what_cannot_be_attached_is_refused_by_name_type_and_size() -> None:
    fit = ("a.txt", "text/plain", 10)
    refuse_unfit_files([fit] * 32)
    refused = {
        "over 32 attachments": [fit] * 33,
        "over 64 MiB": [("a", "text/plain", LARGEST + 1)],
        "over 256 MiB": [("a", "text/plain", LARGEST)] * 5,
        "att fn": [("../a", "text/plain", 1)],
        "att cty": [("a", "plain", 1)],
    }
    for why, files in refused.items():
        with pytest.raises(SealingError, match=why) as caught:
            refuse_unfit_files(files)
        assert caught.value.reason is SealRefusal.ATTACHMENT
    refuse_unfit_files([("a", "text/plain", LARGEST)] * 4)


def test_sealing_refuses_what_cannot_be_attached(pq1: World) -> None:
    with pytest.raises(SealingError) as refused:
        pq1.seal(attachments=[Attachment("../a", "text/plain", b"")])
    assert refused.value.reason is SealRefusal.ATTACHMENT


def test_attachments_may_fill_their_room_to_the_last_octet() -> None:
    sizes = [*[LARGEST] * 4, 4_128_760, 63_480, 1_784, 24]
    assert sum(map(blob_size, sizes)) == MAX_BLOBS_BYTES
    refuse_unfit_files([("a", "text/plain", size) for size in sizes])
    with pytest.raises(SealingError, match="over 256 MiB"):
        refuse_unfit_files([("a", "text/plain", size) for size in [*sizes[:-1], 25]])


def test_files_sealed_before_come_first_and_open_with_those_sealed_here(pq1: World) -> None:
    """An envelope with one streamed file and one sealed before."""
    sink, chosen = io.BytesIO(), terms()
    key, facts = seal_stream(io.BytesIO(b"streamed"), 8, sink, chosen.jti, 0)
    streamed = AttachmentKey(0, facts.sha256, facts.len, 8, "text/plain", "a.txt", key)
    sealed = pq1.seal(
        terms=chosen, files=[streamed], attachments=[Attachment("b.txt", "text/plain", b"at hand")]
    )
    whole = replace(sealed, blobs=(sink.getvalue(), *sealed.blobs))
    bravo = pq1.others[0]
    alert = pq1.open(slice_for(pq1, whole, bravo), bravo, blobs=whole.blobs)
    texts = [
        open_attachment(file, chosen.jti, blob)
        for file, blob in zip(alert.attachments, whole.blobs, strict=True)
    ]
    assert texts == [b"streamed", b"at hand"]


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


def blob_of(message: bytes, **facts: Any) -> tuple[AttachmentKey, bytes]:
    """A blob over any message, with the facts that an originator could sign about it."""
    blob = IV + AESGCM(KEY).encrypt(IV, message, blob_aad(JTI, 0))
    measured = measure_blob(blob)
    honest = AttachmentKey(0, measured.sha256, measured.len, 3, "a/b", "c", KEY)
    return replace(honest, **facts), blob


def sized(size: int, rest: bytes) -> bytes:
    """Put a size before the octets of a file, as inside a blob."""
    return size.to_bytes(8, "big") + rest


DISHONEST: dict[str, tuple[bytes, dict[str, Any], Failure]] = {
    "another digest": (sized(3, b"abc"), {"sha256": DIGEST}, Failure.BLOB),
    "another length": (sized(3, b"abc"), {"len": 99}, Failure.BLOB),
    "another size inside": (sized(2, b"abc"), {}, Failure.BLOB),
    "something behind the file": (sized(3, b"abc\x01"), {}, Failure.BLOB),
    "something far behind the file": (sized(3, b"abc" + bytes(9) + b"\x01"), {}, Failure.BLOB),
    "another key": (sized(3, b"abc"), {"k": bytes(32)}, Failure.DECRYPT),
    "another place": (sized(3, b"abc"), {"n": 1}, Failure.DECRYPT),
}


@pytest.mark.parametrize(("message", "facts", "cause"), DISHONEST.values(), ids=DISHONEST.keys())
def test_an_attachment_is_what_was_signed(message: bytes, facts: dict[str, Any], cause: Failure) -> None:
    attachment, blob = blob_of(message, **facts)
    for open_it in (opened, lambda attachment, blob: open_attachment(attachment, JTI, blob)):
        assert open_it(*blob_of(sized(3, b"abc" + bytes(4)))) == b"abc"
        with pytest.raises(OpeningError) as refused:
            open_it(attachment, blob)
        assert refused.value.cause is cause


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

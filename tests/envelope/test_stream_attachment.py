# SPDX-License-Identifier: Apache-2.0
"""Attachments a piece at a time: the blobs of those sealed whole, the same refusals, bounded memory."""

import io
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from accord.envelope.blobs import (
    CHUNK_BYTES,
    blob_size,
    measure_blob,
    measure_file,
    padded_size,
    seal_blob,
    seal_stream,
)
from accord.envelope.content import Attachment, AttachmentKey
from accord.envelope.errors import Failure, OpeningError, SealingError, SealRefusal
from accord.envelope.manifest import MAX_BLOBS_BYTES
from accord.envelope.seal import refuse_unfit_files
from accord.envelope.unseal import open_attachment, open_stream
from tests.envelope.receiving import slice_for
from tests.envelope.world import World, terms

JTI = "019b2f7a-0000-7000-8000-000000000000"
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


@pytest.mark.parametrize("place", [0, 11, 12, 19, 20, CHUNK_BYTES + 40, -17, -16, -1])
def test_one_changed_octet_is_refused(place: int) -> None:
    attachment, blob, _ = sealed(CHUNK_BYTES + 1000)
    changed = bytearray(blob)
    changed[place] ^= 1
    with pytest.raises(OpeningError) as caught:
        opened(attachment, bytes(changed))
    assert caught.value.cause is Failure.BLOB


def test_another_digest_of_the_same_ciphertext_does_not_open_it() -> None:
    """A sender's digest fits and its tag does not: GCM decides."""
    attachment, blob, _ = sealed(1000)
    changed = bytearray(blob)
    changed[-1] ^= 1
    fitting = replace(attachment, sha256=measure_blob(bytes(changed)).sha256)
    with pytest.raises(OpeningError) as caught:
        opened(fitting, bytes(changed))
    assert caught.value.cause is Failure.DECRYPT


@pytest.mark.parametrize("cut", [0, 5, 12, 19, 20, 500, -16, -1])
def test_a_blob_that_ends_early_or_late_is_refused(cut: int) -> None:
    attachment, blob, _ = sealed(1000)
    for wrong in (blob[:cut], blob + b"\x00"):
        with pytest.raises(OpeningError):
            opened(attachment, wrong)


def test_another_size_and_another_place_are_refused() -> None:
    attachment, blob, _ = sealed(1000)
    for wrong in (replace(attachment, size=999), replace(attachment, n=2), replace(attachment, size=10**6)):
        with pytest.raises(OpeningError):
            opened(wrong, blob)


def test_padding_that_is_not_zero_is_refused() -> None:
    """A sender hides octets behind the attachment, under a size that leaves them out."""
    plain = content(1003)[:1003]
    sink = io.BytesIO()
    key, facts = seal_stream(io.BytesIO(plain), len(plain), sink, JTI, 3)
    assert padded_size(1000) == padded_size(1003) == facts.len - 28
    hiding = AttachmentKey(3, facts.sha256, facts.len, 1000, "text/plain", "a.txt", key)
    with pytest.raises(OpeningError):
        opened(hiding, sink.getvalue())


@pytest.mark.parametrize("said", [999, 1001])
def test_a_file_that_changes_its_length_is_not_sealed(said: int) -> None:
    with pytest.raises(SealingError, match="changed its length") as caught:
        seal_stream(io.BytesIO(bytes(1000)), said, io.BytesIO(), JTI, 0)
    assert caught.value.reason is SealRefusal.ATTACHMENT


def test_over_64_mib_nothing_is_read() -> None:
    source = io.BytesIO(b"never read")
    with pytest.raises(SealingError, match="over 64 MiB"):
        seal_stream(source, LARGEST + 1, io.BytesIO(), JTI, 0)
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

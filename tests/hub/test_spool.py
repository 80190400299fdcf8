# SPDX-License-Identifier: Apache-2.0
"""Uploads to the exchange lie on a disk until they are stored: without a name, within their room, and never in memory."""

import gc
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from accord.envelope.content import Attachment
from hub import spool
from hub.errors import SpoolFullError
from hub.spool import Spool
from sharing import blobs
from sharing.models import Blob, Envelope
from tests.sharing.callers import slug
from tests.sharing.conftest import Callers, callers, four, hub  # noqa: F401

MIB = 1024 * 1024
FILE = Attachment("trace.bin", "application/octet-stream", b"\x5a" * (5 * MIB))


@pytest.fixture
def room(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Spool]:
    """The exchange's upload handling, with a spool of its own."""
    (tmp_path / "spool").mkdir()
    kept = Spool(str(tmp_path / "spool"), 12 * MIB)
    monkeypatch.setattr(spool, "_spool", lambda: kept)
    settings.FILE_UPLOAD_HANDLERS = [
        "django.core.files.uploadhandler.MemoryFileUploadHandler",
        "hub.spool.SpoolingHandler",
    ]
    yield kept


@pytest.mark.django_db
def test_an_upload_is_stored_as_it_came_and_leaves_nothing(
    callers: Callers,  # noqa: F811
    room: Spool,
    tmp_path: Path,
) -> None:
    sealed = callers.hub.alert_to(callers.four.bravo, sender=callers.four.alpha, attachments=[FILE, FILE])
    assert callers.alpha.post_envelope(sealed).status_code == 202
    stored = Blob.objects.order_by("n").values_list("n", "sha256", "size_bytes", "content")
    assert [(n, size, bytes(content or b"")) for n, _, size, content in stored] == [
        (n, len(blob), blob) for n, blob in enumerate(sealed.blobs)
    ]
    gc.collect()
    assert (room.left_bytes, list((tmp_path / "spool").iterdir())) == (12 * MIB, [])


@pytest.mark.django_db
def test_one_that_does_not_fit_is_told_to_come_again_and_frees_its_room(
    callers: Callers,  # noqa: F811
    room: Spool,
) -> None:
    sealed = callers.hub.alert_to(callers.four.bravo, sender=callers.four.alpha, attachments=[FILE])
    other = room.open()
    other.write(b"x" * (8 * MIB))
    answer = callers.alpha.post_envelope(sealed)
    assert (answer.status_code, slug(answer), answer["Retry-After"]) == (503, "busy", "10")
    assert not Envelope.objects.exists()
    other.close()
    gc.collect()
    assert room.left_bytes == 12 * MIB
    assert callers.alpha.post_envelope(sealed).status_code == 202


@pytest.mark.django_db
def test_storing_takes_a_part_of_the_memory_that_the_upload_would(
    callers: Callers,  # noqa: F811
    room: Spool,
) -> None:
    sealed = callers.hub.alert_to(callers.four.bravo, sender=callers.four.alpha)
    assert callers.alpha.post_envelope(sealed).status_code == 202
    kept = room.open()
    kept.write(b"x" * (10 * MIB))
    kept.file.seek(0)
    part = spool.SpooledUpload(kept, "blob-0.bin", "application/octet-stream")
    tracemalloc.start()
    try:
        blobs.store_blobs(sealed.md, [blobs.measure(part)], [part])
        highest = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert Blob.objects.get().size_bytes == 10 * MIB
    assert highest < 3 * MIB


def test_what_is_forgotten_gives_its_room_back(tmp_path: Path) -> None:
    room = Spool(str(tmp_path), 2 * MIB)
    kept: Any = room.open()
    kept.write(b"x" * MIB)
    with pytest.raises(SpoolFullError):
        kept.write(b"x" * (MIB + 1))
    del kept
    gc.collect()
    assert room.left_bytes == 2 * MIB
    with pytest.raises(SpoolFullError):
        Spool(str(tmp_path / "absent"), MIB).open()


def test_small_parts_are_octets_too() -> None:
    small = SimpleUploadedFile("blob-0.bin", b"sealed")
    assert blobs.measure(small) == blobs.measure(b"sealed")
    assert b"".join(blobs.pieces_of(small)) == b"sealed"

# SPDX-License-Identifier: Apache-2.0
"""Files of a draft: kept inert whatever they claim to be, never unpacked, never whole in memory when too large."""

import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from typing import Any, cast

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.core.files.uploadhandler import load_handler
from django.http.multipartparser import MultiPartParser
from django.test import Client, RequestFactory

from alerts.document.files import PLAIN_BYTES, accept_file
from alerts.drafting.drafts import read_attachment, read_draft
from alerts.errors import AttachmentRefusedError
from alerts.models import Alert, DraftAttachment
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld
from tests.pages.test_compose import JSON, data_of, fields_on

MIB = 1024 * 1024
SCRIPTED = b"<script>alert(document.domain)</script>"


@pytest.fixture
def author(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.ilka)


def upload(
    client: Client, draft: Alert, name: str, data: bytes, claimed: str = "image/png", **headers: str
) -> Any:
    address = f"/drafts/{draft.pk}/10/"
    sent = fields_on(client.get(address).content.decode())
    file = SimpleUploadedFile(name, data, content_type=claimed)
    return client.post(address, {**sent, "go": "attach", "files": file}, headers=headers)


HOSTILE = {
    "svg": ("map.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
    "html": ("report.html", b"<!doctype html>" + SCRIPTED),
    "html under a picture's name": ("picture.png", b"\xef\xbb\xbf \n<html>" + SCRIPTED),
    "xml": ("data.xml", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'),
    "polyglot": ("gif.html", b"GIF89a/*" + SCRIPTED),
}


def test_what_a_browser_could_run_is_kept_as_plain_bytes(author: Client, desk: DeskWorld) -> None:
    for name, data in HOSTILE.values():
        draft = desk.draft()
        assert upload(author, draft, name, data, "image/svg+xml").status_code == 302
        (note,) = read_draft(desk.ilka, Alert.objects.get(pk=draft.pk)).attachments
        assert note.media_type in {PLAIN_BYTES, "text/plain"}, name
        assert read_attachment(desk.ilka, Alert.objects.get(pk=draft.pk), n=0).data == data, name
        page = author.get(f"/drafts/{draft.pk}/4/").content.decode()
        assert "<script>alert" not in page and "onload" not in page, name


def test_a_zip_bomb_is_a_file_like_any_other_and_stays_as_small_as_it_is(
    author: Client, desk: DeskWorld
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(40 * MIB))
    bomb = packed.getvalue()
    assert len(bomb) < MIB // 16
    draft = desk.draft()
    tracemalloc.start()
    answer = upload(author, draft, "spectra.zip", bomb)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status_code == 302
    assert most < 20 * MIB, "nobody unpacked it"
    assert DraftAttachment.objects.get().size == len(bomb)


NAMES = {
    "../../etc/passwd": "passwd",
    "C:\\Users\\ilka\\spectrum.jdx": "spectrum.jdx",
    "/spectrum.csv": "spectrum.csv",
    "spec\u202etrum\x07.txt": "spectrum.txt",
    "a\r\nSet-Cookie: x=y.txt": "aSet-Cookie: x=y.txt",
    "<b>bold</b>.txt": "b>.txt",
    "=cmd|' /C calc'!A0.csv": None,
    "光谱.txt": "光谱.txt",
}


def test_a_name_loses_its_path_and_what_nobody_sees() -> None:
    for name, expected in NAMES.items():
        assert accept_file(name, b"text", ()).filename == (expected or name.rpartition("/")[2]), ascii(name)


def test_a_name_that_is_none_is_refused(subtests: pytest.Subtests) -> None:
    for name in ("", "..", "/", "\x00\x01", "x" * 256, "光" * 86):
        with subtests.test(ascii(name)), pytest.raises(AttachmentRefusedError) as refused:
            accept_file(name, b"text", ())
        assert refused.value.problem == "Files: give the file a name of up to 255 bytes."


class Endless(io.RawIOBase):
    """The body of a form with one file of this size, made while it is read."""

    boundary = b"----acc"

    def __init__(self, size: int) -> None:
        head = (
            b"--"
            + self.boundary
            + b'\r\nContent-Disposition: form-data; name="files"; filename="s.raw"\r\n\r\n'
        )
        self.length = len(head) + size + len(b"\r\n--" + self.boundary + b"--\r\n")
        self._parts = self._make(head, size)
        self._left = b""

    def _make(self, head: bytes, size: int) -> Iterator[bytes]:
        yield head
        for start in range(0, size, 64 * 1024):
            yield bytes(min(64 * 1024, size - start))
        yield b"\r\n--" + self.boundary + b"--\r\n"

    def read(self, size: int = -1) -> bytes:
        while len(self._left) < size and (part := next(self._parts, b"")):
            self._left += part
        taken, self._left = self._left[:size], self._left[size:]
        return taken


def test_300_mb_are_refused_and_never_held() -> None:
    body = Endless(300 * 1000 * 1000)
    request = RequestFactory().post("/")
    meta = {
        "CONTENT_TYPE": f"multipart/form-data; boundary={body.boundary.decode()}",
        "CONTENT_LENGTH": str(body.length),
    }
    handlers = [load_handler(name, request) for name in settings.FILE_UPLOAD_HANDLERS]
    tracemalloc.start()
    _, files = MultiPartParser(meta, cast(Any, body), handlers).parse()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    file = files["files"]
    assert isinstance(file, UploadedFile)
    assert file.size == 64 * MIB + 1
    assert most < 140 * MIB, "one octet more than is allowed, and the growth of its buffer"
    with pytest.raises(AttachmentRefusedError) as refused:
        accept_file("s.raw", file.read(), ())
    assert refused.value.problem == "Files: over 64 MiB; split it."


def test_an_upload_by_script_is_answered_in_json_and_saves_the_step_too(
    author: Client, desk: DeskWorld
) -> None:
    draft = desk.draft()
    answer = upload(author, draft, "a.txt", b"text", **JSON)
    assert answer.status_code == 200
    assert answer.json()["revision"] == 2
    empty = upload(author, draft, "b.txt", b"", **JSON)
    assert (empty.status_code, empty.json()) == (422, {"text": "Files: “b.txt” is empty."})
    assert data_of(desk.ilka, draft)["title"]
    assert [note.filename for note in read_draft(desk.ilka, draft).attachments] == ["a.txt"]


def test_what_was_taken_back_leaves_nothing(author: Client, desk: DeskWorld) -> None:
    draft = desk.draft()
    upload(author, draft, "a.txt", b"text")
    sent = fields_on(author.get(f"/drafts/{draft.pk}/10/").content.decode())
    author.post(f"/drafts/{draft.pk}/10/", sent | {"go": "remove-0"})
    assert not DraftAttachment.objects.exists()
    again = author.post(f"/drafts/{draft.pk}/10/", sent | {"go": "remove-0", "revision": "3"})
    assert again.status_code == 404

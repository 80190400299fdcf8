# SPDX-License-Identifier: Apache-2.0
"""Uploads in memory, up to a limit: a plaintext attachment never touches a temporary file."""

from io import BytesIO

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

MAX_UPLOAD_BYTES = 64 * 1024 * 1024
"""The largest blob of an envelope."""


class InMemoryOnlyHandler(FileUploadHandler):
    """Upload handler for files that the small-file handler declined, which never writes to disk.

    Of a file over the limit it keeps one octet more than the limit, so that the receiver can refuse it by name.
    """

    def new_file(self, *args: object, **kwargs: object) -> None:
        super().new_file(*args, **kwargs)  # type: ignore[arg-type]
        self._received = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        room = MAX_UPLOAD_BYTES + 1 - self._received.tell()
        self._received.write(raw_data[: max(room, 0)])

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        kept = self._received.tell()
        self._received.seek(0)
        return InMemoryUploadedFile(
            self._received, self.field_name, self.file_name, self.content_type, kept, self.charset
        )

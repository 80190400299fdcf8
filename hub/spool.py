# SPDX-License-Identifier: Apache-2.0
"""Storage of uploads at the exchange until they are handled: on a disk, within a limit of octets.

- It holds sealed octets only, since the exchange takes nothing else. The desk, whose uploads are content, keeps them in
  memory.
- A file has no name after it is made, so that the end of the process frees the room, and nothing has to be emptied at
  the next start.
- An upload that does not fit is told to come again; the others are not affected.
"""

import tempfile
import threading
import weakref
from functools import cache
from typing import IO, TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from hub.errors import SpoolFullError
from hub.uploads import MAX_UPLOAD_BYTES

if TYPE_CHECKING:
    _UploadedBytes = UploadedFile[bytes]
else:
    # Django's class takes no type argument at run time.
    _UploadedBytes = UploadedFile

RETRY_AFTER_SECS: Final = 10


class Spool:
    """Room of one process: a folder, and how many octets may be there."""

    def __init__(self, folder: str, most_bytes: int) -> None:
        self._folder, self._left = folder, most_bytes
        self._lock = threading.Lock()

    @property
    def left_bytes(self) -> int:
        """Number of octets that still fit."""
        return self._left

    def open(self) -> "SpooledFile":
        """Return a new empty file; raises SpoolFullError where the folder takes none."""
        try:
            return SpooledFile(self, tempfile.TemporaryFile(dir=self._folder))
        except OSError as failure:
            raise SpoolFullError(RETRY_AFTER_SECS) from failure

    def take(self, count: int) -> None:
        """Reserve octets; raises SpoolFullError."""
        with self._lock:
            if count > self._left:
                raise SpoolFullError(RETRY_AFTER_SECS)
            self._left -= count

    def give_back(self, count: int) -> None:
        with self._lock:
            self._left += count


class SpooledFile:
    """File of an upload; its room is released when it is closed or garbage-collected."""

    def __init__(self, spool: Spool, file: IO[bytes]) -> None:
        self.file = file
        self._spool = spool
        self._taken = [0]
        self._end = weakref.finalize(self, _free, spool, file, self._taken)

    @property
    def size(self) -> int:
        return self._taken[0]

    def write(self, octets: bytes) -> None:
        """Write octets; raises SpoolFullError, also where the disk has less room than the setting says."""
        self._spool.take(len(octets))
        self._taken[0] += len(octets)
        try:
            self.file.write(octets)
        except OSError as failure:
            raise SpoolFullError(RETRY_AFTER_SECS) from failure

    def close(self) -> None:
        self._end()


def _free(spool: Spool, file: IO[bytes], taken: list[int]) -> None:
    file.close()
    spool.give_back(taken[0])
    taken[0] = 0


class SpooledUpload(_UploadedBytes):
    """Uploaded part in the spool; closed with the request."""

    def __init__(self, kept: SpooledFile, name: str, content_type: str) -> None:
        super().__init__(kept.file, name, content_type, kept.size)
        self._kept = kept

    def close(self) -> None:
        self._kept.close()


class SpoolingHandler(FileUploadHandler):
    """Upload handler for parts that the small-file handler declined; of a part over the limit it keeps one octet more than
    the limit.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._kept = _spool().open()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        room = MAX_UPLOAD_BYTES + 1 - self._kept.size
        try:
            self._kept.write(raw_data[: max(room, 0)])
        except SpoolFullError:
            # Nobody else closes it before the request is garbage-collected.
            self._kept.close()
            raise

    def file_complete(self, file_size: int) -> SpooledUpload:
        self._kept.file.seek(0)
        return SpooledUpload(self._kept, str(self.file_name), str(self.content_type))

    def upload_interrupted(self) -> None:
        if hasattr(self, "_kept"):
            self._kept.close()


@cache
def _spool() -> Spool:
    return Spool(settings.SPOOL_DIR, settings.SPOOL_MIB * 1024 * 1024)

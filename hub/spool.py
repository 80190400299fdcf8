# SPDX-License-Identifier: Apache-2.0
"""Where the exchange keeps an upload until it is stored: on a disk, in so many octets at once and no more.

- Sealed octets only: the exchange takes nothing else. The desk, whose uploads are content, keeps them in memory.
- A file never has a name that outlasts its making, so whatever ends the process frees the room, and nothing is left to
  be emptied at the next start.
- One that is too large for what is left is told to come again; the others are not touched.
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
    # Django's class takes no type argument when the program runs.
    _UploadedBytes = UploadedFile

RETRY_AFTER_SECS: Final = 10


class Spool:
    """The room of one process: a folder, and how many octets may lie there."""

    def __init__(self, folder: str, most_bytes: int) -> None:
        self._folder, self._left = folder, most_bytes
        self._lock = threading.Lock()

    @property
    def left_bytes(self) -> int:
        """How many octets still fit."""
        return self._left

    def open(self) -> "SpooledFile":
        """A new empty file; raises SpoolFullError where the folder takes none."""
        try:
            return SpooledFile(self, tempfile.TemporaryFile(dir=self._folder))
        except OSError as failure:
            raise SpoolFullError(RETRY_AFTER_SECS) from failure

    def take(self, count: int) -> None:
        """Raises SpoolFullError."""
        with self._lock:
            if count > self._left:
                raise SpoolFullError(RETRY_AFTER_SECS)
            self._left -= count

    def give_back(self, count: int) -> None:
        with self._lock:
            self._left += count


class SpooledFile:
    """Octets on their way in; what it takes of the room is given back when it is closed or forgotten."""

    def __init__(self, spool: Spool, file: IO[bytes]) -> None:
        self.file = file
        self._spool = spool
        self._taken = [0]
        self._end = weakref.finalize(self, _free, spool, file, self._taken)

    @property
    def size(self) -> int:
        return self._taken[0]

    def write(self, octets: bytes) -> None:
        """Raises SpoolFullError, also where the disk has less room than the setting says."""
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
    """An uploaded part that lies in the spool; closed with the request."""

    def __init__(self, kept: SpooledFile, name: str, content_type: str) -> None:
        super().__init__(kept.file, name, content_type, kept.size)
        self._kept = kept

    def close(self) -> None:
        self._kept.close()


class SpoolingHandler(FileUploadHandler):
    """Takes what the small-file handler declined; of a larger part than is allowed it keeps one octet more."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._kept = _spool().open()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        room = MAX_UPLOAD_BYTES + 1 - self._kept.size
        try:
            self._kept.write(raw_data[: max(room, 0)])
        except SpoolFullError:
            # Nobody else lets go of it before the request is forgotten.
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

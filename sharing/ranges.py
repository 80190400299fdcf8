# SPDX-License-Identifier: Apache-2.0
"""Byte ranges of a blob, as in RFC 9110 section 14: one range, or the whole.

Anything else is ignored, as the standard requires: another unit, another form of range, more than one range.
"""

import re
from dataclasses import dataclass
from typing import Final

from sharing.errors import RangeOutsideError

_RANGE: Final = re.compile(r"bytes=[ \t]*(?:([0-9]{1,15})-([0-9]{0,15})|-([0-9]{1,15}))[ \t]*", re.IGNORECASE)


@dataclass(frozen=True)
class Extent:
    """The octets from `first` up to `end`, which is the place after the last."""

    first: int
    end: int

    @property
    def size_bytes(self) -> int:
        return self.end - self.first

    def says(self, size_bytes: int) -> str:
        """Return the value of `Content-Range`."""
        return f"bytes {self.first}-{self.end - 1}/{size_bytes}"


def asked_extent(asked: str | None, if_range: str | None, *, etag: str, size_bytes: int) -> Extent | None:
    """Return the part that the headers `Range` and `If-Range` ask for; None for the whole.

    `If-Range` must name the present ETag, else the whole is served. Raises `RangeOutsideError` for a range with no octet.
    """
    found = _RANGE.fullmatch(asked or "")
    if found is None or (if_range is not None and if_range.strip() != etag):
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        extent = Extent(max(size_bytes - int(suffix), 0), size_bytes)
    elif last and int(last) < int(first):
        return None
    else:
        extent = Extent(int(first), min(int(last) + 1, size_bytes) if last else size_bytes)
    if extent.size_bytes <= 0:
        raise RangeOutsideError(size_bytes)
    return extent

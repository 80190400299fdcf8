# SPDX-License-Identifier: Apache-2.0
"""Framing of a message on a pipe: its length in four octets, then that many octets. Lengths have a limit."""

import os
import select
import struct
import time
from typing import Final

MAX_ASKED_BYTES: Final = 32 * 2**20
MAX_ANSWER_BYTES: Final = 32 * 2**20

_HEAD: Final = struct.Struct(">I")
_CHUNK: Final = 2**16


class PipeError(Exception):
    """The other side is gone, late, or sends more than is allowed."""


def framed(octets: bytes) -> bytes:
    """Return a message ready for the pipe."""
    return _HEAD.pack(len(octets)) + octets


def send(descriptor: int, message: bytes, until: float) -> None:
    """Write all of a framed message to a non-blocking descriptor, before `until` on the monotonic clock."""
    rest = memoryview(message)
    while rest:
        _wait(descriptor, select.POLLOUT, until)
        try:
            rest = rest[os.write(descriptor, rest[:_CHUNK]) :]
        except BlockingIOError:
            continue
        except OSError as failure:
            raise PipeError("gone") from failure


def receive(descriptor: int, until: float, *, limit: int) -> bytes:
    """Read one message from a non-blocking descriptor."""
    (length,) = _HEAD.unpack(_exactly(descriptor, _HEAD.size, until))
    if length > limit:
        raise PipeError("too long")
    return _exactly(descriptor, length, until)


def _exactly(descriptor: int, length: int, until: float) -> bytes:
    gathered = bytearray()
    while len(gathered) < length:
        _wait(descriptor, select.POLLIN, until)
        try:
            octets = os.read(descriptor, min(length - len(gathered), _CHUNK))
        except BlockingIOError:
            continue
        except OSError as failure:
            raise PipeError("gone") from failure
        if not octets:
            raise PipeError("gone")
        gathered += octets
    return bytes(gathered)


def _wait(descriptor: int, event: int, until: float) -> None:
    poll = select.poll()
    poll.register(descriptor, event)
    left = until - time.monotonic()
    if left <= 0 or not poll.poll(left * 1000):
        raise PipeError("late")

# SPDX-License-Identifier: Apache-2.0
"""Session locks by which one process at a time does an agency's longer work; a lock ends with its process."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def try_lock(work: str, agency_id: str) -> Iterator[bool]:
    """Yield whether this process has the work to itself. The lock outlives the transactions in between."""
    key = _key(work, agency_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        is_alone = bool(cursor.fetchone()[0])
    try:
        yield is_alone
    finally:
        if is_alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


def wait_for_lock(work: str, agency_id: str) -> None:
    """Wait until this transaction has the work to itself; it keeps it until it ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", _key(work, agency_id))


def _key(work: str, agency_id: str) -> list[int]:
    return [_signed(zlib.crc32(text.encode())) for text in (work, agency_id)]


def _signed(number: int) -> int:
    return number - (1 << 32) if number >= 1 << 31 else number

# SPDX-License-Identifier: Apache-2.0
"""Time-ordered identifiers of an agency's statements: UUID version 7 (RFC 9562, section 5.7)."""

import uuid
from datetime import datetime
from typing import Final

RANDOM_SIZE_BYTES: Final = 10


def uuid7_at(now: datetime, randomness: bytes) -> str:
    """Return the lower-case text of a UUID for `now` (milliseconds) and 10 random octets."""
    if len(randomness) != RANDOM_SIZE_BYTES:
        raise ValueError("a UUID of version 7 takes 10 random octets")
    milliseconds = int(now.timestamp() * 1000)
    value = int.from_bytes(milliseconds.to_bytes(6, "big") + randomness, "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))

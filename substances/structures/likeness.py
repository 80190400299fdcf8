# SPDX-License-Identifier: Apache-2.0
"""The two fingerprints of a structure, without the arithmetic on them, which is heavier to load."""

from dataclasses import dataclass
from typing import Final

FINGERPRINT_BITS: Final = 2048
FINGERPRINT_BYTES: Final = FINGERPRINT_BITS // 8


@dataclass(frozen=True)
class Fingerprints:
    """256 octets each."""

    a: bytes
    b: bytes

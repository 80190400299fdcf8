# SPDX-License-Identifier: Apache-2.0
"""Here is the pair of fingerprints of a structure, apart from the arithmetic on them, which is heavier to load."""

from dataclasses import dataclass
from typing import Final

FINGERPRINT_BITS: Final = 2048
FINGERPRINT_BYTES: Final = FINGERPRINT_BITS // 8


@dataclass(frozen=True)
class Fingerprints:
    """256 octets each."""

    a: bytes
    b: bytes

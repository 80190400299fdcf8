# SPDX-License-Identifier: Apache-2.0
"""Code of a desk's first start: drawn, shown once on the machine's console, and kept only as its digest."""

import base64
import re
import secrets
from hashlib import sha256
from typing import Final

CODE_BITS: Final = 80
_GROUP_LETTERS: Final = 4
_NO_LETTER: Final = re.compile(r"[\s-]+")


def draw_start_code() -> str:
    """Draw 16 letters and digits of base32 in groups of four, with hyphens between."""
    letters = base64.b32encode(secrets.token_bytes(CODE_BITS // 8)).decode("ascii")
    return "-".join(letters[at : at + _GROUP_LETTERS] for at in range(0, len(letters), _GROUP_LETTERS))


def start_code_digest(code: str) -> str:
    """Return the SHA-256 in hex of the code in capitals; spaces, hyphens and small letters make no difference."""
    return sha256(_NO_LETTER.sub("", code).upper().encode()).hexdigest()

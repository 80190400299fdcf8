# SPDX-License-Identifier: Apache-2.0
"""References: what a mail shows instead of a title. Random per delivery, so that they reveal and link nothing."""

import re
import secrets
from typing import Final

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 characters without 0, 1, I and O, which people misread; a reference has 40 random bits."""

_HALF = 4
_REFERENCE = re.compile(f"[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}")


def new_reference() -> str:
    """Return a fresh reference such as 7QK4-M2XN; unique by constraint, not by luck."""
    # 32 letters divide an octet's 256 values evenly: each is as likely as any other.
    letters = "".join(ALPHABET[octet % len(ALPHABET)] for octet in secrets.token_bytes(2 * _HALF))
    return f"{letters[:_HALF]}-{letters[_HALF:]}"


def is_reference(text: str) -> bool:
    """Tell whether a text has the form of a reference."""
    return _REFERENCE.fullmatch(text) is not None

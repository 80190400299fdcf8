# SPDX-License-Identifier: Apache-2.0
"""A telephone's one-time codes, written from RFC 6238 by hand."""

import base64
import hashlib
import hmac
from datetime import datetime


def code_of(secret: str, at: datetime, *, steps: int = 0) -> str:
    """Return the six digits that a telephone shows at a time, or `steps` steps of 30 seconds later."""
    key = base64.b32decode(secret.replace(" ", ""))
    counter = int(at.timestamp()) // 30 + steps
    mac = hmac.new(key, counter.to_bytes(8, "big"), hashlib.sha1).digest()
    start = mac[-1] & 15
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**6:06d}"

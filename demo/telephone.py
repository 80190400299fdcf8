# SPDX-License-Identifier: Apache-2.0
"""An officer's telephone: it keeps the secret of one-time codes (RFC 6238) and shows each code once."""

import base64
import hashlib
import hmac
import os
import time
from collections.abc import Callable
from pathlib import Path

STEP_SECONDS = 30
AHEAD = 1
"""The most steps that a telephone may be ahead of the hub's clock."""


class Telephone:
    """One officer's telephone, kept as a file: the secret in base32 and the last step whose code was shown."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path, self._clock = path, clock

    def keep(self, secret: str) -> None:
        """Keep a secret typed in from the page, spaces included; it replaces an older one."""
        self._write(secret.replace(" ", ""), 0)

    def code(self) -> str:
        """Return a code that was not shown before; wait until the next one is near."""
        secret, shown = self._path.read_text().split()
        step = max(int(self._clock()) // STEP_SECONDS, int(shown) + 1)
        time.sleep(max(0.0, (step - AHEAD) * STEP_SECONDS - self._clock()))
        self._write(secret, step)
        return code_of_step(secret, step)

    def _write(self, secret: str, step: int) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{secret} {step}\n")


def code_of_step(secret: str, step: int) -> str:
    """Return the six digits of one step (RFC 4226, section 5.3)."""
    mac = hmac.new(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1).digest()
    start = mac[-1] & 15
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**6:06d}"

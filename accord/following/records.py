# SPDX-License-Identifier: Apache-2.0
"""Records about the exchange: each was verified when it was made. Digests base64url, times in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class KeysetRecord:
    """One verified keyset of an agency: the JWS as received, its receipt and the log time it proved.

    `succession` as in `accord.envelope.keysets`: how the root came to be.
    """

    version: int
    jws: str
    receipt: dict[str, Any]
    log_time: int
    succession: str


@dataclass(frozen=True)
class RevocationRecord:
    """One verified revocation: the JWS as received, its receipt and the log time it proved."""

    od: str
    jws: str
    receipt: dict[str, Any]
    log_time: int


@dataclass(frozen=True)
class CheckpointRecord:
    """The largest checkpoint verified (a signed note), its tree size and the time from which it counts."""

    note: str
    size: int
    kept_at: int


@dataclass(frozen=True)
class StatementRecord:
    """One verified statement of another agency, about the object `about` (md or od).

    Every display judges again whether it counts, by its `signers` (kids) and `suite`; both are empty in a record that an
    earlier version wrote, and so is `index`, its leaf. `jws` as received; None where a memory has not stored it.
    """

    od: str
    k: str
    iss: str
    id: str
    about: str | None
    body: dict[str, Any]
    log_time: int
    jws: str | None = None
    signers: tuple[str, ...] = ()
    suite: str = ""
    index: int | None = None


@dataclass(frozen=True)
class FeedPlace:
    """A number in the agency's feed, and the feed's epoch, "" where the exchange never stated one."""

    epoch: str
    number: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.number}" if self.epoch else str(self.number)

# SPDX-License-Identifier: Apache-2.0
"""Sealing again what one holds, for an onward release: the content key under further agencies' keys.

The only function that starts from an existing content key, and it takes it from the caller's own
entry. The ciphertext stays; the entries go with a `release` statement that names `aud`, `rn`, `rr`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from accord.envelope.errors import SealingError, SealRefusal
from accord.envelope.jwe import leaf_hashes, recipients_root, wrap_for
from accord.envelope.keysets import newest_encryption_key
from accord.envelope.private import DecryptionKey
from accord.envelope.seal import Recipient, plan_recipients
from accord.envelope.unseal import unwrap
from accord.envelope.verifying import VerifiedSlice
from accord.envelope.vocabulary import MAX_RECIPIENTS


@dataclass(frozen=True)
class ResealedEntries:
    """What a release needs: sorted audience, number and root of its entries, and their JSON array."""

    aud: tuple[str, ...]
    rn: int
    rr: str
    entries: bytes = field(repr=False)


def reseal(
    verified: VerifiedSlice, *, key: DecryptionKey, recipients: Sequence[Recipient], now: int
) -> ResealedEntries:
    """Wrap the content key of one's own slice for `recipients`; raises SealingError or OpeningError."""
    manifest = verified.manifest
    everyone = sorted(recipients, key=lambda recipient: recipient.agency)
    agencies = [recipient.agency for recipient in everyone]
    if not everyone:
        raise SealingError(SealRefusal.NO_RECIPIENT)
    if len(everyone) > MAX_RECIPIENTS:
        raise SealingError(SealRefusal.TOO_MANY)
    if len(set(agencies)) != len(agencies):
        raise SealingError(SealRefusal.DUPLICATE, agencies=agencies)
    left_out = plan_recipients(manifest.suite, manifest.terms.tlp, everyone, now=now).left_out
    if left_out:
        raise SealingError(left_out[0].reason, agencies=[item.agency for item in left_out])
    content_key = unwrap(verified.jwe.entries[0], key)
    rows = [newest_encryption_key(item.keyset, manifest.suite, now, item.revoked) for item in everyone]
    entries = [wrap_for(manifest.suite, row.key, content_key) for row in rows if row is not None]
    return ResealedEntries(
        aud=tuple(agencies),
        rn=len(entries),
        rr=recipients_root(leaf_hashes(agencies, entries)),
        entries=f"[{','.join(entries)}]".encode("ascii"),
    )

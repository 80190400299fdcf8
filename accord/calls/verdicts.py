# SPDX-License-Identifier: Apache-2.0
"""Which refusals end a matter: the listed problems by which the hub judges the object that was sent.

Any other answer (a proxy's page, a request that is still being worked on, an API key or its scopes, a fault)
judges nothing, and what was signed is kept. Source: docs/api.md, "What to send again".
"""

from __future__ import annotations

from typing import Final

from accord.calls.errors import RefusedError

FINAL: Final = frozenset(
    {
        "absent",
        "agency-suspended",
        "already-retracted",
        "content-deleted",
        "custody-refused",
        "envelope-refused",
        "expired",
        "id-taken",
        "idempotency-key-reused",
        "input-refused",
        "keep-too-short",
        "key-taken",
        "keyset-stale",
        "malformed",
        "malformed-request",
        "move-refused",
        "not-fetched",
        "policy-denied",
        "recalled",
        "recovery-waits",
        "statement-kind-refused",
        "superseded",
        "too-large",
    }
)
"""Sent again later it might pass when nobody expects it any more."""


def is_final(refused: RefusedError) -> bool:
    """Whether the hub has judged what was sent."""
    return 400 <= refused.status < 500 and refused.slug in FINAL

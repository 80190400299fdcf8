# SPDX-License-Identifier: Apache-2.0
"""Final refusals: the listed problems by which the hub judges the object that was sent.

Any other answer (a proxy's page, a request in progress, an API key or its scopes, a fault) judges nothing, and the signed
object is kept. Source: docs/api.md, "What to send again".
"""

from __future__ import annotations

from typing import Final

from accord.calls.errors import RefusedError

FINAL: Final = frozenset(
    {
        "absent",
        "agency-suspended",
        "agreement-refused",
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
"""Slugs of final refusals: sent again later, the object might be accepted when nobody expects it any more."""


def is_final(refused: RefusedError) -> bool:
    """Tell whether the hub has judged the object that was sent."""
    return 400 <= refused.status < 500 and refused.slug in FINAL

# SPDX-License-Identifier: Apache-2.0
"""The closed lists of the profile, version 1. An unknown word is an error, never a fallback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

VERSION: Final = 1

KINDS: Final = frozenset({"alert", "update", "reply", "outcome", "extract"})
STATUSES: Final = frozenset({"actual", "exercise", "test"})
TLPS: Final = frozenset({"RED", "AMBER+STRICT", "AMBER", "GREEN", "CLEAR"})
LANES: Final = frozenset({"enforcement", "science", "public_health", "trade"})
PURPOSES: Final = frozenset({"investigate", "prevent", "public_health", "regulatory_control", "science"})
PRIORITIES: Final = frozenset({"routine", "urgent", "flash"})
ACKNOWLEDGE_WITHIN_SECS: Final[Mapping[str, int]] = {"flash": 3600, "urgent": 24 * 3600, "routine": 24 * 3600}
"""The time within which a sender asks for an acknowledgement, by speed, where it names none; an exercise starts no clock."""
RELS: Final = frozenset({"none", "originator", "recipients"})
CUSTODIES: Final = frozenset({"agency", "hub-own-root", "hub"})
KEY_STATES: Final = frozenset({"current", "retiring", "retired", "revoked"})

RED: Final = "RED"
AMBER_STRICT: Final = "AMBER+STRICT"
MAX_RECIPIENTS: Final = 500
MAX_RED_AGENCIES: Final = 100
MAX_RELEASE_DEPTH: Final = 3

MAX_CLOCK_AHEAD_SECS: Final = 5 * 60
MAX_IAT_AGE_SECS: Final = 24 * 3600
KEY_MARGIN_SECS: Final = 3600
MAX_KEEP_SECS: Final = 3653 * 24 * 3600
"""Ten years, the longest that ten calendar years can be: the most that `keep` lies after `iat`."""
MAX_KEY_SECS: Final = 1827 * 24 * 3600
"""Five years, the longest that five calendar years can be: the most that a key's `exp` lies after its `nbf`."""

TYP_MANIFEST: Final = "accord-manifest+jws"
TYP_INNER: Final = "accord-alert+jws"
TYP_JWE: Final = "accord-alert+jwe"
TYP_CHALLENGE: Final = "accord-challenge+jwe"
TYP_CREDENTIAL: Final = "accord-credential+jwe"
TYP_FINGERPRINTS: Final = "accord-fingerprints+jws"
TYP_REOPEN: Final = "accord-reopen+jws"
"""Both are passed on by hand, the second only between a root and its agency's desk; no statements, and never logged."""


def statement_typ(kind: str) -> str:
    """Return the `typ` of a statement of this kind."""
    return f"accord-{kind}+jws"

# SPDX-License-Identifier: Apache-2.0
"""Own statements: signed under the newest own keyset, with this agency's view of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from accord.envelope.statements.form import SubjectRef
from accord.following.follower import Follower
from accord.following.keysets import refresh_keysets
from accord.following.ports import Keys

_Actor = TypeVar("_Actor")


def sign_statement(
    follower: Follower,
    keys: Keys[_Actor],
    k: str,
    sub: SubjectRef | None,
    body: Mapping[str, Any],
    *,
    actor: _Actor,
    reason: str,
    exp: int | None = None,
) -> bytes:
    """Have a statement signed that states our view of the ledger; raise as `refresh_keysets`, SealingError."""
    refresh_keysets(follower, follower.agency)
    checkpoint = follower.log.reference()
    return keys.sign_statement(
        k, sub, body, actor=actor, reason=reason, cp=checkpoint, now=follower.now, exp=exp
    )

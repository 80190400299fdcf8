# SPDX-License-Identifier: Apache-2.0
"""Step-up: an act that cannot be undone needs a fresh proof that it is still the same person.

These acts are listed by capability in one place, so that no page and no route can forget it.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.http import HttpRequest

from callers.capabilities import SENSITIVE, Capability
from officers.login.errors import StepUpNeededError

if TYPE_CHECKING:
    from officers.session_rows import OfficerSession

FRESH_FOR: Final = timedelta(minutes=15)
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def needs_fresh_proof(request: HttpRequest, capability: Capability | None, *, now: datetime) -> bool:
    """Tell whether this act needs a fresh proof; reading never does."""
    if capability not in SENSITIVE or request.method in SAFE_METHODS:
        return False
    return not is_fresh(request, now=now)


def is_fresh(request: HttpRequest, *, now: datetime) -> bool:
    """Tell whether the last proof of this request's session is recent enough; a proof dated in the future is not."""
    row = sign_in_of(request)
    return row is not None and timedelta(0) <= now - row.proved_at < FRESH_FOR


def require_fresh_proof(request: HttpRequest, *, now: datetime) -> None:
    """Raise StepUpNeededError unless the last proof is recent enough."""
    if not is_fresh(request, now=now):
        raise StepUpNeededError(int(FRESH_FOR.total_seconds() // 60))


def sign_in_of(request: HttpRequest) -> "OfficerSession | None":
    """Return the record of this request's session, as the middleware found it."""
    return getattr(request, "sign_in", None)

# SPDX-License-Identifier: Apache-2.0
"""Permissions of an officer's session over REST: those of every caller, and a fresh proof for what cannot be undone."""

from rest_framework.request import Request

from callers import clock
from callers.capabilities import SENSITIVE, Capability
from callers.permissions import HasDeclaredCapability
from officers.login.proof import SAFE_METHODS, require_fresh_proof
from officers.models import Officer


class HasCapabilityAndProof(HasDeclaredCapability):
    """Permission that denies by default and asks an officer for a fresh proof before a sensitive act."""

    def require_proof(self, request: Request, used: frozenset[Capability]) -> None:
        """Raise StepUpNeededError for a sensitive act without a fresh proof."""
        if isinstance(request.user, Officer) and used & SENSITIVE and request.method not in SAFE_METHODS:
            require_fresh_proof(request._request, now=clock.now())

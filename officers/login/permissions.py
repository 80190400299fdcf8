# SPDX-License-Identifier: Apache-2.0
"""Permissions of an officer in session over REST: as every caller, and with a fresh proof for what cannot be undone."""

from rest_framework.request import Request

from callers import clock
from callers.capabilities import SENSITIVE, Capability
from callers.permissions import HasDeclaredCapability
from officers.login.proof import SAFE_METHODS, require_fresh_proof
from officers.models import Officer


class HasCapabilityAndProof(HasDeclaredCapability):
    """Denies by default; an officer proves anew to be the person before a sensitive act."""

    def require_proof(self, request: Request, used: frozenset[Capability]) -> None:
        """Raises StepUpNeededError."""
        if isinstance(request.user, Officer) and used & SENSITIVE and request.method not in SAFE_METHODS:
            require_fresh_proof(request._request, now=clock.now())

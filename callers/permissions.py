# SPDX-License-Identifier: Apache-2.0
"""Permissions of views: one without a declared capability is refused.

class KeysetView(APIView):
    capability = Capability.DIRECTORY_READ                      # every method
    capability = {"GET": Capability.ALERT_READ, "POST": ...}    # by method; the others are refused
    capability = frozenset({...})                               # any one of them
    capability = PUBLIC                                         # without signing in
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from callers.caller import caller_of
from callers.capabilities import Capability, require
from callers.errors import NotPermittedError


class Openness(Enum):
    """Declaration of a view that needs no capability."""

    PUBLIC = "public"


PUBLIC: Final = Openness.PUBLIC
ACCESSION: Final = frozenset({Capability.KEY_ENROL, Capability.KEY_MANAGE})
"""Capabilities for the calls of accession: an agency's key for entering, later a key officer."""

_BY_TEXT: Final = {capability.value: capability for capability in Capability}

Declaration = Capability | frozenset[Capability] | Openness


def declared_for(view: object, method: str) -> Declaration | None:
    """Return what the view declares for a method; None where it declares nothing, or an unknown capability."""
    declared = getattr(view, "capability", None)
    if isinstance(declared, Mapping):
        declared = (
            _all_of(declared) if method == "OPTIONS" else declared.get("GET" if method == "HEAD" else method)
        )
    if isinstance(declared, str):
        # Room `ledger` names a capability by its text.
        return _BY_TEXT.get(declared)
    known = isinstance(declared, frozenset | Openness) and bool(declared)
    return declared if known else None


def _all_of(declared: Mapping[str, Any]) -> Any:
    """Return what OPTIONS needs: the declaration of any method."""
    if PUBLIC in declared.values():
        return PUBLIC
    return frozenset[Any]().union(*({one} if isinstance(one, str) else one for one in declared.values()))


class HasDeclaredCapability(BasePermission):
    """Permission that denies an undeclared view, and a caller without the capability."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return True, or raise NotAuthenticated, MethodNotAllowed, NotPermittedError, or as `require_proof`."""
        method = request.method or ""
        declared = declared_for(view, method)
        if declared is None and method not in view.allowed_methods:
            caller_of(request)
            raise MethodNotAllowed(method)
        if declared is None:
            raise NotPermittedError("undeclared")
        if declared is PUBLIC:
            return True
        wanted = {declared} if isinstance(declared, Capability) else declared
        assert not isinstance(wanted, Openness)
        caller = caller_of(request)
        require(caller, *sorted(wanted))
        self.require_proof(request, caller.capabilities & wanted)
        return True

    def require_proof(self, request: Request, used: frozenset[Capability]) -> None:
        """Raise where the act asks for more than the capability; does nothing here, since systems present their key at
        every call.
        """

# SPDX-License-Identifier: Apache-2.0
"""Actors: an officer in session, a partner's system, or a process of the hub itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from callers.capabilities import Capability


class Actor(Protocol):
    """The party that calls a service; its identity comes from the login, never from a request's content."""

    @property
    def agency_id(self) -> str | None: ...

    @property
    def audit_name(self) -> str: ...

    @property
    def public_id(self) -> str | None:
        """Opaque name of the person who acts, for statements; None where no person does."""
        ...

    @property
    def capabilities(self) -> frozenset[Capability]: ...

    @property
    def tlp_ceiling(self) -> str | None:
        """Strictest marking that the actor may see (`callers.markings`); None without a limit."""
        ...


def client_name(agency_id: str, client: str) -> str:
    """Return the name of a system in the audit and in what it wrote."""
    return f"client:{agency_id}/{client}"


@dataclass(frozen=True)
class ApiClient:
    """System of an agency, known by its key."""

    agency_id: str
    client: str
    prefix: str
    scopes: frozenset[Capability]
    """Scopes in effect now: those of the key that the agency's state and custody still allow."""
    is_authenticated: bool = True
    expires_at: datetime | None = None
    """End of its key."""
    line: str = ""
    """Chain of keys that this one belongs to (`SystemKey.line`): the same system, whichever key it holds now."""
    tlp_ceiling: None = None
    public_id: None = None

    @property
    def audit_name(self) -> str:
        return client_name(self.agency_id, self.client)

    @property
    def capabilities(self) -> frozenset[Capability]:
        return self.scopes


@dataclass(frozen=True)
class SystemActor:
    """Process of the hub, acting for one agency (desk-worker) or for the hub."""

    role: str
    agency_id: str | None = None
    capabilities: frozenset[Capability] = frozenset()
    tlp_ceiling: None = None
    public_id: None = None

    @property
    def audit_name(self) -> str:
        return f"system:{self.role}"

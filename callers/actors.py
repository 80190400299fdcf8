# SPDX-License-Identifier: Apache-2.0
"""Actors: an officer in session, a partner's system, or a process of the hub itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from callers.capabilities import Capability


class Actor(Protocol):
    """Whoever a service is called by; identity comes from the login, never from a request's content."""

    @property
    def agency_id(self) -> str | None: ...

    @property
    def audit_name(self) -> str: ...

    @property
    def public_id(self) -> str | None:
        """The opaque name of the person who acts, for statements; None where no person does."""
        ...

    @property
    def capabilities(self) -> frozenset[Capability]: ...

    @property
    def tlp_ceiling(self) -> str | None:
        """The strictest marking the actor may see (`callers.markings`); None without a limit."""
        ...


def client_name(agency_id: str, client: str) -> str:
    """The name under which a system stands in the audit and in what it wrote."""
    return f"client:{agency_id}/{client}"


@dataclass(frozen=True)
class ApiClient:
    """A system of an agency, known by its key."""

    agency_id: str
    client: str
    prefix: str
    scopes: frozenset[Capability]
    """In effect now: what the agency's state and custody leave of what the key was given."""
    is_authenticated: bool = True
    expires_at: datetime | None = None
    """When its key ends."""
    line: str = ""
    """The chain of keys that this one belongs to (`SystemKey.line`): the same system, whichever key it holds now."""
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
    """A process of the hub, acting for one agency (desk-worker) or for the hub."""

    role: str
    agency_id: str | None = None
    capabilities: frozenset[Capability] = frozenset()
    tlp_ceiling: None = None
    public_id: None = None

    @property
    def audit_name(self) -> str:
        return f"system:{self.role}"

# SPDX-License-Identifier: Apache-2.0
"""The steps by which an agency comes in, as the operator may know it: steps that are done or not, nobody's name."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX

from agencies.directory import newest_keyset
from agencies.entrykeys import has_entry_key
from callers.actors import Actor
from callers.capabilities import Capability, Role, require
from callers.directory import AgencyStatus, Custody
from callers.errors import AbsentError
from officers.accounts import admins_of
from officers.invitations import Invited, invited_of
from officers.models import Officer
from peers.models import Agency


@dataclass(frozen=True)
class Entry:
    """`waiting` is the first agency admin's invitation while nobody has come; `until` is when the keyset ends."""

    agency: Agency
    has_admin: bool
    first_admin: Officer | None
    waiting: Invited | None
    has_entry_key: bool
    keyset_until: int | None

    @property
    def has_keys(self) -> bool:
        return self.keyset_until is not None

    @property
    def needs_entry_key(self) -> bool:
        """Tell whether the agency's own system brings the keys, and has not yet."""
        return self.agency.custody == Custody.AGENCY and self.agency.status == AgencyStatus.ENTERING


def entry_of(operator: Actor, agency_id: str, *, now: datetime) -> Entry:
    """Raises NotPermittedError, AbsentError."""
    require(operator, Capability.HUB_OPERATE)
    agency = Agency.objects.visible_to(operator).filter(pk=agency_id).first()
    if agency is None:
        raise AbsentError
    come = admins_of(agency).exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX).exists()
    first = None if come else first_admin_of(operator, agency)
    keyset = newest_keyset(agency.pk, now=now)
    return Entry(
        agency=agency,
        has_admin=come,
        first_admin=first,
        waiting=invited_of([first], now=now).get(first.public_id) if first else None,
        has_entry_key=has_entry_key(agency.pk, now=now),
        keyset_until=keyset.exp if keyset else None,
    )


def first_admin_of(operator: Actor, agency: Agency) -> Officer | None:
    """Who was invited to manage an agency that nobody manages yet; known to the operator, who invited."""
    require(operator, Capability.HUB_OPERATE)
    invited = admins_of(agency).filter(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return invited.filter(roles__contains=[Role.AGENCY_ADMIN.value]).order_by("joined_at").first()

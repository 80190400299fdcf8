# SPDX-License-Identifier: Apache-2.0
"""The steps by which an agency comes in, as the operator may know it: steps that are done or not, nobody's name."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction

from accord.calls.answers import AgencyAnswer
from agencies.accession import admit_agency
from agencies.directory import newest_keyset
from agencies.entrykeys import has_entry_key
from agencies.fingerprints import checked_fingerprint
from agencies.models import Agency as Admitted
from callers.actors import Actor
from callers.capabilities import Capability, Role, require
from callers.directory import AgencyStatus, Custody
from callers.errors import AbsentError
from officers.accounts import admins_of
from officers.invitations import Invited, invited_of
from officers.models import Officer
from peers.entries import begin_entry
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


@transaction.atomic
def take_in(operator: Actor, agency_id: str, *, now: datetime, **facts: Any) -> Agency:
    """Admit an agency to the exchange and give it its row at this desk, which holds its keys unless it does itself.

    One that the exchange's operator admitted for a desk, and that no desk has taken in, is taken in as it was admitted.
    `facts` and what is raised as of `admit_agency`.
    """
    require(operator, Capability.HUB_OPERATE)
    entry = _waiting_for_a_desk(agency_id, facts) or admit_agency(operator, agency_id, now=now, **facts)
    said = AgencyAnswer(**{field.name: getattr(entry, field.name) for field in fields(AgencyAnswer)})
    return begin_entry(said, is_hosted=entry.is_hosted, now=now)


def _waiting_for_a_desk(agency_id: str, facts: Mapping[str, Any]) -> Admitted | None:
    """The agency as it was admitted, where it is named and keeps its keys as these `facts` say."""
    if Agency.objects.filter(pk=agency_id).exists():
        return None
    found = Admitted.objects.filter(pk=agency_id, status=AgencyStatus.ENTERING).first()
    if found is None or not found.is_hosted:
        return None
    root = checked_fingerprint(facts.get("root_fingerprint", ""), facts["custody"])
    said = (facts["name"].strip(), facts["custody"], root)
    return found if said == (found.name, found.custody, found.root_fingerprint) else None


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

# SPDX-License-Identifier: Apache-2.0
"""The steps of an agency's accession, as the exchange knows them: admitted, keys, active."""

from dataclasses import dataclass
from datetime import datetime

from accord.moments import moment_or_none
from agencies.directory import newest_keyset
from agencies.entrykeys import has_entry_key
from agencies.models import Agency
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.directory import AgencyStatus
from callers.errors import AbsentError


@dataclass(frozen=True)
class Entry:
    """`keyset_until`: when the newest logged keyset ends; None before the first."""

    agency: Agency
    has_entry_key: bool
    keyset_until: datetime | None

    @property
    def needs_entry_key(self) -> bool:
        """Tell whether the keys are still to be brought in."""
        return self.agency.status == AgencyStatus.ENTERING


def entry_of(operator: Actor, agency_id: str, *, now: datetime) -> Entry:
    """Return an agency's progress; raise NotPermittedError, AbsentError."""
    require(operator, Capability.HUB_OPERATE)
    agency = Agency.objects.visible_to(operator).filter(pk=agency_id).first()
    if agency is None:
        raise AbsentError
    keyset = newest_keyset(agency.pk, now=now)
    return Entry(
        agency=agency,
        has_entry_key=has_entry_key(agency.pk, now=now),
        keyset_until=moment_or_none(keyset.exp) if keyset else None,
    )

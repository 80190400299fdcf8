# SPDX-License-Identifier: Apache-2.0
"""Officers of an agency who check and send alerts, and which of them are left as second persons."""

from collections.abc import Collection, Iterable

from callers.capabilities import ROLE_CAPABILITIES, WITHHELD, Capability
from officers.attribution import independent_of
from officers.models import Officer


def officers_who(capability: Capability, agency_ids: Iterable[str]) -> list[Officer]:
    """Return the active officers of these agencies who have a capability, in the order of the duty list."""
    roles = [role for role, granted in ROLE_CAPABILITIES.items() if capability in granted]
    rows = Officer.objects.to_tell().filter(
        agency_id__in=set(agency_ids), is_active=True, invited_email="", roles__overlap=roles
    )
    if capability in WITHHELD:
        rows = rows.filter(powers_withheld_at=None)
    return list(
        rows.select_related("agency__desk_policy").order_by("agency_id", "duty_rank", "full_name", "pk")
    )


def releasers_of(agency_ids: Iterable[str]) -> list[Officer]:
    """Return the officers of these agencies who send alerts, without those whose powers are withheld."""
    found = officers_who(Capability.ALERT_RELEASE, agency_ids)
    return [officer for officer in found if Capability.ALERT_RELEASE in officer.capabilities]


def releasers_besides(agency_id: str, writers: Collection[str]) -> list[Officer]:
    """Return those who could check and send what these have written; `writers` are audit names."""
    able = [row for row in releasers_of([agency_id]) if Capability.ALERT_VALIDATE in row.capabilities]
    return independent_of(able, writers)

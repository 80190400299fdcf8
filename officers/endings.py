# SPDX-License-Identifier: Apache-2.0
"""Keysets and keys that end soon, for the officers who manage them."""

from collections.abc import Iterable
from datetime import datetime

from callers.capabilities import Capability
from callers.endings import Ending
from officers.models import Officer
from peers.own_key_facts import endings_of


def ending_keys(officer: Officer, *, now: datetime) -> list[Ending]:
    """List endings of the officer's own agency, if the officer could do something about them; else nothing."""
    if officer.agency_id is None or not officer.capabilities & {
        Capability.KEY_MANAGE,
        Capability.AGENCY_MANAGE,
    }:
        return []
    keeps = Capability.KEY_MANAGE in officer.capabilities
    is_warned = keeps or officer in officers_to_warn([officer.agency_id])[officer.agency_id]
    return endings_of([officer.agency_id], now=now) if is_warned else []


def officers_to_warn(agencies: Iterable[str]) -> dict[str, list[Officer]]:
    """Return, by agency, its active key officers, or its admins where it has none."""
    active: dict[str, list[Officer]] = {agency: [] for agency in agencies}
    rows = Officer.objects.to_tell().filter(agency__in=active, is_active=True, invited_email="")
    for officer in rows.order_by("full_name"):
        active[officer.agency_id or ""].append(officer)
    return {agency: _keepers(officers) for agency, officers in active.items()}


def _keepers(officers: Iterable[Officer]) -> list[Officer]:
    listed = list(officers)
    keepers = [officer for officer in listed if Capability.KEY_MANAGE in officer.capabilities]
    return keepers or [officer for officer in listed if Capability.AGENCY_MANAGE in officer.capabilities]

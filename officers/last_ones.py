# SPDX-License-Identifier: Apache-2.0
"""Roles with only one person left, among those without which only the root can open a desk again."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX

from callers.capabilities import Role
from officers.models import Officer
from peers.models import Agency

NEEDED: Final = (Role.AGENCY_ADMIN, Role.KEY_OFFICER)


@dataclass(frozen=True)
class LastOne:
    """Role that one person has; `agency_id` is None for the keeper."""

    agency_id: str | None
    role: Role


def last_ones(agencies: Iterable[Agency]) -> list[LastOne]:
    """Return the roles of these agencies, and of the desk itself, that only one person who can sign in has."""
    found = {agency.pk for agency in agencies}
    able = Officer.objects.filter(is_active=True, invited_email="", powers_withheld_at=None)
    able = able.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    filled: Counter[tuple[str | None, str]] = Counter(
        (agency_id, role) for agency_id, roles in able.values_list("agency_id", "roles") for role in roles
    )
    wanted = [(None, Role.KEEPER), *((pk, role) for pk in sorted(found) for role in NEEDED)]
    return [LastOne(pk, role) for pk, role in wanted if filled[pk, role.value] == 1]

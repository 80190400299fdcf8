# SPDX-License-Identifier: Apache-2.0
"""The highest TLP by role, as the agency's policy says: what is marked stricter is absent for who has no higher role.

Several roles: the loosest limit counts, and a role that the policy does not name has none. Danger to life (speed
flash on the public-health lane) has no limit. Systems and the hub's own processes are not limited.
"""

from typing import Final

from django.db.models import Q

from agencies.actors import Actor
from agencies.models import Officer

LEVELS: Final = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")
"""TLP 2.0 (FIRST), from the loosest to the strictest."""


def ceiling_of(actor: Actor) -> str | None:
    """The strictest marking this actor may see and send; None without a limit."""
    if not isinstance(actor, Officer) or actor.agency is None or not actor.agency.role_ceilings:
        return None
    limits = [actor.agency.role_ceilings.get(role) for role in actor.roles]
    if not limits or None in limits:
        return None
    return max((limit for limit in limits if limit in LEVELS), key=LEVELS.index, default=LEVELS[0])


def is_within(actor: Actor, *, tlp: str, pri: str, lane: str) -> bool:
    """Whether the actor's roles reach to an item marked so; a marking that is not known is out of reach."""
    ceiling = ceiling_of(actor)
    if ceiling is None or is_about_life(pri, lane):
        return True
    return tlp in _reached(ceiling)


def rows_within(actor: Actor) -> Q:
    """The same for rows with columns `tlp`, `pri` and `lane`."""
    ceiling = ceiling_of(actor)
    if ceiling is None:
        return Q()
    return Q(tlp__in=_reached(ceiling)) | Q(pri="flash", lane="public_health")


def is_about_life(pri: str, lane: str) -> bool:
    """Speed flash on the public-health lane."""
    return pri == "flash" and lane == "public_health"


def _reached(ceiling: str) -> tuple[str, ...]:
    return LEVELS[: LEVELS.index(ceiling) + 1]

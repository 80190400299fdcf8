# SPDX-License-Identifier: Apache-2.0
"""Markings of the Traffic Light Protocol, and which of them an actor may see.

- What is marked stricter than the actor's ceiling is absent: in lists, counts, drafts, templates, notices, threads.
- Danger to life (priority flash on the public-health lane) has no limit.
- Systems and the hub's own processes have no ceiling; an officer's comes from the agency's policy
  (`officers.ceilings`).

Rows are limited where they are read: `visible_to(actor)` of every kind of row about an alert uses `rows_within`.
`is_within` applies the same rule to a value in memory.
"""

from typing import Final

from django.db.models import Q

from callers.actors import Actor

LEVELS: Final = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")
"""TLP 2.0 (FIRST), from the loosest to the strictest."""


def is_within(actor: Actor, *, tlp: str, pri: str, lane: str, floor: str = "") -> bool:
    """Tell whether the actor may see an item with these markings; an unknown marking may not be seen.

    `floor` is the marking of what the item was made from.
    """
    reached = levels_within(actor)
    if reached is None or is_about_life(pri, lane):
        return True
    return tlp in reached and floor in ("", *reached)


def rows_within(actor: Actor, prefix: str = "") -> Q:
    """Return the condition of `is_within` for rows with columns `tlp`, `pri` and `lane`; an empty Q where there is no limit.

    `prefix` names a relation to such rows.
    """
    reached = levels_within(actor)
    if reached is None:
        return Q()
    life = {f"{prefix}pri": "flash", f"{prefix}lane": "public_health"}
    return Q(**{f"{prefix}tlp__in": reached}) | Q(**life)


def levels_within(actor: Actor) -> tuple[str, ...] | None:
    """Return the markings that the actor may see; None without a limit. Raises NotBoundError."""
    ceiling = actor.tlp_ceiling
    return None if ceiling is None else LEVELS[: LEVELS.index(ceiling) + 1]


def strictest(*marks: str) -> str:
    """Return the strictest of these markings; unknown ones are left out, empty where none is left."""
    return max((mark for mark in marks if mark in LEVELS), key=LEVELS.index, default="")


def is_about_life(pri: str, lane: str) -> bool:
    """Tell whether the priority is flash on the public-health lane."""
    return pri == "flash" and lane == "public_health"

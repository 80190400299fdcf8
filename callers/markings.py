# SPDX-License-Identifier: Apache-2.0
"""Markings of the Traffic Light Protocol, and which of them an actor reaches to.

- What is marked stricter than the actor's ceiling is absent: in lists, counts, drafts, templates, notices, threads.
- Danger to life (speed flash on the public-health lane) has no limit.
- Systems and the hub's own processes have no ceiling; an officer's comes from the agency's policy (`officers.ceilings`).

Rows are limited where they are fetched: `visible_to(actor)` of every kind of row that tells of an alert asks
`rows_within`; of a value in hand `is_within` says the same.
"""

from typing import Final

from django.db.models import Q

from callers.actors import Actor

LEVELS: Final = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")
"""TLP 2.0 (FIRST), from the loosest to the strictest."""


def is_within(actor: Actor, *, tlp: str, pri: str, lane: str, floor: str = "") -> bool:
    """Tell whether the actor's roles reach to an item marked so; a marking that is not known is out of reach.

    `floor` is the marking of what the item was made from.
    """
    reached = levels_within(actor)
    if reached is None or is_about_life(pri, lane):
        return True
    return tlp in reached and floor in ("", *reached)


def rows_within(actor: Actor, prefix: str = "") -> Q:
    """The same for rows with columns `tlp`, `pri` and `lane`, or for a relation to such rows; no limit is an empty Q."""
    reached = levels_within(actor)
    if reached is None:
        return Q()
    life = {f"{prefix}pri": "flash", f"{prefix}lane": "public_health"}
    return Q(**{f"{prefix}tlp__in": reached}) | Q(**life)


def levels_within(actor: Actor) -> tuple[str, ...] | None:
    """The markings that the actor reaches to; None without a limit. Raises NotBoundError."""
    ceiling = actor.tlp_ceiling
    return None if ceiling is None else LEVELS[: LEVELS.index(ceiling) + 1]


def strictest(*marks: str) -> str:
    """The strictest of these markings; those that are not known are left out, empty where none is."""
    return max((mark for mark in marks if mark in LEVELS), key=LEVELS.index, default="")


def is_about_life(pri: str, lane: str) -> bool:
    """Speed flash on the public-health lane."""
    return pri == "flash" and lane == "public_health"

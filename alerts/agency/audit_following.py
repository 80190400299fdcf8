# SPDX-License-Identifier: Apache-2.0
"""An agency's audit as one of its systems reads it: from a place on, in the order in which the log took the events.

- The log numbers an event after it was committed, so no event appears before a place that was passed already.
- Nothing of another agency is given. A place is an event of the agency's own, so it does not show how much others do.
- No content: `detail` gives only codes, counts and names of things of the program; a reason gives its code, without
  the case number that a person typed. New and old names of renamed things stay with the auditor.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import OuterRef, Subquery

from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.errors import CursorRefusedError
from ledger.models import AuditEvent, Leaf

TOLD: Final = frozenset(
    {
        "act",
        "answer",
        "cause",
        "client",
        "code",
        "count",
        "expires",
        "factor",
        "format",
        "hits",
        "kind",
        "lanes",
    }
    | {"list", "loop", "move", "number", "proof", "refused_guesses", "revision", "roles", "rows", "scopes"}
    | {"software", "version"}
)
"""Members of `detail` that are handed on."""
_CODE: Final = re.compile(r"[a-z0-9_]{1,40}")


@dataclass(frozen=True)
class FollowedEvent:
    """Event as a system receives it."""

    at: datetime
    actor: str
    act: str
    subject: str
    reason: str
    detail: Mapping[str, Any]
    od: str


@dataclass(frozen=True)
class Followed:
    """Events in their order; `place` is where to continue, `more` tells whether there are further events now."""

    events: tuple[FollowedEvent, ...]
    place: str
    more: bool


def follow_audit(client: Actor, place: str, *, limit: int) -> Followed:
    """Return the own agency's audit events after a place; from the beginning for an empty place.

    Raises NotPermittedError, CursorRefusedError for a place that the log no longer has.
    """
    require(client, Capability.AUDIT_FOLLOW)
    index = Subquery(Leaf.objects.filter(od=OuterRef("od")).values("index"))
    later = Leaf.objects.filter(index__gt=_index_of(place))
    logged = AuditEvent.objects.visible_to(client).filter(od__in=later.values("od"))
    rows = list(logged.annotate(index=index).order_by("index")[: limit + 1])
    given = rows[:limit]
    return Followed(
        tuple(_as_told(event) for event in given),
        given[-1].od if given else place,
        len(rows) > limit,
    )


def _index_of(place: str) -> int:
    if not place:
        return -1
    leaf = Leaf.objects.filter(od=place).first()
    if leaf is None:
        raise CursorRefusedError
    return leaf.index


def _as_told(event: AuditEvent) -> FollowedEvent:
    detail = {name: value for name, value in event.detail.items() if name in TOLD and _is_plain(value)}
    return FollowedEvent(
        event.at, event.actor, event.act, event.subject, _code_of(event.reason), detail, event.od
    )


def _code_of(reason: str) -> str:
    """Return the code that a reason begins with; empty where the reason is a person's own words."""
    code = reason.partition(": ")[0]
    return code if _CODE.fullmatch(code) else ""


def _is_plain(value: object) -> bool:
    """Tell whether the value is a text, number or truth value, or a list of them."""
    return all(isinstance(one, str | int) for one in (value if isinstance(value, list) else [value]))

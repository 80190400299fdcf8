# SPDX-License-Identifier: Apache-2.0
"""Suspensions of lanes between an agency and its peers, read from verified statements `suspend` and `resume`.

A suspension is of a lane and a pair. It lasts from its statement to the first resumption by the same agency that names lane and
peer. The lane is open while neither of the two suspends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from accord.calls.agreements import AgreementAnswer

SUSPEND: Final = "suspend"
RESUME: Final = "resume"


@dataclass(frozen=True)
class SaidOfLanes:
    """A verified statement of either kind; `at` in seconds."""

    k: str
    iss: str
    body: Mapping[str, Any]
    at: int


@dataclass(frozen=True)
class Suspension:
    """A lane that `agency` has suspended with `peer`; times in seconds, `until` None while it lasts."""

    agency: str
    peer: str
    lane: str
    since: int
    why: str | None
    until: int | None = None

    def other(self, reader: str) -> str:
        """Return the one of the two that is not the reader."""
        return self.peer if self.agency == reader else self.agency


def suspended_since(
    reader: str,
    suspensions: Iterable[Suspension],
    agreements: Iterable[AgreementAnswer],
    *,
    peer: str,
    lane: str,
    pri: str,
) -> int | None:
    """Return since when nothing of this speed passes between the two on the lane; None where something does, or nothing may.

    `agreements` are the reader's that are in force.
    """
    covering = [one for one in agreements if peer in one.parties and lane in one.lanes]
    if not covering or any(one.survives(lane, pri) for one in covering):
        return None
    lasting = (one for one in suspensions if one.until is None and one.lane == lane)
    return min((one.since for one in lasting if one.other(reader) == peer), default=None)


def read_suspensions(reader: str, said: Iterable[SaidOfLanes]) -> tuple[Suspension, ...]:
    """Return every suspension between the reader and a peer, past and present; statements of one issuer come in their order.

    What others state of third parties is left out.
    """
    ended: list[Suspension] = []
    lasting: dict[tuple[str, str, str], Suspension] = {}
    for one in said:
        peers = one.body["with"] if one.iss == reader else {reader}.intersection(one.body["with"])
        for key in ((one.iss, peer, lane) for peer in peers for lane in one.body["lanes"]):
            if one.k == SUSPEND and key not in lasting:
                lasting[key] = Suspension(*key, one.at, one.body["why"])
            elif one.k == RESUME and key in lasting:
                ended.append(replace(lasting.pop(key), until=one.at))
    return (*ended, *lasting.values())

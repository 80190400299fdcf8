# SPDX-License-Identifier: Apache-2.0
"""Preview of what a law would newly catch among an agency's stored structures, before it is put in use.

Only rules that differ from those that a structure was judged by are applied, so that the answer comes at once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final

from callers.actors import Actor
from science.law.controls import EffectiveRules
from science.law.newly_caught import CaughtBy, what_catches
from science.law.reevaluating import judge_kept
from science.structures.store import OPENED_AT_MOST, OpenedStructure, count_structures, open_structures
from substances.rulefacts import RuleFact

BATCH: Final = 500
SHOWN_AT_MOST: Final = 200
AT_ONCE: Final = 500
"""Limit of structures that are previewed while somebody waits for a page."""


@dataclass(frozen=True)
class WouldCatch:
    """Structure that would be newly reached, and by what."""

    opened: OpenedStructure = field(repr=False)
    by: tuple[CaughtBy, ...] = field(repr=False)


@dataclass(frozen=True)
class Preview:
    """Numbers of structures looked at, stored and newly caught, and the first of the caught ones."""

    looked_at: int
    stored: int
    count: int
    shown: tuple[WouldCatch, ...] = field(repr=False)

    @property
    def is_whole(self) -> bool:
        return self.looked_at >= self.stored


def preview_caught(
    agency_id: str,
    rules: EffectiveRules,
    facts: Iterable[RuleFact],
    *,
    actor: Actor | None = None,
    at_most: int = OPENED_AT_MOST,
    now: datetime,
) -> Preview:
    """Preview the law over the newest `at_most` structures.

    With an actor, only structures that the actor may see; without, everything that the agency keeps.
    """
    known = tuple(facts)
    looked_at, count, shown = 0, 0, []
    for batch in _batches(open_structures(agency_id, actor=actor, limit=at_most, with_named=True)):
        looked_at += len(batch)
        for opened, said in zip(batch, judge_kept(rules, [one.kept for one in batch], now), strict=True):
            if by := what_catches(said, known, now.date()):
                count += 1
                shown += [WouldCatch(opened, by)] if count <= SHOWN_AT_MOST else []
    stored = looked_at if looked_at < at_most else count_structures(agency_id, actor=actor, with_named=True)
    return Preview(looked_at, stored, count, tuple(shown))


def _batches(opened: Iterator[OpenedStructure]) -> Iterator[list[OpenedStructure]]:
    while batch := list(islice(opened, BATCH)):
        yield batch

# SPDX-License-Identifier: Apache-2.0
"""Here is what a law would newly catch among an agency's stored structures, asked before anybody puts it in use.

Only rules that differ from those that a structure was judged by are asked again, so that the answer comes at once.
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
"""Structures that are looked at while somebody waits for a page."""


@dataclass(frozen=True)
class WouldCatch:
    """One structure that would be reached newly, and by what."""

    opened: OpenedStructure = field(repr=False)
    by: tuple[CaughtBy, ...] = field(repr=False)


@dataclass(frozen=True)
class Preview:
    """How many structures were looked at, out of how many, how many would be newly caught, and the first of them."""

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
    """By the law as it would be, the newest `at_most`.

    With an actor, of what the actor may see; without, of everything the agency keeps.
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

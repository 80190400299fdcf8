# SPDX-License-Identifier: Apache-2.0
"""Newly caught structures: those that rules or listings reach which did not reach them before, sealed.

A line says what is asserted, where, from which day and by which rule; whether that day has come is decided when the
line is shown. Lines of rules that the agency no longer follows are not shown.
"""

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Final

from django.db.models import Q, QuerySet

from callers.actors import Actor
from callers.errors import AbsentError
from science.law.controls import EffectiveRules, ruleset_for
from science.rows.structures import CaughtStructure, Mark, StoredStructure
from science.structures.store import open_rows
from substances.rulefacts import RuleFact, StructureJudged
from vault.sealed_store import REVISION, SealedStore, as_json

SHOWN: Final = 50
LISTED: Final = "listed"


@dataclass(frozen=True)
class CaughtBy:
    """Rule or listing that reaches a structure: its `key`, and the first day on which it counts.

    `verdict` is in or review, or `listed` for a listing by name, which has no `rule_id`; `start` None where no day is
    known.
    """

    key: str
    rule_id: str
    jurisdiction: str
    title: str
    effect: str
    verdict: str
    start: date | None

    def is_law_on(self, day: date) -> bool:
        return self.start is None or self.start <= day


@dataclass(frozen=True)
class CaughtLine:
    """Structure of one alert, and what reaches it newly."""

    row: CaughtStructure
    by: tuple[CaughtBy, ...] = field(repr=False)

    @property
    def structure(self) -> StoredStructure:
        return self.row.structure

    @property
    def is_by_name(self) -> bool:
        """Tell whether the alert states no structure: a list has its name or its number."""
        return self.row.structure.mark == Mark.NAMED


def what_catches(judged: StructureJudged, rules: Iterable[RuleFact], today: date) -> tuple[CaughtBy, ...]:
    """Return the rules and listings behind the new verdicts."""
    by_key = {rule.key: rule for rule in rules}
    by_rule = tuple(
        CaughtBy(
            key=key,
            rule_id=rule.id,
            jurisdiction=rule.jurisdiction,
            title=rule.title,
            effect=rule.effect,
            verdict=judged.verdicts[key][1],
            start=rule.law_from(today),
        )
        for key in judged.caught
        if (rule := by_key.get(key)) is not None
    )
    by_name = tuple(
        CaughtBy(one.key, "", one.jurisdiction, one.title, "", LISTED, one.start)
        for one in judged.newly_listed
    )
    return by_rule + by_name


def caught_rows(
    found: Sequence[tuple[StoredStructure, Sequence[CaughtBy]]], rules: EffectiveRules, now: datetime
) -> list[CaughtStructure]:
    """Return unsaved rows for structures of one agency, each with its sealed content."""
    rows = [
        CaughtStructure(
            agency_id=structure.agency_id,
            structure=structure,
            ruleset=rules.mark,
            listings=rules.listings.digest,
            caught_at=now,
        )
        for structure, _by in found
    ]
    contents = [(row.pk, by) for row, (_, by) in zip(rows, found, strict=True)]
    sealed = CAUGHT.seal_many(rows[0].agency_id, contents) if rows else []
    for row, octets in zip(rows, sealed, strict=True):
        row.sealed = octets
    return rows


def list_caught(
    actor: Actor, *, before: uuid.UUID | None = None, limit: int = SHOWN
) -> tuple[list[CaughtLine], uuid.UUID | None]:
    """Return newly caught structures that the actor may see, newest first, and the `before` for older ones.

    Raises AbsentError where `before` names nothing that the actor may see.
    """
    if actor.agency_id is None:
        return [], None
    rows = _visible(actor)
    if before is not None:
        last = rows.filter(pk=before).first()
        if last is None:
            raise AbsentError
        rows = rows.filter(Q(caught_at__lt=last.caught_at) | Q(caught_at=last.caught_at, pk__lt=last.pk))
    found = list(rows.select_related("structure__received__issuer", "structure__alert")[: limit + 1])
    following = found[limit - 1].pk if len(found) > limit else None
    found = found[:limit]
    followed = {rule.key for rule in ruleset_for(actor.agency_id).rules} if found else set()
    lines = [
        CaughtLine(row, tuple(one for one in by if one.verdict == LISTED or one.key in followed))
        for row, by in _opened(actor.agency_id, found)
    ]
    return [line for line in lines if line.by], following


def drop_unfollowed(agency_id: str, rules: EffectiveRules) -> None:
    """Delete lines that rest only on rules that the agency no longer follows, or on listings that no longer apply.

    Inside the caller's transaction, after the structures were judged by these rules.
    """
    followed = {rule.key for rule in rules.rules}
    older = CaughtStructure.objects.filter(agency_id=agency_id)
    older = older.exclude(ruleset=rules.mark, listings=rules.listings.digest)
    opened = _opened(agency_id, list(older.select_related("structure")))
    listed = _listed_now(agency_id, opened)
    gone = []
    for row, by in opened:
        # A structure that does not open now keeps the lines of its listings.
        here = listed.get(row.structure_id)
        stands = [
            one
            for one in by
            if (here is None or one.key in here if one.verdict == LISTED else one.key in followed)
        ]
        if not stands:
            gone.append(row.pk)
        elif len(stands) < len(by):
            row.sealed = CAUGHT.seal(agency_id, row.pk, stands)
            row.save(update_fields=["sealed"])
    CaughtStructure.objects.filter(pk__in=gone).delete()


def _listed_now(
    agency_id: str, opened: Iterable[tuple[CaughtStructure, Sequence[CaughtBy]]]
) -> dict[uuid.UUID, set[str]]:
    """Return the keys of the listings that name each structure, for structures that were caught by one."""
    rows = {row.structure_id: row.structure for row, by in opened if any(one.verdict == LISTED for one in by)}
    return {one.row.pk: set(one.kept.listed) for one in open_rows(agency_id, list(rows.values()))}


def newly_caught(actor: Actor, *, since: datetime) -> int:
    """Count structures newly caught since then, of alerts that the actor may see; no content is opened."""
    return _visible(actor).filter(caught_at__gte=since).order_by().values("structure").distinct().count()


def _visible(actor: Actor) -> QuerySet[CaughtStructure]:
    visible = StoredStructure.objects.visible_to(actor).standing().values("pk")
    rows = CaughtStructure.objects.filter(agency_id=actor.agency_id or "", structure__in=visible)
    return rows.order_by("-caught_at", "-pk")


def _opened(
    agency_id: str, rows: Sequence[CaughtStructure]
) -> list[tuple[CaughtStructure, Sequence[CaughtBy]]]:
    """Return the rows that open, with their content."""
    opened = CAUGHT.open_many(agency_id, [(row.pk, REVISION, row.sealed) for row in rows])
    return [(row, by) for row, by in zip(rows, opened, strict=True) if by is not None]


def _encoded(by: Sequence[CaughtBy]) -> bytes:
    return as_json([{**asdict(one), "start": one.start.isoformat() if one.start else None} for one in by])


def _decoded(plain: bytes) -> Sequence[CaughtBy]:
    return [
        CaughtBy(**{**one, "start": date.fromisoformat(one["start"]) if one["start"] else None})
        for one in json.loads(plain)
    ]


CAUGHT: Final = SealedStore("caughtstructure", _encoded, _decoded)

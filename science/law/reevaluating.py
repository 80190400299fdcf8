# SPDX-License-Identifier: Apache-2.0
"""Judging of stored structures by the desk-worker, and judging again when the law changes.

- A structure is due while the law it was judged by is not the one its agency follows. The rows are the only state, so the work
  continues after a kill, may run twice, and a change in the middle only makes more of it.
- It runs a few seconds at a time, so that no feed waits; one process an agency.
- A structure that cannot be read, or that alone kills the worker process, is marked and does not stop the others. A structure
  that was read once keeps its results.
- While the worker process is not available nothing is written. An agency whose rules do not open does not stop the others.
"""

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from accord.version import VERSION
from alerts.locks import try_lock, wait_for_lock
from callers.actors import SystemActor
from callers.directory import AgencyStatus
from ledger import set_aside
from ledger.audit import record_event
from peers.models import Agency
from science.law.controls import EffectiveRules, bring_up_to_date, ruleset_for
from science.law.newly_caught import caught_rows, drop_unfollowed, what_catches
from science.law.watching import tell_watchers
from science.rows.structures import CaughtStructure, Mark, Reevaluation, StoredStructure
from science.structures.store import Kept, OpenedStructure, broken_rows, open_rows, seal_many
from substances.errors import InputRefusedError, SubstanceError, WorkerAwayError, WorkerLostError
from substances.rulefacts import ENGINE, StructureIn, StructureJudged
from substances.sandbox.law import judge_structures
from vault.errors import VaultError

ROLE: Final = "desk-worker"
REEVALUATE_TASK: Final = "science.reevaluate"
BATCH: Final = 250
SLICE_SECS: Final = 5.0
TRIES: Final = 3
"""A process that dies once may have died of the machine's lack of memory and not of the structure."""
LOCK: Final = "accord reevaluation"
BEGINNING: Final = "accord reevaluation begins"

log = logging.getLogger(__name__)
JUDGING: Final = set_aside.Loop(
    "desk.judging",
    "system:desk-worker",
    lambda error: isinstance(error, SubstanceError | VaultError),
    f"{VERSION} engine {ENGINE}",
)
_behind: dict[str, str] = {}
"""Agencies whose adopted rules do not fit the hub's, with the digest of those: tried once by each process."""


@dataclass(frozen=True)
class Round:
    """State of one round for one agency; `passed` could not be judged and is left as it was until the next."""

    agency_id: str
    rules: EffectiveRules
    progress: Reevaluation
    now: datetime
    passed: set[uuid.UUID] = field(default_factory=set)


def reevaluate_structures(
    *, now: datetime, secs: float = SLICE_SECS, clock: Callable[[], float] = time.monotonic
) -> bool:
    """Judge due structures of all hosted agencies for about `secs`; return whether work is left that can be done now."""
    until, left = clock() + secs, False
    for agency in _hosted():
        with try_lock(LOCK, agency.pk) as is_alone:
            if not is_alone:
                continue
            a_round = set_aside.begin_round(JUDGING, agency=agency.pk, now=now)
            if agency.pk in a_round.keys_aside():
                continue
            worked: list[bool] = []
            try:
                a_round.take(
                    set_aside.Item(agency.pk),
                    lambda pk=agency.pk, worked=worked: worked.append(  # type: ignore[misc]
                        _work(pk, lambda: clock() >= until, now)
                    ),
                )
                left |= any(worked)
            except WorkerAwayError:
                # It would be away for the others too; the next round of the feeds calls again.
                log.warning("structures of %s wait for the process that reads them", agency.pk)
                return False
            except (SubstanceError, VaultError):
                # Logged without the trace, which may show content.
                log.error("structures of %s cannot be judged now", agency.pk)
    return left


def waits_for_judging() -> bool:
    """Tell whether any structure waits, or an agency follows another law than the one it was last judged by."""
    hosted = _hosted().values("pk")
    if StoredStructure.objects.filter(mark=Mark.WAITING, agency__in=hosted).exists():
        return True
    newest = Reevaluation.objects.filter(agency__in=hosted).order_by("agency_id", "-number")
    return any(_follows_another(last) for last in newest.distinct("agency_id"))


def _follows_another(last: Reevaluation) -> bool:
    """Tell whether the agency follows another law now; False where its rules do not open, so that it stops no other."""
    try:
        rules = ruleset_for(last.agency_id)
    except (SubstanceError, VaultError):
        log.error("the rules of %s cannot be opened now", last.agency_id)
        return False
    if last.finished_at is None or not _is_law_of(last, rules):
        return True
    return rules.is_behind and _behind.get(last.agency_id) != rules.hub_digest


def _hosted() -> QuerySet[Agency]:
    """Return the agencies whose structures this hub opens."""
    rows = Agency.objects.filter(is_hosted=True).exclude(status=AgencyStatus.ENTERING)
    return rows.order_by("pk")


@transaction.atomic
def note_baseline(agency_id: str, *, now: datetime) -> None:
    """Record what the agency has followed so far, before the law changes, so that the change is seen as one."""
    wait_for_lock(BEGINNING, agency_id)
    if not Reevaluation.objects.filter(agency_id=agency_id).exists():
        _begin(agency_id, ruleset_for(agency_id), now)


def newest_reevaluation(agency_id: str) -> Reevaluation | None:
    """Return the agency's newest re-evaluation, running or done."""
    return Reevaluation.objects.filter(agency_id=agency_id).order_by("-number").first()


def _work(agency_id: str, is_late: Callable[[], bool], now: datetime) -> bool:
    """Judge one agency's due structures until it is late; return whether any are left."""
    if not _has_anything(agency_id):
        return False
    bring_up_to_date(agency_id, now=now)
    rules = ruleset_for(agency_id)
    if rules.is_behind:
        _behind[agency_id] = rules.hub_digest
    current, settled = Round(agency_id, rules, _begin(agency_id, rules, now), now), 0
    while batch := _next_batch(current):
        if is_late():
            # If no structure could be settled, the next round of the feeds is soon enough.
            return settled > 0 or not current.passed
        settled += _judge_batch(current, batch)
    _finish(current)
    return False


def _next_batch(current: Round) -> list[StoredStructure]:
    rows = due(current.agency_id, current.rules).exclude(pk__in=current.passed)
    return list(rows.order_by("-stored_at", "-id")[:BATCH])


def _has_anything(agency_id: str) -> bool:
    """Tell whether there is work; an agency without structures and changed law needs no worker process that reads rules."""
    return (
        StoredStructure.objects.filter(agency_id=agency_id).exists()
        or Reevaluation.objects.filter(agency_id=agency_id).exists()
    )


def due(agency_id: str, rules: EffectiveRules) -> QuerySet[StoredStructure]:
    """Return the structures that are not judged by this law yet."""
    rows = StoredStructure.objects.filter(agency_id=agency_id).exclude(mark=Mark.UNREADABLE)
    return rows.exclude(ruleset=rules.mark, listings=rules.listings.digest)


def _is_law_of(done: Reevaluation, rules: EffectiveRules) -> bool:
    return (done.ruleset, done.listings, done.engine) == (rules.digest, rules.listings.digest, ENGINE)


@transaction.atomic
def _begin(agency_id: str, rules: EffectiveRules, now: datetime) -> Reevaluation:
    """Return the running re-evaluation for this law, or start one. A process that starts one at the same moment waits."""
    wait_for_lock(BEGINNING, agency_id)
    newest = newest_reevaluation(agency_id)
    if newest is not None and _is_law_of(newest, rules):
        return newest
    if newest is not None and newest.finished_at is None:
        newest.finished_at = now
        newest.save(update_fields=["finished_at"])
    again = due(agency_id, rules).exclude(ruleset="")
    return Reevaluation.objects.create(
        agency_id=agency_id,
        ruleset=rules.digest,
        listings=rules.listings.digest,
        engine=ENGINE,
        rules_before=newest.ruleset if newest else "",
        listings_before=newest.listings if newest else "",
        number=newest.number + 1 if newest else 1,
        total=again.count(),
        started_at=now,
    )


def _judge_batch(current: Round, batch: Sequence[StoredStructure]) -> int:
    """Judge a batch outside any transaction and write it in one; rows deleted meanwhile stay deleted. Return how many are done."""
    opened = list(open_rows(current.agency_id, batch))
    there = {one.row.pk for one in opened}
    closed = [row for row in batch if row.pk not in there]
    broken = broken_rows(current.agency_id, closed)
    judged = list(
        zip(opened, judge_kept(current.rules, [one.kept for one in opened], current.now), strict=True)
    )
    with transaction.atomic():
        mine = (
            StoredStructure.objects.select_for_update()
            .filter(pk__in=[row.pk for row in batch])
            .order_by("pk")
        )
        there = set(mine.values_list("pk", flat=True))
        waiting = StoredStructure.objects.filter(pk__in=broken, mark=Mark.WAITING)
        marked = waiting.update(mark=Mark.UNREADABLE)
        written = _write(current, [(one, said) for one, said in judged if one.row.pk in there])
    current.passed.update(row.pk for row in closed)
    current.passed.update(one.row.pk for one, said in judged if _is_passed(one, said))
    return marked + written


def judge_kept(rules: EffectiveRules, kept: Sequence[Kept], now: datetime) -> list[StructureJudged]:
    """Judge kept structures by this law. If the worker dies over several, each is tried by itself.

    A structure that cannot be read, or over which the worker dies alone TRIES times, counts as unreadable. Raises
    WorkerAwayError.
    """
    asked = [
        StructureIn(
            text="" if one.parent else one.text,
            name=one.name,
            cas_rn=one.cas_rn,
            synonyms=one.synonyms,
            was_judged=one.was_judged,
            parent=one.parent,
            blocks=one.blocks,
            known=one.verdicts,
            listed=one.listed,
            engine=one.engine,
        )
        for one in kept
    ]
    return _judge_some(rules, asked, now)


def _judge_some(
    rules: EffectiveRules, asked: Sequence[StructureIn], now: datetime, tries: int = 1
) -> list[StructureJudged]:
    if not asked:
        return []
    try:
        return list(judge_structures(rules.text, rules.listings.text, asked, today=now.date()))
    except WorkerAwayError:
        raise  # says nothing about any structure
    except (WorkerLostError, InputRefusedError) as exc:
        if len(asked) == 1:
            is_over = isinstance(exc, InputRefusedError) or tries >= TRIES
            return [StructureJudged(False)] if is_over else _judge_some(rules, asked, now, tries + 1)
    half = len(asked) // 2
    return _judge_some(rules, asked[:half], now) + _judge_some(rules, asked[half:], now)


def _is_passed(one: OpenedStructure, said: StructureJudged) -> bool:
    """Tell whether a structure that was read once could not be judged now; it keeps its mark, its verdicts and their law."""
    return one.row.mark in (Mark.READ, Mark.NAMED) and not said.is_read


def _write(current: Round, judged: Sequence[tuple[OpenedStructure, StructureJudged]]) -> int:
    """Write the judged rows; return how many."""
    judged = [(one, said) for one, said in judged if not _is_passed(one, said)]
    again = sum(1 for one, _ in judged if one.row.ruleset)
    facts, today = current.rules.rules, current.now.date()
    reached = [(one.row, by) for one, said in judged if (by := what_catches(said, facts, today))]
    read = [(one.row, _after(one.kept, said)) for one, said in judged if said.is_read]
    _replace_sealed(read, seal_many(current.agency_id, read))
    _mark(current, [row.pk for row, kept in read if not kept.is_named_only], Mark.READ)
    _mark(current, [row.pk for row, kept in read if kept.is_named_only], Mark.NAMED)
    _mark(current, [one.row.pk for one, said in judged if not said.is_read], Mark.UNREADABLE)
    caught = caught_rows(reached, current.rules, current.now)
    CaughtStructure.objects.bulk_create(caught, ignore_conflicts=True)
    Reevaluation.objects.filter(pk=current.progress.pk).update(
        done=F("done") + again, caught=F("caught") + len(caught)
    )
    return len(judged)


def _mark(current: Round, keys: Sequence[uuid.UUID], mark: Mark) -> None:
    StoredStructure.objects.filter(pk__in=keys).update(
        mark=mark,
        judged_at=current.now,
        ruleset=current.rules.mark,
        listings=current.rules.listings.digest,
    )


def _replace_sealed(rows: Sequence[tuple[StoredStructure, Kept]], sealed: Sequence[bytes]) -> None:
    """Update the rows with one statement of constant size, which Django's own bulk update takes longer to write than to run."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE science_storedstructure AS s SET sealed = v.sealed"
            " FROM unnest(%s::uuid[], %s::bytea[]) AS v(id, sealed) WHERE s.id = v.id",
            [[row.pk for row, _ in rows], list(sealed)],
        )


def _after(kept: Kept, said: StructureJudged) -> Kept:
    """Return what is kept after judging; what was read the first time stays as it is."""
    if kept.parent:
        return replace(kept, verdicts=said.verdicts, listed=said.listed, engine=ENGINE)
    return replace(
        kept,
        smiles=said.smiles,
        parent=said.parent,
        inchikey=said.inchikey,
        blocks=said.blocks,
        fingerprint_a=said.fingerprint_a,
        fingerprint_b=said.fingerprint_b,
        verdicts=said.verdicts,
        listed=said.listed,
        engine=ENGINE,
    )


@transaction.atomic
def _finish(current: Round) -> None:
    """Finish a re-evaluation, once: drop lines that no longer apply, tell officers who watch the law, audit the numbers."""
    open_one = Reevaluation.objects.select_for_update().filter(Q(pk=current.progress.pk, finished_at=None))
    row = open_one.first()
    if row is None:
        return
    row.finished_at = current.now
    row.save(update_fields=["finished_at"])
    drop_unfollowed(current.agency_id, current.rules)
    if row.rules_before:
        tell_watchers(row, now=current.now)
        record_event(
            "control.reevaluated",
            actor=SystemActor(ROLE, current.agency_id).audit_name,
            agency=current.agency_id,
            subject=row.ruleset,
            detail={"structures": row.done, "caught": row.caught},
            now=current.now,
        )

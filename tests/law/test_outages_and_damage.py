# SPDX-License-Identifier: Apache-2.0
"""Faults around stored structures cost time only: no structure is lost, no verdict, and no other agency is affected."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from alerts.errors import ScienceAwayError
from alerts.query_audit import science_errors
from alerts.tasks import follow_feed
from science.law import reevaluating
from science.law.controls import ruleset_for
from science.law.reevaluating import (
    newest_reevaluation,
    note_baseline,
    reevaluate_structures,
    waits_for_judging,
)
from science.law.replaying import Replay, replay_document
from science.rows.structures import AgencyRules, CaughtStructure, Mark, Reevaluation, StoredStructure
from science.screening import record as screening
from science.screening.record import computed_record, query_of, screen_query
from science.structures.store import Kept, open_structures, seal_kept
from substances.control.safe import LawTexts, screen
from substances.errors import WorkerAwayError, WorkerLostError
from substances.rulefacts import ENGINE, StructureIn, StructureJudged
from substances.sandbox import sandboxed
from substances.sandbox.law import judge_structures
from substances.sandbox.pool import WorkerPool
from tests.law.lawful import CAFFEINE, METONITAZENE, LawDesk, rule_from


def marks(agency: str = "xa-lab") -> list[str]:
    return sorted(StoredStructure.objects.filter(agency_id=agency).values_list("mark", flat=True))


@contextmanager
def without_workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have every start of a process that reads structures fail."""
    pool = WorkerPool(command=("/bin/false",))
    with monkeypatch.context() as patch:
        patch.setattr(sandboxed, "POOL", pool)
        yield
    pool.end_all()


def adopted_early(law: LawDesk) -> None:
    law.adopt(law.publish(rule_from("2026-01-01"), day="2026-01-01"))


def damage_rules(agency: str = "xa-lab") -> None:
    assert AgencyRules.objects.filter(agency_id=agency).update(sealed=b"damaged for ever and ever")


def test_an_outage_at_the_first_look_marks_nothing_and_is_made_up_for(
    law: LawDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    law.send(METONITAZENE)
    law.send(CAFFEINE)
    _ = ruleset_for("xa-lab").rules
    with without_workers(monkeypatch):
        assert not reevaluate_structures(now=law.desk.tick()), "no ring at once: it would come to the same"
    assert marks() == [Mark.WAITING, Mark.WAITING] and waits_for_judging()
    law.judge()
    assert marks() == [Mark.READ, Mark.READ] and not waits_for_judging()


def test_an_outage_when_the_law_changes_keeps_all_and_what_is_new_is_told_later(
    law: LawDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    law.send(METONITAZENE)
    law.judge()
    adopted_early(law)
    _ = ruleset_for("xa-lab").rules
    before = StoredStructure.objects.get(agency_id="xa-lab")
    with without_workers(monkeypatch):
        law.judge()
    after = StoredStructure.objects.get(agency_id="xa-lab")
    assert (after.mark, after.ruleset, bytes(after.sealed)) == (
        before.mark,
        before.ruleset,
        bytes(before.sealed),
    )
    assert waits_for_judging()
    law.judge()
    assert CaughtStructure.objects.filter(agency_id="xa-lab").count() == 1


def dies_over(patch: pytest.MonkeyPatch, word: str, times: float = math.inf) -> None:
    """Have the process die whenever this structure is among those that it is asked about, `times` times."""
    deaths = 0

    def judged(
        rules: str, listings: str, asked: list[StructureIn], **day: Any
    ) -> tuple[StructureJudged, ...]:
        nonlocal deaths
        if deaths < times and any(word in (one.name, one.text) for one in asked):
            deaths += 1
            sandboxed.run("lay_out", "c1ccccc1" * 40, limit_secs=0.01)
        return judge_structures(rules, listings, asked, **day)

    patch.setattr(reevaluating, "judge_structures", judged)


def test_only_the_structure_over_which_it_dies_alone_is_marked(
    law: LawDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for substance in (METONITAZENE, CAFFEINE, ("ethanol", "CCO")):
        law.send(substance)
    with monkeypatch.context() as patch:
        dies_over(patch, "caffeine")
        law.judge()
    assert marks() == [Mark.READ, Mark.READ, Mark.UNREADABLE]
    assert {one.kept.name for one in open_structures("xa-lab")} == {"metonitazene", "ethanol"}


def test_one_death_over_a_single_structure_may_have_been_the_machines(
    law: LawDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    law.send(CAFFEINE)
    with monkeypatch.context() as patch:
        dies_over(patch, "caffeine", times=reevaluating.TRIES - 1)
        law.judge()
    assert marks() == [Mark.READ]


def test_what_was_read_once_is_never_unread_by_a_later_death(
    law: LawDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    law.send(METONITAZENE)
    law.send(CAFFEINE)
    law.judge()
    adopted_early(law)
    with monkeypatch.context() as patch:
        dies_over(patch, "metonitazene")
        law.judge()
    assert marks() == [Mark.READ, Mark.READ]
    kept = {one.kept.name: one.kept for one in open_structures("xa-lab")}
    assert ("UK-NITA", "in") in kept["metonitazene"].verdicts.values()
    done = newest_reevaluation("xa-lab")
    assert done is not None and done.finished_at is not None and (done.done, done.total) == (1, 2)
    law.send(("ethanol", "CCO"))
    law.judge()
    assert CaughtStructure.objects.filter(agency_id="xa-lab").count() == 1, "tried again with the next alert"


def test_a_broken_seal_is_marked_where_it_waits_and_stops_no_other(law: LawDesk) -> None:
    law.send(METONITAZENE)
    law.send(CAFFEINE)
    own = StoredStructure.objects.filter(agency_id="xa-lab")
    first = own.order_by("stored_at").first()
    assert first is not None
    sealed = bytes(first.sealed)
    own.filter(pk=first.pk).update(sealed=sealed[:-1] + bytes([sealed[-1] ^ 1]))
    law.judge()
    assert marks() == [Mark.READ, Mark.UNREADABLE]


def test_a_broken_seal_of_what_was_read_leaves_its_mark_and_ends_the_round(law: LawDesk) -> None:
    law.send(METONITAZENE)
    law.send(CAFFEINE)
    law.judge()
    row = StoredStructure.objects.filter(agency_id="xa-lab").first()
    assert row is not None
    StoredStructure.objects.filter(pk=row.pk).update(sealed=bytes(row.sealed)[:-1] + b"?")
    adopted_early(law)
    law.judge()
    assert marks() == [Mark.READ, Mark.READ] and not waits_for_judging()


def test_one_agency_whose_rules_do_not_open_stops_neither_the_others_nor_the_feeds(
    law: LawDesk, caplog: pytest.LogCaptureFixture
) -> None:
    law.send(METONITAZENE)
    law.judge()
    adopted_early(law)
    law.send(CAFFEINE)
    damage_rules()
    follow_feed()
    assert not reevaluate_structures(now=law.desk.tick())
    assert marks("xb-health") == [Mark.READ, Mark.READ]
    assert Mark.UNREADABLE not in marks("xa-lab")
    waits_for_judging()
    said = [record.getMessage() for record in caplog.records if record.name == reevaluating.__name__]
    assert said and all("xa-lab" in line and "caffeine" not in line for line in said)
    assert not any(record.exc_info for record in caplog.records if record.name == reevaluating.__name__)


def test_an_alert_is_sent_though_its_agency_s_rules_do_not_open(law: LawDesk) -> None:
    adopted_early(law)
    damage_rules()
    law.send(METONITAZENE)
    received = law.desk.received(law.desk.aroha)
    assert received.md
    asked = {"structure": METONITAZENE[1], "preferred_name": "metonitazene", "alert_type": "new_substance"}
    shown = replay_document(asked, agency_id="xa-lab", sent_on=timezone.now().date())
    assert shown.state == Replay.LOST and shown.screening is None


def test_what_an_older_engine_judged_is_judged_again_by_the_same_rules(law: LawDesk) -> None:
    law.send(METONITAZENE)
    law.judge()
    row = StoredStructure.objects.get(agency_id="xa-lab")
    (opened,) = open_structures("xa-lab")
    wrong = {key: (rule, "out") for key, (rule, _verdict) in opened.kept.verdicts.items()}
    stale = Kept(**{**opened.kept.__dict__, "verdicts": wrong, "engine": ENGINE - 1})
    StoredStructure.objects.filter(pk=row.pk).update(
        sealed=seal_kept(row, stale), ruleset=f"{ENGINE - 1}{row.ruleset.removeprefix(str(ENGINE))}"
    )
    adopted = newest_reevaluation("xa-lab")
    assert adopted is not None
    Reevaluation.objects.filter(agency_id="xa-lab").update(engine=ENGINE - 1)
    assert waits_for_judging()
    law.judge()
    (after,) = open_structures("xa-lab")
    assert after.kept.verdicts == opened.kept.verdicts and after.kept.engine == ENGINE
    assert CaughtStructure.objects.filter(agency_id="xa-lab").count() == 1, "what it missed is news"
    assert not waits_for_judging()


def test_whoever_keeps_keys_of_its_own_is_not_waited_for(law: LawDesk) -> None:
    law.send(METONITAZENE)
    law.judge()
    StoredStructure.objects.filter(agency_id="xb-health").update(mark=Mark.WAITING, ruleset="")
    assert waits_for_judging()
    law.desk.health.__class__.objects.filter(pk="xb-health").update(is_hosted=False)
    assert not waits_for_judging()


def test_rules_that_do_not_fit_the_hub_s_are_tried_once_and_not_rung_for_for_ever(
    law: LawDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reevaluating, "_behind", {})
    law.send(METONITAZENE)
    law.judge()
    adopted_early(law)
    law.judge()
    assert not waits_for_judging()
    AgencyRules.objects.filter(agency_id="xa-lab").update(hub_digest="of another set")
    monkeypatch.setattr(reevaluating, "bring_up_to_date", lambda *_args, **_named: None)
    assert ruleset_for("xa-lab").is_behind and waits_for_judging()
    law.judge()
    assert ruleset_for("xa-lab").is_behind and not waits_for_judging()


def test_rules_of_an_older_reader_are_the_asker_s_no_fault_and_stop_no_alert(
    law: LawDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = LawTexts("meta: {format: 0}\nrules: []\n")
    asked = {"structure": METONITAZENE[1], "preferred_name": "metonitazene", "alert_type": "new_substance"}
    with pytest.raises(ScienceAwayError), science_errors():
        screen(query_of(asked), on=timezone.now().date(), law=old)
    with pytest.raises(WorkerAwayError):
        screen_query(query_of(asked), on=timezone.now().date(), law=old)
    monkeypatch.setattr(screening, "law_for", lambda _agency: old)
    assert computed_record(asked, agency_id="xa-lab", on=timezone.now().date()) is None


def test_what_was_not_even_tried_is_told_from_what_died(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = WorkerPool(size=1)
    child = busy.take(1)
    with pytest.raises(WorkerAwayError, match="busy"):
        busy.take(0.01)
    busy.give_back(child, fit=True)
    busy.end_all()
    with pytest.raises(WorkerLostError) as lost:
        sandboxed.run("lay_out", "c1ccccc1" * 40, limit_secs=0.01)
    assert not isinstance(lost.value, WorkerAwayError)
    with without_workers(monkeypatch), pytest.raises(WorkerAwayError, match="not started"):
        sandboxed.parent_of("CC")


@pytest.mark.django_db(transaction=True)
def test_two_that_begin_at_one_moment_begin_one(law: LawDesk) -> None:
    law.send(METONITAZENE)
    rules = ruleset_for("xa-lab")
    _ = rules.rules
    gate = Barrier(4)

    def begin() -> None:
        gate.wait(20)
        try:
            note_baseline("xa-lab", now=timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(begin) for _ in range(4)]:
            done.result(30)
    assert Reevaluation.objects.filter(agency_id="xa-lab").count() == 1

# SPDX-License-Identifier: Apache-2.0
"""A change of the law has stored structures judged anew: resumable, once, and only new findings are reported."""

import itertools
from collections.abc import Callable

import pytest

from ledger.models import AuditEvent
from science.law import reevaluating
from science.law.newly_caught import list_caught
from science.law.reevaluating import newest_reevaluation, reevaluate_structures, waits_for_judging
from science.rows.structures import CaughtStructure, StoredStructure
from science.structures.store import open_structures
from tests.law.lawful import CAFFEINE, FLUOROFENTANYL, METONITAZENE, LawDesk, rule_from


def reached(law: LawDesk) -> list[tuple[str, str, str]]:
    """Return the findings that the laboratory is told of: substance, jurisdiction, verdict."""
    kept = {one.row.pk: one.kept.name for one in open_structures("xa-lab")}
    lines, _following = list_caught(law.desk.ilka)
    return [(kept[line.structure.pk], by.jurisdiction, by.verdict) for line in lines for by in line.by]


def test_nothing_is_new_on_the_first_look(law: LawDesk) -> None:
    law.send(METONITAZENE)
    law.judge()
    assert not CaughtStructure.objects.exists()
    assert not waits_for_judging()


def test_a_rule_that_was_adopted_catches_what_it_defines_and_nothing_else(law: LawDesk) -> None:
    for substance in (METONITAZENE, CAFFEINE, FLUOROFENTANYL):
        law.send(substance)
    law.judge()
    law.adopt(law.publish(rule_from("2026-01-01"), day="2026-01-01"))
    assert waits_for_judging()
    law.judge()
    assert reached(law) == [("metonitazene", "XB", "in")]
    assert not waits_for_judging()
    done = newest_reevaluation("xa-lab")
    assert done is not None and (done.total, done.done, done.caught) == (3, 3, 1)
    assert done.finished_at is not None
    event = AuditEvent.objects.get(act="control.reevaluated")
    assert event.agency == "xa-lab" and event.detail == {"structures": 3, "caught": 1}


def test_other_agencies_and_other_jurisdictions_are_untouched(law: LawDesk) -> None:
    law.send(METONITAZENE)
    law.judge()
    before = {agency: next(iter(open_structures(agency))).kept.verdicts for agency in ("xa-lab", "xb-health")}
    law.adopt(law.publish(rule_from("2026-01-01"), day="2026-01-01"))
    law.judge()
    after = {agency: next(iter(open_structures(agency))).kept.verdicts for agency in before}
    assert after["xb-health"] == before["xb-health"]
    assert set(before["xa-lab"].items()) < set(after["xa-lab"].items())
    assert [said for key, said in after["xa-lab"].items() if key not in before["xa-lab"]] == [
        ("XB-BENZ", "in")
    ]


def test_twice_is_once(law: LawDesk) -> None:
    law.send(METONITAZENE)
    law.judge()
    law.adopt(law.publish(rule_from("2026-01-01"), day="2026-01-01"))
    law.judge()
    law.judge()
    assert CaughtStructure.objects.count() == 1
    assert AuditEvent.objects.filter(act="control.reevaluated").count() == 1


def test_killed_in_the_middle_it_goes_on_where_it_stopped(
    law: LawDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for substance in (METONITAZENE, CAFFEINE, FLUOROFENTANYL):
        law.send(substance)
    law.judge()
    law.adopt(law.publish(rule_from("2026-01-01"), day="2026-01-01"))
    monkeypatch.setattr(reevaluating, "BATCH", 1)
    written = reevaluating._write
    calls = itertools.count(1)

    def dies_in_the_second(*args: object) -> int:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return written(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(reevaluating, "_write", dies_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        reevaluate_structures(now=law.desk.tick())
    half = newest_reevaluation("xa-lab")
    assert half is not None and half.done == 1 and half.finished_at is None
    law.judge()
    done = newest_reevaluation("xa-lab")
    assert done is not None and done.pk == half.pk and done.done == 3 and done.caught == 1
    assert CaughtStructure.objects.count() == 1


def test_a_slice_ends_on_time_and_says_that_something_is_left(
    law: LawDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    law.send(METONITAZENE)
    monkeypatch.setattr(reevaluating, "BATCH", 1)
    ticking: Callable[[], float] = itertools.count(0.0, 10.0).__next__
    assert reevaluate_structures(now=law.desk.tick(), secs=5, clock=ticking)
    assert StoredStructure.objects.filter(mark="waiting").exists()
    assert not reevaluate_structures(now=law.desk.tick())


def test_what_was_set_aside_is_told_no_more(law: LawDesk) -> None:
    from science.law.adopting import stop_following_rules
    from science.rows.structures import AdoptedRules

    law.send(METONITAZENE)
    law.judge()
    law.adopt(law.publish(rule_from("2026-01-01"), day="2026-01-01"))
    law.judge()
    assert reached(law)
    stop_following_rules(law.desk.benno, AdoptedRules.objects.get().pk, now=law.desk.tick())
    assert not reached(law), "at once, before anything is judged again"
    law.judge()
    assert not reached(law) and not waits_for_judging()
    assert not CaughtStructure.objects.exists()


def test_many_that_were_caught_at_one_moment_are_all_on_some_page(law: LawDesk) -> None:
    for _ in range(3):
        law.send(METONITAZENE)
    law.judge()
    law.adopt(law.publish(rule_from("2026-01-01"), day="2026-01-01"))
    law.judge()
    seen, before = [], None
    for _ in range(3):
        lines, before = list_caught(law.desk.ilka, before=before, limit=1)
        seen += [line.row.pk for line in lines]
    assert len(set(seen)) == 3 and before is None


def test_an_exercise_is_never_newly_caught(law: LawDesk) -> None:
    law.send(METONITAZENE, status="exercise")
    law.judge()
    assert not list(open_structures("xa-lab"))
    law.adopt(law.publish(rule_from("2026-01-01"), day="2026-01-01"))
    law.judge()
    assert not list_caught(law.desk.ilka)[0]

# SPDX-License-Identifier: Apache-2.0
"""An agency adopts rules that an authority published in a signed alert, and sets them aside; no other agency follows them."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from alerts.sending.withdrawal import withdraw_alert
from callers.errors import InputError, NotPermittedError
from ledger.models import AuditEvent
from science.law import adopting
from science.law.adopting import adopt_rules, list_adopted, propose, stop_following_rules
from science.law.controls import overlaid, rules_with_digest, ruleset_for
from science.law.previewing import preview_caught
from science.rows.structures import AdoptedRules
from substances.rulefacts import RuleFile
from substances.sandbox import sandboxed
from tests.law.lawful import CAFFEINE, COMING, METONITAZENE, LawDesk, rule_from


def test_what_adopting_would_mean_is_said_before_and_changes_nothing(law: LawDesk) -> None:
    law.send(METONITAZENE)
    law.send(CAFFEINE)
    law.judge()
    published = law.opened(law.publish(rule_from(COMING), day=COMING))
    before = ruleset_for("xa-lab").digest
    proposal = propose(law.desk.benno, published, now=law.desk.tick())
    assert proposal.can_be_adopted and proposal.check is not None and proposal.check.is_sound
    assert [run.holds for run in proposal.check.file.examples] == [True, True, True]
    assert proposal.difference is not None and [name[:7] for name in proposal.difference.added] == ["XB-BENZ"]
    assert proposal.preview is not None and (proposal.preview.looked_at, proposal.preview.count) == (2, 1)
    (caught,) = proposal.preview.shown
    assert caught.opened.kept.name == "metonitazene" and not caught.by[0].is_law_on(
        date.fromisoformat(COMING) - timedelta(days=1)
    )
    assert ruleset_for("xa-lab").digest == before and not AdoptedRules.objects.exists()


def test_it_counts_for_this_agency_only_and_is_in_the_audit(law: LawDesk) -> None:
    hub = ruleset_for("xb-health")
    received = law.publish(rule_from(COMING), day=COMING)
    law.adopt(received)
    own = ruleset_for("xa-lab")
    assert own.has_adopted and own.digest != hub.digest and ruleset_for("xb-health").digest == hub.digest
    assert {rule.id for rule in own.rules} - {rule.id for rule in hub.rules} == {"XB-BENZ"}
    event = AuditEvent.objects.get(act="rule.adopted")
    assert (event.agency, event.subject) == ("xa-lab", received.md)
    ((row, content),) = list_adopted(law.desk.ilka)
    assert row.reference == received.reference and content.rule_ids == ("XB-BENZ",)
    assert "XB-BENZ" not in bytes(row.sealed).decode("latin-1")


def test_a_verdict_is_replayed_by_digest_after_the_rules_were_set_aside(law: LawDesk) -> None:
    law.adopt(law.publish(rule_from(COMING), day=COMING))
    with_it = ruleset_for("xa-lab").digest
    stop_following_rules(law.desk.benno, AdoptedRules.objects.get().pk, now=law.desk.tick())
    assert ruleset_for("xa-lab").digest == ruleset_for("xb-health").digest
    text = rules_with_digest("xa-lab", with_it)
    assert text is not None and "XB-BENZ" in text
    assert rules_with_digest("xb-health", with_it) is None, "another agency never followed it"


def test_adopting_twice_is_once(law: LawDesk) -> None:
    received = law.publish(rule_from(COMING), day=COMING)
    law.adopt(received)
    adopt_rules(law.desk.benno, law.opened(received), now=law.desk.tick())
    assert AdoptedRules.objects.count() == 1
    assert AuditEvent.objects.filter(act="rule.adopted").count() == 1


def test_only_who_manages_science_may_adopt(law: LawDesk) -> None:
    published = law.opened(law.publish(rule_from(COMING), day=COMING))
    for login in ("ilka", "edda", "noor"):
        with pytest.raises(NotPermittedError):
            adopt_rules(getattr(law.desk, login), published, now=law.desk.tick())


FAULTS = {
    "an example that comes out otherwise": (rule_from(COMING).replace("out: [", 'out: ["CCN(CC)CCn1c(Cc2ccc(OC)cc2)nc2cc([N+](=O)[O-])ccc12", '), "example_fails"),
    "another jurisdiction than the alert's": (rule_from(COMING).replace("jurisdiction: XB", "jurisdiction: XC"), "jurisdiction_differs"),
    "another day than the alert's": (rule_from("2031-01-01"), "effective_differs"),
    "a misspelt key": (rule_from(COMING).replace("summary:", "sumary:"), "unknown_key"),
    "a pattern that is none": (rule_from(COMING).replace("[cX3:1]1[n:2]", "[cX3:1]1[n:2"), "not_smarts"),
    "no example at all": (rule_from(COMING).partition("  examples:")[0], "no_example_in"),
    "a pattern that searches without end": (rule_from(COMING).replace("[cX3:1]1[n:2]", "[#6]~" * 31 + "[#92]~[cX3:1]1[n:2]"), "too_slow"),
    "no YAML at all": ("rules: [", "not_yaml"),
    "a rule of the hub's in another jurisdiction": (rule_from(COMING).replace("XB-BENZ", "UK-NITA"), "rule_of_another_jurisdiction"),
    "a group that means something else": (rule_from(COMING).replace("xb_nitro: {smarts: \"[*]-[N+](=O)[O-]\", closed: true}", "xb_nitro: {smarts: \"[*]-[N+](=O)[O-]\", closed: true}\n  halo: {elements: [F], heavy_max: 1}"), "group_differs"),
}  # fmt: skip


def test_a_faulty_file_is_told_with_its_places_and_not_adopted(
    law: LawDesk, subtests: pytest.Subtests
) -> None:
    good = law.opened(law.publish(rule_from(COMING), day=COMING))
    for case, (text, code) in FAULTS.items():
        published = replace(
            good, data=text.encode()
        )  # an agency with a system of its own may send such a file
        with subtests.test(case):
            proposal = propose(law.desk.benno, published, now=law.desk.tick())
            assert not proposal.can_be_adopted and proposal.check is not None
            assert code in {fault.code for fault in proposal.check.faults}
            with pytest.raises(InputError):
                adopt_rules(law.desk.benno, published, now=law.desk.tick())
            assert not AdoptedRules.objects.exists()


def test_the_newest_are_looked_at_while_somebody_waits(law: LawDesk) -> None:
    law.send(METONITAZENE)
    law.send(CAFFEINE)
    law.judge()
    rules = ruleset_for("xa-lab")
    found = preview_caught("xa-lab", rules, rules.rules, actor=law.desk.benno, at_most=1, now=law.desk.tick())
    assert (found.looked_at, found.stored, found.is_whole) == (1, 2, False)
    whole = preview_caught("xa-lab", rules, rules.rules, actor=law.desk.benno, now=law.desk.tick())
    assert (whole.looked_at, whole.stored, whole.is_whole) == (2, 2, True)


def test_what_was_judged_by_other_rules_than_those_of_now_is_not_written(
    law: LawDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = law.opened(law.publish(rule_from("2026-01-01"), day="2026-01-01"))
    second = law.opened(law.publish(rule_from(COMING).replace("Class 1", "Class 2"), day=COMING))

    def laid_while_another_adopts(agency_id: str, *, more: str = "") -> RuleFile:
        made = overlaid(agency_id, more=more)
        monkeypatch.setattr(adopting, "overlaid", overlaid)
        adopt_rules(law.desk.benno, second, now=law.desk.tick())
        return made

    monkeypatch.setattr(adopting, "overlaid", laid_while_another_adopts)
    with pytest.raises(InputError, match="meantime"):
        adopt_rules(law.desk.benno, first, now=law.desk.tick())
    assert [row.md for row in AdoptedRules.objects.all()] == [second.md]


def test_no_file_and_no_structure_is_judged_while_anything_is_locked(
    law: LawDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside, asked = len(connection.savepoint_ids), []
    run = sandboxed.run

    def seen(job: str, *args: Any, **kwargs: Any) -> Any:
        asked.append((job, len(connection.savepoint_ids) - outside))
        return run(job, *args, **kwargs)

    monkeypatch.setattr(sandboxed, "run", seen)
    law.send(METONITAZENE)
    law.adopt(law.publish(rule_from(COMING), day=COMING))
    stop_following_rules(law.desk.benno, AdoptedRules.objects.get().pk, now=law.desk.tick())
    assert {"read_structure", "try_rules", "read_rule_file", "read_overlaid"} <= {job for job, _ in asked}
    assert [one for one in asked if one[1] > 0] == []


def test_a_withdrawn_alert_is_not_adopted(law: LawDesk) -> None:
    from alerts.models import Alert

    received = law.publish(rule_from(COMING), day=COMING)
    alert = Alert.objects.get(md=received.md)
    withdraw_alert(law.desk.haitham, alert, code="legal", now=law.desk.tick())
    law.desk.settle()
    received.refresh_from_db()
    published = law.opened(received)
    assert "withdrew" in published.doubt
    with pytest.raises(InputError):
        adopt_rules(law.desk.benno, published, now=law.desk.tick())


def test_a_next_version_ends_the_one_before_on_its_day(law: LawDesk) -> None:
    law.adopt(law.publish(rule_from("2026-01-01"), day="2026-01-01"))
    law.adopt(law.publish(rule_from(COMING).replace("Class 1", "Class 2"), day=COMING))
    versions = [rule for rule in ruleset_for("xa-lab").rules if rule.id == "XB-BENZ"]
    assert [(rule.effect, rule.in_force[0].start, rule.in_force[0].end) for rule in versions] == [
        ("Class 1", date(2026, 1, 1), date.fromisoformat(COMING)),
        ("Class 2", date.fromisoformat(COMING), None),
    ]

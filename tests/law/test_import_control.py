# SPDX-License-Identifier: Apache-2.0
"""The operator imports a new version of the law: judged, compared and previewed first; only --apply changes anything."""

import csv
import io
from datetime import date
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command

from devtool.listings.importing import Order, Tools, plan_import
from devtool.listings.texts import COLUMNS
from ledger.models import AuditEvent
from notices.models import Notification
from science.law.controls import hub_listings, hub_rules, rules_with_digest, ruleset_for
from science.law.importing import examine_import
from science.law.newly_caught import list_caught
from science.law.watching import add_watch
from science.rows.structures import AgencyRules, CaughtStructure
from substances.models import ControlKind, ControlVersion
from substances.versions import shipped_law
from tests.law.lawful import (
    CAFFEINE,
    COMING,
    LISTED_IN_XB,
    METONITAZENE,
    RULE,
    LawDesk,
    lists_with,
    rule_from,
)

OPERATOR = "noor@hub.example"


def run(path: Path, *options: str, by: str = OPERATOR) -> str:
    out = io.StringIO()
    call_command("import_control", str(path), f"--by={by}", *options, stdout=out)
    return out.getvalue()


def new_rules(folder: Path) -> Path:
    """Write the shipped rules and one more to a file."""
    groups, _, rules = rule_from(COMING).partition("rules:\n")
    shipped = shipped_law(ControlKind.RULES).text
    own_groups = groups.partition("groups:\n")[2]
    text = shipped.replace("\ngroups: ", "\ngroups: ", 1)
    head, _, tail = text.partition("\nrules:\n")
    path = folder / "rules-2026-12.yaml"
    path.write_text(f"{head}\n{own_groups}\nrules:\n{rules}\n{tail}")
    return path


def lists_with_a_newer_text(shipped: str) -> str:
    """Return the shipped lists after a maintainer has planned the import of a newer text that names caffeine."""
    cells = (
        "21 CFR 1310.02",
        "List I",
        "",
        "caffeine",
        "",
        "",
        "its salts",
        "no",
        "",
        "A gazette of November",
        "",
    )
    lines = io.StringIO(newline="")
    csv.writer(lines).writerows([COLUMNS, cells])
    day = date(2026, 11, 1)
    order = Order(jurisdiction="US", as_of=day, link="https://gazette.example/", today=day)
    return plan_import(lines.getvalue().encode(), shipped, order, Tools()).after


def test_a_dry_run_says_what_differs_and_who_is_caught_and_changes_nothing(
    law: LawDesk, tmp_path: Path
) -> None:
    law.send(METONITAZENE)
    law.send(CAFFEINE)
    law.judge()
    before = hub_rules().digest
    said = run(new_rules(tmp_path))
    assert "Sound: 13 rules" in said and "examples run: 3" in said
    assert f"+ XB-BENZ from {COMING}: 2-Benzylbenzimidazole opioids" in said
    assert "Newly caught at xa-lab: 1 of 2 structures." in said
    assert "Newly caught at xb-health: 1 of 2 structures." in said
    assert "Nothing was changed." in said
    assert "nitazene" not in said.replace("2-Benzylbenzimidazole", ""), (
        "which substances is the agencies' business"
    )
    assert hub_rules().digest == before and not ControlVersion.objects.exists()
    looked = AuditEvent.objects.filter(act="control.previewed")
    assert {event.agency for event in looked} == {"xa-lab", "xb-health"}


def test_applied_it_counts_for_every_agency_is_audited_and_judged_by(law: LawDesk, tmp_path: Path) -> None:
    law.send(METONITAZENE)
    law.judge()
    before = hub_rules().digest
    assert "In use: rules version 1" in run(new_rules(tmp_path), "--apply")
    law.judge()
    assert ruleset_for("xa-lab").digest == ruleset_for("xb-health").digest != before
    assert set(CaughtStructure.objects.values_list("agency_id", flat=True)) == {"xa-lab", "xb-health"}
    event = AuditEvent.objects.get(act="control.imported")
    assert event.agency == "" and event.detail == {"kind": "rules", "number": 1}
    assert event.actor == law.desk.noor.audit_name
    old = rules_with_digest("xa-lab", before)
    assert old == shipped_law(ControlKind.RULES).text, "an older verdict is still replayed"


@pytest.mark.parametrize(
    "verb", ["UPDATE substances_controlversion SET text = ''", "DELETE FROM substances_controlversion"]
)
def test_a_version_is_never_changed_or_deleted_by_the_hub(
    desk_connection: psycopg.Connection, verb: str
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        desk_connection.execute(verb)


def test_every_fault_is_told_with_its_place_and_nothing_is_used(law: LawDesk, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    text = RULE.replace("EFFECTIVE", "24.12.2026").replace("effect:", "efect:").replace("title:", "titel:")
    path.write_text(text)
    with pytest.raises(CommandError) as refused:
        run(path, "--apply")
    said = str(refused.value)
    for place in ("rules[0].in_force[0].from", "rules[0].efect", "rules[0].titel", "rules[0].title"):
        assert place in said
    assert not ControlVersion.objects.exists()


def test_listings_are_imported_in_the_same_way_and_reach_by_name(law: LawDesk, tmp_path: Path) -> None:
    law.send(CAFFEINE)
    law.judge()
    path = tmp_path / "lists.csv"
    path.write_text(lists_with(LISTED_IN_XB))
    said = run(path)
    assert "+ XB: Belmoran list, Class 3: caffeine" in said
    assert "Newly caught at xa-lab: 1 of 1 structures." in said
    run(path, "--apply")
    assert hub_listings().number == 1
    law.judge()
    assert CaughtStructure.objects.filter(agency_id="xa-lab").count() == 1


def test_the_lists_with_a_newer_text_in_them_are_judged_by_and_told_to_who_watches(
    law: LawDesk, tmp_path: Path
) -> None:
    law.send(CAFFEINE)
    law.judge()
    add_watch(law.desk.ilka, jurisdiction="US", drug_class="", now=law.desk.tick())
    add_watch(law.desk.benno, jurisdiction="UK", drug_class="", now=law.desk.tick())
    shipped, path = shipped_law(ControlKind.LISTINGS).text, tmp_path / "listings.csv"
    path.write_text(f"\ufeff{shipped}")
    assert "Nothing differs from what is in use." in run(path, "--apply")
    path.write_text(lists_with_a_newer_text(shipped))
    said = run(path)
    assert "+ US: 21 CFR 1310.02, List I: caffeine" in said and ": A gazette of November" in said
    assert said.count("\n~") == 0, "every other entry is as it was"
    assert "Newly caught at xa-lab: 1 of 1 structures." in said
    run(path, "--apply")
    law.judge()
    ((line,), _before) = list_caught(law.desk.ilka)
    assert [one.jurisdiction for one in line.by] == ["US"]
    told = Notification.objects.filter(occasion="control-changed").values_list("officer__email", flat=True)
    assert set(told) == {law.desk.ilka.email}


def test_a_newer_table_of_precursors_is_compared_before_it_is_in_use(law: LawDesk, tmp_path: Path) -> None:
    lines = shipped_law(ControlKind.PRECURSORS).text.splitlines()
    path = tmp_path / "precursors.csv"
    same = [line for line in lines if not line.startswith("ephedrine,")]
    path.write_text(
        "\n".join([*same, "made up,,,,,RYYVLZVUVIJVGH-UHFFFAOYSA-N,1988 Table I,2027,a test,low"]) + "\n"
    )
    said = run(path)
    assert "+ 1988 Table I: made up" in said and "- 1988 Table I: ephedrine" in said
    assert "Nothing was changed." in said
    path.write_text("\n".join(lines) + "\n")
    assert "Nothing differs from what is in use." in run(path)


def test_a_line_of_a_list_that_is_taken_back_is_told_no_more(law: LawDesk) -> None:
    law.send(CAFFEINE)
    law.judge()
    other = LISTED_IN_XB.replace("XB,Belmoran", "XC,Cerulean")
    law.import_listings(LISTED_IN_XB, other)
    law.judge()
    ((line,), _before) = list_caught(law.desk.ilka)
    assert {one.jurisdiction for one in line.by} == {"XB", "XC"}
    law.import_listings(other)
    law.judge()
    ((line,), _before) = list_caught(law.desk.ilka)
    assert {one.jurisdiction for one in line.by} == {"XC"}
    law.import_listings()
    law.judge()
    assert list_caught(law.desk.ilka)[0] == [] and not CaughtStructure.objects.exists()


@pytest.mark.parametrize("first", ['"' + "x" * 140_000, "a\rb: [", "\x00", ""])
def test_a_file_whose_first_line_is_no_table_is_judged_as_rules_and_its_faults_are_told(
    law: LawDesk, first: str
) -> None:
    examined = examine_import(law.desk.noor, f"{first}\nrules:\n".encode(), now=law.desk.tick())
    assert examined.kind == ControlKind.RULES and examined.faults


def test_an_agency_whose_rules_do_not_open_keeps_no_law_from_the_others(law: LawDesk, tmp_path: Path) -> None:
    law.send(METONITAZENE)
    law.judge()
    law.adopt(law.publish(rule_from("2026-01-01").replace("XB-BENZ", "XB-OTHER"), day="2026-01-01"))
    AgencyRules.objects.filter(agency_id="xa-lab").update(sealed=b"damaged for ever and ever")
    said = run(new_rules(tmp_path), "--apply")
    assert "Not looked at, as it does not open now: xa-lab." in said
    assert "Newly caught at xb-health: 1 of 1 structures." in said
    law.judge()
    assert list(CaughtStructure.objects.values_list("agency_id", flat=True)) == ["xb-health"]


def test_only_a_keeper_may(law: LawDesk, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="desk:keep"):
        run(new_rules(tmp_path), by="sunniva@xa-lab.example")
    with pytest.raises(CommandError, match="No active officer"):
        run(new_rules(tmp_path), by="nobody@hub.example")


def test_adopted_rules_are_laid_over_the_new_ones(law: LawDesk, tmp_path: Path) -> None:
    law.send(METONITAZENE)
    law.judge()
    law.adopt(law.publish(rule_from("2026-01-01").replace("XB-BENZ", "XB-OTHER"), day="2026-01-01"))
    law.judge()
    run(new_rules(tmp_path), "--apply")
    assert ruleset_for("xa-lab").is_behind
    law.judge()
    ids = {rule.id for rule in ruleset_for("xa-lab").rules}
    assert {"XB-BENZ", "XB-OTHER"} <= ids and not ruleset_for("xa-lab").is_behind

# SPDX-License-Identifier: Apache-2.0
"""A rule file is read strictly: unknown parts are refused with their paths, all at once."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from substances.control.checking import check_rules_text
from substances.control.faults import RulesRefusedError
from substances.control.rules import read_rules
from substances.control.shipped import shipped_rules, shipped_rules_text
from substances.control.strict_yaml import MAX_BYTES, read_yaml
from tests.substances.control.law_made_up import CLAUSE, PYRIDINE, document, made_up, slot, text_of


def _faults(text: str) -> list[tuple[str, str]]:
    with pytest.raises(RulesRefusedError) as refusal:
        read_rules(text)
    return [(fault.path, fault.code) for fault in refusal.value.faults]


def _yaml_fault(text: str) -> str:
    with pytest.raises(RulesRefusedError) as refusal:
        read_yaml(text)
    (fault,) = refusal.value.faults
    return fault.code


def _rule_faults(**parts: Any) -> list[tuple[str, str]]:
    return _faults(text_of(made_up(**parts)))


def test_the_shipped_rules_are_read_whole() -> None:
    rules = shipped_rules()
    assert len(rules.rules) == 12
    assert rules.prepared == "2026-11"
    assert rules.jurisdictions == ("CA", "CN", "DE", "UK", "US")
    assert {rule.id for rule in rules if rule.open_textured} == {"CA-FENT", "CN-NITA"}
    assert {rule.id for rule in rules if rule.partial} == {"CN-SC"}


def test_words_that_yaml_would_turn_into_something_else_stay_words() -> None:
    text = "{on: yes, off: no, y: n, date: 2020-01-01, sexagesimal: 1:30, octal: 010, hex: 0x10, float: 1.5, inf: .inf}"
    assert read_yaml(text) == {
        "on": "yes",
        "off": "no",
        "y": "n",
        "date": "2020-01-01",
        "sexagesimal": "1:30",
        "octal": "010",
        "hex": "0x10",
        "float": "1.5",
        "inf": ".inf",
    }


def test_only_the_words_of_json_are_more_than_text() -> None:
    assert read_yaml("[true, false, null, ~, 7, -7, True, 'true', \"7\"]") == [
        True, False, None, None, 7, -7, "True", "true", "7",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{a: 1, a: 2}", "duplicate_key"),
        ("{1: a, 1: b}", "duplicate_key"),
        ("a: &x 1\nb: *x", "anchor"),
        ("a: *x", "alias"),
        ("a: !!python/object/apply:os.system ['id']", "tag"),
        ("a: !!str 1", "tag"),
        ("{null: 1}", "key_not_text"),
        ("{true: 1}", "key_not_text"),
        ("{[1]: 2}", "key_not_text"),
        ("{a: 1", "not_yaml"),
        ("a: b: c", "not_yaml"),
        ("--- a\n--- b", "more_than_one_document"),
        ("", "no_document"),
        ("[" * 40 + "]" * 40, "too_deep"),
        ("- " + "x" * 5_000, "text_too_long"),
        ("[" + "1," * 45_000 + "]", "too_many_nodes"),
        ("#" + "x" * MAX_BYTES, "file_too_large"),
        ("a: \x00", "not_yaml"),
        ("a: \ud800", "not_yaml"),
    ],
)
def test_what_no_rule_file_needs_is_refused(text: str, code: str) -> None:
    assert _yaml_fault(text) == code


def test_the_digest_is_of_the_content_and_not_of_the_layout() -> None:
    plain = shipped_rules_text()
    turned = dict(reversed(list(document(made_up()).items())))
    assert read_rules("# a comment\n" + plain + "\n\n").digest == shipped_rules().digest
    assert read_rules(json.dumps(turned, indent=3)).digest == read_rules(text_of(made_up())).digest
    assert read_rules(text_of(made_up(title="another"))).digest != read_rules(text_of(made_up())).digest


def test_a_text_with_commas_and_without_quotes_is_put_together_again() -> None:
    bases = [interval.basis for interval in shipped_rules().rule("DE-NPSG7").in_force]
    assert bases[1].startswith("later re-issues of the annex (2022, 2023, 2024, 2025)")


@pytest.mark.parametrize(
    "level", ["top", "meta", "rule", "slot", "option", "ring", "subst", "group", "core", "interval"]
)
def test_an_unknown_key_is_refused_at_every_level(level: str) -> None:
    extra = {"surprise": 1}
    option = {**CLAUSE, "smarts": "[*:90]", "ring": {"at": 90}}
    interval = {"from": "2020-01-01", "to": None, "basis": "test"}
    substituent = {"groups": ["methyl"], **CLAUSE}
    core = {"id": "pyridine", "smarts": PYRIDINE}
    parts: dict[str, Any] = {
        "slots": [slot(options=[option], subst=[substituent])],
        "cores": [core],
        "in_force": [interval],
    }
    rule = made_up(**parts)
    whole = document(rule)
    at = {
        "top": whole, "meta": whole["meta"], "rule": rule, "slot": parts["slots"][0], "option": option,
        "ring": option["ring"], "subst": substituent, "group": {}, "core": core, "interval": interval,
    }[level]  # fmt: skip
    if level == "group":
        whole["groups"] = whole["groups"] | {"methyl": {"smarts": "[*]-[CH3]", "closed": True} | extra}
    at |= extra
    faults = _faults(json.dumps(whole))
    assert [code for path, code in faults if path.endswith("surprise")] == ["unknown_key"]


@pytest.mark.parametrize(
    ("parts", "path", "code"),
    [
        ({"id": ""}, "rules[0].id", "text_expected"),
        ({"id": "a b"}, "rules[0].id", "not_an_id"),
        ({"jurisdiction": "X"}, "rules[0].jurisdiction", "not_a_jurisdiction"),
        ({"confidence": "sure"}, "rules[0].confidence", "not_a_choice"),
        ({"text_seen": True}, "rules[0].text_seen", "text_expected"),
        ({"mw_max": "heavy"}, "rules[0].mw_max", "mass_expected"),
        ({"mw_max": -1}, "rules[0].mw_max", "mass_expected"),
        ({"parent_in": "yes"}, "rules[0].parent_in", "true_or_false_expected"),
        ({"interpretation": [1]}, "rules[0].interpretation", "texts_expected"),
        ({"in_force": []}, "rules[0].in_force", "missing"),
        ({"in_force": [{"from": "2020-02-30", "basis": "b"}]}, "rules[0].in_force[0].from", "date_expected"),
        ({"in_force": [{"from": "9999-01-01", "basis": "b"}]}, "rules[0].in_force[0].from", "date_expected"),
        ({"in_force": [{"from": "2020", "basis": "b"}]}, "rules[0].in_force[0].from", "date_expected"),
        ({"in_force": [{"from": "2020-01-01"}]}, "rules[0].in_force[0].basis", "missing"),
        ({"in_force": [{"from": "2020-01-01", "to": "2020-01-01", "basis": "b"}]}, "rules[0].in_force[0]", "interval_empty"),
        ({"cores": []}, "rules[0].cores", "missing"),
        ({"cores": [{"id": "c", "smarts": "c1ccc"}]}, "rules[0].cores", "not_smarts"),
        ({"cores": [{"id": "c", "smarts": "[c:1][c:1]"}]}, "rules[0].cores", "position_twice"),
        ({"cores": [{"id": "c", "smarts": "C" * 1_001}]}, "rules[0].cores", "smarts_too_large"),
        ({"cores": [{"id": "c", "smarts": "C" * 101}]}, "rules[0].cores", "smarts_too_large"),
        ({"cores": [{"id": "c", "smarts": "[$(C)" + ",$(C)" * 41 + "]"}]}, "rules[0].cores", "smarts_too_large"),
        ({"cores": [{"id": "c", "smarts": "[$(" * 13 + "C" + ")]" * 13}]}, "rules[0].cores", "smarts_too_deep"),
        ({"cores": [{"id": "c", "smarts": "[\u0441]"}]}, "rules[0].cores", "not_smarts"),
        ({"slots": [slot(at=[7], subst=[{"groups": ["methyl"], **CLAUSE}])]}, "rules[0].slots[0].at", "no_such_position"),
        ({"slots": [slot(at="1")]}, "rules[0].slots[0].at", "positions_expected"),
        ({"slots": [slot()]}, "rules[0].slots[0]", "slot_allows_nothing"),
        ({"slots": [slot(max=0, subst=[{"groups": ["methyl"], **CLAUSE}])]}, "rules[0].slots[0].max", "whole_number_expected"),
        ({"slots": [slot(requires_any=["x"], subst=[{"groups": ["methyl"], **CLAUSE}])]}, "rules[0].slots[0].requires_any", "unknown_group"),
        ({"slots": [slot(subst=[{"groups": ["unheard"], **CLAUSE}])]}, "rules[0].slots[0].subst[0].groups", "unknown_group"),
        ({"slots": [slot(subst=[{"groups": ["methyl"]}])]}, "rules[0].slots[0].subst[0].clause", "missing"),
        ({"slots": [slot(subst=[CLAUSE])]}, "rules[0].slots[0].subst[0]", "substituent_needs_one_way"),
        ({"slots": [slot(subst=[{"bridge": ["C"], **CLAUSE}])]}, "rules[0].slots[0].subst[0].bridge", "bridge_needs_two_ends"),
        ({"slots": [slot(options=[CLAUSE])]}, "rules[0].slots[0].options[0]", "option_needs_one_way"),
        ({"slots": [slot(options=[{**CLAUSE, "smarts": "C"}])]}, "rules[0].slots[0].options[0].smarts", "first_atom_not_anchor"),
        ({"slots": [slot(options=[{**CLAUSE, "smarts": "C[*:90]"}])]}, "rules[0].slots[0].options[0].smarts", "first_atom_not_anchor"),
        ({"slots": [slot(options=[{**CLAUSE, "smarts": "[*:90]C", "ring": {"at": 3}}])]}, "rules[0].slots[0].options[0]", "no_such_position"),
        ({"slots": [slot(options=[{**CLAUSE, "smarts": "[*:90]C", "subst": {"1": []}}])]}, "rules[0].slots[0].options[0]", "no_such_position"),
        ({"slots": [slot(options=[{**CLAUSE, "smarts": "[*:90][C:1]", "subst": {"1,1": []}}])]}, "rules[0].slots[0].options[0].subst.1,1", "positions_expected"),
        ({"slots": [slot(options=[{**CLAUSE, "group": "methyl", "ring": {"at": 90}}])]}, "rules[0].slots[0].options[0]", "ring_or_subst_without_smarts"),
        ({"slots": [slot(options=[{**CLAUSE, "smarts": "[*:90]", "ring": {"at": 90, "hetero": True, "carbocycle": True}}])]}, "rules[0].slots[0].options[0].ring", "ring_contradicts_itself"),
        ({"exclude_named": [{"name": "n", "smiles": "C(", "reason": "r"}]}, "rules[0].exclude_named[0].smiles", "not_a_structure"),
        ({"kind": "open_textured"}, "rules[0].indicators", "missing"),
        ({"kind": "open_textured", "indicators": [{"smarts": "C", "reason": "r"}]}, "rules[0].cores", "not_with_open_textured"),
        ({"indicators": [{"smarts": "C", "reason": "r"}]}, "rules[0].indicators", "only_with_open_textured"),
        ({"kind": "vague"}, "rules[0].kind", "not_a_choice"),
        ({"examples": {"maybe": ["C"]}}, "rules[0].examples.maybe", "unknown_key"),
        ({"examples": {"in": ["C("]}}, "rules[0].examples.in", "not_a_structure"),
    ],
)  # fmt: skip
def test_a_fault_in_a_rule_is_told_with_its_path(parts: dict[str, Any], path: str, code: str) -> None:
    assert (path, code) in _rule_faults(**parts)


@pytest.mark.parametrize(
    ("group", "code"),
    [
        ({}, "group_without_limit"),
        ({"saturated": True}, "group_without_limit"),
        ({"any": True, "elements": ["C"]}, "any_with_limit"),
        ({"elements": ["C"], "closed": True}, "closed_without_smarts"),
        ({"smarts": "[*]"}, "group_needs_core_and_fragment"),
        ({"smarts": "[*].C"}, "group_needs_core_and_fragment"),
        ({"smarts": "not smarts"}, "not_smarts"),
        ({"elements": ["Xx"]}, "not_an_element"),
        ({"elements": ["C"], "count_max": {"Xx": 1}}, "not_an_element"),
        ({"elements": ["C"], "ring": "maybe"}, "not_a_choice"),
        ({"elements": ["C"], "c_max": "three"}, "whole_number_expected"),
    ],
)
def test_a_fault_in_a_group_is_told(group: dict[str, Any], code: str) -> None:
    groups = {"methyl": {"smarts": "[*]-[CH3]", "closed": True}, "one": group}
    assert code in {
        found for path, found in _faults(text_of(made_up(), groups=groups)) if path.startswith("groups.one")
    }


def test_every_fault_is_told_at_once() -> None:
    assert {path for path, _ in _rule_faults(id="a b", confidence="sure", effect=3)} == {
        "rules[0].id",
        "rules[0].confidence",
        "rules[0].effect",
    }


def test_intervals_of_one_rule_do_not_share_a_day() -> None:
    overlap: list[dict[str, Any]] = [
        {"from": "2020-01-01", "to": "2021-01-02", "basis": "a"},
        {"from": "2021-01-01", "to": None, "basis": "b"},
    ]
    assert _rule_faults(in_force=overlap) == [("rules.XA-TEST.in_force", "intervals_overlap")]
    overlap[0]["to"] = "2021-01-01"
    assert len(read_rules(text_of(made_up(in_force=overlap))).rules) == 1


def test_versions_of_one_rule_follow_each_other_and_stay_in_one_jurisdiction() -> None:
    first = made_up(in_force=[{"from": "2020-01-01", "to": "2021-01-01", "basis": "a"}])
    second = made_up(in_force=[{"from": "2021-01-01", "to": None, "basis": "b"}])
    assert len(read_rules(text_of(first, second)).versions("XA-TEST")) == 2
    assert _faults(text_of(first, first)) == [("rules.XA-TEST.in_force", "intervals_overlap")]
    assert _faults(text_of(first, second | {"jurisdiction": "XB"})) == [
        ("rules.XA-TEST.jurisdiction", "versions_differ")
    ]


def test_no_more_rules_than_a_person_could_check() -> None:
    many = [made_up(id=f"XA-{number}") for number in range(201)]
    assert ("rules", "too_many") in _faults(text_of(*many))


@pytest.mark.parametrize(("meta", "code"), [({"format": 2}, "unknown_format"), ({}, "unknown_format")])
def test_another_format_is_refused(meta: dict[str, Any], code: str) -> None:
    assert ("meta.format", code) in _faults(json.dumps(document(made_up()) | {"meta": meta}))


def test_examples_are_run_and_told_by_what_the_rule_says_instead() -> None:
    good = {"in": ["Cc1ccncc1"], "out": ["Clc1ccncc1", "CCO"], "parent": ["c1ccncc1"]}
    report = check_rules_text(text_of(made_up(examples=good)))
    assert (report.usable, report.examples_run, report.rules) == (True, 4, ("XA-TEST",))
    bad = check_rules_text(text_of(made_up(examples={"in": ["Cc1ccncc1", "CCO"]})))
    assert [(fault.path, fault.code, fault.about) for fault in bad.faults] == [
        ("rules.XA-TEST.examples.in[1]", "example_fails", "out")
    ]
    assert bad.digest == ""


def test_the_file_in_the_documentation_holds() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "control-rules.md").read_text(encoding="utf-8")
    report = check_rules_text(page.split("```yaml\n")[1].split("```")[0])
    assert (report.faults, report.examples_run) == ((), 3)


def test_a_refusal_repeats_nothing_of_the_file() -> None:
    with pytest.raises(RulesRefusedError) as refusal:
        read_rules(text_of(made_up(title=3, summary="a secret")))
    assert "secret" not in str(refusal.value)


def test_a_file_with_damage_is_read_or_refused_and_nothing_else() -> None:
    """Cut, doubled and randomly changed files never cause another error, and never run without end."""
    chance = random.Random(11)  # noqa: S311
    # The vocabulary and four rules, one of them open-textured: examples are run each time.
    text = "\n- id: ".join(shipped_rules_text().split("\n- id: ")[:5])
    assert check_rules_text(text).rules == ("US-FRS", "CN-FENT", "UK-FENT", "CA-FENT")
    for _ in range(150):
        start, length = chance.randrange(len(text)), chance.randrange(1, 60)
        piece = text[start : start + length]
        put = chance.choice(
            ["", piece * 2, piece[::-1], "[", "}", "\t", ": ", "null", "[*:90]", "$(" * 9, "\u2028"]
        )
        damaged = text[:start] + put + text[start + length :]
        report = check_rules_text(damaged)
        assert report.usable or report.faults

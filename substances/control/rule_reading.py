# SPDX-License-Identifier: Apache-2.0
"""Parse a rule file into a RuleSet: strictly, with every fault reported, and nothing used that was read in part.

- Unknown keys are refused.
- Every SMARTS is compiled and held to its limits.
- Map numbers in slots and inner substituents must exist, and named groups must be defined.
- Intervals must not overlap, also not between versions of one rule.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Final

from substances.control.faults import RulesRefusedError
from substances.control.fields import CONFIDENCE, Faults, Fields
from substances.control.groups_reading import read_groups
from substances.control.rules import (
    CLASSES,
    Core,
    Examples,
    Group,
    Indicator,
    Interval,
    NamedExclusion,
    Rule,
    RuleSet,
    canonical,
    digest_of,
)
from substances.control.slot_reading import read_slot
from substances.control.smarts_checking import check_core, check_indicator, check_smiles
from substances.control.strict_yaml import Plain, read_yaml

MAX_RULES: Final = 200
MAX_CORES: Final = 60
MAX_SLOTS: Final = 40
TEXT_SEEN: Final = ("yes", "partly", "no")
_EXAMPLE_VERDICTS: Final = ("in", "out", "parent", "review")
_NEVER: Final = date.max


@lru_cache(maxsize=8)
def ruleset_of(text: str) -> RuleSet:
    """Parse the rule set; raise RulesRefusedError with every fault."""
    faults = Faults()
    document = read_yaml(text)
    top = Fields(document, "", faults)
    prepared = _read_meta(top)
    groups = read_groups(top.raw("groups"), faults)
    rules = tuple(_read_rule(item, path, groups, faults) for item, path in top.items("rules", most=MAX_RULES))
    top.done()
    if not rules and not faults.found:
        faults.note("rules", "missing")
    _check_versions(rules, faults)
    if faults.found:
        raise RulesRefusedError(tuple(faults.found))
    return RuleSet(digest_of(canonical(_law_of_all(document))), rules, tuple(groups.values()), prepared)


def _law_of_all(document: Plain) -> Plain:
    """Return the document without the classes of its rules: whom a change is reported to is no part of the law."""
    rules = document.get("rules") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(rules, list):
        return document
    return {**document, "rules": [_law_of(rule) for rule in rules]}


def _law_of(node: Plain) -> Plain:
    if not isinstance(node, dict):
        return node
    return {key: value for key, value in node.items() if key != "classes"}


def _read_meta(top: Fields) -> str:
    """Read the file's own facts; ignore the parts that only explain the format to people."""
    meta = Fields(top.raw("meta"), "meta", top.faults)
    if meta.whole("format", least=1, most=1) != 1:
        top.faults.note("meta.format", "unknown_format", "1")
    if meta.whole("anchor_map", least=90, most=90) is None and meta.has("anchor_map"):
        top.faults.note("meta.anchor_map", "not_a_choice", "90")
    for explained in ("verdicts", "coverage"):
        meta.raw(explained)
    prepared = meta.text("prepared")
    meta.done()
    return prepared


def _read_rule(node: Plain, path: str, groups: Mapping[str, Group], faults: Faults) -> Rule:
    fields = Fields(node, path, faults)
    open_textured = fields.text("kind", choices=("open_textured", "closed_list")) == "open_textured"
    cores = fields.each("cores", _read_core, most=MAX_CORES)
    positions = frozenset(
        number for core in cores for number in check_core(core.smarts, fields.at("cores"), faults)
    )
    rule = Rule(
        id=_read_id(fields),
        jurisdiction=_read_jurisdiction(fields),
        title=fields.text("title", required=True),
        instrument=fields.text("instrument", required=True),
        in_force=fields.each("in_force", _read_interval),
        effect=fields.text("effect", required=True),
        text_seen=fields.text("text_seen", required=True, choices=TEXT_SEEN),
        confidence=fields.text("confidence", required=True, choices=CONFIDENCE),
        summary=fields.text("summary", required=True),
        interpretation=fields.texts("interpretation"),
        open_textured=open_textured,
        partial=fields.flag("partial"),
        parent_in=fields.flag("parent_in"),
        mw_max=fields.mass("mw_max"),
        core_name=fields.text("core_name"),
        cores=cores,
        slots=fields.each("slots", lambda slot: read_slot(slot, groups, positions), most=MAX_SLOTS),
        indicators=fields.each("indicators", _read_indicator),
        exclude_named=fields.each("exclude_named", _read_exclusion),
        examples=_read_examples(fields),
        classes=_read_classes(fields),
        content=canonical(_law_of(node)),
    )
    fields.done()
    _check_rule(rule, path, faults)
    return rule


def _read_id(fields: Fields) -> str:
    value = fields.text("id", required=True)
    if value and not (
        len(value) <= 40 and value.isascii() and value.replace("-", "").replace("_", "").isalnum()
    ):
        fields.faults.note(fields.at("id"), "not_an_id")
    return value


def _read_jurisdiction(fields: Fields) -> str:
    value = fields.text("jurisdiction", required=True)
    if value and not (2 <= len(value) <= 12 and value.isascii() and value.replace("-", "").isalnum()):
        fields.faults.note(fields.at("jurisdiction"), "not_a_jurisdiction")
    return value


def _read_classes(fields: Fields) -> tuple[str, ...]:
    values = fields.texts("classes")
    for value in values:
        if value not in CLASSES:
            fields.faults.note(fields.at("classes"), "not_a_choice", ", ".join(CLASSES))
    return values


def _read_core(fields: Fields) -> Core:
    smarts = fields.text("smarts", required=True)
    return Core(fields.text("id", required=True), smarts, fields.flag("modification"))


def _read_interval(fields: Fields) -> Interval:
    start, end = fields.day("from", required=True), fields.day("to")
    if start and end and end <= start:
        fields.faults.note(fields.path, "interval_empty")
    basis = fields.text("basis", required=True)
    return Interval(start or _NEVER, end, ", ".join([basis, *fields.rest_of_text()]))


def _read_indicator(fields: Fields) -> Indicator:
    smarts = fields.text("smarts", required=True)
    check_indicator(smarts, fields.at("smarts"), fields.faults)
    return Indicator(smarts, fields.text("reason", required=True))


def _read_exclusion(fields: Fields) -> NamedExclusion:
    smiles = fields.text("smiles", required=True)
    check_smiles(smiles, fields.at("smiles"), fields.faults)
    return NamedExclusion(fields.text("name", required=True), smiles, fields.text("reason", required=True))


def _read_examples(fields: Fields) -> tuple[Examples, ...]:
    if not fields.has("examples"):
        return ()
    inner = Fields(fields.raw("examples"), fields.at("examples"), fields.faults)
    found = []
    for verdict in _EXAMPLE_VERDICTS:
        smiles = inner.texts(verdict)
        for text in smiles:
            check_smiles(text, inner.at(verdict), inner.faults)
        if smiles:
            found.append(Examples(verdict, smiles))
    inner.done()
    return tuple(found)


def _check_rule(rule: Rule, path: str, faults: Faults) -> None:
    if not rule.in_force:
        faults.note(f"{path}.in_force", "missing")
    if rule.open_textured:
        if not rule.indicators:
            faults.note(f"{path}.indicators", "missing")
        if rule.cores or rule.slots:
            faults.note(f"{path}.cores", "not_with_open_textured")
    else:
        if not rule.cores:
            faults.note(f"{path}.cores", "missing")
        if rule.indicators:
            faults.note(f"{path}.indicators", "only_with_open_textured")


def _check_versions(rules: tuple[Rule, ...], faults: Faults) -> None:
    """Check that no two intervals of one id share a day, within a rule and between versions, and that an id has one jurisdiction."""
    for rule_id in dict.fromkeys(rule.id for rule in rules):
        versions = [rule for rule in rules if rule.id == rule_id]
        if len({rule.jurisdiction for rule in versions}) > 1:
            faults.note(f"rules.{rule_id}.jurisdiction", "versions_differ")
        intervals = sorted((span for rule in versions for span in rule.in_force), key=lambda span: span.start)
        for earlier, later in pairwise(intervals):
            if earlier.end is None or later.start < earlier.end:
                faults.note(f"rules.{rule_id}.in_force", "intervals_overlap")

# SPDX-License-Identifier: Apache-2.0
"""Read the slots of a rule: positions, whole-fragment options, single substituents, ring steps and bridges."""

from collections.abc import Mapping
from typing import Final

from substances.control.fields import Faults, Fields
from substances.control.rules import ANCHOR, Group, Option, RingStep, Slot, Substituent
from substances.control.smarts_checking import check_bridge, check_option
from substances.control.strict_yaml import Plain

MAX_OPTIONS: Final = 60
_ANYTHING: Final = "any"


def read_slot(fields: Fields, groups: Mapping[str, Group], positions: frozenset[int]) -> Slot:
    at = _read_positions(fields)
    for number in at:
        if number not in positions:
            fields.faults.note(fields.at("at"), "no_such_position", str(number))
    slot = Slot(
        name=fields.text("name", required=True),
        at=at,
        required=fields.flag("required"),
        max=fields.whole("max", least=1, most=20),
        deny=fields.text("deny"),
        deny_h=fields.text("deny_h"),
        requires_any=fields.texts("requires_any"),
        options=fields.each("options", lambda option: _read_option(option, groups), most=MAX_OPTIONS),
        substituents=_read_list(fields.raw("subst"), fields.at("subst"), groups, fields.faults),
    )
    if not slot.options and not slot.substituents:
        fields.faults.note(fields.path, "slot_allows_nothing")
    _check_requires_any(slot, groups, fields)
    return slot


def _read_positions(fields: Fields) -> tuple[int, ...]:
    value = fields.raw("at")
    items = value if isinstance(value, list) else [value]
    if not items or not all(
        isinstance(item, int) and not isinstance(item, bool) and 0 < item < 1000 for item in items
    ):
        fields.faults.note(fields.at("at"), "positions_expected")
    return tuple(item for item in items if isinstance(item, int))


def _check_requires_any(slot: Slot, groups: Mapping[str, Group], fields: Fields) -> None:
    entries = [
        *slot.substituents,
        *(one for option in slot.options for _, some in option.allowed for one in some),
    ]
    known = set(groups) | {entry.name for entry in entries if entry.name}
    for name in slot.requires_any:
        if name not in known:
            fields.faults.note(fields.at("requires_any"), "unknown_group", name)


def _read_option(fields: Fields, groups: Mapping[str, Group]) -> Option:
    ring = fields.raw("ring")
    option = Option(
        clause=fields.text("clause", required=True),
        label=fields.text("label"),
        groups=_named(fields, "group", groups),
        smarts=fields.text("smarts"),
        cyclic=fields.flag("cyclic"),
        ring=_read_ring(ring, fields.at("ring"), groups, fields.faults) if fields.has("ring") else None,
        allowed=_read_inner(fields, groups),
        review=fields.text("review"),
        counts=fields.flag("counts", default=True),
    )
    _check_option(option, fields)
    return option


def _check_option(option: Option, fields: Fields) -> None:
    ways = bool(option.groups) + bool(option.smarts or option.cyclic)
    if ways != 1:
        fields.faults.note(fields.path, "option_needs_one_way", "group, smarts or cyclic")
    if (option.ring or option.allowed) and (not option.smarts or option.cyclic):
        fields.faults.note(fields.path, "ring_or_subst_without_smarts")
    if not option.smarts:
        return
    maps = check_option(option.smarts, fields.at("smarts"), fields.faults)
    wanted = [number for number, _ in option.allowed] + ([option.ring.at] if option.ring else [])
    for number in wanted:
        if maps and number not in maps:
            fields.faults.note(fields.path, "no_such_position", str(number))


def _read_ring(node: Plain, path: str, groups: Mapping[str, Group], faults: Faults) -> RingStep:
    fields = Fields(node, path, faults)
    everything = fields.raw("subst")
    anything = everything in (None, _ANYTHING)
    at = fields.whole("at", least=1, most=ANCHOR)
    if at is None:
        faults.note(fields.at("at"), "missing")
    ring = RingStep(
        at=at or ANCHOR,
        not_phenyl=fields.flag("not_phenyl"),
        aromatic=fields.flag("aromatic"),
        hetero=fields.flag("hetero"),
        carbocycle=fields.flag("carbocycle"),
        saturated=fields.flag("saturated"),
        allowed=None if anything else _read_list(everything, fields.at("subst"), groups, faults),
    )
    if ring.hetero and ring.carbocycle:
        faults.note(path, "ring_contradicts_itself")
    fields.done()
    return ring


def _read_inner(
    fields: Fields, groups: Mapping[str, Group]
) -> tuple[tuple[int, tuple[Substituent, ...]], ...]:
    """Read `subst` of an option: a mapping of inner map numbers ("1,2,3" or 1) to allowed substituents."""
    node = fields.raw("subst")
    if node is None:
        return ()
    if not isinstance(node, dict):
        fields.faults.note(fields.at("subst"), "not_a_mapping")
        return ()
    found: dict[int, tuple[Substituent, ...]] = {}
    for key, value in node.items():
        path = f"{fields.at('subst')}.{key}"
        entries = _read_list(value, path, groups, fields.faults)
        for part in str(key).split(","):
            number = int(part) if part.strip().isdecimal() and len(part) < 6 else 0
            if number == 0 or number in found:
                fields.faults.note(path, "positions_expected")
            found[number] = entries
    return tuple(found.items())


def _read_list(
    node: Plain, path: str, groups: Mapping[str, Group], faults: Faults
) -> tuple[Substituent, ...]:
    if node is None:
        return ()
    if not isinstance(node, list) or len(node) > MAX_OPTIONS:
        faults.note(path, "list_expected")
        return ()
    found = []
    for index, item in enumerate(node):
        fields = Fields(item, f"{path}[{index}]", faults)
        found.append(_read_substituent(fields, groups))
        fields.done()
    return tuple(found)


def _read_substituent(fields: Fields, groups: Mapping[str, Group]) -> Substituent:
    entry = Substituent(
        clause=fields.text("clause", required=True),
        groups=_named(fields, "groups", groups),
        bridge=fields.texts("bridge"),
        name=fields.text("name"),
        review=fields.text("review"),
        counts=fields.flag("counts", default=True),
    )
    for text in entry.bridge:
        check_bridge(text, fields.at("bridge"), fields.faults)
    if bool(entry.groups) == bool(entry.bridge):
        fields.faults.note(fields.path, "substituent_needs_one_way", "groups or bridge")
    return entry


def _named(fields: Fields, key: str, groups: Mapping[str, Group]) -> tuple[Group, ...]:
    names = fields.texts(key)
    for name in names:
        if name not in groups:
            fields.faults.note(fields.at(key), "unknown_group", name)
    return tuple(groups[name] for name in names if name in groups)

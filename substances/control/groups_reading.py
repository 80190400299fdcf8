# SPDX-License-Identifier: Apache-2.0
"""Read the substituent vocabulary of a rule file: `groups`, each one kind of fragment on one bond."""

from collections.abc import Mapping
from typing import Final

from substances.control.fields import Faults, Fields
from substances.control.rules import Group
from substances.control.smarts_checking import check_group
from substances.control.strict_yaml import Plain

MAX_GROUPS: Final = 400
_ELEMENTS: Final = frozenset(
    {
        "B",
        "C",
        "N",
        "O",
        "F",
        "Si",
        "P",
        "S",
        "Cl",
        "As",
        "Se",
        "Br",
        "I",
        "Li",
        "Na",
        "K",
        "Mg",
        "Ca",
        "Hg",
        "Sn",
        "Te",
    }
)


def read_groups(node: Plain, faults: Faults) -> Mapping[str, Group]:
    """Return the groups by name, in the file's order."""
    fields = Fields(node, "groups", faults)
    if not isinstance(node, dict):
        return {}
    if len(node) > MAX_GROUPS:
        faults.note("groups", "too_many", str(MAX_GROUPS))
        return {}
    return {
        str(name): _read_group(str(name), Fields(fields.raw(str(name)), fields.at(str(name)), faults))
        for name in node
    }


def _read_group(name: str, fields: Fields) -> Group:
    smarts = fields.texts("smarts")
    for text in smarts:
        check_group(text, fields.at("smarts"), fields.faults)
    group = Group(
        name=name,
        any=fields.flag("any"),
        elements=_read_elements(fields),
        count_max=_read_counts(fields),
        c_min=fields.whole("c_min"),
        c_max=fields.whole("c_max"),
        heavy_max=fields.whole("heavy_max"),
        halogen_min=fields.whole("halogen_min"),
        cc_double_min=fields.whole("cc_double_min"),
        saturated=fields.flag("saturated"),
        no_aromatic=fields.flag("no_aromatic"),
        no_triple=fields.flag("no_triple"),
        ring=fields.text("ring", choices=("none", "required")),
        smarts=smarts,
        closed=fields.flag("closed"),
        multiple_bond=fields.flag("multiple_bond"),
        label=fields.text("label"),
    )
    fields.done()
    _check_group_says_something(group, fields)
    return group


def _read_elements(fields: Fields) -> frozenset[str] | None:
    if not fields.has("elements"):
        return None
    elements = frozenset(fields.texts("elements"))
    if not elements <= _ELEMENTS:
        fields.faults.note(fields.at("elements"), "not_an_element")
    return elements


def _read_counts(fields: Fields) -> tuple[tuple[str, int], ...]:
    if not fields.has("count_max"):
        return ()
    node = fields.raw("count_max")
    inner = Fields(node, fields.at("count_max"), fields.faults)
    if not isinstance(node, dict):
        return ()
    counts = [(str(key), inner.whole(str(key))) for key in node]
    if not {key for key, _ in counts} <= _ELEMENTS:
        fields.faults.note(inner.path, "not_an_element")
    return tuple((key, count) for key, count in counts if count is not None)


def _check_group_says_something(group: Group, fields: Fields) -> None:
    """Record a fault for a group without any limit: it would allow everything by mistake, so the file must say `any`."""
    limited = group.elements is not None or group.smarts or group.heavy_max is not None
    if not group.any and not limited:
        fields.faults.note(fields.path, "group_without_limit")
    if group.any and (limited or group.closed):
        fields.faults.note(fields.path, "any_with_limit")
    if group.closed and not group.smarts:
        fields.faults.note(fields.at("closed"), "closed_without_smarts")

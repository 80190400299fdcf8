# SPDX-License-Identifier: Apache-2.0
"""Differences of two rule sets, or of two sets of listings, for people who decide whether to apply the newer one.

Differences are of content: an order of keys, a comment or a line break is none. `newly_caught` compares verdicts, so
that the same test serves stored structures and examples.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, count
from typing import Any, Final

from substances.control.listings import Coverage, Listing, ListingSet, Source
from substances.control.precursors import Precursor, PrecursorTable
from substances.control.rules import Group, Rule, RuleSet
from substances.control.verdicts import IN, PARENT, REVIEW

Row = Listing | Coverage | Source | Precursor
_MAX_SHOWN: Final = 300
_CAUGHT: Final = frozenset({IN, PARENT, REVIEW})


@dataclass(frozen=True)
class Change:
    """One place where a rule, group or listing differs; an empty `before` or `after` means it was not there."""

    path: str
    before: str
    after: str


@dataclass(frozen=True)
class ChangedItem:
    """A rule version, group or listing that is in both sets, with what differs. `name` is what people call it."""

    name: str
    jurisdiction: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Difference:
    """The change from the older to the newer set.

    `groups` are the vocabulary's words that changed meaning; their names include the rules that use them.
    """

    before: str
    after: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[ChangedItem, ...]
    groups: tuple[ChangedItem, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.removed or self.changed or self.groups)


@dataclass(frozen=True)
class Caught:
    """A rule whose answer about one structure became stronger: it did not catch it before, and does now."""

    rule_id: str
    before: str
    after: str


def difference_of_rules(before: RuleSet, after: RuleSet) -> Difference:
    """Return what the newer rule set adds, removes and changes. A rule version is identified by its id and first day."""
    old, new = {_rule_name(rule): rule for rule in before}, {_rule_name(rule): rule for rule in after}
    changed = [
        ChangedItem(name, new[name].jurisdiction, tuple(_rule_changes(old[name], new[name])))
        for name in new
        if name in old and old[name].content != new[name].content
    ]
    return Difference(
        before=before.digest,
        after=after.digest,
        added=tuple(f"{name}: {new[name].title}" for name in new if name not in old),
        removed=tuple(f"{name}: {old[name].title}" for name in old if name not in new),
        changed=tuple(changed),
        groups=tuple(_group_changes(before, after)),
    )


def difference_of_listings(before: ListingSet, after: ListingSet) -> Difference:
    """Return the difference of listings, of the texts they were read in, and of their coverage.

    A listing is identified by jurisdiction, list, schedule and substance. A new text is reported with the text, not at each
    listing, unless the listing counts for other days by it.
    """
    return _difference_of_rows(before.digest, after.digest, _rows_of(before), _rows_of(after))


def difference_of_precursors(before: PrecursorTable, after: PrecursorTable) -> Difference:
    """Return the difference of the tables of precursors. A row is identified by its list and substance."""
    old, new = ({f"{row.table}: {row.name}": row for row in table.rows} for table in (before, after))
    return _difference_of_rows(before.digest, after.digest, old, new)


def _difference_of_rows(
    before: str, after: str, old: Mapping[str, Row], new: Mapping[str, Row]
) -> Difference:
    """Compare two sets of rows by name; the digests are those of the sets."""
    changed = [
        ChangedItem(name, getattr(new[name], "jurisdiction", ""), cells)
        for name in new
        if name in old and (cells := tuple(_cell_changes(old[name], new[name])))
    ]
    return Difference(
        before=before,
        after=after,
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        changed=tuple(changed),
    )


def newly_caught(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Caught, ...]:
    """Return the rules (id to verdict) that catch a structure now and did not before; review counts as caught."""
    return tuple(
        Caught(rule_id, before.get(rule_id, ""), verdict)
        for rule_id, verdict in sorted(after.items())
        if verdict in _CAUGHT and before.get(rule_id, "") not in _CAUGHT
    )


def _rule_name(rule: Rule) -> str:
    return f"{rule.id} from {rule.in_force[0].start.isoformat()}"


def _rule_changes(before: Rule, after: Rule) -> Iterator[Change]:
    yield from _changes("", json.loads(before.content), json.loads(after.content))


def _changes(path: str, before: Any, after: Any) -> Iterator[Change]:
    """Compare leaf by leaf; entries of lists by their name or id where they have one, else by their position."""
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            inner = f"{path}.{key}" if path else str(key)
            yield from _changes(inner, before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _changes(path, _keyed(before), _keyed(after))
    else:
        yield Change(path, _shown(before), _shown(after))


def _keyed(items: list[Any]) -> dict[str, Any]:
    keyed: dict[str, Any] = {}
    for number, item in enumerate(items):
        name = _own_name(item)
        keyed[name if name and name not in keyed else f"[{number}]"] = item
    return keyed


def _own_name(item: Any) -> str:
    if isinstance(item, str):
        return f"[{item[:40]}]"
    if not isinstance(item, dict):
        return ""
    named = item.get("id") or item.get("name") or item.get("from")
    return f"[{named}]" if named else ""


def _shown(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"


def _group_changes(before: RuleSet, after: RuleSet) -> Iterator[ChangedItem]:
    old = {group.name: group for group in before.groups}
    for group in after.groups:
        if group.name in old and old[group.name] != group:
            users = ", ".join(rule.id for rule in after if f'"{group.name}"' in rule.content)
            changes = tuple(_field_changes(old[group.name], group))
            yield ChangedItem(f"{group.name} ({users})" if users else group.name, "", changes)


def _field_changes(before: Group, after: Group) -> Iterator[Change]:
    for field in before.__dataclass_fields__:
        one, other = getattr(before, field), getattr(after, field)
        if one != other:
            yield Change(field, _plain(one), _plain(other))


def _plain(value: Any) -> str:
    if isinstance(value, frozenset):
        return ", ".join(sorted(value))
    return "" if value is None else str(value)


def _rows_of(lists: ListingSet) -> dict[str, Row]:
    """Return everything in it by the name that people are told."""
    texts: dict[str, Row] = {f"text {one.id}: {one.citation}": one for one in lists.sources}
    reach = {f"{one.jurisdiction}: how far {one.instrument} is known": one for one in lists.coverage}
    return texts | reach | _by_name(lists.listings)


def _by_name(listings: tuple[Listing, ...]) -> dict[str, Listing]:
    """Return listings by the name that people are told; several of one name by start and number."""
    found: dict[str, Listing] = {}
    for listing in listings:
        name = f"{listing.jurisdiction}: {listing.title}: {listing.name}"
        dated = f"{name} from {listing.start}"
        numbered = (f"{dated}, {number}" for number in count(2))
        found[next(one for one in chain((name, dated), numbered) if one not in found)] = listing
    return found


def _cell_changes(before: Row, after: Row) -> Iterator[Change]:
    for field in _fields(before):
        one, other = getattr(before, field), getattr(after, field)
        if one != other:
            yield Change(field, _plain(one), _plain(other))


def _fields(row: Row) -> Iterator[str]:
    for field in row.__dataclass_fields__:
        if isinstance(row, Listing) and field in ("source", "seen"):
            continue
        yield field
    if isinstance(row, Listing) and row.start is None:
        yield "first_seen"

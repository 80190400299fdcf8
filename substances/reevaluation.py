# SPDX-License-Identifier: Apache-2.0
"""Judge many structures by rules and listings at once, and find what is new.

Pure, and run in the sandbox process. A verdict is stored under the key of the exact rule version that gave it, so that only
changed rules are judged again, and all where the engine changed. An unreadable structure becomes a mark and stops no other.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final

from substances.control.covering import LISTS, Drawn, covers
from substances.control.engine import judge
from substances.control.listings import Listing, ListingSet, read_listings
from substances.control.naming import name_key
from substances.control.rules import Group, Rule, RuleSet, canonical, digest_of, read_rules
from substances.errors import InputRefusedError
from substances.rulefacts import ENGINE, ListingFact, StructureIn, StructureJudged
from substances.sandbox.pacing import held_to
from substances.structures.fingerprints import fingerprints_of
from substances.structures.patterns import connectivity_block
from substances.structures.reading import Structure, read_structure

KEY_CHARS: Final = 22
REMEMBERED: Final = 100_000
CPU_SECS_A_STRUCTURE: Final = 2.0
"""Limit for reading and judging one; a longer one ends the process, and the caller tries each by itself."""
CAUGHT: Final = ("in", "parent", "review")
"""Verdicts to report: the definition is met, it is the class's parent, or a person has to decide."""


Keyed = Sequence[tuple[str, Rule]]
_remembered: dict[tuple[str, str], str] = {}
"""Verdicts by rule key and parent, since one substance occurs in many alerts. Per process, emptied when it is full."""


@dataclass(frozen=True)
class _Law:
    """Rules with their keys, listings with theirs, and the day on which ended law is ended."""

    rules: Keyed
    listings: ListingSet
    today: date


def judge_structures(
    rules_text: str, listings_text: str, structures: Sequence[StructureIn], today: date
) -> tuple[StructureJudged, ...]:
    """Judge each structure by every rule and in every listing, in order. `today` only decides what has ended.

    Raises RulesRefusedError where rules or listings cannot be read.
    """
    law = _Law(keyed_rules(read_rules(rules_text)), read_listings(listings_text), today)
    return tuple(_judge_one(law, one) for one in structures)


def keyed_rules(ruleset: RuleSet) -> Keyed:
    """Return the rules with the keys of their versions."""
    groups = {group.name: group for group in ruleset.groups}
    return [(rule_key(rule, groups), rule) for rule in ruleset]


def rule_key(rule: Rule, groups: Mapping[str, Group]) -> str:
    """Return the key of one rule version: its content and the meaning of the groups it names, whatever set it is in."""
    named = sorted(set(_named_groups(json.loads(rule.content))) & groups.keys())
    meanings = json.dumps([asdict(groups[name]) for name in named], default=sorted, sort_keys=True)
    return digest_of(rule.content + meanings)[:KEY_CHARS]


def _named_groups(node: Any, key: str = "") -> Iterator[str]:
    if isinstance(node, dict):
        for name, inner in node.items():
            yield from _named_groups(inner, str(name))
    elif isinstance(node, list):
        for inner in node:
            yield from _named_groups(inner, key)
    elif key in {"group", "groups"}:
        yield str(node)


def _judge_one(law: _Law, one: StructureIn) -> StructureJudged:
    with held_to(CPU_SECS_A_STRUCTURE):
        return _judged(law, one)


def _judged(law: _Law, one: StructureIn) -> StructureJudged:
    if not one.text and not one.parent:
        return _judged_by_name(law, one)
    read = StructureJudged(True, parent=one.parent, blocks=one.blocks) if one.parent else _read(one.text)
    if not read.is_read:
        return read
    known = one.known if one.engine == ENGINE else {}
    verdicts = {key: known.get(key) or (rule.id, _verdict(key, rule, read.parent)) for key, rule in law.rules}
    listings = _listings(law, one, read.blocks)
    seen = set(one.listed)
    return replace(
        read,
        verdicts=verdicts,
        listed=tuple(listings),
        caught=_newly_caught(law, one, known, verdicts),
        newly_listed=tuple(fact for key, fact in listings.items() if key not in seen) if one.parent else (),
    )


def _judged_by_name(law: _Law, one: StructureIn) -> StructureJudged:
    """Judge by name: without a structure rules do not apply; lists match an exact name, a synonym or a number."""
    listings, seen = _listings(law, one, ()), set(one.listed)
    new = tuple(fact for key, fact in listings.items() if key not in seen) if one.was_judged else ()
    return StructureJudged(True, listed=tuple(listings), newly_listed=new)


def _listings(law: _Law, one: StructureIn, blocks: Sequence[str]) -> dict[str, ListingFact]:
    """Return the entries that list the substance and have not ended; leads, preparations and exceptions do not count."""
    hits = law.listings.find(
        keys=blocks, cas=one.cas_rn, names=[name for name in (one.name, *one.synonyms) if name]
    )
    same = [other for block in blocks for other in law.listings.of_block(block[:14])]
    facts = (
        listing_fact(hit.listing)
        for hit in hits
        if covers(hit, Drawn(), same).effect == LISTS and hit.listing.phase_on(law.today) != "ended"
    )
    return {fact.key: fact for fact in facts}


def listing_fact(listing: Listing) -> ListingFact:
    """Return the fact, keyed by list and substance: a corrected date, or a second text of one list, is no news."""
    substance = next((key[:14] for key in listing.inchikeys), name_key(listing.name))
    key = digest_of(canonical([listing.jurisdiction, listing.instrument, listing.schedule, substance]))
    return ListingFact(
        key[:KEY_CHARS], listing.jurisdiction, listing.title, listing.name, listing.start, listing.precision
    )


def _read(text: str) -> StructureJudged:
    try:
        structure = read_structure(text)
        prints = fingerprints_of(structure.parent_smiles)
    except InputRefusedError:
        return StructureJudged(False)
    return StructureJudged(
        True,
        smiles=structure.smiles,
        parent=structure.parent_smiles,
        inchikey=structure.inchikey,
        blocks=_blocks(structure),
        fingerprint_a=prints.a,
        fingerprint_b=prints.b,
    )


def _blocks(structure: Structure) -> tuple[str, ...]:
    """Return the first blocks of whole and parent: a salt is listed as its base."""
    found = (structure.inchikey[:14], connectivity_block(structure.parent_smiles))
    return tuple(dict.fromkeys(block for block in found if block))


def _verdict(key: str, rule: Rule, parent: str) -> str:
    found = _remembered.get((key, parent))
    if found is None:
        if len(_remembered) >= REMEMBERED:
            _remembered.clear()
        found = _remembered[key, parent] = str(judge(rule, parent).verdict)
    return found


def _newly_caught(
    law: _Law,
    one: StructureIn,
    known: Mapping[str, Sequence[str]],
    verdicts: Mapping[str, Sequence[str]],
) -> tuple[str, ...]:
    """Return keys of rules that catch what no version of them caught before; nothing is new on the first look.

    `known` are the verdicts that still count: none where an older engine gave them.
    """
    if not one.known:
        return ()
    before = {(rule_id, verdict) for rule_id, verdict in one.known.values()}
    return tuple(
        key
        for key, rule in law.rules
        if key not in known
        and rule.phase_on(law.today) != "ended"
        and _is_new(rule.id, verdicts[key][1], before)
    )


def _is_new(rule_id: str, verdict: str, before: set[tuple[str, str]]) -> bool:
    """Tell whether a verdict is news: `in` unless it was met before; a weaker verdict only where there was none."""
    seen = {"in"} if verdict == "in" else set(CAUGHT)
    return verdict in CAUGHT and not any((rule_id, said) in before for said in seen)

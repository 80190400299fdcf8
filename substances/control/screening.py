# SPDX-License-Identifier: Apache-2.0
"""Screening of a substance: structure, name and number against listings, class rules and precursors, for one day.

- Loads the chemistry toolkit; in the desk it runs in the sandbox process (see control.safe).
- A structure decides over a name: where the two belong to different substances the name is ignored and the answer says so.
- Of a structure with several organic components, every one is compared with lists and precursors, and every one that is no
  usual counter-ion is judged by the rules; the answer takes the most telling.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from substances.control.covering import Drawn
from substances.control.engine import judge
from substances.control.listings import (
    EXCLUSION,
    SUBSTANCE,
    Listing,
    ListingHit,
    ListingSet,
    drawn_keys,
    read_listings,
    shipped_listings,
)
from substances.control.medicines import medicine_note
from substances.control.precursors import PrecursorTable, read_precursors, shipped_precursors
from substances.control.results import SCHEMA, Query, Screening
from substances.control.rules import Rule, RuleSet, read_rules
from substances.control.shipped import shipped_rules
from substances.control.skeletons import met_by_skeleton
from substances.control.standings import Assessment, Judged, decided_by, status_on, telling
from substances.structures.components import is_counter_ion, organic_parts
from substances.structures.decomposing import open_molecule
from substances.structures.derived import parents_by_hydrolysis
from substances.structures.patterns import full_inchikey
from substances.structures.reading import Structure, read_structure

_SAME: Final = {"GB": "UK"}
"""ISO's code of a jurisdiction that rules and listings know by its usual letters."""


PARTS_AT_MOST: Final = 4
"""Most components of one structure that rules judge: enough for a salt of a mixture, and bounded."""


_KETO_ENOL: Final = (
    "[OX2H]-[CX3;!a]=[CX3;!a;!$(C=O)]",
    "[#6][CX3](=O)[CX4;!H0][CX3,CX2,$([NX3+](=O)[O-])]=,#[O,N]",
)
"""A drawn enol, and a ketone whose enol is held by a second group: readers of one form do not produce the other."""


@dataclass(frozen=True)
class Law:
    """The law to screen against: class rules, listings and the precursor table, each by its own version."""

    rules: RuleSet
    listings: ListingSet
    precursors: PrecursorTable


def law_of(rules: str = "", listings: str = "", precursors: str = "") -> Law:
    """Return the law of these texts; an empty text stands for the shipped one. Raises RulesRefusedError."""
    return Law(
        read_rules(rules) if rules else shipped_rules(),
        read_listings(listings) if listings else shipped_listings(),
        read_precursors(precursors) if precursors else shipped_precursors(),
    )


def screen(query: Query, *, on: date, law: Law | None = None, jurisdictions: Sequence[str] = ()) -> Screening:
    """Return the answer for the day. `jurisdictions` are added to those that rules and listings know.

    Raises InputRefusedError where a structure is given and cannot be read.
    """
    law = law or law_of()
    structure = read_structure(query.smiles) if query.smiles.strip() else None
    keys = _inchikeys(structure)
    assessment = assess(query, structure, law, jurisdictions)
    blocks = {key[:14] for key, part in keys.items() if structure and part in ("", structure.parent_smiles)}
    return Screening(
        schema=SCHEMA,
        on=on,
        ruleset=law.rules.digest,
        listing_set=law.listings.digest,
        precursor_set=law.precursors.digest,
        parent_smiles=structure.parent_smiles if structure else "",
        inchikey=structure.inchikey if structure else "",
        medicine=medicine_note(blocks=blocks, names=query.names),
        jurisdictions=tuple(status_on(assessment, one, on) for one in assessment.jurisdictions),
        precursors=law.precursors.recognise(on=on, inchikeys=keys, cas=query.cas, names=query.names),
        limits=tuple(_limits(query, structure, law, {key[:14] for key in keys})),
        prepared=law.rules.prepared,
        parent_inchikey=full_inchikey(structure.parent_smiles) if structure else "",
    )


def assess(
    query: Query, structure: Structure | None, law: Law, jurisdictions: Iterable[str] = ()
) -> Assessment:
    """Collect what holds whatever the day: every listing that names the substance, every rule's verdict."""
    parts = judged_parts(structure)
    asked = {_SAME.get(one, one) for one in jurisdictions}
    known = {*law.rules.jurisdictions, *law.listings.jurisdictions, *asked}
    keys = _inchikeys(structure)
    hits = law.listings.find(
        keys=keys, cas=query.cas, names=query.names, whole=structure.inchikey if structure else ""
    )
    named = drawn_keys(hit.listing for hit in hits if hit.found_by in ("cas", "name"))
    blocks = {key[:14] for key in keys} or {key[:14] for hit in hits for key in hit.listing.inchikeys}
    same = tuple(one for block in sorted(blocks) for one in law.listings.of_block(block))
    assessment = Assessment(
        jurisdictions=tuple(sorted(known, key=lambda one: (one != "UN", one))),
        hits=hits,
        judged=tuple(_most_telling(rule, parts) for rule in law.rules) if parts else (),
        rules_known=frozenset(law.rules.jurisdictions),
        has_structure=structure is not None,
        drawn=Drawn(tuple(keys or named), bool(structure and len(structure.components) > 1)),
        same_substance=same if any(one.kind == EXCLUSION for one in same) else (),
        coverage={one: law.listings.coverage_of(one) for one in known},
        classes=law.listings.with_classes,
        by_name_only=law.listings.with_names_only,
    )
    if set(law.listings.jurisdictions) <= decided_by(assessment):
        return assessment
    assessment = replace(assessment, derived=tuple(_derived_hits(law, query, parts)))
    return replace(assessment, by_skeleton=tuple(_by_skeleton(law, query, parts, decided_by(assessment))))


def _derived_hits(law: Law, query: Query, parts: Sequence[str]) -> Iterator[ListingHit]:
    """Yield entries of the parents of an ester or ether. Known medicines are not tested as ethers."""
    for part in parts:
        for smiles, word in parents_by_hydrolysis(part).items():
            if word == "ether" and _is_medicine(part, query):
                continue
            key = full_inchikey(smiles)
            hits = law.listings.find(keys={key: "" if part == parts[0] else part}) if key else ()
            yield from (replace(hit, found_by=word) for hit in hits if hit.listing.kind == SUBSTANCE)


def _by_skeleton(
    law: Law, query: Query, parts: Sequence[str], settled: Collection[str]
) -> Iterator[ListingHit]:
    """Yield entries with derivatives, analogues or a class whose skeleton a part bears; skip known medicines."""
    for part in parts:
        if not _is_medicine(part, query):
            for hit in met_by_skeleton(law.listings, part, settled):
                yield replace(hit, part="" if part == parts[0] else part)


def _is_medicine(part: str, query: Query) -> bool:
    return medicine_note(blocks=[full_inchikey(part)[:14]], names=query.names) is not None


def judged_parts(structure: Structure | None) -> tuple[str, ...]:
    """Return the parent structures that rules judge.

    The structure's own comes first, then those of its other organic components that are no usual counter-ion, largest first, at
    most PARTS_AT_MOST in all.
    """
    if structure is None:
        return ()
    others = [parent for parent in organic_parts(structure) if not is_counter_ion(parent)]
    return tuple(dict.fromkeys((structure.parent_smiles, *others)))[:PARTS_AT_MOST]


def _most_telling(rule: Rule, parts: Sequence[str]) -> Judged:
    """Judge the component that the rule says most about; of equals the first."""
    judged = [Judged(rule, judge(rule, part), "" if part == parts[0] else part) for part in parts]
    return min(judged, key=lambda one: telling(one.verdict))


def _inchikeys(structure: Structure | None) -> dict[str, str]:
    """Return the keys of the whole input, and of its components as drawn and as their parents, each with its part.

    The part is named only where there are several organic ones. A mineral acid of a salt does not match.
    """
    if structure is None:
        return {}
    parts = organic_parts(structure)
    parents = parts.values() if len(set(parts.values())) > 1 else ()
    found = {structure.inchikey: ""}
    for drawn, parent in (parts or {"": structure.parent_smiles}).items():
        for key in (full_inchikey(drawn), full_inchikey(parent)):
            found.setdefault(key, parent if parent in parents else "")
    return {key: part for key, part in found.items() if key}


def _limits(query: Query, structure: Structure | None, law: Law, blocks: set[str]) -> Iterable[str]:
    yield "not_legal_advice"
    yield "lists_are_not_complete"
    if structure is None:
        yield "no_structure"
        if query.cas.strip() and not law.listings.find(cas=query.cas):
            yield "cas_numbers_known_of_few"
        return
    if len(set(organic_parts(structure).values())) > PARTS_AT_MOST:
        yield "other_components_not_screened"
    if any(open_molecule(structure.parent_smiles).find(smarts) for smarts in _KETO_ENOL):
        yield "tautomers_not_compared"
    named = [hit.listing for hit in law.listings.find(names=query.names)]
    if any(_is_another(listing, blocks) for listing in named):
        yield "name_is_of_another_structure"
    numbered = [hit.listing for hit in law.listings.find(cas=query.cas)] if query.cas else []
    if any(_is_another(listing, blocks) for listing in numbered):
        yield "cas_is_of_another_structure"


def _is_another(listing: Listing, blocks: set[str]) -> bool:
    return bool(listing.inchikeys) and not any(key[:14] in blocks for key in listing.inchikeys)

# SPDX-License-Identifier: Apache-2.0
"""Find structures like a given one among an agency's own and the shipped reference set, with the common scaffold.

Pure, and run in the sandbox process. No structure is invented, and control neither sorts nor filters: a rule that reaches both
is one more likeness (`substances.analogues`).
"""

import csv
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from substances.analogues import Analogue, Traits, rank_analogues, traits_from
from substances.control.engine import judge
from substances.control.rules import RuleSet, read_rules
from substances.control.verdicts import Verdict
from substances.similarity import Candidate, Resemblance
from substances.structures.fingerprints import fingerprints_of
from substances.structures.likeness import Fingerprints
from substances.structures.normalising import parent_of
from substances.structures.scaffolds import common_scaffold

REFERENCE_FILE: Final = Path(__file__).parent / "data" / "substances-dev.csv"
RULES_FILE: Final = REFERENCE_FILE.with_name("generic-controls.yaml")
LEAST_SCORE: Final = 0.2
"""Anything less alike is no analogue."""


def find_resembling(
    query_parent: str, rules_text: str, candidates: Sequence[Candidate], *, limit: int = 10
) -> tuple[Resemblance, ...]:
    """Return the most alike of the candidates and the reference set, best first, each with the common scaffold.

    `query_parent` is a parent's SMILES; the query itself is among them where it is known. Raises InputRefusedError.
    """
    ruleset = read_rules(rules_text)
    offered = [*candidates, *reference_candidates()]
    known = [_traits(ruleset, one) for one in offered]
    query = traits_from(fingerprints_of(query_parent), _verdicts(ruleset, query_parent))
    found = rank_analogues(query, known, limit=limit)
    return tuple(
        _resemblance(query_parent, query, offered[one.position], known[one.position], one)
        for one in found
        if one.score >= LEAST_SCORE
    )


def prepare() -> None:
    """Read the reference set and load the rules' reader before the process locks itself in, after which no file opens."""
    read_reference()
    read_rules(RULES_FILE.read_text(encoding="utf-8"))


@cache
def read_reference() -> tuple[dict[str, str], ...]:
    """Return the rows of the shipped reference set."""
    with REFERENCE_FILE.open(encoding="utf-8", newline="") as lines:
        return tuple(csv.DictReader(lines))


@cache
def reference_candidates() -> tuple[Candidate, ...]:
    """Return the shipped reference set, with fingerprints."""
    found = []
    for row in read_reference():
        parent = parent_of(row["smiles"])
        prints = fingerprints_of(parent)
        found.append(
            Candidate(
                key=f"reference:{row['inchikey']}",
                parent=parent,
                fingerprint_a=prints.a,
                fingerprint_b=prints.b,
                name=row["name"],
                drug_class=row["class"],
                source=row["source"],
            )
        )
    return tuple(found)


def _traits(ruleset: RuleSet, one: Candidate) -> Traits:
    prints = Fingerprints(one.fingerprint_a, one.fingerprint_b)
    return traits_from(prints, _verdicts(ruleset, one.parent) if one.judged else ())


@lru_cache(maxsize=8192)
def _judged(digest: str, parent: str) -> tuple[Verdict, ...]:
    return tuple(judge(rule, parent) for rule in _rulesets[digest])


_rulesets: dict[str, RuleSet] = {}


def _verdicts(ruleset: RuleSet, parent: str) -> tuple[Verdict, ...]:
    """Return the verdicts of every rule of the set in its order; cached in this process."""
    if ruleset.digest not in _rulesets:
        _rulesets.clear()
        _rulesets[ruleset.digest] = ruleset
    return _judged(ruleset.digest, parent)


def _resemblance(
    query_parent: str, query: Traits, candidate: Candidate, traits: Traits, found: Analogue
) -> Resemblance:
    scaffold = common_scaffold(query_parent, candidate.parent)
    return Resemblance(
        key=candidate.key,
        name=candidate.name,
        drug_class=candidate.drug_class,
        source=candidate.source,
        parent=candidate.parent,
        score=found.score,
        similarity_a=round(_tanimoto(query.fingerprints.a, traits.fingerprints.a), 4),
        similarity_b=round(_tanimoto(query.fingerprints.b, traits.fingerprints.b), 4),
        same_rules=found.same_rules,
        same_clauses=found.same_clauses,
        common_query=scaffold.atoms_a,
        common_hit=scaffold.atoms_b,
    )


def _tanimoto(first: bytes, second: bytes) -> float:
    one, other = int.from_bytes(first), int.from_bytes(second)
    either = (one | other).bit_count()
    return (one & other).bit_count() / either if either else 0.0

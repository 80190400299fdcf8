# SPDX-License-Identifier: Apache-2.0
"""Rank known structures by their likeness to a queried one.

Two fingerprints of different kinds measure how alike two structures look. A class rule that reaches both, and a clause of it
that both rest on, show that the law treats them alike. The fingerprints alone give the similarity that is shown; both together
give the order. Only reported or listed structures are ranked: nothing here invents a structure.

The weights were chosen on the shipped set of substances; `./dev evaluate` measures their effect.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from substances.control.engine import judge
from substances.control.rules import Rule
from substances.control.verdicts import IN, PARENT, REVIEW, Verdict
from substances.structures.fingerprints import fingerprints_of, pack, similarities
from substances.structures.likeness import Fingerprints

SAME_RULE: Final = 0.2
SAME_CLAUSE: Final = 0.05
MAX_ANALOGUES: Final = 100

_REACHED: Final = frozenset({IN, PARENT, REVIEW})


@dataclass(frozen=True)
class Traits:
    """The traits that rank a structure. `rules` reach it; `clauses` ("rule clause") are the clauses that these rest on."""

    fingerprints: Fingerprints
    rules: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Analogue:
    """A known structure; `position` is its index in the given sequence, `similarity` the mean of both Tanimoto values.

    `score` makes the order: the similarity plus a bonus for shared rules; it may exceed 1.
    """

    position: int
    similarity: float
    score: float
    same_rules: tuple[str, ...]
    same_clauses: tuple[str, ...]


def traits_of(parent_smiles: str, rules: Sequence[Rule]) -> Traits:
    """Return the traits of a parent structure; raise InputRefusedError("structure", "unreadable")."""
    return traits_from(fingerprints_of(parent_smiles), [judge(rule, parent_smiles) for rule in rules])


def traits_from(fingerprints: Fingerprints, verdicts: Sequence[Verdict]) -> Traits:
    """Return the traits of a structure that the rules have judged already."""
    reached = [verdict for verdict in verdicts if verdict.structural in _REACHED]
    clauses = {f"{verdict.rule_id} {clause}": None for verdict in reached for clause in verdict.clauses}
    return Traits(fingerprints, tuple(dict.fromkeys(verdict.rule_id for verdict in reached)), tuple(clauses))


def rank_analogues(query: Traits, known: Sequence[Traits], *, limit: int = 10) -> tuple[Analogue, ...]:
    """Return the most alike first, at most `limit` and MAX_ANALOGUES; of equals the earlier one."""
    if not known:
        return ()
    packed_a = pack([traits.fingerprints.a for traits in known])
    packed_b = pack([traits.fingerprints.b for traits in known])
    alike = similarities(query.fingerprints, packed_a, packed_b)
    scores = alike + np.array([_shared(query, traits) for traits in known], dtype=np.float32)
    order = np.argsort(-scores, kind="stable")[: min(limit, MAX_ANALOGUES)]
    return tuple(_analogue(query, known, int(position), alike, scores) for position in order)


def _shared(query: Traits, other: Traits) -> float:
    rule = not set(query.rules).isdisjoint(other.rules)
    clause = not set(query.clauses).isdisjoint(other.clauses)
    return SAME_RULE * rule + SAME_CLAUSE * clause


def _analogue(
    query: Traits,
    known: Sequence[Traits],
    position: int,
    alike: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]",
    scores: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]",
) -> Analogue:
    other = known[position]
    return Analogue(
        position=position,
        similarity=round(float(alike[position]), 4),
        score=round(float(scores[position]), 4),
        same_rules=tuple(rule for rule in query.rules if rule in other.rules),
        same_clauses=tuple(clause for clause in query.clauses if clause in other.clauses),
    )

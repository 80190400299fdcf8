# SPDX-License-Identifier: Apache-2.0
"""Evaluate analogues: each substance of a file queries the others of the file and the shipped set.

An analogue of the query's own class is right. The precision at 10 is the share of right ones among the first ten, or among as
many as the class has other members where these are fewer. Substances of one parent structure are one. The bar is on the classes
of class rules (half of their members are labelled `in`): the others, like "medicine", share a use and not a skeleton; their
figures stand beside.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devtool.evaluation.findings import Bar, Part, Table, at_least, mean
from devtool.evaluation.substances import Row
from substances.analogues import Traits, rank_analogues, traits_of
from substances.control.rules import RuleSet
from substances.errors import InputRefusedError
from substances.structures.reading import read_structure

DEPTH = 10
STRICT_CLASSES = frozenset({"fentanyl", "nitazene"})
STRICT_BAR = 0.95
BAR = 0.75


@dataclass(frozen=True)
class Known:
    """One parent structure with its class."""

    name: str
    group: str
    parent: str
    is_in: bool
    traits: Traits


def evaluate_analogues(path: Path, rows: Sequence[Row], shipped: Sequence[Row], ruleset: RuleSet) -> Part:
    """Return the measures of one file."""
    asked = _known(rows, ruleset, {})
    pool = _known(shipped, ruleset, asked)
    precisions = _precisions(list(asked.values()), list(pool.values()))
    judged = {group for group in precisions if _has_rule(group, list(pool.values()))}
    return Part(
        f"Analogues: {path.name}, {len(asked)} queries among {len(pool)} structures, with the shipped ones",
        tuple(_bar(group, precisions[group]) for group in precisions if group in judged),
        (_table(precisions, Counter(known.group for known in pool.values()), judged),),
        ("Precision at 10, or at the number of other members of the class where these are fewer.",),
    )


def _known(rows: Sequence[Row], ruleset: RuleSet, before: dict[str, Known]) -> dict[str, Known]:
    """Add to `before` by parent structure; the class verdicts report unreadable ones."""
    found = dict(before)
    for row in rows:
        try:
            parent = read_structure(row.smiles, form="smiles").parent_smiles
        except InputRefusedError:
            continue
        if parent not in found:
            is_in = "in" in row.labels.values()
            found[parent] = Known(row.name, row.group, parent, is_in, traits_of(parent, ruleset.rules))
    return found


def _precisions(asked: Sequence[Known], pool: Sequence[Known]) -> dict[str, list[float]]:
    """Return each class's precisions of its queries, the largest class first; leave out classes without another member."""
    sizes = Counter(known.group for known in pool if known.group)
    found: dict[str, list[float]] = {group: [] for group, size in sizes.most_common() if size > 1}
    for query in asked:
        if query.group in found:
            found[query.group].append(_precision(query, pool, min(DEPTH, sizes[query.group] - 1)))
    return {group: values for group, values in found.items() if values}


def _precision(query: Known, pool: Sequence[Known], depth: int) -> float:
    others = [known for known in pool if known.parent != query.parent]
    ranked = rank_analogues(query.traits, [known.traits for known in others], limit=depth)
    return sum(others[analogue.position].group == query.group for analogue in ranked) / depth


def _has_rule(group: str, pool: Sequence[Known]) -> bool:
    return mean([known.is_in for known in pool if known.group == group]) >= 0.5


def _bar(group: str, values: list[float]) -> Bar:
    bar = STRICT_BAR if group in STRICT_CLASSES else BAR
    return at_least(f"Precision at 10, {group}", mean(values), bar)


def _table(precisions: dict[str, list[float]], sizes: Counter[str], judged: set[str]) -> Table:
    rows = [
        (
            group,
            str(len(values)),
            str(sizes[group]),
            f"{mean(values):.3f}",
            f"{min(values):.2f}",
            "yes" if group in judged else "no class rule",
        )
        for group, values in precisions.items()
    ]
    return Table(("class", "queries", "members", "precision", "worst query", "judged"), tuple(rows))

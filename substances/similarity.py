# SPDX-License-Identifier: Apache-2.0
"""Candidates and results of a similarity search, as plain data without the chemistry."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Candidate:
    """A structure that may be like the query. `key` is its owner's name for it; fingerprints hold 256 octets each.

    A candidate that is not `judged` is compared with no rule: it is ranked by its likeness alone.
    """

    key: str
    parent: str = field(repr=False)
    fingerprint_a: bytes = field(repr=False)
    fingerprint_b: bytes = field(repr=False)
    name: str = field(default="", repr=False)
    drug_class: str = ""
    source: str = ""
    judged: bool = True


@dataclass(frozen=True)
class Resemblance:
    """A hit of the search. `score` ranks, is no probability and may exceed 1.

    Similarities are Tanimoto's, 0 to 1; `common_query` and `common_hit` are the atoms of the common scaffold, by their index in
    the two parents' SMILES.
    """

    key: str
    name: str = field(repr=False)
    drug_class: str
    source: str
    parent: str = field(repr=False)
    score: float
    similarity_a: float
    similarity_b: float
    same_rules: tuple[str, ...]
    same_clauses: tuple[str, ...]
    common_query: tuple[int, ...]
    common_hit: tuple[int, ...]


Resemblances = tuple[Resemblance, ...]

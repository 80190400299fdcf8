# SPDX-License-Identifier: Apache-2.0
"""Similarity search in the sandbox process; typed, for the desk."""

from collections.abc import Sequence

from substances.sandbox import sandboxed
from substances.similarity import Candidate, Resemblance


def find_resembling(
    query_parent: str, rules_text: str, candidates: Sequence[Candidate], *, limit: int
) -> tuple[Resemblance, ...]:
    """Run `substances.similarity_search.find_resembling`; raise InputRefusedError, WorkerLostError."""
    result: tuple[Resemblance, ...] = sandboxed.run(
        "find_resembling", query_parent, rules_text, list(candidates), limit=limit
    )
    return result

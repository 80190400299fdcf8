# SPDX-License-Identifier: Apache-2.0
"""Here is how likeness is asked about in the process that may die; typed, for the desk."""

from collections.abc import Sequence

from substances import safely
from substances.resemblance import Candidate, Resemblance


def find_resembling(
    query_parent: str, rules_text: str, candidates: Sequence[Candidate], *, limit: int
) -> tuple[Resemblance, ...]:
    """As `substances.resembling.find_resembling`; raises InputRefusedError, WorkerLostError."""
    result: tuple[Resemblance, ...] = safely.run(
        "find_resembling", query_parent, rules_text, list(candidates), limit=limit
    )
    return result

# SPDX-License-Identifier: Apache-2.0
"""Who takes part and what was agreed: `agencies`, `agreements`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accord.cli.arguments.options import verb

if TYPE_CHECKING:
    from accord.cli.arguments.options import Verbs


def add_verbs(verbs: Verbs) -> None:
    """Adds the verbs of this group."""
    verb(
        verbs,
        "agencies",
        "list who takes part, and whose root is pinned here",
        "As the hub states it. ANOTHER ROOT: the hub shows one that is neither the pinned one nor follows it as far as\n"
        "this home has seen; call the agency. Roots to pin come from paper, never from this list.",
    )
    verb(
        verbs,
        "agreements",
        "list your agency's agreements: with whom, on which lanes, up to which marking",
        "As the hub states it now; what it lets through is decided when you send (accord submit --plan says who can be\n"
        "sealed to).",
    )

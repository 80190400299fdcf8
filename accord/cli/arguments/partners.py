# SPDX-License-Identifier: Apache-2.0
"""Who takes part, how one is reached and what was agreed: `agencies`, `entry`, `agreements`."""

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
    entry = verb(
        verbs,
        "entry",
        "show how your agency is reached, or state it anew",
        "Signed by your agency's keys. Telephone and time zone are shown to every agency; the hub mails the contact points\n"
        "that something waits, without a word of what, when your systems have not fetched it for some minutes. What is not\n"
        "named is taken away.",
    )
    entry.add_argument("action", nargs="?", choices=["set"], help="set: state it anew")
    entry.add_argument("--telephone", metavar="NUMBER", help="of the duty desk")
    entry.add_argument("--zone", metavar="NAME", help="time zone, as Europe/Vienna")
    entry.add_argument(
        "--contact", metavar="ADDRESS", action="append", default=[], help="a mail address; up to five times"
    )
    verb(
        verbs,
        "agreements",
        "list your agency's agreements: with whom, on which lanes, up to which marking",
        "As the hub states it now; what it lets through is decided when you send (accord submit --plan says who can be\n"
        "sealed to).",
    )

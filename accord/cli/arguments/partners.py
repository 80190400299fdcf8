# SPDX-License-Identifier: Apache-2.0
"""Verbs on agencies, contacts, systems and agreements: `agencies`, `entry`, `systems`, `holder`, `agreements`,
`suspend`, `resume`, `suspensions`, `may-send`, `record`, `withheld`, `resend`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accord.cli.arguments.options import add_wait, verb
from accord.envelope.statements.bodies import SUSPEND_REASONS
from accord.envelope.vocabulary import LANES, PRIORITIES, PURPOSES, TLPS

if TYPE_CHECKING:
    from accord.cli.arguments.options import Verbs


def add_verbs(verbs: Verbs) -> None:
    """Add the verbs of this group."""
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
    _add_systems(verbs)
    _add_holder(verbs)
    agreements = verb(
        verbs,
        "agreements",
        "list your agency's agreements and what is proposed; show, propose, accept, refuse, leave",
        "The list is the hub's word; what is proposed and signed was verified here. A proposal is in force once every party has\n"
        "accepted it. FILE holds its terms in JSON: ref, parties, lanes, tlp, purposes, begins, until, clocks, and\n"
        "survive_lanes, survive_flash, emergency where they are agreed; text {title, text, commitments} is sealed for the parties.\n"
        "show prints a version and its text, and whether that is the one that was signed.",
    )
    agreements.add_argument(
        "action",
        nargs="?",
        choices=["proposed", "show", "propose", "accept", "refuse", "leave"],
        help="else: list those in force",
    )
    agreements.add_argument("what", nargs="?", metavar="FILE|OD|REFERENCE")
    agreements.add_argument(
        "--as", metavar="OFFICER", dest="officer", help="by the opaque id your agency gave"
    )
    agreements.add_argument("--yes", action="store_true", help="do not ask")
    agreements.add_argument(
        "--save", metavar="FOLDER", help="keep the sealed text there, for accord verify (show)"
    )
    add_wait(agreements)
    _add_lanes(verbs)
    _add_withheld(verbs)
    _add_may_send(verbs)
    _add_record(verbs)


def _add_record(verbs: Verbs) -> None:
    record = verb(
        verbs,
        "record",
        "count what your agency and another gave each other",
        "By kind of envelope, with the digest of the list that the other side has too, if both records agree. Days are in UTC.",
    )
    record.add_argument("agency", metavar="AGENCY", help="with whom, as xa-lab")
    record.add_argument(
        "--from", metavar="DAY", dest="first", required=True, help="the first day, as 2026-10-01"
    )
    record.add_argument("--to", metavar="DAY", dest="last", required=True, help="the last day, as 2026-12-31")
    record.add_argument("--list", action="store_true", help="print the list of items, too")
    record.add_argument("--compare", metavar="FILE", help="the other side's list, one item on a line")


def _add_may_send(verbs: Verbs) -> None:
    asking = verb(
        verbs,
        "may-send",
        "tell to whom something may be sent now, and why not to others",
        "The hub's policy, which is asked again on sending, and your pins. Nothing is sent.",
    )
    asking.add_argument("agency", metavar="AGENCY", nargs="*", help="else: every other agency")
    asking.add_argument("--lane", choices=sorted(LANES), required=True)
    asking.add_argument("--purpose", choices=sorted(PURPOSES), required=True)
    asking.add_argument("--tlp", choices=sorted(TLPS), required=True)
    asking.add_argument(
        "--pri", choices=sorted(PRIORITIES), default="routine", help="speed (default routine)"
    )


def _add_lanes(verbs: Verbs) -> None:
    suspend = verb(
        verbs,
        "suspend",
        "suspend lanes with other agencies, both ways, in every agreement with them",
        "Signed by your agency's keys. What waits is held until its end; what was agreed to survive still flows. Only your\n"
        "agency resumes it.",
    )
    resume = verb(
        verbs,
        "resume",
        "resume lanes that your agency has suspended",
        "What is held and has not ended is delivered, in order. What the other agency has suspended stays so.",
    )
    for parser in (suspend, resume):
        parser.add_argument("agency", metavar="AGENCY", nargs="+", help="with whom, as xa-lab")
        parser.add_argument(
            "--lane", choices=sorted(LANES), action="append", required=True, help="several times for several"
        )
        parser.add_argument(
            "--as", metavar="OFFICER", dest="officer", help="by the opaque id your agency gave"
        )
        add_wait(parser)
    suspend.add_argument("--why", choices=sorted(SUSPEND_REASONS), help="one word for the other side")
    suspend.add_argument("--yes", action="store_true", help="do not ask")
    verb(
        verbs,
        "suspensions",
        "list the lanes that are or were suspended between your agency and others",
        "By signed statements that were verified here.",
    )


def _add_withheld(verbs: Verbs) -> None:
    verb(
        verbs,
        "withheld",
        "list the alerts that a suspended lane kept from an agency you had named",
        "Only your agency knows of them. Once the lane is open: accord resend.",
    )
    resend = verb(
        verbs,
        "resend",
        "send an agency what a suspended lane kept from it",
        "All that waits, or the alerts that you name. Each is a new envelope, signed anew, under what is agreed today; it says\n"
        "when it was written. What no longer fits is refused with a code and stops no other; a repeat goes on.",
    )
    resend.add_argument("--to", metavar="AGENCY", required=True, help="with whom the lane was suspended")
    resend.add_argument("--lane", choices=sorted(LANES), required=True)
    resend.add_argument("md", metavar="MD", nargs="*", help="only these")
    resend.add_argument("--yes", action="store_true", help="do not ask")


def _add_systems(verbs: Verbs) -> None:
    systems = verb(
        verbs,
        "systems",
        "list the API keys of your agency's systems; issue or end one",
        "Signed by your agency's keys. An API key signs a system in at the hub; it signs no alert and opens none. The text of a\n"
        "new one is shown once. Ending one ends what took its place, too.",
    )
    systems.add_argument("action", nargs="?", choices=["issue", "end"], help="else: list them")
    systems.add_argument("which", nargs="?", metavar="NAME|PREFIX", help="whom it is for, or which one ends")
    systems.add_argument(
        "--scope",
        metavar="SCOPE",
        action="append",
        default=[],
        help="what it may, as feed:read; several times",
    )
    systems.add_argument(
        "--network",
        metavar="NET",
        action="append",
        default=[],
        help="from where, as 192.0.2.0/24; several times",
    )
    systems.add_argument("--days", metavar="N", type=int, default=90, help="until it ends (default 90)")


def _add_holder(verbs: Verbs) -> None:
    holder = verb(
        verbs,
        "holder",
        "say who holds your agency's identity; take it over, or give it back",
        "One desk or one home holds an agency's identity at a time. While the hub names another one nothing is signed or sent\n"
        "from here, reading goes on, and keys can still be revoked. It lets go of a holder that gave the identity back or was\n"
        "silent for 7 days.",
    )
    holder.add_argument(
        "--take-over", action="store_true", help="hold it here; first a person stops the other one for good"
    )
    holder.add_argument(
        "--give-back",
        action="store_true",
        help="let another one hold it; nothing is signed here from then on",
    )

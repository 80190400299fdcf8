# SPDX-License-Identifier: Apache-2.0
"""The verb for following the feed: `watch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accord.cli.arguments.options import add_officer, add_progress, seconds, verb

if TYPE_CHECKING:
    from accord.cli.arguments.options import Verbs

_WATCH = """\
Each item of the feed once it is there, in order, at least once: a sentence, or with --json an object on a line
of its own. It begins where the last watch ended and goes on until Ctrl-C, also through a lost network. An item
counts as delivered when it was written, and with --exec when COMMAND has ended with 0. A watch that was killed
repeats at most the item it was at.

An item "repudiated" names an alert or a statement that came before: its issuer says that a key which signed it was in
other hands. With --open it is opened once more and shown as what it is. An item "reminder" names an alert that came
before: its sender asks once more for an answer; it is not opened again. A statement that shows another ledger than
the kept one is an ALARM on standard error; the watch goes on, and with --once ends with 5.

A line "answer due" says once of each question without a final answer that less than a day is left, and one
"ANSWER OVERDUE" that its time is past (with --json objects whose `what` is answer-due and answer-overdue); --exec
runs nothing for them.

--exec runs COMMAND (of words, no shell) for each item: the same object on its standard input, the facts in
ACCORD_NUMBER, ACCORD_WHAT, ACCORD_D, ACCORD_ISS, ACCORD_REF, ACCORD_REPUDIATED (1 or empty), ACCORD_PRI and
ACCORD_TLP; content never in its arguments or its environment. Where COMMAND ends with another code the watch ends,
and the item comes again.
"""


def add_verbs(verbs: Verbs) -> None:
    """Add the verbs of this group."""
    parser = verb(verbs, "watch", "deliver every item of the feed as it comes", _WATCH)
    parser.add_argument(
        "--open", action="store_true", dest="opening", help="fetch, verify and open each alert"
    )
    add_officer(parser)
    parser.add_argument("--exec", metavar="COMMAND", dest="command", help="a program to run for each item")
    parser.add_argument("--once", action="store_true", help="end when all that is there was delivered")
    parser.add_argument(
        "--every", metavar="SECONDS", type=seconds, default=5.0, help="how often to ask (default 5)"
    )
    add_progress(parser)

# SPDX-License-Identifier: Apache-2.0
"""A question between two agencies that work by the command, its answer, and what a watch says of it later."""

import time
from typing import Any

from accord.cli.arguments.parser import build_parser
from accord.cli.verbs import VERBS
from accord.cli.workplace import Workplace
from accord.client.answering import Answer
from accord.client.results import Sent
from tests.client.conftest import PartnerWorld, alert_to
from tests.client.terminals import Terminal

HOUR, DAY = 3600, 24 * 3600
ASKED = {
    "schema": "accord-alert/1",
    "alert_type": "request_for_information",
    "title": "Who has met this powder",
    "question": "Has a laboratory of yours met this powder?",
    "handling": ["H3"],
    "handling_condition": "Not to be told to the press.",
}


def ask(world: PartnerWorld, *, within: int = 3 * DAY, **changes: Any) -> Sent:
    """Send a question of the first partner to the second, and log it."""
    order = {"alert": ASKED, "reply_by": int(time.time()) + within, "tlp": "AMBER"} | changes
    return world.client("xa-alpha").submit(alert_to("xb-bravo", **order), wait_secs=10)


def answer(world: PartnerWorld, asked: Sent, code: str = "no_hit", **said: Any) -> Sent:
    """Answer it as the second partner, and log the answer."""
    bravo = world.client("xb-bravo")
    return bravo.submit(bravo.answer_order(asked.md, Answer(code, **said)), wait_secs=10)


def asked_between_two(world: PartnerWorld) -> Sent:
    """Return a question of one agency to another."""

    def build() -> Sent:
        world.partners("xa-alpha", "xb-bravo")
        return ask(world)

    return world.restored("asked", build)


def answered_between_two(world: PartnerWorld) -> tuple[Sent, Sent]:
    """Return a question of one agency to another and its answer, which the asker has not opened."""

    def build() -> tuple[Sent, Sent]:
        asked = asked_between_two(world)
        return asked, answer(world, asked)

    return world.restored("answered", build)


def printed_at(terminal: Terminal, ahead_secs: int, *argv: str) -> str:
    """Run a command on a machine whose clock is so many seconds ahead; return what it prints."""
    options = build_parser().parse_args(argv)
    home = terminal.world.home(terminal.agency)

    def clock() -> int:
        return int(time.time()) + ahead_secs

    VERBS[argv[0]](Workplace(options, terminal.environment, home, clock(), clock))
    return str(terminal.capsys.readouterr().out)


def watched_at(terminal: Terminal, ahead_secs: int, *more: str) -> list[str]:
    """Return the lines of a watch on answers that are due."""
    lines = printed_at(terminal, ahead_secs, "watch", "--once", *more).splitlines()
    return [line for line in lines if "answer due" in line or "OVERDUE" in line or '"answer-' in line]
